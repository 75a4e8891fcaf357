#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Sockets, devices, filters; then events, asynchronous I/O, timers and queues.

load setup

# in_kernel AREA TEST [ARG...]
in_kernel() {
	run helper "$@"
	assert_success
}

@test "inet: TCP both ways, refused connections, datagrams" {
	in_kernel socket inet
}

@test "inet6: TCP both ways, refused connections, datagrams" {
	in_kernel socket inet6
}

@test "a raw socket pings" {
	in_kernel socket ping
}

@test "unix streams, their names and credentials" {
	in_kernel socket unix_stream
}

@test "unix datagrams and packets, abstract names" {
	in_kernel socket unix_dgram
}

@test "descriptors are passed over unix sockets" {
	in_kernel socket scm_rights
}

@test "packet sockets see and send what passes a device" {
	in_kernel net packet
}

@test "a program serves a tap device: ARP and pings both ways" {
	in_kernel tun tap
}

@test "a program serves a tun device" {
	in_kernel tun tun
}

@test "rtnetlink makes, lists and removes dummy, bridge, bond, veth, vlan, wireguard" {
	in_kernel net links
}

@test "a frame goes through veth, bridge and vlan" {
	in_kernel net bridge
}

@test "wireguard takes a key and a port by generic netlink" {
	in_kernel net wireguard
}

@test "netem delays, fq does not, htb limits the rate" {
	in_kernel net tc
}

@test "nftables: a table is made, listed, closes the input, is removed" {
	in_kernel net nftables
}

@test "TCP with cubic, bbr and reno" {
	in_kernel socket congestion
}

@test "network name spaces, a veth between two" {
	in_kernel net name_spaces
}

@test "the NFS client asks a server that is not there, v3 and v4" {
	in_kernel net nfs
}

@test "UTS and IPC name spaces" {
	in_kernel ipc uts_ipc
}

@test "epoll, by level and by edge" {
	in_kernel events epoll
}

@test "eventfd counts, wakes and is a semaphore" {
	in_kernel events event_fd
}

@test "timerfd is on time" {
	in_kernel events timer_fd
}

@test "signalfd reads signals to the thread and to the process" {
	in_kernel events signal_fd
}

@test "inotify tells what happened in a directory" {
	in_kernel events inotify
}

@test "io_uring: its rings are mapped, requests end at once, later, and by workers" {
	in_kernel events uring
}

@test "aio on ext4, unbuffered" {
	image ext4 64M
	in_kernel events aio "$IMG"
}

@test "POSIX timers, and their signals to the program's handlers" {
	in_kernel ipc posix_timers
}

@test "System V shared memory" {
	in_kernel ipc shared_memory
}

@test "System V semaphores" {
	in_kernel ipc semaphores
}

@test "System V message queues" {
	in_kernel ipc messages
}

@test "POSIX message queues" {
	in_kernel ipc posix_queues
}

@test "with two virtual CPUs, and with bound threads" {
	local setting t
	for setting in RUMP_NCPU=2 RUMP_THREADS=bound; do
		export "${setting?}"
		for t in inet congestion; do
			in_kernel socket $t
		done
		for t in name_spaces tc; do
			in_kernel net $t
		done
		for t in epoll timer_fd uring; do
			in_kernel events $t
		done
		in_kernel ipc semaphores
		unset "${setting%%=*}"
	done
}
