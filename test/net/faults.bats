#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016 # inner shells expand what is in single quotes
# What the other side of a network may do: claim an address that is taken, fall silent. How it sends
# nonsense is in fuzz.bats.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	need ip ping
}

teardown() {
	end_kernels
}

@test "positions where no frame can begin: nothing is read behind the file" {
	need python3
	begin_on 10.9.0.1/24 sleep 600
	# The last member's ring ends with the file. What it says it has written begins a byte or three before that.
	cat >member.py <<-'EOF'
		import ctypes, mmap, struct, sys, time
		MEMBERS, RING, TABLE = 32, 4 << 20, 128
		libc = ctypes.CDLL(None)
		f = open(sys.argv[1], "r+b")
		m = mmap.mmap(f.fileno(), 0)
		member = TABLE + (MEMBERS - 1) * TABLE
		def look():  # have all of the others look, and wait until they sleep again
		    for i in range(MEMBERS - 1):
		        word = ctypes.c_uint.from_buffer(m, TABLE + i * TABLE + 4)
		        if struct.unpack_from("I", m, TABLE + i * TABLE)[0]:
		            while not word.value:
		                time.sleep(0.001)
		            word.value = 0
		            libc.syscall(202, ctypes.byref(word), 1, 1)  # futex, FUTEX_WAKE
		            while not word.value:
		                time.sleep(0.001)
		        del word
		m[member:member + 4] = struct.pack("I", 1)
		for head in map(int, sys.argv[2:]):
		    for at in member + 8, member + 16:
		        m[at:at + 8] = struct.pack("Q", head)
		    look()
	EOF
	run timeout 20 python3 member.py "$BUS" $(((4 << 20) - 1)) $(((4 << 20) + 99)) $(((8 << 20) - 3))
	assert_success
	# This one finds such a position when it comes.
	begin_on 10.9.0.2/24 sleep 600
	run timeout 20 python3 member.py "$BUS" $(((8 << 20) + 99)) $(((12 << 20) - 1)) $(((12 << 20) + 1))
	assert_success
	for address in 10.9.0.1 10.9.0.2; do
		run on 10.9.0.3/24 ping -c 2 -i 0.1 "$address"
		assert_success
	done
}

@test "a bus that somebody began to make is made; a file of another size is not touched" {
	# What is left when room has run out, or a kill has come, before the bus's magic was written.
	local size=$((4096 + 4096 + 32 * (4 << 20)))
	truncate -s "$size" "$BUS"
	begin_on 10.9.0.1/24 sleep 600
	run on 10.9.0.2/24 ping -c 2 -i 0.1 10.9.0.1
	assert_success
	end_kernels
	for size in 1 $((size - 4096)) $((size + 4096)); do
		rm "$BUS"
		truncate -s "$size" "$BUS"
		run on 10.9.0.1/24 true
		assert_failure 1
		assert_output "rump: RUMP_NET='bus=$BUS,addr=10.9.0.1/24': the file is no bus, or cannot be made one: Invalid argument"
		assert_equal "$(stat -c '%s %b' "$BUS")" "$size 0"
	done
}

# bad_dhcp: a DHCP server that does not keep to the protocol
bad_dhcp() {
	cat <<-'EOF'
		import socket, sys, time
		OFFER, ACK, NAK = 2, 5, 6
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
		s.bind(("", 67))
		open(sys.argv[2], "w").write("up")
		def answer(request, kind, address="10.9.0.50"):
		    head = b"" + request[1:16] + socket.inet_aton(address) + request[20:240]
		    s.sendto(head + bytes((53, 1, kind, 54, 4, 10, 9, 0, 1, 255)), ("255.255.255.255", 68))
		def kind(request):
		    return request[240:].partition(b"5")[2][0]
		if sys.argv[1] == "babbles":  # for ever, whether it is asked or not
		    request = s.recv(2000)
		    while True:
		        answer(request, NAK)
		        answer(request, 0)
		        answer(request, ACK)
		        time.sleep(0.02)
		while True:
		    request = s.recv(2000)
		    if sys.argv[1] == "nothing":
		        answer(request, OFFER if kind(request) == 1 else ACK, "0.0.0.0")
		    elif sys.argv[1] == "refuses":
		        answer(request, OFFER if kind(request) == 1 else NAK)
		    elif sys.argv[1] == "insists" and kind(request) in (1, 3):
		        answer(request, OFFER if kind(request) == 1 else ACK)
	EOF
}

# badly_served HOW MESSAGE: by such a server there is no address, but a message, and soon
badly_served() {
	begin on 10.9.0.1/24 python3 bad_dhcp.py "$1" "$BATS_TEST_TMPDIR/ready-${#KERNELS[@]}"
	run timeout 20 "$RUMP_COMMAND" run -n "bus=$BUS,dhcp" -- true
	assert_failure 1
	assert_output "rump: RUMP_NET='bus=$BUS,dhcp': $2"
	end_kernels
}

@test "a DHCP server that babbles, offers nothing or refuses ends the start with a message" {
	need python3
	bad_dhcp >bad_dhcp.py
	badly_served babbles "no DHCP server has answered"
	badly_served nothing "no DHCP server has answered"
	badly_served refuses "the DHCP server gives no address"
}

@test "a fuzzer finds nothing in the reading of DHCP's options in a short run" {
	mkdir corpus
	printf '\001\004\377\377\377\000\003\004\012\011\000\001\006\010\012\011\000\001\012\011\000\002\032\002\005\024\377' >corpus/plain
	printf '\017\012plain.test\167\007\001a\004test\167\006\000\001b\300\002\000\377' >corpus/search
	run "$BUILD/test/librump_fuzz_dhcp" -seed=1 -runs=200000 -max_len=600 -artifact_prefix="$BATS_TEST_TMPDIR/" corpus
	assert_success
}

@test "two kernels have one IPv4 address: both say so, and both live" {
	local script='echo up >"$READY"; while ! [ -e go ]; do sleep 0.05; done; ip -4 -br addr show eth0; ping -q -c 1 127.0.0.1'
	begin on 10.9.0.1/24,mac=02:00:00:00:00:01 bash -c "$script"
	begin on 10.9.0.1/24,mac=02:00:00:00:00:02 bash -c "$script"
	answers grep -qxF "rump: eth0: 10.9.0.1 is also the address of 02:00:00:00:00:02" ready-0.out
	answers grep -qxF "rump: eth0: 10.9.0.1 is also the address of 02:00:00:00:00:01" ready-1.out
	run on 10.9.0.3/24 ping -c 2 -i 0.1 10.9.0.1
	assert_success
	touch go
	wait "${KERNELS[@]}"
	for file in ready-0.out ready-1.out; do
		assert_file_contains "$file" '^eth0 .* 10\.9\.0\.1/24'
		assert_file_contains "$file" ' 0% packet loss'
		# What one says is no reason for the other to say it again.
		assert_equal "$(grep -c 'also the address' "$file")" 1
	done
}

@test "an address that DHCP gives and somebody has is declined, and the next one taken" {
	need dnsmasq
	begin_on 10.9.0.1/24 dnsmasq --no-daemon --conf-file=/dev/null --port=0 --interface=eth0 --user=root --no-ping \
		--dhcp-sequential-ip --dhcp-range=10.9.0.50,10.9.0.51,1h --log-dhcp --log-facility=- \
		--dhcp-leasefile="$BATS_TEST_TMPDIR/leases" --pid-file=
	begin_on 10.9.0.50/24 sleep 600
	run rump run -n "bus=$BUS,dhcp" -- ip -4 -br addr show eth0
	assert_success
	assert_output --regexp ' 10\.9\.0\.51/24'
	assert_file_contains ready-0.out 'DHCPDECLINE(eth0) 10\.9\.0\.50'
	refute grep -q 'also the address' ready-1.out
	end_kernels
	# A server that insists.
	bad_dhcp >bad_dhcp.py
	begin_on 10.9.0.50/24 sleep 600
	badly_served insists "what the DHCP server gives are others' addresses"
}

@test "two kernels have one address: duplicate address detection refuses IPv6, IPv4 goes on" {
	begin on fd09::1/64,addr=10.9.0.1/24 bash -c '
		while ip -6 addr show eth0 | grep -q tentative; do sleep 0.05; done
		echo up >"$READY"; exec sleep 600'
	run on fd09::1/64,addr=10.9.0.2/24 bash -c '
		for ((i = 0; i < 100; i++)); do ip -6 addr show eth0 | grep -q dadfailed && break; sleep 0.05; done
		ip -6 addr show eth0; ping -c 1 10.9.0.1'
	assert_success
	assert_output --partial 'fd09::1/64 scope global dadfailed tentative'
}

@test "a kernel that is stopped holds nobody up, and goes on where it was" {
	local server
	begin_on 10.9.0.1/24 sleep 600
	begin on 10.9.0.2/24 bash -c 'echo up >"$READY"; exec ping -q -f 10.9.0.1'
	server=$(server_of "$BUS,addr=10.9.0.2/24")
	kill -STOP "$server"
	# More than the ring of a member holds goes past the one that is stopped.
	run on 10.9.0.3/24,mtu=65520 bash -c '
		ping -c 1 -W 1 10.9.0.2 >/dev/null || echo stopped
		ping -q -c 100 -s 65000 -i 0.002 -W 10 10.9.0.1'
	kill -CONT "$server"
	assert_line stopped
	assert_output --partial ' 0% packet loss'
	run on 10.9.0.3/24 bash -c 'until ping -c 1 -W 1 10.9.0.2; do :; done'
	assert_success
}
