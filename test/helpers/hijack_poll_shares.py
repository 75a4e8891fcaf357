# SPDX-License-Identifier: BSD-2-Clause
"""hijack_poll_shares.py CASE: epoll instances with sockets and pipes, over fork, vfork and dup2."""
import os
import select
import signal
import socket
import subprocess
import sys

WAIT = 20  # seconds that nothing takes


def tcp_pair():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = socket.create_connection(listener.getsockname())
        return one, listener.accept()[0]


def named(events, names):
    return sorted((names.get(fd, fd), event) for fd, event in events)


def child(function):
    """Run it in a forked process, which says on a pipe that it has begun; its exit status."""
    sys.stdout.flush()
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        signal.alarm(60)
        os.close(read)
        try:
            function(write)
        except BaseException as error:
            print("child:", repr(error), flush=True)
            os._exit(1)
        sys.stdout.flush()
        os._exit(0)
    os.close(write)
    return pid, read


def ended(pid):
    print("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


class Set:
    def __init__(self, flags=select.EPOLLIN):
        self.here, self.there = tcp_pair()
        self.read, self.write = os.pipe()
        self.names = {self.here.fileno(): "socket", self.read: "pipe"}
        self.epoll = select.epoll()
        self.epoll.register(self.here, flags)
        self.epoll.register(self.read, flags)

    def wait(self, what, timeout=WAIT):
        print(what, named(self.epoll.poll(timeout), self.names), flush=True)


def fork():
    """A child waits for what its parent sends; both see what nobody takes; then the parent alone."""
    s = Set()

    def wait(begun):
        s.wait("child, nothing", 0)
        os.write(begun, b"x")
        s.wait("child")
        s.wait("child again", 0)
        os.write(begun, b"x")
        s.here.recv(1)
        s.wait("child, taken", 0)

    pid, begun = child(wait)
    os.read(begun, 1)
    s.there.send(b"a")
    os.read(begun, 1)
    ended(pid)
    s.wait("parent, taken", 0)
    s.there.send(b"b")
    s.wait("parent")
    os.write(s.write, b"c")
    s.wait("parent")


def each():
    """Parent and child in turn, by messages: no wake-up of one is lost to the other, none is strange."""
    s = Set()
    ours, theirs = socket.socketpair()

    def serve(begun):
        for _ in range(200):
            theirs.recv(1)
            events = named(s.epoll.poll(WAIT), s.names)
            assert events == [("socket", select.EPOLLIN)], events
            s.here.recv(1)
            theirs.send(b"x")

    pid, _ = child(serve)
    for _ in range(200):
        s.there.send(b"a")
        ours.send(b"x")
        ours.recv(1)
        s.there.send(b"b")
        events = named(s.epoll.poll(WAIT), s.names)
        assert events == [("socket", select.EPOLLIN)], events
        s.here.recv(1)
    ended(pid)
    s.wait("end", 0)


def both():
    """Parent and child wait at once for a third: each byte, and the end, wakes who takes it."""
    s = Set()
    s.here.setblocking(False)
    taken, took = os.pipe()

    def send(_):
        for _ in range(500):
            s.there.send(b"a")
            os.read(taken, 1)
        s.there.shutdown(socket.SHUT_WR)

    def take(_):
        while True:
            if not s.epoll.poll(WAIT):
                raise TimeoutError
            try:
                if not s.here.recv(1):
                    return
            except BlockingIOError:
                continue
            os.write(took, b"x")

    pids = [child(send)[0], child(take)[0]]
    s.there.close()
    take(None)
    for pid in pids:
        ended(pid)


def survive():
    """The parent closes its instance, the child still waits with it; and the other way round."""
    s = Set()

    def wait(begun):
        os.write(begun, b"x")
        s.wait("child")
        s.here.recv(1)
        s.epoll.close()

    pid, begun = child(wait)
    os.read(begun, 1)
    other = select.epoll.fromfd(os.dup(s.epoll.fileno()))
    s.epoll.close()
    s.there.send(b"a")
    ended(pid)
    s.epoll = other
    s.there.send(b"b")
    s.wait("parent")


def spawned():
    """A child of vfork, which closes all it has inherited and executes a program, changes nothing here."""
    s = Set()
    for how in ({"close_fds": True}, {"close_fds": False}):
        subprocess.run(["true"], check=True, **how)
        s.there.send(b"a")
        s.wait("after a child")
        s.here.recv(1)
        os.write(s.write, b"b")
        s.wait("after a child")
        os.read(s.read, 1)
        s.wait("nothing", 0)
    pid = os.posix_spawnp("true", ["true"], os.environ,
                          file_actions=[(os.POSIX_SPAWN_CLOSE, s.epoll.fileno())])
    os.waitpid(pid, 0)
    s.there.send(b"c")
    s.wait("after a spawned one")


def early():
    """An instance is duplicated before there is any socket."""
    epoll = select.epoll()
    os.dup2(epoll.fileno(), 50)
    os.dup2(epoll.fileno(), 51, inheritable=False)
    here, there = tcp_pair()
    epoll.register(here, select.EPOLLIN)
    there.send(b"a")
    names = {here.fileno(): "socket"}
    for fd in (50, 51, epoll.fileno()):
        print(named(select.epoll.fromfd(fd).poll(WAIT) if fd < 99 else [], names))


def large():
    """Polls of a hundred sockets, with and without a pipe, that do not wait and that do."""
    pairs = [tcp_pair() for _ in range(100)]
    read, write = os.pipe()
    for with_pipe in (False, True):
        poll = select.poll()
        for one, _ in pairs:
            poll.register(one, select.POLLIN)
        if with_pipe:
            poll.register(read, select.POLLIN)
        print(poll.poll(0))
        pairs[7][1].send(b"a")
        print(len(poll.poll(WAIT * 1000)))
        pairs[7][0].recv(1)


{"fork": fork, "each": each, "both": both, "survive": survive, "spawned": spawned, "early": early,
 "large": large}[sys.argv[1]]()
