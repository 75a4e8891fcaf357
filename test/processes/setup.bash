# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034 # the suites use the variables
# Common to the suites of process trees. Loaded by setup(); each test has an ext4 image of its own
# in $IMG, mounted on /mnt by "inside"; end_clean, in teardown(), checks that nothing is left.

load ../lib/common

HERE=$BATS_TEST_TMPDIR/host
SECONDS_AT_MOST=100
AS=() # command before "rump run"

# new_image [SIZE]
new_image() {
	mkdir -p "$HERE"
	image ext4 "${1:-96M}" -b 4096
}

# inside COMMAND...: run it with the image on /mnt
inside() {
	timeout -k 2 "$SECONDS_AT_MOST" "$RUMP_COMMAND" run -m "$IMG:/mnt" -- "$@"
}

# script: standard input is a script; run it by bash in /mnt
script() {
	cat >"$HERE/script"
	# shellcheck disable=SC2016 # the inner shell expands it
	(cd / && inside bash -c 'cd /mnt && . "$0"' "$HERE/script" </dev/null)
}

# processes_of IMAGE: the processes, of those that have it or its kernel open
processes_of() {
	find /proc/[0-9]*/fd -lname "$1" 2>/dev/null | cut -d/ -f3 | sort -u
}

# server_of IMAGE: the process that keeps the kernel which uses it
server_of() {
	local pid
	for pid in $(processes_of "$1"); do
		case $(readlink "/proc/$pid/exe") in
		*/libexec/rump/serve) echo "$pid" ;;
		esac
	done
}

# no_server: the process that keeps the kernel of this test's image ends, within half a minute on a machine
# that has much else to do
no_server() {
	local left turn
	for ((turn = 0; turn < 200; turn++)); do
		left=$(processes_of "$IMG")
		[ -n "$left" ] || return 0
		sleep 0.1
	done
	# shellcheck disable=SC2086 # several
	ps -o pid,stat,wchan,args $left
	return 1
}

# end_clean: nobody is left, and the image is clean
end_clean() {
	no_server
	assert_image_clean "$IMG"
}
