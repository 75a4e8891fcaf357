#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016 # inner shells expand what is in single quotes
# What -n takes and what it refuses: a mistake is named, and the program does not start.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	end_kernels
}

# refused NETWORK MESSAGE
refused() {
	run rump run -n "$1" -- touch "$BATS_TEST_TMPDIR/ran"
	assert_failure 2
	assert_output "rump: -n $1: $2"
	assert [ ! -e "$BATS_TEST_TMPDIR/ran" ]
}

@test "a mistake in -n is named, status 2" {
	refused wlan "there is no such network; there are 'passt', which is 'default', 'tap', 'vde', 'bus', 'none'"
	refused '' "there is no such network; there are 'passt', which is 'default', 'tap', 'vde', 'bus', 'none'"
	refused default=x "'default' takes no name"
	refused default,tcp=x "'x' is no port, or ports, as in 8080:80, 5000-5009, 127.0.0.1/22 or all"
	refused tap "'tap' needs a name, as in tap=NAME"
	refused bus= "'bus' needs a name, as in bus=NAME"
	refused passt=x "'passt' takes no name"
	refused none,mtu=1500 "'none' has no options"
	refused bus=f,color=red "there is no option 'color'"
	refused bus=f,tcp=80 "there is no option 'tcp'"
	refused bus=f,addr "there is no option 'addr' without a value"
	refused bus=f, "there is no option '' without a value"
	refused bus=f,mtu=67 "'67' is no size from 68 to 65520"
	refused bus=f,mtu=65521 "'65521' is no size from 68 to 65520"
	refused bus=f,mac=01:00:00:00:00:01 "'01:00:00:00:00:01' is no address of one device, as in 02:00:00:00:00:01"
	refused bus=f,mac=2:0:0:0:0:1 "'2:0:0:0:0:1' is no address of one device, as in 02:00:00:00:00:01"
	refused bus=f,gw=10.0.0.256 "'10.0.0.256' is no address"
	assert [ ! -e f ]
}

@test "forwards of ports that passt would refuse are refused" {
	local ports how="is no port, or ports, as in 8080:80, 5000-5009, 127.0.0.1/22 or all"
	for ports in '' 0 65536 99999999999 80x -80 80- 80: :80 81-80 80-81-82 80-85:90 80:90:100 0x50 http auto / /80 \
		127.0.0.1/ 127.0.0.1 127.0.0.256/80 127.0.0.1%/80 %lo/80 %/80 127.0.0.1%averylonginterface/80 localhost/80 \
		'[::1]/80' ::1::/80 127.0.0.1/all 127.0.0.1/80/81 '~' '~80:90' '~~80' '80~' all80; do
		refused "passt,tcp=$ports" "'$ports' $how"
		refused "passt,tcp=8080,udp=$ports" "'$ports' $how"
	done
	how="is all or nothing, and there are other ports"
	refused passt,tcp=80,tcp=all "'all' $how"
	refused passt,udp=none,udp=80 "'80' $how"
}

@test "addresses that are none are refused, with or without a prefix" {
	local address how="is no address with the length of its prefix, as in 10.0.0.2/24 or fd00::2/64"
	for address in '' / 10.0.0.1 10.0.0.1/ 10.0.0.1/33 10.0.0/24 10.0.0.1.2/24 10..0.1/24 10.0.0.1/+4 \
		::/129 1::2::3/64 1:::2/64 :1/64 1:/64 1:2:3:4:5:6:7/64 1:2:3:4:5:6:7:8:9/64 12345::/64 \
		g::/64 1:2:3:4:5:6:7::8/64x; do
		refused "bus=f,addr=$address" "'$address' $how"
	done
}

@test "addresses of either family come out as they were given" {
	need ip
	run rump run -n "bus=$BUS,addr=10.0.0.2/31,addr=192.168.255.254/16,addr=fd00:0:0:1::a/64,addr=::1:2/128,mac=02:00:00:00:00:01,mtu=9000" \
		-- ip -o addr show eth0
	assert_success
	assert_output --partial 'inet 10.0.0.2/31 '
	assert_output --partial 'inet 192.168.255.254/16 brd 192.168.255.255 '
	assert_output --partial 'inet6 fd00:0:0:1::a/64 '
	assert_output --partial 'inet6 ::0.1.0.2/128 '
	assert_output --partial 'inet6 fe80::ff:fe00:1/64 '
	run rump run -n "bus=$BUS,mac=02:00:00:00:00:01,mtu=9000" -- ip link show eth0
	assert_output --partial 'mtu 9000 '
	assert_output --partial 'link/ether 02:00:00:00:00:01 '
}

@test "gateways become default routes, name servers a resolv.conf of the kernel" {
	need ip
	run rump run -n "bus=$BUS,addr=10.0.0.2/24,gw=10.0.0.1,dns=10.0.0.3,dns=fd00::3" -- \
		bash -c 'ip route; cat /etc/resolv.conf'
	assert_success
	assert_line --partial 'default via 10.0.0.1 dev eth0'
	assert_line 'nameserver 10.0.0.3'
	assert_line 'nameserver fd00:0:0:0:0:0:0:3'
	run rump run -n "bus=$BUS,addr=10.0.0.2/24" -- cat /etc/resolv.conf
	assert_output "$(cat /etc/resolv.conf)"
}

@test "several networks are eth0, eth1 and so on; nine are refused" {
	need ip
	local many=()
	run rump run -n "bus=$BUS,addr=10.0.0.2/24" -n none -n "bus=$BUS,addr=10.0.1.2/24" -- ip -br -4 addr
	assert_success
	assert_line --regexp '^eth0 .* 10\.0\.0\.2/24'
	assert_line --regexp '^eth1 .* 10\.0\.1\.2/24'
	for _ in {1..9}; do many+=(-n "bus=$BUS"); done
	run rump run "${many[@]}" -- true
	assert_failure 2
	assert_output --partial 'there are more than 8 networks'
	run rump run -n "bus=$BUS bus=$BUS" -- true
	assert_failure 2
	assert_output --partial 'a network has no blanks in it'
}

@test "what cannot be opened is said with a reason, status 1" {
	echo text >"$BATS_TEST_TMPDIR/file"
	run rump run -n "bus=$BATS_TEST_TMPDIR/file" -- true
	assert_failure 1
	assert_output "rump: RUMP_NET='bus=$BATS_TEST_TMPDIR/file': the file is no bus, or cannot be made one: Invalid argument"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/file")" text
	run rump run -n tap=no/name -- true
	assert_failure 1
	assert_output "rump: RUMP_NET='tap=no/name': the tap cannot be opened: Invalid argument"
}

@test "nobody answers DHCP: a message, status 1" {
	run rump run -n "bus=$BUS,dhcp" -- true
	assert_failure 1
	assert_output "rump: RUMP_NET='bus=$BUS,dhcp': no DHCP server has answered"
}

@test "a program that links the library has the network as well" {
	need nc
	begin_on 10.9.0.1/24 bash -c 'echo hello | nc -l -q 0 10.9.0.1 80'
	run answers env "RUMP_NET=bus=$BUS,addr=10.9.0.2/24" timeout 20 "$BUILD/examples/netcat" 10.9.0.1 80
	assert_success
	assert_output hello
	RUMP_NET="bus=$BUS,nonsense" run timeout 20 "$BUILD/examples/netcat" 10.9.0.1 80
	assert_failure 1
	assert_output --partial "RUMP_NET='bus=$BUS,nonsense': there is no option 'nonsense'"
}

@test "a program that is not where a PATH with .. in it looks first is found where it looks next" {
	mkdir -p a/b
	# dash tries each directory by execve(2).
	PATH=$PWD/a/b/../..:$PATH run timeout 20 "$RUMP_COMMAND" run -n none -- sh -c 'exec expr 6 \* 7'
	assert_success
	assert_output 42
}
