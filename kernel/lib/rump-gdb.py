# SPDX-License-Identifier: BSD-2-Clause
"""rump-gdb.py - the contexts of a rump kernel in gdb

gdb knows the kernel's symbols by itself (the interface for just-in-time
compilers) and shows what host threads run. A kernel thread or a blocked call
that nobody carries at the moment is a context on a kernel stack only:

    (gdb) source rump-gdb.py
    (gdb) rump ps           the tasks of the kernel
    (gdb) rump bt [PID]     their stacks, or that of one

To show a stack the registers of the current thread are replaced for a moment.
"""
import struct

import gdb

FIELDS = ("init_task tasks signal thread_head thread_node comm pid sp curr "
          "vcpu_size").split()
REGISTERS = "r15 r14 r13 r12 rbx rbp rip".split()


def read(address, size=8):
    data = gdb.selected_inferior().read_memory(address, size)
    return bytes(data)


def word(address):
    return struct.unpack("<Q", read(address))[0]


def layout():
    """What the image says of itself: rump_debug in kernel/process.c."""
    try:
        base = int(gdb.parse_and_eval("(unsigned long)&rump_debug"))
    except gdb.error:
        raise gdb.GdbError("no rump kernel has booted in this process")
    return dict(zip(FIELDS, (word(base + 8 * i) for i in range(len(FIELDS)))))


def links(head):
    at = word(head)
    while at != head:
        yield at
        at = word(at)


def tasks(k):
    yield k["init_task"]
    for node in links(k["init_task"] + k["tasks"]):
        leader = node - k["tasks"]
        group = word(leader + k["signal"]) + k["thread_head"]
        for thread in links(group):
            yield thread - k["thread_node"]


def describe(k, task):
    comm = read(task + k["comm"], 16).split(b"\0")[0].decode("latin-1")
    pid = struct.unpack("<i", read(task + k["pid"], 4))[0]
    return pid, comm


def backtrace(k, task):
    """The frames above rump_switch(), which has pushed the registers."""
    sp = word(task + k["sp"])
    if word(k["curr"]) == task or not sp:
        print("    on a virtual CPU, or in user mode")
        return
    saved = {r: gdb.parse_and_eval("$" + r) for r in REGISTERS + ["rsp"]}
    saved = {r: int(v) & (2**64 - 1) for r, v in saved.items()}
    try:
        for i, r in enumerate(REGISTERS):
            gdb.execute("set $%s = %d" % (r, word(sp + 8 * i)))
        gdb.execute("set $rsp = %d" % (sp + 8 * len(REGISTERS)))
        gdb.execute("bt 20")
    finally:
        for r, v in saved.items():
            gdb.execute("set $%s = %d" % (r, v))


class Rump(gdb.Command):
    """rump ps, rump bt [PID]: tasks of a rump kernel and their stacks."""

    def __init__(self):
        super().__init__("rump", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = argument.split()
        if not words or words[0] not in ("ps", "bt") or len(words) > 2:
            raise gdb.GdbError(self.__doc__)
        gdb.execute("select-frame 0")
        k = layout()
        for task in tasks(k):
            pid, comm = describe(k, task)
            if len(words) == 2 and int(words[1]) != pid:
                continue
            print("%6d  %s" % (pid, comm))
            if words[0] == "bt":
                backtrace(k, task)


Rump()
