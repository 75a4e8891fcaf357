# SPDX-License-Identifier: BSD-2-Clause
"""processes_rights.py DIRECTORY CASE: descriptors of a directory's kernel in messages of host sockets."""
import array
import fcntl
import os
import signal
import socket
import sys
import time

directory, case = sys.argv[1:]


def pair(kind=socket.SOCK_STREAM):
    return socket.socketpair(socket.AF_UNIX, kind)


def child(function, *arguments):
    pid = os.fork()
    if not pid:
        try:
            function(*arguments)
        except BaseException as error:  # the parent has its own traceback to write
            print("child:", repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    return pid


def ended(pid):
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status == 0, status


def new_file(name, text):
    with open(f"{directory}/{name}", "w+") as file:
        file.write(text)
    return os.open(f"{directory}/{name}", os.O_RDWR)


def count():
    return len(os.listdir("/proc/self/fd"))


def kinds():
    """Files of both kernels, sockets and pipes in one message, next to credentials."""
    ours, theirs = pair()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    listener = socket.create_server(("127.0.0.1", 0))
    pipe = os.pipe()
    host = os.open("/etc/hostname", os.O_RDONLY)

    def worker():
        _, control, flags, _ = theirs.recvmsg(16, 1024, socket.MSG_CMSG_CLOEXEC)
        assert flags & socket.MSG_CTRUNC == 0
        fds = array.array("i")
        seen = set()
        for _, kind, data in control:
            seen.add(kind)
            if kind == socket.SCM_RIGHTS:
                fds.frombytes(data)
        assert seen == {socket.SCM_RIGHTS, 2}, seen
        assert os.read(fds[0], 100) == b"text", "the offset is shared"
        assert os.pread(fds[1], 100, 0) == os.pread(host, 100, 0)
        assert [fcntl.fcntl(fd, fcntl.F_GETFD) for fd in fds] == [fcntl.FD_CLOEXEC] * 4
        connection, _ = socket.socket(fileno=fds[2]).accept()
        connection.sendall(b"served")
        connection.close()
        os.write(fds[3], b"piped")

    file = new_file("kinds", "some text")
    os.lseek(file, 5, os.SEEK_SET)
    pid = child(worker)
    socket.send_fds(ours, [b"x"], [file, host, listener.fileno(), pipe[1]])
    with socket.create_connection(listener.getsockname()) as connection:
        print(connection.recv(100))
    print(os.read(pipe[0], 100))
    ended(pid)
    print(os.lseek(file, 0, os.SEEK_CUR))


def twice():
    """A message that is looked at and then received, and one for which there is too little room."""
    ours, theirs = pair()
    files = [new_file(f"twice{i}", str(i)) for i in range(3)]
    socket.send_fds(ours, [b"x"], files)
    for flags in (socket.MSG_PEEK, 0):
        fds = array.array("i", theirs.recvmsg(1, 1024, flags)[1][0][2])
        print([(os.pread(fd, 10, 0), fcntl.fcntl(fd, fcntl.F_GETFD)) for fd in fds])
        for fd in fds:
            os.close(fd)
    socket.send_fds(ours, [b"x"], files)
    _, control, flags, _ = theirs.recvmsg(1, socket.CMSG_LEN(4))
    fds = array.array("i", control[0][2])
    print(len(fds), flags & socket.MSG_CTRUNC == socket.MSG_CTRUNC, os.pread(fds[0], 10, 0))
    before = fcntl.fcntl(files[0], fcntl.F_GETFD)
    try:
        socket.send_fds(ours, [b"x"], [files[0], 9999])
    except OSError as error:
        print(error.errno, before == fcntl.fcntl(files[0], fcntl.F_GETFD))


def end_of_file(read):
    deadline = time.monotonic() + 30
    os.set_blocking(read, False)
    while time.monotonic() < deadline:
        try:
            return os.read(read, 1)
        except BlockingIOError:
            time.sleep(0.01)
    return "the writing end is open still"


def fifo(name):
    """Both ends of a named pipe: the end of file tells when nobody has the writing end."""
    os.mkfifo(f"{directory}/{name}")
    read = os.open(f"{directory}/{name}", os.O_RDONLY | os.O_NONBLOCK)
    return read, os.open(f"{directory}/{name}", os.O_WRONLY)


def unread():
    """A message that nobody receives keeps the file till its socket is closed, and no longer."""
    read, write = fifo("unread")
    ours, theirs = pair()
    socket.send_fds(ours, [b"x"], [write])
    os.close(write)
    ours.close()
    os.set_blocking(read, False)
    try:
        print(os.read(read, 1))
    except BlockingIOError:
        print("kept")
    theirs.close()
    print(end_of_file(read))


def killed():
    """The sender's end loses nothing that is sent, the receiver's end loses what it has."""
    read, write = fifo("killed")
    ours, theirs = pair()

    def send():
        socket.send_fds(ours, [b"x"], [write])
        os.kill(os.getpid(), signal.SIGKILL)

    def receive():
        ours.close()
        os.close(write)
        fds = socket.recv_fds(theirs, 1, 1)[1]
        os.write(fds[0], b"r")
        signal.pause()

    os.waitpid(child(send), 0)
    receiver = child(receive)
    os.close(write)
    ours.close()
    theirs.close()
    os.set_blocking(read, True)
    print(os.read(read, 1))
    os.kill(receiver, signal.SIGKILL)
    os.waitpid(receiver, 0)
    print(end_of_file(read))


def many():
    """A thousand files through one socket leave nothing behind."""
    read, write = fifo("many")
    ours, theirs = pair()
    before = count()
    for _ in range(1000):
        socket.send_fds(ours, [b"x"], [write])
        fds = socket.recv_fds(theirs, 1, 1)[1]
        os.close(fds[0])
    print(count() - before)
    os.close(write)
    print(end_of_file(read))


{"kinds": kinds, "twice": twice, "unread": unread, "killed": killed, "many": many}[case]()
