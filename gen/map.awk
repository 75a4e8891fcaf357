# SPDX-License-Identifier: BSD-2-Clause
# map.awk - what rump_syscalls.c exports, as lines for the global: part of a version script
#
# usage: awk -f gen/map.awk rump_syscalls.list >rump_syscalls.map

BEGIN { print "\trump_sys_syscall;" }
!/^#/ { print "\trump_sys_" $1 ";" }
