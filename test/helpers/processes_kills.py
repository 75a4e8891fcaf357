# SPDX-License-Identifier: BSD-2-Clause
"""A tree of eight busy processes in /mnt: kill one at random, look at the others, start it again.

usage: processes_kills.py COUNT [SEED]; prints how many were killed, how often the others went on and
the kernel was lost, and where the killed ones were a moment before: a leader and what it has started
count each.
"""
import collections
import errno
import os
import random
import signal
import subprocess
import sys
import time

AGAIN = 'exec bash -c "$0" "$0"'
WORK = [
    'while :; do echo $RANDOM >f$$; cat f$$ >g$$; rm f$$; done',
    'i=0; while :; do mkdir -p d$$/$i; mv d$$/$i d$$/x$i; rmdir d$$/x$i; i=$((i+1)); done',
    'rm -f z*; dd if=/dev/zero of=z$$ bs=64k count=200 oflag=append conv=fsync; ' + AGAIN,
    'mkfifo p$$; cat p$$',
    'exec 9>lock; flock 9; sleep 0.01; flock -u 9; ' + AGAIN,
    'while :; do ls -lR /mnt >/dev/null; done',
    'tar c /usr/include/linux/netfilter | (mkdir -p t$$; cd t$$; tar x); rm -rf t$$; ' + AGAIN,
    "exec python3 -c \"import os\nwhile 1:\n f=os.open('y%d'%os.getpid(),os.O_CREAT|os.O_RDWR|os.O_SYNC);"
    " os.pwrite(f,b'x'*5000,0); os.close(f)\"",
]


def start(work):
    return subprocess.Popen(['bash', '-c', work, work], start_new_session=True,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def where(pid):
    """What a process is doing, by the host."""
    try:
        with open('/proc/%d/stat' % pid) as f:
            state = f.read().rpartition(')')[2].split()[0]
        with open('/proc/%d/wchan' % pid) as f:
            channel = f.read()
    except OSError:
        return 'ended'
    if state in 'ZX':
        return 'ended'
    if state == 'R':
        return 'running'
    # None of them waits for a futex of its own: it is parked by a call of the rump kernel.
    return 'blocked' if channel.startswith('futex') else 'elsewhere'


def members(group):
    """The processes of a process group."""
    for name in filter(str.isdigit, os.listdir('/proc')):
        try:
            if os.getpgid(int(name)) == group:
                yield int(name)
        except ProcessLookupError:
            pass


def kill(process, group):
    """Kill all of a group, or first its leader."""
    if not group:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    return process.wait()


def probe(n):
    """Whether the kernel still serves this process."""
    try:
        with open('probe', 'w') as f:
            f.write(str(n))
        with open('probe') as f:
            assert f.read() == str(n)
    except OSError as e:
        assert e.errno == errno.EIO
        return False
    return True


def main():
    os.chdir('/mnt')
    random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    processes = [start(work) for work in WORK]
    killed = went_on = lost = 0
    places = collections.Counter()
    for n in range(int(sys.argv[1])):
        time.sleep(random.random() * 0.05)
        i = random.randrange(len(WORK))
        places.update(map(where, members(processes[i].pid)))
        killed += kill(processes[i], random.random() < 0.5) == -signal.SIGKILL
        if not probe(n):
            lost = 1
            break
        processes[i] = start(WORK[i])
        went_on += all(process.poll() is None for process in processes)
    for process in processes:
        kill(process, True)
    print('%d killed: %d times the others went on, %d times the kernel was lost' % (killed, went_on, lost))
    print('%d were blocked in a call, %d running, %d elsewhere' %
          tuple(places[place] for place in ('blocked', 'running', 'elsewhere')))


if __name__ == '__main__':
    main()
