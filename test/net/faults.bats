#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016 # inner shells expand what is in single quotes
# What the other side of a network may do: send nonsense, as fast as it can, or fall silent.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	need ip ping
}

teardown() {
	end_kernels
}

# A member of the bus that sends nonsense from packet sockets: noise, good frames with bits turned, cut short.
flood() {
	cat <<-'EOF'
		import os, random, socket, sys, time
		seed, seconds = int(sys.argv[1]), float(sys.argv[2])
		r = random.Random(seed)
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)
		s.bind(("eth0", 0))
		good = bytes.fromhex("ffffffffffff02000000000f")
		ip = bytes.fromhex("0800" "450000540000400040010000" "0a0900020a090001" "0800000012340001") + bytes(56)
		tcp = bytes.fromhex("0800" "4500003c000040004006000" "00a0900020a090001" "303900500000000000000000a002faf000000000"
		                    "020405b40402080a000000000000000001030307")
		six = bytes.fromhex("86dd" "6000000000403a40") + bytes(32) + bytes(64)
		arp = bytes.fromhex("0806" "0001080006040001") + bytes(20)
		vlan = bytes.fromhex("81000005") + ip
		end = time.monotonic() + seconds
		sent = 0
		while time.monotonic() < end:
		    kind = r.randrange(6)
		    frame = bytearray(good + ((ip, tcp, six, arp, vlan)[kind] if kind < 5 else os.urandom(r.randrange(2, 1500))))
		    for _ in range(r.randrange(8)):
		        frame[r.randrange(12, len(frame))] = r.randrange(256)
		    if not r.randrange(4):
		        del frame[r.randrange(14, len(frame) + 1):]
		    try:
		        s.send(frame)
		        sent += 1
		    except OSError:
		        pass
		print("sent", sent)
	EOF
}

@test "a flood of malformed frames: the kernel lives, and answers afterwards" {
	need python3
	flood >flood.py
	begin_on 10.9.0.1/24 sleep 600
	run on 10.9.0.2/24 python3 flood.py "$RANDOM" 5
	assert_success
	assert_output --regexp '^sent [0-9]{5,}'
	run on 10.9.0.3/24 ping -c 3 -i 0.1 10.9.0.1
	assert_success
	assert_output --partial ' 0% packet loss'
}

@test "frames with headers of every kind: what is wrong is dropped" {
	need python3
	# The file as net_bus.c has it: a member of its own that writes noise in place of headers and frames.
	begin_on 10.9.0.1/24 bash -c 'while sleep 0.1; do cat /proc/net/dev >new; mv new count; done'
	run python3 - "$BUS" <<-'EOF'
		import ctypes, mmap, os, random, struct, sys, time
		MEMBERS, RING, TABLE = 32, 4 << 20, 128
		f = open(sys.argv[1], "r+b")
		libc = ctypes.CDLL(None)
		m = mmap.mmap(f.fileno(), 0)
		rings = (TABLE + MEMBERS * TABLE + 4095) // 4096 * 4096
		me = MEMBERS - 1
		member = TABLE + me * TABLE
		ring = rings + me * RING
		def word(at, v): m[at:at + 8] = struct.pack("Q", v)
		m[member:member + 4] = struct.pack("I", 1)
		at = struct.unpack("Q", m[member + 16:member + 24])[0]
		r = random.Random(7)
		for n in range(40000):
		    length = r.choice((0, 1, 9, 10, 11, 24, 60, 1514, 65000, 70000, 1 << 31, r.randrange(10, 2000)))
		    kept = min(length, 66000)
		    header = bytes(r.randrange(256) for _ in range(10)) if r.randrange(3) else struct.pack("<BBHHHH",
		        r.randrange(4), r.choice((0, 1, 3, 4, 5, 0x81)), r.randrange(200), r.randrange(3000), r.randrange(200), r.randrange(64))
		    body = header + b"\xff" * 6 + bytes(6) + b"\x08\x00\x45" + os.urandom(40)
		    body = (body + bytes(kept))[:kept]
		    need = (4 + kept + 7) & ~7
		    if at % RING + need > RING:
		        at += RING - at % RING
		        word(member + 16, at)
		    word(member + 8, at + need)
		    b = ring + at % RING
		    m[b:b + 4] = struct.pack("I", length)
		    m[b + 4:b + 4 + kept] = body
		    at += need
		    word(member + 16, at)
		    if not n % 20:
		        for i in range(me):
		            sleeping = ctypes.c_uint.from_buffer(m, TABLE + i * TABLE + 4)
		            if sleeping.value:
		                sleeping.value = 0
		                libc.syscall(202, ctypes.byref(sleeping), 1, 1)  # futex, FUTEX_WAKE
		            del sleeping
		        time.sleep(0.0002)
		print("done")
	EOF
	assert_output "done"
	sleep 0.3
	run awk '$1 == "eth0:" { print ($3 + $4 > 100) }' count
	assert_output 1
	run on 10.9.0.3/24 bash -c 'ping -c 20 -i 0.05 -W 1 10.9.0.1 | tail -3'
	assert_output --partial ' received'
	refute_output --partial ' 0 received'
	assert kill -0 "${KERNELS[0]}"
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

@test "a kernel that is stopped holds nobody up" {
	local pid
	begin_on 10.9.0.1/24 sleep 600
	begin on 10.9.0.2/24 bash -c 'echo up >"$READY"; exec ping -q -f 10.9.0.1'
	pid=$(pgrep -f "^ping -q -f 10.9.0.1" | head -1)
	kill -STOP "$pid"
	run on 10.9.0.3/24 ping -c 5 -i 0.05 10.9.0.1
	kill -CONT "$pid"
	assert_success
}
