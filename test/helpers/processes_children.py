# SPDX-License-Identifier: BSD-2-Clause
"""Children of a process whose threads are at work: they execute programs, use what they have inherited, and die.

usage: processes_children.py DIR SUBJECT...; prints what happened with files in DIR, which is the same on any kernel.
"""
import mmap
import os
import select
import signal
import subprocess
import sys
import threading
import time

os.chdir(sys.argv[1])
PATIENCE = 20
TURNS = 12
PLACE = 4096


class Busy:
    """Threads that write a log, wait for a FIFO, and wait for it together with a pipe, until stop()."""
    def __init__(self, name):
        self.name, self.lines, self.over, self.said = name, 0, False, []
        os.mkfifo(name)
        self.fifo = os.open(name, os.O_RDWR)
        self.other = os.open(name, os.O_RDWR)
        self.pipe = os.pipe()
        self.log = os.open(f'{name}.log', os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        self.threads = [threading.Thread(target=t, daemon=True) for t in (self.write, self.read, self.poll)]
        for t in self.threads:
            t.start()

    def write(self):
        while not self.over:
            os.write(self.log, b'%d\n' % self.lines)
            if self.lines % 100 == 0:
                os.fsync(self.log)
            self.lines += 1
            time.sleep(0.0002)

    def read(self):
        self.said.append(os.read(self.fifo, 3))

    def poll(self):
        p = select.poll()
        p.register(self.pipe[0], select.POLLIN)
        # For what never comes: the reader is not to share its words.
        p.register(self.other, select.POLLPRI)
        self.said.append(len(p.poll()))

    def advances(self):
        """Whether the log goes on."""
        before, until = self.lines, time.monotonic() + PATIENCE
        while self.lines < before + 2 and time.monotonic() < until:
            time.sleep(0.001)
        return self.lines > before

    def stop(self):
        """End the threads; whether each has done what it was to."""
        self.over = True
        os.write(self.fifo, b'end')
        os.write(self.pipe[1], b'x')
        for t in self.threads:
            t.join(PATIENCE)
        with open(f'{self.name}.log') as f:
            whole = f.read() == ''.join(f'{i}\n' for i in range(self.lines))
        return not any(t.is_alive() for t in self.threads), sorted(map(str, self.said)), whole


def status(pid):
    """That of a child, or that it has not ended."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found, code = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(code)
        time.sleep(0.0005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return 'hangs'


def executes():
    """A child that only executes a program of the host does so at once."""
    def fork():
        pid = os.fork()
        if not pid:
            os.execv('/bin/sh', ['sh', '-c', 'exit 3'])
        return status(pid)

    def spawn():
        return status(os.posix_spawn('/bin/sh', ['sh', '-c', 'exit 4'], os.environ))

    def vfork():
        assert subprocess._USE_VFORK
        return subprocess.run(['/bin/echo', 'vfork'], stdout=subprocess.PIPE, timeout=PATIENCE).stdout

    def vfork_with_all():
        return subprocess.run(['/bin/true'], close_fds=False, timeout=PATIENCE).returncode

    def shell():
        return subprocess.check_output('echo ab | tr a b; exit 0', shell=True, timeout=PATIENCE)

    def missing():
        pid = os.fork()
        if not pid:
            try:
                os.execv('/nonexistent', ['x'])
            except FileNotFoundError:
                os._exit(5)
        return status(pid)

    busy = Busy('executes')
    for way in fork, spawn, vfork, vfork_with_all, shell, missing:
        results = [way() for _ in range(TURNS)]
        print(way.__name__, results[0], results == results[:1] * TURNS, busy.advances())
    # from a thread of its own, at the same time as others
    results = []
    threads = [threading.Thread(target=lambda w=w: results.append(w())) for w in (fork, spawn, vfork, shell) * 3]
    for t in threads:
        t.start()
    for t in threads:
        t.join(PATIENCE)
    print('threads', len(results), sorted(map(str, results)))
    print('busy', *busy.stop())


def uses():
    """Whatever a child does with what it has inherited, and however it ends, its parent's is as it was."""
    os.mkdir('sub')
    fd = os.open('own', os.O_CREAT | os.O_RDWR, 0o600)
    os.write(fd, b'o' * PLACE * 4)
    memory = mmap.mmap(fd, PLACE, offset=3 * PLACE)
    memory[0] = memory[0]
    null = os.open('/dev/null', os.O_RDWR)
    busy = Busy('uses')

    def reads():
        assert os.pread(fd, 1, 0) == b'o' and memory[0] == ord('o')
        os.lseek(fd, PLACE, os.SEEK_SET)

    def writes():
        os.pwrite(fd, b'c' * 10, PLACE)
        os.ftruncate(fd, 5 * PLACE)

    def closes():
        os.closerange(3, 512)

    def replaces():
        os.dup2(null, fd)
        os.dup2(null, busy.fifo)
        os.dup2(null, busy.log)

    def maps():
        mmap.mmap(fd, PLACE, offset=PLACE)[1:3] = b'mm'
        memory[1] = ord('p')
        memory.close()

    def moves():
        os.chdir('sub')
        os.umask(0o777)
        os.close(os.open('moved', os.O_CREAT | os.O_WRONLY))
        os.unlink('moved')

    def opens():
        for i in range(100):
            os.open('own', os.O_RDONLY)

    def handles():
        signal.signal(signal.SIGUSR1, lambda *_: None)
        os.kill(os.getpid(), signal.SIGUSR1)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGTERM])

    def has_threads():
        threads = [threading.Thread(target=reads) for _ in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    def has_children():
        pid = os.fork()
        if not pid:
            closes()
            os._exit(0)
        os.waitpid(pid, 0)

    def waits_and_locks():
        os.lockf(fd, os.F_LOCK, PLACE)
        select.select([busy.other], [], [], 0.001)

    def leaves(): os._exit(0)
    def aborts(): os.abort()
    def is_killed(): os.kill(os.getpid(), signal.SIGKILL)
    def executes(): os.execv('/bin/true', ['true'])

    def state():
        files = [(os.fstat(n)[:4], os.get_inheritable(n)) for n in (fd, null, busy.fifo, busy.other, *busy.pipe, busy.log)]
        return (os.getcwd(), os.umask(0o022), files, os.pread(fd, PLACE, 0), memory[0],
                signal.getsignal(signal.SIGUSR1), signal.pthread_sigmask(signal.SIG_BLOCK, []),
                attempt_lock(fd))

    def attempt_lock(fd):
        os.lseek(fd, 0, os.SEEK_SET)
        os.lockf(fd, os.F_TLOCK, PLACE)
        os.lockf(fd, os.F_ULOCK, PLACE)

    os.umask(0o022)
    for what in (reads, writes, closes, replaces, maps, moves, opens, handles, has_threads, has_children,
                 waits_and_locks):
        same = True
        ends = []
        for end in leaves, aborts, is_killed, executes:
            before = state()
            sys.stdout.flush()
            pid = os.fork()
            if not pid:
                try:
                    what()
                    end()
                except BaseException as e:
                    os.write(2, f'{what.__name__}: {e!r}\n'.encode())
                finally:
                    os._exit(99)
            ends.append(status(pid))
            same = same and state() == before
        print(what.__name__, *ends, 'same' if same else 'changed', busy.advances())
    # what a vfork child does before it executes a program
    actions = [(os.POSIX_SPAWN_OPEN, 1, 'out', os.O_CREAT | os.O_WRONLY, 0o600), (os.POSIX_SPAWN_DUP2, fd, 0),
               (os.POSIX_SPAWN_CLOSE, fd), (os.POSIX_SPAWN_CLOSE, busy.log)]
    before = state()
    ends = [status(os.posix_spawn('/usr/bin/head', ['head', '-c5'], os.environ, file_actions=actions))
            for _ in range(TURNS)]
    print('spawned', ends == [0] * TURNS, open('out').read(), state() == before, busy.advances())
    results = [subprocess.run(['head', '-c3', '../own'], cwd='sub', stdin=busy.fifo, stdout=subprocess.PIPE,
                              timeout=PATIENCE).stdout for _ in range(TURNS)]
    print('elsewhere', results == [b'ooo'] * TURNS, state() == before, busy.advances())
    print('busy', *busy.stop())


for subject in sys.argv[2:]:
    globals()[subject]()
