# SPDX-License-Identifier: BSD-2-Clause
"""What processes have to do with each other by signals and waits, and by the owners of files.

usage: processes_signals.py DIR SUBJECT...; prints what happened with files in DIR, which is the same on any
kernel.
"""
import ctypes
import fcntl
import os
import select
import signal
import socket
import sys
import time

sys.dont_write_bytecode = True
from processes_common import child, status, attempt, blocked, Turn, run


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
    # Writing and reading again are two events, and may be two signals. The second has a handler, as Python
    # complains of a signal that it has noted and finds ignored then.
    def out(n, f):
        signal.signal(n, lambda *_: None)
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


run(globals())
