# SPDX-License-Identifier: BSD-2-Clause
"""processes_handles.py DIRECTORY: files and sockets that multiprocessing hands to its processes."""
import multiprocessing
import os
import socket
import sys
from multiprocessing.reduction import recv_handle, send_handle


def serve(queue, listener, name):
    connection, _ = listener.accept()
    connection.sendall(b"served")
    connection.close()
    with open(name) as file:
        queue.put(file.read())


def read(pipe):
    pipe.send(os.pread(recv_handle(pipe), 100, 0))


def main():
    name = sys.argv[1] + "/handles"
    with open(name, "w") as file:
        file.write("text")
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        queue = context.Queue()
        listener = socket.create_server(("127.0.0.1", 0))
        process = context.Process(target=serve, args=(queue, listener, name))
        process.start()
        with socket.create_connection(listener.getsockname()) as connection:
            print(method, connection.recv(100), queue.get())
        process.join()
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=read, args=(theirs,))
    process.start()
    fd = os.open(name, os.O_RDONLY)
    send_handle(ours, fd, process.pid)
    print(ours.recv())
    process.join()


if __name__ == "__main__":
    main()
