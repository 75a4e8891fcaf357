# SPDX-License-Identifier: BSD-2-Clause
"""The first process of a tree ends while others are in calls of the kernel.

usage: processes_first.py FOLDER exit|abort|kill

In /mnt: some children are blocked in the kernel, by a lock, a pipe, and so on, others work without a
pause. When all of them do, the first process ends. They go on until there is a file "go" in FOLDER, on
the host; then those that are blocked get what they wait for. Each writes a line to FOLDER/log, its
name and 0, or the error of its call. When all have, there is a file "last".
"""
import errno
import fcntl
import mmap
import os
import select
import shutil
import signal
import sys
import time

FOLDER, HOW = sys.argv[1:]


def log(name, result):
    with open(FOLDER + '/log', 'a') as f:
        f.write('%s:%s\n' % (name, result))


def child(name, work):
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
        log(name, 0)
    except OSError as e:
        log(name, errno.errorcode[e.errno])
    except BaseException as e:
        log(name, repr(e))
    os._exit(0)


def until_go(work):
    """Work on, first until the first process has ended, and a while after that."""
    first = os.getppid()
    work()
    os.write(ready[1], b'w')
    rounds = 0
    while not os.path.exists(FOLDER + '/go') or rounds < 20:
        work()
        rounds += os.getppid() != first


def holder():
    """Has what the others wait for."""
    lock = os.open('lock', os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    until_go(lambda: time.sleep(0.02))
    fcntl.flock(lock, fcntl.LOCK_UN)
    for name in 'read', 'poll':
        os.write(os.open(name, os.O_RDWR), b'x')
    os.close(os.open('open', os.O_WRONLY))


def lock():
    fcntl.flock(os.open('lock', os.O_RDWR), fcntl.LOCK_EX)


def read():
    assert os.read(os.open('read', os.O_RDWR), 1) == b'x'


def open_():
    os.open('open', os.O_RDONLY)


def poll():
    p = select.poll()
    p.register(os.open('poll', os.O_RDWR), select.POLLIN)
    assert p.poll()


def pipe():
    """What two write and read through a pipe by name comes in order."""
    both = os.open('pipe', os.O_RDWR)
    n = 0

    def one():
        nonlocal n
        os.write(both, b'%8d' % n * 1000)
        assert os.read(both, 8000) == b'%8d' % n * 1000
        n += 1
    until_go(one)


def sync():
    file = os.open('sync%d' % os.getpid(), os.O_CREAT | os.O_RDWR)

    def one():
        os.pwrite(file, b'x' * 5000, 0)
        os.fsync(file)
    until_go(one)


def tree():
    def one():
        os.makedirs('tree/a/b')
        with open('tree/a/b/c', 'w') as f:
            f.write('text')
        os.rename('tree/a', 'tree/d')
        shutil.rmtree('tree')
    until_go(one)


def map_():
    with open('map', 'wb') as f:
        f.truncate(1 << 18)
    memory = mmap.mmap(os.open('map', os.O_RDWR), 1 << 18)
    n = 0

    def one():
        nonlocal n
        n += 1
        for page in range(0, 1 << 18, 4096):
            memory[page] = n % 256
        memory.flush()
    until_go(one)


def asleep(pid):
    """In state S, and not switched to for a while: it is blocked."""
    last = None
    still = 0
    while still < 5:
        with open('/proc/%d/status' % pid) as f:
            lines = [line for line in f if line.startswith(('State', 'voluntary', 'nonvoluntary'))]
        still = still + 1 if lines == last and 'S (' in lines[0] else 0
        last = lines
        time.sleep(0.01)


ready = os.pipe()
os.chdir('/mnt')
for fifo in 'read', 'open', 'poll', 'pipe':
    if not os.path.exists(fifo):
        os.mkfifo(fifo)
open('lock', 'w').close()
pids = [child('holder', holder)]
os.read(ready[0], 1)
blocked = [child(work.__name__.strip('_'), work) for work in (lock, read, open_, poll)]
busy = [child(work.__name__.strip('_'), work) for work in (pipe, sync, sync, tree, map_)]
pids += blocked + busy
if not os.fork():
    # Tells when all have ended, by looking, as they are not its children.
    os.setsid()
    while any(os.path.exists('/proc/%d' % pid) for pid in pids):
        time.sleep(0.02)
    os.close(os.open(FOLDER + '/last', os.O_CREAT))
    os._exit(0)
for pid in blocked:
    asleep(pid)
for _ in busy:
    os.read(ready[0], 1)
if HOW == 'abort':
    os.abort()
if HOW == 'kill':
    os.kill(os.getpid(), signal.SIGKILL)
