# SPDX-License-Identifier: BSD-2-Clause
"""Kill a process from outside while it is in the middle of the kernel, until that is lost by it.

usage: processes_middle.py RUMP IMAGE FOLDER TIMES

The victim does nothing but read a big cached file in one call, again and again. Of three others one
writes and syncs a count, one is blocked in the kernel, one calls it now and then; each has a file for
its standard error in FOLDER. A kill finds the victim in user mode at times, and nothing happens. When
it does not, the three get EIO, with one message each, all within a second; the count that was synced
is in the recovered image. A machine that has other things to do has the TIMES to be quick enough as
well.
"""
import os
import signal
import subprocess
import sys
import time

BIG = 64 << 20
SECONDS = 1         # until everybody has got EIO
ENDING = 30
MESSAGE = 'has lost its kernel, as a process was killed in the middle of it'


def victim(tell):
    file = os.open('big', os.O_RDONLY)
    buffers = [bytearray(BIG)]
    assert os.preadv(file, buffers, 0) == BIG
    tell('ready')
    while True:
        os.preadv(file, buffers, 0)


def counts(tell):
    """Each count is told when it is on the disk, with the time at which it was begun."""
    file = os.open('count', os.O_CREAT | os.O_RDWR)
    n = 0
    while True:
        begun = time.monotonic()
        n += 1
        os.pwrite(file, b'%d' % n, 0)
        os.fsync(file)
        tell(n, begun)


def blocks(tell):
    fifo = os.open('fifo', os.O_RDWR)
    tell('ready')
    os.read(fifo, 1)


def looks(tell):
    while True:
        os.stat('big')
        tell('ready')
        time.sleep(0.05)


OTHERS = [counts, blocks, looks]


def inside(folder):
    """In /mnt: start the four; tell the victim's number; end them at the end of standard input."""
    os.chdir('/mnt')
    os.mkfifo('fifo')
    with open('big', 'wb') as f:
        f.write(bytes(BIG))
    with open('big', 'rb') as f:
        f.read()
    pids = []
    for work in OTHERS + [victim]:
        sys.stdout.flush()
        pids.append(os.fork())
        if pids[-1]:
            continue
        name = folder + '/' + work.__name__
        os.dup2(os.open(name + '.err', os.O_CREAT | os.O_WRONLY), 2)
        said = open(name, 'w', buffering=1)
        try:
            work(lambda *words: print(*words, file=said))
        except OSError as e:
            print('error', e.errno, time.monotonic(), file=said)
        os._exit(0)
    print(pids[-1], flush=True)
    sys.stdin.read()
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


def said(folder, work):
    """The last whole line that one of the others has written, in words."""
    try:
        with open(folder + '/' + work.__name__) as f:
            lines = f.read().split('\n')[:-1]
    except FileNotFoundError:
        return []
    return lines[-1].split() if lines else []


def wait(condition, what):
    end = time.monotonic() + ENDING
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.005)


def lives(pid):
    try:
        with open('/proc/%d/stat' % pid) as f:
            return f.read().rpartition(')')[2].split()[0] not in 'ZX'
    except FileNotFoundError:
        return False


def check(image, folder):
    """The server has ended; the journal is replayed, the count is there; one message each."""
    def run(*command):
        return subprocess.run(command, capture_output=True, text=True, check=False)

    wait(lambda: run('fuser', '-s', image).returncode, 'the server does not end')
    repair = run('/sbin/e2fsck', '-fp', image)
    assert repair.returncode in (0, 1), repair.stdout + repair.stderr
    clean = run('/sbin/e2fsck', '-fn', image)
    assert clean.returncode == 0, clean.stdout
    with open(folder + '/counts') as f:
        synced = max(int(line.split()[0]) for line in f if line[0].isdigit())
    there = run('/sbin/debugfs', '-R', 'cat count', image).stdout
    assert int(there) >= synced, (there, synced)
    for work in OTHERS:
        with open(folder + '/' + work.__name__ + '.err') as f:
            lines = f.read().splitlines()
        assert len(lines) == 1 and MESSAGE in lines[0], lines


def attempt(rump, image, folder):
    """One tree; seconds until the last of the others saw that the kernel is lost, or None if it was not."""
    for name in os.listdir(folder):
        os.unlink(folder + '/' + name)
    subprocess.run(['/sbin/mkfs.ext4', '-q', '-F', image], check=True)
    with open(folder + '/tree.err', 'w') as errors:
        tree = subprocess.Popen([rump, 'run', '-m', image + ':/mnt', '--', sys.executable, __file__,
                                 'inside', folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=errors, env=dict(os.environ, RUMP_NCPU='1'))
    number = int(tree.stdout.readline())
    wait(lambda: all(said(folder, work) for work in OTHERS + [victim]), 'not ready')
    killed = time.monotonic()
    os.kill(number, signal.SIGKILL)
    wait(lambda: not lives(number), 'the victim does not end')
    ended = time.monotonic()

    def goes_on():
        words = said(folder, counts)
        return words[0] != 'error' and float(words[1]) > ended

    def all_lost():
        return all(said(folder, work)[0] == 'error' for work in OTHERS)

    wait(lambda: goes_on() or all_lost(), 'neither goes on nor is lost')
    lost = not goes_on()
    tree.stdin.close()
    assert tree.wait(ENDING) == 0
    if not lost:
        return None
    assert all(said(folder, work)[1] == '5' for work in OTHERS), [said(folder, work) for work in OTHERS]
    check(image, folder)
    return max(float(said(folder, work)[2]) for work in OTHERS) - killed


def main():
    rump, image, folder, times = sys.argv[1:4] + [int(sys.argv[4])]
    seen = []
    for _ in range(times):
        after = attempt(rump, image, folder)
        if after is not None:
            seen.append(after)
            if after < SECONDS:
                break
    assert seen, 'the kernel was not lost'
    assert min(seen) < SECONDS, seen
    print('lost: seen by all in less than %d s' % SECONDS)


if __name__ == '__main__':
    if sys.argv[1] == 'inside':
        inside(sys.argv[2])
    else:
        main()
