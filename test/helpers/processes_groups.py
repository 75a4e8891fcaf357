# SPDX-License-Identifier: BSD-2-Clause
"""Signals of a file that a process group owns: who gets them.

usage: processes_groups.py DIR SUBJECT...; prints what happened with files in DIR, which is the same on any kernel.
"""
import fcntl
import os
import select
import signal
import socket
import struct
import sys

F_SETOWN_EX, F_GETOWN_EX, F_OWNER_PGRP = 15, 16, 2
FIOSETOWN, SIOCSPGRP, FIOGETOWN = 0x8901, 0x8902, 0x8903
PATIENCE = 10
GOT, NOTHING = 7, 0

directory = sys.argv[1]


class Out(Exception):
    pass


# Writing and reading again are two events, and may be two signals. The second has a handler, as Python complains
# of a signal that it has noted and finds ignored then.
def out(number, _):
    signal.signal(number, lambda *_: None)
    raise Out


class Member:
    """A process that waits for SIGIO, and ends with GOT, or when it is told to, with NOTHING.

    It runs "before" first. "then" says that it is ready, in place of that.
    """
    def __init__(self, before=None, then=None):
        sys.stdout.flush()
        self.ready, self.go = os.pipe(), os.pipe()
        for pipe in self.ready, self.go:
            os.set_inheritable(pipe[0], True)
            os.set_inheritable(pipe[1], True)
        self.pid = os.fork()
        if not self.pid:
            code = 99
            try:
                if before:
                    before(self)
                code = self.wait(then)
            except BaseException as e:
                print('member', repr(e), flush=True)
            finally:
                os._exit(code)
        os.close(self.go[0])
        os.close(self.ready[1])
        os.read(self.ready[0], 1)

    def is_ready(self):
        os.write(self.ready[1], b'r')

    def wait(self, then=None):
        os.close(self.go[1])
        signal.signal(signal.SIGIO, out)
        signal.alarm(PATIENCE)
        try:
            if then:
                then(self)
            else:
                self.is_ready()
            self.told()
        except Out:
            return GOT
        return NOTHING

    def told(self):
        # Python looks for signals before a call, which may then wait; so none waits for long.
        while not select.select([self.go[0]], [], [], 0.05)[0]:
            pass

    def got(self):
        """Whether it gets the signal; it is waited for."""
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if code not in (GOT, NOTHING):
            print('ended with', code, flush=True)
        return code == GOT

    def none(self):
        """Whether it has got none."""
        os.write(self.go[1], b'g')
        return not self.got()


def leads(_):
    os.setpgid(0, 0)


def have_event(fd, owner, by=None):
    """Set the owner of a FIFO, and have it readable."""
    if by:
        by()
    else:
        fcntl.fcntl(fd, fcntl.F_SETOWN, owner)
    if owner_of(fd) != owner:
        print('not the owner', flush=True)
    fcntl.fcntl(fd, fcntl.F_SETFL, os.O_RDWR | os.O_ASYNC)
    os.write(fd, b'x')
    os.read(fd, 1)
    fcntl.fcntl(fd, fcntl.F_SETFL, os.O_RDWR)


def owner_of(fd):
    kind, number = struct.unpack('ii', fcntl.fcntl(fd, F_GETOWN_EX, bytes(8)))
    return -number if kind == F_OWNER_PGRP else number


def fifo(name):
    path = f'{directory}/{name}'
    os.mkfifo(path)
    return os.open(path, os.O_RDWR)


def members():
    """Those whom the parent or they themselves have put into a group get it, and nobody else."""
    fd = fifo('members')
    a, b, c, stranger = Member(leads), Member(), Member(), Member()
    os.setpgid(b.pid, a.pid)
    os.setpgid(c.pid, a.pid)
    os.setpgid(c.pid, 0)
    os.setpgid(c.pid, os.getpgrp())
    have_event(fd, -a.pid)
    print('members', a.got(), b.got(), 'others', c.none(), stranger.none())
    # nobody is in the group any more
    print('gone', owner_of(fd))


def ways():
    """All ways to name the group; each member is a session, or inherits a session's group."""
    fd = fifo('ways')
    def by_structure():
        fcntl.fcntl(fd, F_SETOWN_EX, struct.pack('ii', F_OWNER_PGRP, a.pid))
    a = Member(lambda _: os.setsid())
    have_event(fd, -a.pid, by_structure)
    print('structure', a.got())
    inner = []
    def inherits(_):
        os.setsid()
        inner.append(Member())
    def both(self):
        try:
            self.is_ready()
            self.told()
        except Out:
            print('inner', inner[0].got(), flush=True)
            raise
    a = Member(inherits, both)
    have_event(fd, -a.pid)
    print('outer', a.got())
    for name, request in ('FIOSETOWN', FIOSETOWN), ('SIOCSPGRP', SIOCSPGRP):
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(f'{directory}/{name}')
        listening.listen()
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(f'{directory}/{name}')
        connected, _ = listening.accept()
        a = Member(leads)
        b = Member()
        os.setpgid(b.pid, a.pid)
        fcntl.ioctl(connected, request, struct.pack('i', -a.pid))
        fcntl.fcntl(connected, fcntl.F_SETFL, os.O_ASYNC)
        owner, = struct.unpack('i', fcntl.ioctl(connected, FIOGETOWN, bytes(4)))
        peer.send(b'x')
        print(name, owner == -a.pid, a.got(), b.got())
    try:
        fcntl.fcntl(fd, fcntl.F_SETOWN, -a.pid)
        print('no such group: owned')
    except ProcessLookupError:
        print('no such group: ESRCH')


def leaders():
    """A group lasts longer than its leader, and over exec."""
    fd = fifo('leaders')
    a, b = Member(leads), Member()
    os.setpgid(b.pid, a.pid)
    print('leader ends', a.none())
    have_event(fd, -a.pid)
    print('last', b.got())
    def executes(self):
        os.setpgid(0, 0)
        rest = [str(n) for pipe in (self.ready, self.go) for n in pipe]
        os.execv(sys.executable, [sys.executable, __file__, directory, 'member', *rest])
    c = Member(executes)
    have_event(fd, -c.pid)
    print('executed', c.got())


def member():
    """What "leaders" executes."""
    numbers = [int(n) for n in sys.argv[3:]]
    c = Member.__new__(Member)
    c.ready, c.go = numbers[:2], numbers[2:]
    os.listdir(directory)
    os._exit(c.wait())


def late():
    """The group's leader uses no file of DIR until a member that does has made the group its owner."""
    turn = os.pipe()
    def opens(self):
        self.is_ready()
        os.read(turn[0], 1)
        os.listdir(directory)
        self.is_ready()
    a = Member(leads, opens)
    def joins(self):
        os.setpgid(0, a.pid)
        fd = fifo('late')
        fcntl.fcntl(fd, fcntl.F_SETOWN, -a.pid)
        os.write(turn[1], b't')
        os.read(a.ready[0], 1)
        # The very group, and the process by its number.
        print('owner', owner_of(fd) == -a.pid)
        fcntl.fcntl(fd, fcntl.F_SETOWN, a.pid)
        print('process', owner_of(fd) == a.pid, flush=True)
        self.is_ready()
        have_event(fd, -a.pid)
    b = Member(None, joins)
    print(a.got(), b.got())


def unprivileged():
    """The same for one that may not choose the numbers of its children."""
    fd = fifo('unprivileged')
    os.setresgid(1234, 1234, 1234)
    os.setresuid(1234, 1234, 1234)
    a = Member(leads)
    have_event(fd, -a.pid)
    print('group', a.got())
    a = Member()
    have_event(fd, a.pid)
    print('process', a.got())


if __name__ == '__main__':
    if sys.argv[2] == 'member':
        member()
    for subject in sys.argv[2:]:
        globals()[subject]()
