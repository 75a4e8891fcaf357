# SPDX-License-Identifier: BSD-2-Clause
"""Processes in /mnt are stopped at any moment, and the others go on.

usage: processes_stops.py COUNT [SEED]; prints how many stops there were.

Half of the processes have threads that are busy, block in a pipe of the kernel, or wait with a time limit. What
wakes such a thread comes while it is stopped.
"""
import os
import random
import select
import signal
import sys
import threading
import time

SIGNALS = signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU


def busy(name):
    while True:
        with open(name, 'w') as f:
            f.write('x' * 3000)
        os.stat(name)
        os.unlink(name)


def echo(r, w):
    while True:
        os.write(w, os.read(r, 1))


def look(r):
    poll = select.poll()
    poll.register(r, select.POLLERR)
    while True:
        poll.poll(3)


def work(i, r, w):
    me = os.getpid()
    if i % 2:
        for n in range(2):
            threading.Thread(target=busy, args=(f'busy{me}-{n}',), daemon=True).start()
        threading.Thread(target=look, args=(r,), daemon=True).start()
        echo(r, w)
    busy(f'busy{me}')


def state(pid):
    with open(f'/proc/{pid}/stat') as f:
        return f.read().rpartition(')')[2].split()[0]


def start(i):
    for name in f'in{i}', f'out{i}':
        os.mkfifo(name)
    r, w = (os.open(name, os.O_RDWR) for name in (f'in{i}', f'out{i}'))
    pid = os.fork()
    if not pid:
        os.setpgid(0, 0)
        work(i, r, w)
    return pid, r, w


def stop_and_go(processes, count):
    for n in range(count):
        i = random.randrange(4)
        pid, r, w = processes[i]
        sig = random.choice(SIGNALS)
        (os.kill if random.random() < 0.5 else os.killpg)(pid, sig)
        _, status = os.waitpid(pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == sig, (status, sig)
        if i % 2:
            os.write(r, b'x')
            assert not select.select([w], [], [], 0.005)[0]
        with open('probe', 'w') as f:
            f.write(str(n))
        assert open('probe').read() == str(n) and state(pid) == 'T'
        os.kill(pid, signal.SIGCONT)
        assert os.WIFCONTINUED(os.waitpid(pid, os.WCONTINUED)[1])
        if i % 2:
            assert os.read(w, 1) == b'x'
        time.sleep(random.random() * 0.01)


def main():
    os.chdir('/mnt')
    random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    processes = [start(i) for i in range(4)]
    time.sleep(0.1)
    count = int(sys.argv[1])
    try:
        stop_and_go(processes, count)
    finally:
        for pid, _, _ in processes:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    print(count, 'stops')


main()
