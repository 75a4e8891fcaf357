# SPDX-License-Identifier: BSD-2-Clause
"""What the programs share that try processes which have to do with each other: processes_files.py and others."""
import ctypes
import errno
import os
import resource
import struct
import sys
import time


def child(work, *args):
    """Fork a process that runs a function and exits with its result."""
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        code = 99
        try:
            code = work(*args) or 0
        except OSError as e:
            print('child', errno.errorcode[e.errno], flush=True)
        except BaseException as e:
            print('child', repr(e), flush=True)
        finally:
            sys.stdout.flush()
            os._exit(code)
    return pid


def status(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def attempt(what, *args):
    try:
        return what(*args)
    except OSError as e:
        return errno.errorcode[e.errno]


def crash(how):
    """End this process as a program does that has an error."""
    if how == 'abort':
        os.abort()
    ctypes.string_at(0)


def blocked(pid, since=None):
    """Wait until a process sleeps and goes on doing so, be it in the host's kernel or in the rump kernel.

    Returns how often it has been switched, for the next call to wait until it has been running after this.
    """
    last, still = None, 0
    while still < 5:
        with open(f'/proc/{pid}/status') as f:
            fields = dict(line.split(':', 1) for line in f)
        switches = tuple(int(fields[kind + '_ctxt_switches']) for kind in ('voluntary', 'nonvoluntary'))
        asleep = fields['State'].split()[0] == 'S' and switches != since
        still = still + 1 if asleep and switches == last else 0
        last = switches
        time.sleep(0.01)
    return last


class Turn:
    """A pipe by which one process tells another to go on."""
    def __init__(self):
        self.r, self.w = os.pipe()

    def go(self):
        os.write(self.w, b'g')

    def wait(self):
        os.read(self.r, 1)


def flock_struct(kind, start, length):
    return struct.pack('hhqqi4x', kind, 0, start, length, 0)


def run(subjects):
    """In the directory that is the first argument: the functions that the others name, with arguments in them."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.chdir(sys.argv[1])
    for name in sys.argv[2:]:
        name, *arguments = name.split()
        print('==', name)
        subjects[name](*arguments)
