# SPDX-License-Identifier: BSD-2-Clause
"""A tree of eight busy processes in /mnt: kill one at random, look at the file system, start it again.

usage: processes_kills.py COUNT [SEED]; prints how many were killed.
"""
import os
import random
import signal
import subprocess
import sys
import time

AGAIN = 'exec bash -c "$0" "$0"'
WORK = [
    'while :; do echo $RANDOM >f$$; cat f$$ >g$$; rm f$$; done',
    'i=0; while :; do mkdir -p d$$/$i; mv d$$/$i d$$/x$i; rmdir d$$/x$i; i=$((i+1)); done',
    'rm -f z*; dd if=/dev/zero of=z$$ bs=64k count=200 oflag=append conv=fsync; ' + AGAIN,
    'mkfifo p$$; cat p$$',
    'exec 9>lock; flock 9; sleep 0.01; flock -u 9; ' + AGAIN,
    'while :; do ls -lR /mnt >/dev/null; done',
    'tar c /usr/include/linux/netfilter | (mkdir -p t$$; cd t$$; tar x); rm -rf t$$; ' + AGAIN,
    "exec python3 -c \"import os\nwhile 1:\n f=os.open('y%d'%os.getpid(),os.O_CREAT|os.O_RDWR|os.O_SYNC);"
    " os.pwrite(f,b'x'*5000,0); os.close(f)\"",
]


def start(work):
    return subprocess.Popen(['bash', '-c', work, work], start_new_session=True,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill(process, group):
    """Kill all of a group, or first its leader."""
    if not group:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    return process.wait()


def main():
    os.chdir('/mnt')
    random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    processes = [start(work) for work in WORK]
    killed = 0
    for n in range(int(sys.argv[1])):
        time.sleep(random.random() * 0.05)
        i = random.randrange(len(WORK))
        killed += kill(processes[i], random.random() < 0.5) == -signal.SIGKILL
        with open('probe', 'w') as f:
            f.write(str(n))
        with open('probe') as f:
            assert f.read() == str(n)
        processes[i] = start(WORK[i])
    for process in processes:
        kill(process, True)
    print(killed, 'killed')


if __name__ == '__main__':
    main()
