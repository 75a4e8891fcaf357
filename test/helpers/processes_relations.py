# SPDX-License-Identifier: BSD-2-Clause
"""What processes have to do with each other: locks, pipes, sockets, mappings, signals, rights.

usage: processes_relations.py DIR SUBJECT...; prints what happened with files in DIR, which is the same on any
kernel.
"""
import ctypes
import errno
import fcntl
import mmap
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

os.chdir(sys.argv[1])
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
OFD_SETLK, OFD_SETLKW, OFD_GETLK = 37, 38, 36


def child(work, *args):
    """Fork a process that runs a function and exits with its result."""
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        code = 99
        try:
            code = work(*args) or 0
        except OSError as e:
            print('child', errno.errorcode[e.errno], flush=True)
        except BaseException as e:
            print('child', repr(e), flush=True)
        finally:
            sys.stdout.flush()
            os._exit(code)
    return pid


def status(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def attempt(what, *args):
    try:
        return what(*args)
    except OSError as e:
        return errno.errorcode[e.errno]


def crash(how):
    """End this process as a program does that has an error."""
    if how == 'abort':
        os.abort()
    ctypes.string_at(0)


def blocked(pid, since=None):
    """Wait until a process sleeps and goes on doing so, be it in the host's kernel or in the rump kernel.

    Returns how often it has been switched, for the next call to wait until it has been running after this.
    """
    last, still = None, 0
    while still < 5:
        with open(f'/proc/{pid}/status') as f:
            fields = dict(line.split(':', 1) for line in f)
        switches = tuple(int(fields[kind + '_ctxt_switches']) for kind in ('voluntary', 'nonvoluntary'))
        asleep = fields['State'].split()[0] == 'S' and switches != since
        still = still + 1 if asleep and switches == last else 0
        last = switches
        time.sleep(0.01)
    return last


class Turn:
    """A pipe by which one process tells another to go on."""
    def __init__(self):
        self.r, self.w = os.pipe()

    def go(self):
        os.write(self.w, b'g')

    def wait(self):
        os.read(self.r, 1)


def flock_struct(kind, start, length):
    return struct.pack('hhqqi4x', kind, 0, start, length, 0)


def locks():
    def whole(lock):
        def taken():
            with open('lock', 'r+') as f: return attempt(lock, f, True)
        for how in 'close', 'exit', 'kill', 'abort', 'fault':
            ready, done = Turn(), Turn()
            def hold():
                f = open('lock', 'r+')
                lock(f, False)
                ready.go()
                done.wait()
                if how == 'close':
                    f.close()
                    ready.go()
                    done.wait()
                elif how == 'kill':
                    time.sleep(100)
                elif how != 'exit':
                    crash(how)
            pid = child(hold)
            ready.wait()
            print(' held', taken())
            done.go()
            if how == 'close':
                ready.wait()
                print(' closed', taken())
                done.go()
            elif how == 'kill':
                os.kill(pid, signal.SIGKILL)
            print(' ', how, status(pid), taken())
        # who waits gets it, or is killed; made before the lock is taken, as flock() is inherited
        for how in 'got', 'killed waiting':
            ready, go = Turn(), Turn()
            def wait():
                f = open('lock', 'r+')
                go.wait()
                ready.go()
                lock(f, False)
                return 7
            pid = child(wait)
            with open('lock', 'r+') as f:
                lock(f, False)
                go.go()
                ready.wait()
                blocked(pid)
                print(' waits', os.waitpid(pid, os.WNOHANG)[0])
                if how != 'got':
                    os.kill(pid, signal.SIGKILL)
                    print(' ', status(pid))
            if how == 'got':
                print(' ', status(pid))
        print(' free', taken())
    open('lock', 'w').close()
    print('flock')
    whole(lambda f, nb: fcntl.flock(f, fcntl.LOCK_EX | (fcntl.LOCK_NB if nb else 0)))
    print('lockf')
    whole(lambda f, nb: fcntl.lockf(f, fcntl.LOCK_EX | (fcntl.LOCK_NB if nb else 0)))
    print('ofd')
    whole(lambda f, nb: fcntl.fcntl(f, OFD_SETLK if nb else OFD_SETLKW, flock_struct(fcntl.F_WRLCK, 0, 0)) and None)
    # ranges, and who holds one
    with open('lock', 'r+') as f:
        fcntl.lockf(f, fcntl.LOCK_EX, 10, 20)
        me = os.getpid()
        def probe():
            g = open('lock', 'r+')
            found = fcntl.fcntl(g, fcntl.F_GETLK, flock_struct(fcntl.F_WRLCK, 0, 0))
            kind, _, start, length, who = struct.unpack('hhqqi4x', found)
            print('range', kind, start, length, who == me)
            now = fcntl.LOCK_EX | fcntl.LOCK_NB
            print(attempt(fcntl.lockf, g, now, 5, 15), attempt(fcntl.lockf, g, now, 6, 15))
        status(child(probe))
        # not inherited, but flock is
        fcntl.flock(f, fcntl.LOCK_EX)
        now = fcntl.LOCK_EX | fcntl.LOCK_NB
        print('inherited', status(child(lambda: attempt(fcntl.lockf, f, now, 10, 20) != 'EAGAIN')),
              status(child(lambda: attempt(fcntl.flock, f, now) is not None)))
    # deadlock
    ready, done = Turn(), Turn()
    def cross():
        g = open('lock', 'r+')
        fcntl.lockf(g, fcntl.LOCK_EX, 1, 1)
        ready.go()
        fcntl.lockf(g, fcntl.LOCK_EX, 1, 0)
    with open('lock', 'r+') as f:
        fcntl.lockf(f, fcntl.LOCK_EX, 1, 0)
        pid = child(cross)
        ready.wait()
        blocked(pid)
        print('deadlock', attempt(fcntl.lockf, f, fcntl.LOCK_EX, 1, 1))
    print(status(pid))
    # a lease
    f = open('lease', 'w'); f.close()
    f = open('lease', 'r+')
    got = []
    signal.signal(signal.SIGIO, lambda *a: got.append(1))
    print('lease', attempt(fcntl.fcntl, f, 1024, fcntl.F_WRLCK))
    pid = child(lambda: open('lease').close())
    while not got:
        time.sleep(0.01)
    print(len(got), attempt(fcntl.fcntl, f, 1024, fcntl.F_UNLCK), status(pid))
    signal.signal(signal.SIGIO, signal.SIG_DFL)


def pipes():
    os.mkfifo('fifo')
    def write():
        with open('fifo', 'w') as f:
            for i in range(20000): f.write(f'{i}\n')
    pid = child(write)
    with open('fifo') as f: print('fifo', sum(map(int, f)), status(pid))
    # writer that is killed, or has an error: end of file; reader that is gone: EPIPE and SIGPIPE
    for how in 'kill', 'abort', 'fault':
        go = Turn()
        def stay():
            f = os.open('fifo', os.O_WRONLY)
            os.write(f, b'x')
            go.wait()
            crash(how)
        pid = child(stay)
        f = os.open('fifo', os.O_RDONLY)
        print(os.read(f, 10))
        if how == 'kill':
            os.kill(pid, signal.SIGKILL)
        else:
            go.go()
        print('eof', how, os.read(f, 10), status(pid))
        os.close(f)
    def pour():
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        f = os.open('fifo', os.O_WRONLY)
        while True: os.write(f, b'x' * 4096)
    pid = child(pour)
    f = os.open('fifo', os.O_RDONLY)
    os.read(f, 10)
    os.close(f)
    print('SIGPIPE', status(pid))
    print(attempt(os.open, 'fifo', os.O_WRONLY | os.O_NONBLOCK))
    # blocked in open, killed
    pid = child(lambda: os.open('fifo', os.O_RDONLY))
    blocked(pid)
    os.kill(pid, signal.SIGTERM)
    print('open', status(pid))


def sockets():
    l = socket.socket(socket.AF_UNIX)
    l.bind('sock')
    l.listen()
    def client():
        c = socket.socket(socket.AF_UNIX)
        c.connect('sock')
        msg, fds, _, _ = socket.recv_fds(c, 10, 4)
        os.write(fds[0], b'from child ')
        s = socket.socket(fileno=fds[1])
        s.sendall(b'over a passed socket')
        return len(fds)
    pid = child(client)
    a, _ = l.accept()
    who = struct.unpack('iii', a.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    print('peer', who[0] == pid, who[1:] == (os.getuid(), os.getgid()))
    l2 = socket.socket(socket.AF_UNIX); l2.bind('sock2'); l2.listen()
    x = socket.socket(socket.AF_UNIX); x.connect('sock2')
    y, _ = l2.accept()
    f = os.open('passed', os.O_RDWR | os.O_CREAT)
    os.write(f, b'from parent ')
    socket.send_fds(a, [b'x'], [f, x.fileno()])
    x.close()
    print(status(pid), y.recv(100), y.recv(10))
    print(os.pread(f, 100, 0), os.lseek(f, 0, 1))
    # queued, never received: gone with the socket
    os.mkfifo('p2')
    rd = os.open('p2', os.O_RDONLY | os.O_NONBLOCK)
    wr = os.open('p2', os.O_WRONLY)
    x = socket.socket(socket.AF_UNIX); x.connect('sock2')
    y, _ = l2.accept()
    socket.send_fds(x, [b'x'], [wr])
    os.close(wr)
    print('queued', attempt(os.read, rd, 1))
    y.close(); x.close()
    print(attempt(os.read, rd, 1))
    # the peer is killed
    def stay():
        c = socket.socket(socket.AF_UNIX); c.connect('sock2'); c.sendall(b'x'); time.sleep(100)
    pid = child(stay)
    y, _ = l2.accept()
    y.recv(1)
    os.kill(pid, signal.SIGKILL)
    p = select.poll(); p.register(y, select.POLLIN | select.POLLRDHUP)
    print('hangup', p.poll(5000)[0][1], y.recv(10), status(pid))
    # datagrams with credentials
    d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); d.bind('dgram'); d.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    pid = child(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'd', 'dgram'))
    msg, anc, _, _ = d.recvmsg(10, 100)
    print(msg, [(t, struct.unpack('iii', data)[0] == pid) for _, t, data in anc], status(pid))


def mappings():
    with open('map', 'wb') as f: f.truncate(3 * 4096)
    fd = os.open('map', os.O_RDWR)
    m = mmap.mmap(fd, 3 * 4096)
    go, back = Turn(), Turn()
    def other():
        f = os.open('map', os.O_RDWR)
        n = mmap.mmap(f, 3 * 4096)
        for i in range(200):
            go.wait()
            if n[i] != i % 251 + 1: return 1
            n[4096 + i] = i % 251 + 2
            os.pwrite(f, bytes([i % 251 + 3]), 8192 + i)
            back.go()
        return 5
    pid = child(other)
    good = 0
    for i in range(200):
        m[i] = i % 251 + 1
        go.go()
        back.wait()
        good += m[4096 + i] == i % 251 + 2 and m[8192 + i] == i % 251 + 3
        good += os.pread(fd, 1, 4096 + i) == bytes([i % 251 + 2])
    print('shared', good, status(pid))
    # an inherited mapping is shared or a copy
    p = mmap.mmap(fd, 4096, mmap.MAP_PRIVATE)
    p[0] = 77
    def change():
        m[10] = 99
        p[0] = 78
    print('inherited', status(child(change)), m[10], p[0], os.pread(fd, 1, 0))
    def look():
        return m[10] + (p[0] == 77)
    print(status(child(look)))
    # truncated by another
    def cut(): os.truncate('map', 4096)
    print(m[8192], status(child(cut)))
    def touch():
        return m[8192]
    print('SIGBUS', status(child(touch)))
    # truncated by another, when the main thread has ended
    with open('map2', 'wb') as f: f.truncate(2 * 4096)
    ready, go = Turn(), Turn()
    def outlive():
        n = mmap.mmap(os.open('map2', os.O_RDWR), 2 * 4096)
        def work():
            n[4096] = 1
            ready.go()
            go.wait()
            os._exit(n[4096])
        threading.Thread(target=work).start()
        ctypes.CDLL(None).syscall(60, 0)
    pid = child(outlive)
    ready.wait()
    os.truncate('map2', 4096)
    go.go()
    print('outlived', status(pid))
    # atomics: two increment
    def add():
        n = mmap.mmap(fd, 4096)
        f = open('maplock', 'w')
        for i in range(500):
            fcntl.lockf(f, fcntl.LOCK_EX)
            n[100:104] = struct.pack('i', struct.unpack('i', n[100:104])[0] + 1)
            fcntl.lockf(f, fcntl.LOCK_UN)
    m[100:104] = struct.pack('i', 0)
    pids = [child(add) for _ in range(4)]
    print([status(p) for p in pids], struct.unpack('i', m[100:104]))
    # killed while it writes
    def busy():
        n = mmap.mmap(fd, 4096)
        while True:
            n[200] = (n[200] + 1) % 256
    pid = child(busy)
    while not m[200]:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    print(status(pid), os.pread(fd, 1, 200)[0] == m[200])


def signals():
    me = os.getpid()
    got = []
    for s in (signal.SIGUSR1, signal.SIGHUP, signal.SIGRTMIN + 3):
        signal.signal(s, lambda n, f: got.append(int(n)))
    os.mkfifo('sig')
    def send():
        for s in (signal.SIGUSR1, signal.SIGHUP, signal.SIGRTMIN + 3):
            os.kill(me, s)
    pid = child(send)
    f = os.open('sig', os.O_RDWR | os.O_NONBLOCK)
    print('signals', status(pid), sorted(got) == sorted([int(signal.SIGUSR1), int(signal.SIGHUP), int(signal.SIGRTMIN + 3)]))
    # a blocked call is interrupted, and goes on
    class Out(Exception): pass
    def out(n, f): raise Out
    signal.signal(signal.SIGUSR1, out)
    os.set_blocking(f, True)
    def later():
        blocked(me)
        os.kill(me, signal.SIGUSR1)
    pid = child(later)
    try: os.read(f, 1); print('read')
    except Out: print('interrupted')
    print(status(pid))
    signal.signal(signal.SIGUSR1, lambda n, f: got.append(0))
    def later():
        before = blocked(me)
        os.kill(me, signal.SIGUSR1)
        blocked(me, before)
        os.write(f, b'z')
    pid = child(later)
    print(os.read(f, 1), len(got), status(pid))
    # stop and go on
    def count():
        while True:
            os.read(f, 1)
            os.write(g, b'a')
    os.mkfifo('sig2')
    g = os.open('sig2', os.O_RDWR)
    pid = child(count)
    os.write(f, b'x'); os.read(g, 1)
    os.kill(pid, signal.SIGSTOP)
    _, st = os.waitpid(pid, os.WUNTRACED)
    print('stopped', os.WIFSTOPPED(st), os.WSTOPSIG(st) == signal.SIGSTOP)
    os.write(f, b'x')
    print(select.select([g], [], [], 0.1)[0])
    os.kill(pid, signal.SIGCONT)
    _, st = os.waitpid(pid, os.WCONTINUED)
    print(os.WIFCONTINUED(st), os.read(g, 1))
    os.kill(pid, signal.SIGINT)
    print(status(pid))
    # waits
    pids = [child(lambda: i) for i in range(4)]
    print(sorted(os.waitstatus_to_exitcode(os.wait()[1]) for _ in pids), attempt(os.wait))
    pid = child(lambda: os.abort())
    print(status(pid))
    pid = child(lambda: ctypes.string_at(0))
    print(status(pid))
    pid = child(lambda: 42)
    r = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    print(r.si_code, r.si_status, status(pid))
    # process groups
    def group():
        os.setpgid(0, 0)
        child(lambda: time.sleep(100)); child(lambda: os.open('sig3', os.O_RDONLY))
        os.write(g, b'r')
        time.sleep(100)
    os.mkfifo('sig3')
    pid = child(group)
    os.read(g, 1)
    os.killpg(pid, signal.SIGKILL)
    print('group', status(pid))
    # death of the parent
    libc = ctypes.CDLL(None)
    def parent():
        def orphan():
            libc.prctl(1, signal.SIGTERM)
            k = os.open('pd', os.O_WRONLY)
            os.write(k, b'o')
            os.write(g, b'k')
            while True: time.sleep(1)
        child(orphan)
        os.read(g, 1)
    os.mkfifo('pd')
    pid = child(parent)
    k = os.open('pd', os.O_RDONLY)
    print('pdeathsig', os.read(k, 1), status(pid), os.read(k, 1))
    # alarm in a blocked call
    signal.signal(signal.SIGALRM, out)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try: os.read(f, 1); print('read')
    except Out: print('alarm')


def owners():
    """Signals that the kernel sends, for a file of one process, to another."""
    class Out(Exception): pass
    # Writing and reading again are two events, and may be two signals.
    def out(n, f):
        signal.signal(n, signal.SIG_IGN)
        raise Out(n)
    os.mkfifo('owned')
    os.mkfifo('other')
    f = os.open('owned', os.O_RDWR)
    other = os.open('other', os.O_RDWR)
    listening = socket.socket(socket.AF_UNIX); listening.bind('sock3'); listening.listen()
    peer = socket.socket(socket.AF_UNIX); peer.connect('sock3')
    connected, _ = listening.accept()
    def data():
        os.write(f, b'x')
        os.read(f, 1)
    def urgent():
        peer.send(b'u', socket.MSG_OOB)
    def own(number, fd, pid, ready, event, sleeps=True):
        ready.wait()
        if sleeps:
            blocked(pid)
        fcntl.fcntl(fd, fcntl.F_SETOWN, pid)
        if number == signal.SIGIO:
            fcntl.fcntl(fd, fcntl.F_SETFL, os.O_RDWR | os.O_ASYNC)
        event()
        result = status(pid)
        fcntl.fcntl(fd, fcntl.F_SETOWN, 0)
        if number == signal.SIGIO:
            fcntl.fcntl(fd, fcntl.F_SETFL, os.O_RDWR)
        return result
    # what the other one does meanwhile: a call to this kernel, one to the host, nothing at all
    def reads(): os.read(other, 1)
    def sleeps(): time.sleep(100)
    def counts():
        n = 0
        while True: n += 1
    for number, fd, event in (signal.SIGIO, f, data), (signal.SIGURG, connected.fileno(), urgent):
        for what in reads, sleeps, counts:
            ready = Turn()
            def handle():
                signal.signal(number, out)
                try:
                    ready.go()
                    what()
                except Out as e:
                    return 7 if e.args[0] == number else 1
            print(number.name, what.__name__, own(number, fd, child(handle), ready, event, what != counts))
    # not handled, it ends a process if it is of that kind
    def default():
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        ready.go()
        os.read(other, 1)
    ready = Turn()
    print('default', own(signal.SIGIO, f, child(default), ready, data))


def rights():
    os.umask(0o027)
    def masked():
        os.close(os.open('masked', os.O_CREAT | os.O_WRONLY, 0o666))
        os.umask(0)
        os.close(os.open('unmasked', os.O_CREAT | os.O_WRONLY, 0o666))
    status(child(masked))
    os.close(os.open('masked2', os.O_CREAT | os.O_WRONLY, 0o666))
    print([oct(os.stat(n).st_mode) for n in ('masked', 'unmasked', 'masked2')])
    os.chmod('.', 0o755)
    os.close(os.open('private', os.O_CREAT | os.O_WRONLY, 0o600))
    os.close(os.open('public', os.O_CREAT | os.O_WRONLY, 0o644)); os.chmod('public', 0o644)
    os.mkdir('theirs'); os.chown('theirs', 1234, 1234)
    def drop():
        os.setgroups([])
        os.setresgid(1234, 1234, 1234)
        os.setresuid(1234, 1234, 1234)
        print(attempt(os.open, 'private', os.O_RDONLY), attempt(os.open, 'public', os.O_WRONLY),
              attempt(os.chown, 'public', 1, 1), attempt(os.mkdir, 'mine'))
        os.close(os.open('theirs/mine', os.O_CREAT | os.O_WRONLY, 0o644))
        s = os.stat('theirs/mine')
        print(s.st_uid, s.st_gid)
        os.execv('/bin/sh', ['sh', '-c', """
            cat public && ! cat private 2>/dev/null && echo shell >theirs/sh && stat -c %u theirs/sh
            (echo x >theirs/sub; stat -c %u:%g theirs/sub)"""])
    print('drop', status(child(drop)), attempt(os.close, os.open('private', os.O_RDONLY)))
    def only():
        os.setgroups([77]); os.setegid(1234); os.seteuid(1234)
        print(attempt(os.open, 'private', os.O_RDONLY))
        os.seteuid(0)
        return attempt(os.close, os.open('private', os.O_RDONLY)) is not None
    print(status(child(only)))
    os.system("""
        setpriv --reuid=1234 --regid=1234 --clear-groups sh -c "cat private; echo a >theirs/setpriv"
        stat -c %u theirs/setpriv""")
    # limits
    def limits():
        resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
        n = 0
        try:
            while True: os.open('public', os.O_RDONLY); n += 1
        except OSError as e: print(errno.errorcode[e.errno])
        os.closerange(3, 20)
        os.execv(sys.executable, [sys.executable, '-c', """if True:
            import os
            try:
                while True: top = os.open("public", os.O_RDONLY)
            except OSError as e: print(e.strerror, top)"""])
    print(status(child(limits)))
    def size():
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        f = os.open('sized', os.O_CREAT | os.O_WRONLY)
        print(os.write(f, b'x' * 4000), os.write(f, b'x' * 4000), attempt(os.write, f, b'x'))
        os.execv('/bin/sh', ['sh', '-c', 'head -c 9000 /dev/zero >sized2 2>/dev/null; echo $?; stat -c %s sized2'])
    print(status(child(size)))
    def xfsz():
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        f = os.open('sized', os.O_CREAT | os.O_WRONLY)
        os.lseek(f, 10, 0)
        os.write(f, b'x')
    print(status(child(xfsz)))


def executions():
    """A process with threads executes a program, or fails to."""
    os.mkfifo('fifo')
    fifo = os.open('fifo', os.O_RDWR)
    def wait(got): got.append(os.read(fifo, 1))
    def waiting(n):
        got = []
        threads = [threading.Thread(target=wait, args=(got,)) for _ in range(n)]
        for t in threads: t.start()
        time.sleep(0.1)
        return got, threads
    # what fails leaves all threads at work
    with tempfile.TemporaryDirectory() as host:
        garbage = os.path.join(host, 'garbage')
        with open(garbage, 'w') as f: f.write('garbage')
        os.chmod(garbage, 0o755)
        for argument in 'x', 'x' * 200000:
            got, threads = waiting(3)
            print(attempt(os.execv, garbage, ['garbage', argument]))
            os.write(fifo, b'abc')
            for t in threads: t.join()
            print(sorted(got))
    # what goes on in the program: by the main thread, and by another
    os.makedirs('there', exist_ok=True)
    open('lock', 'w').close()
    for main in True, False:
        def program():
            waiting(3)
            f = os.open('lock', os.O_RDWR)
            os.write(f, b'12345')
            os.lseek(f, 2, 0)
            fcntl.lockf(f, fcntl.LOCK_EX)
            os.set_inheritable(f, True)
            os.chdir('there')
            def run(): os.execv(sys.executable, [sys.executable, __file__, '.', f'executed {f} {os.getpid()}'])
            if not main:
                threading.Thread(target=run).start()
                time.sleep(100)
            run()
        pid = child(program)
        print('executed', status(pid))
    # a program that was executed by a thread is killed
    ready = Turn()
    def last():
        def run(): os.execv('/bin/sh', ['sh', '-c', f'cd there; echo >&{ready.w}; exec sleep 100 <../lock'])
        os.set_inheritable(ready.w, True)
        threading.Thread(target=run).start()
        time.sleep(100)
    pid = child(last)
    ready.wait()
    os.kill(pid, signal.SIGKILL)
    print('killed', status(pid))


def executed(f, pid):
    def look():
        lock = os.open('../lock', os.O_RDWR)
        print(attempt(fcntl.lockf, lock, fcntl.LOCK_EX | fcntl.LOCK_NB))
        found = fcntl.fcntl(lock, fcntl.F_GETLK, flock_struct(fcntl.F_WRLCK, 0, 0))
        print(struct.unpack('hhqqi4x', found)[4] == int(pid))
    print(os.read(int(f), 2), os.getpid() == int(pid), os.listdir('.'))
    print(status(child(look)))
    got = []
    t = threading.Thread(target=lambda: got.append(os.stat('../lock').st_size))
    t.start()
    t.join()
    print(got)


def cwd():
    os.makedirs('a/b')
    def go():
        os.chdir('a/b')
        open('here', 'w').close()
        print(os.getcwd() == os.path.join(sys.argv[1], 'a/b'))
        os.execv('/bin/sh', ['sh', '-c', 'ls; cd ..; ls; pwd | grep -o "a$"'])
    print(status(child(go)), os.getcwd() == sys.argv[1])
    # close-on-exec, and offsets over exec
    f = os.open('off', os.O_CREAT | os.O_RDWR); os.write(f, b'0123456789'); os.lseek(f, 2, 0)
    os.set_inheritable(f, True)
    os.spawnlp(os.P_WAIT, 'sh', 'sh', '-c', f'head -c 3 <&{f} | cat; dd bs=1 count=2 <&{f} 2>/dev/null; echo')
    print(os.lseek(f, 0, 1))
    print(subprocess.run(['sh', '-c', f'echo >&{f}'], stderr=subprocess.DEVNULL).returncode)
    print(subprocess.run(['sh', '-c', f'echo y >&{f}'], pass_fds=[f]).returncode, os.path.getsize('off'))
    g = os.open('a', os.O_RDONLY | os.O_DIRECTORY)
    def at():
        os.fchdir(g)
        print(os.listdir('.'), os.stat('b', dir_fd=g).st_nlink)
    print(status(child(at)))


for name in sys.argv[2:]:
    name, *arguments = name.split()
    print('==', name)
    globals()[name](*arguments)
