# SPDX-License-Identifier: BSD-2-Clause
"""Kill processes of a busy tree from outside, where the kernel cannot choose the moment.

usage: processes_outside.py RUMP IMAGE COUNT [SEED]
       processes_outside.py RUMP IMAGE COUNT SEED all

A tree of eight busy processes uses IMAGE, and one that counts in a file, by fsync, and tells the count,
and when it began to write it. A random process of the eight is killed. Either it was not in the middle
of the kernel, and counts go on that were begun after its end. Or it was: then the count's process gets
EIO within a second, and so does everybody else; all can be ended, the server ends, the image recovers,
and the count is there. Prints how often which.

With "all" the whole tree is killed each time, and nothing of it may be left.
"""
import ctypes
import os
import random
import signal
import subprocess
import sys
import time

import processes_kills

PR_SET_CHILD_SUBREAPER = 36
SECONDS = 5         # until the kernel is known to be lost: 1 on a machine that has nothing else to do
ENDING = 10         # until everybody has ended


def inside():
    """In the tree: keep eight busy, count."""
    os.chdir('/mnt')
    processes = []
    n = 0
    try:
        n = int(open('count').read() or 0)
    except FileNotFoundError:
        pass
    try:
        file = os.open('count', os.O_CREAT | os.O_RDWR)
        while True:
            for i, work in enumerate(processes_kills.WORK):
                if i >= len(processes):
                    processes.append(processes_kills.start(work))
                elif processes[i].poll() is not None:
                    processes[i] = processes_kills.start(work)
            n += 1
            begun = time.monotonic()
            os.pwrite(file, b'%d' % n, 0)
            os.fsync(file)
            print(n, begun, *[p.pid for p in processes], flush=True)
            time.sleep(0.005)
    except OSError as error:
        print('error', error.errno, time.monotonic(), flush=True)
    for process in processes:
        try:
            os.killpg(process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
    for process in processes:
        process.wait()


def descendants(pid):
    """A process and all below it."""
    found = [pid]
    try:
        for task in os.listdir('/proc/%d/task' % pid):
            with open('/proc/%d/task/%s/children' % (pid, task)) as f:
                for child in f.read().split():
                    found += descendants(int(child))
    except OSError:
        pass
    return found


def lives(pid):
    """Not a zombie, not gone."""
    try:
        with open('/proc/%d/stat' % pid) as f:
            return f.read().rpartition(')')[2].split()[0] not in 'ZX'
    except OSError:
        return False


def is_user(pid):
    """Not a server, not a zombie."""
    try:
        return not os.readlink('/proc/%d/exe' % pid).endswith('/serve')
    except OSError:
        return False


def reap():
    """Wait for what has ended of those whose parents have."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


class Tree:
    """A tree, from its start to its end."""

    def __init__(self, rump, image):
        self.image = image
        self.count = 0
        self.begun = 0.0
        self.killed = None
        self.tops = []
        self.process = subprocess.Popen([rump, 'run', '-m', image + ':/mnt', '--', sys.executable,
                                         __file__, 'inside'], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        os.set_blocking(self.process.stderr.fileno(), False)
        self.said = b''

    def line(self):
        """One more count, or False if there is an error."""
        self.said += self.process.stderr.read() or b''
        words = self.process.stdout.readline().split()
        if not words or words[0] == b'error':
            self.error = words
            return False
        self.count = int(words[0])
        self.begun = float(words[1])
        self.tops = [int(word) for word in words[2:]]
        return True

    def follow(self, seconds):
        """Read counts for a time; False at an error."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.line():
                return False
        return True

    def kill(self):
        """One of the eight, or of what it has started."""
        pid = random.choice([p for top in self.tops for p in descendants(top)])
        self.killed = time.monotonic()
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        while lives(pid):
            time.sleep(0.001)

    def goes_on(self):
        """Whether a count comes that was begun after now; False at an error."""
        now = time.monotonic()
        while self.line():
            if self.begun > now:
                return True
        return False

    def kill_all(self):
        """All of it at once, and what has been born meanwhile; but the server."""
        while True:
            rest = [pid for pid in descendants(os.getpid())[1:] if is_user(pid)]
            if not rest:
                return
            for pid in rest:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            reap()

    def lost(self):
        """The kernel is lost: everybody ends, nothing that was synced is gone."""
        assert self.error[:2] == [b'error', b'5'], self.error
        seen = float(self.error[2]) - self.killed
        assert seen < SECONDS, 'seen after %.2f s' % seen
        os.set_blocking(self.process.stderr.fileno(), True)
        self.said += self.process.stderr.read()
        assert b'killed in the middle of it' in self.said, self.said
        assert self.process.wait(ENDING) == 0
        self.check()
        return seen

    def end(self):
        """The tree is ended, as a user does it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(ENDING)
        for pid in self.tops:
            try:
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def check(self):
        """No process has the image open; its journal is replayed; the count is there."""
        end = time.monotonic() + ENDING
        while subprocess.run(['fuser', '-s', self.image], check=False,
                             stderr=subprocess.DEVNULL).returncode == 0:
            assert time.monotonic() < end, 'the server does not end'
            time.sleep(0.02)
        repair = subprocess.run(['/sbin/e2fsck', '-p', self.image], capture_output=True, text=True,
                                check=False)
        assert repair.returncode in (0, 1), repair.stdout + repair.stderr
        look = subprocess.run(['/sbin/debugfs', '-R', 'cat count', self.image], capture_output=True,
                              text=True, check=True)
        assert int(look.stdout) >= self.count, (look.stdout, self.count)


def kill_trees(rump, image, times):
    """Trees that are killed as a whole."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    for _ in range(times):
        tree = Tree(rump, image)
        tree.line()
        assert tree.follow(random.random() * 0.1), (tree.error, tree.said)
        tree.kill_all()
        tree.check()
        reap()
    print('%d trees killed' % times)


def main():
    rump, image, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])
    random.seed(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    if sys.argv[5:] == ['all']:
        kill_trees(rump, image, kills)
        return
    tree = Tree(rump, image)
    assert tree.line(), tree.said
    goes_on = lost = 0
    longest = 0.0
    while goes_on + lost < kills:
        # With several virtual CPUs the others may go on for a while before they miss the one that is lost.
        if tree.follow(random.random() * 0.05):
            tree.kill()
            if tree.goes_on():
                goes_on += 1
                continue
        else:
            assert tree.killed, ('an error before the first kill', tree.error, tree.said)
            goes_on -= 1
        lost += 1
        longest = max(longest, tree.lost())
        tree = Tree(rump, image)
        assert tree.line(), tree.said
    tree.end()
    tree.check()
    print('%d killed: %d times the others went on, %d times the kernel was lost, seen in %.2f s' %
          (kills, goes_on, lost, longest))


if sys.argv[1:] == ['inside']:
    inside()
else:
    main()
