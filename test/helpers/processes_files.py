# SPDX-License-Identifier: BSD-2-Clause
"""What processes have to do with each other by files: locks, pipes, sockets, mappings.

usage: processes_files.py DIR SUBJECT...; prints what happened with files in DIR, which is the same on any
kernel.
"""
import ctypes
import fcntl
import mmap
import os
import select
import signal
import socket
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
from processes_common import child, status, attempt, crash, blocked, Turn, flock_struct, run

OFD_SETLK, OFD_SETLKW = 37, 38


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


run(globals())
