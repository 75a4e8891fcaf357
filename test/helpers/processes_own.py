# SPDX-License-Identifier: BSD-2-Clause
"""What is a process's own: rights and limits, working directory and descriptors, the program that it executes.

usage: processes_own.py DIR SUBJECT...; prints what happened with files in DIR, which is the same on any
kernel.
"""
import errno
import fcntl
import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
from processes_common import child, status, attempt, Turn, flock_struct, run


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


run(globals())
