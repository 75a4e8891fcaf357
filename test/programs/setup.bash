# SPDX-License-Identifier: BSD-2-Clause
# Common to the suites of real programs. Loaded by setup(); each test has an ext4 image of its own
# in $IMG, which is checked when it has ended.

load ../lib/common

# shellcheck disable=SC2034
TREE=/usr/include/linux # some 800 files that a build needs anyway
HERE=$BATS_TEST_TMPDIR/host

# inside COMMAND...: run it with the image on /mnt
inside() {
	timeout -k 2 100 "$RUMP_COMMAND" run -m "$IMG:/mnt" -- "$@"
}

# new_image [TYPE [SIZE]]
new_image() {
	mkdir -p "$HERE"
	local options=()
	# Blocks as large as on the host, so that "ls -l" prints the same.
	[ "${1:-ext4}" != ext4 ] || options=(-b 4096)
	image "${1:-ext4}" "${2:-96M}" "${options[@]}"
}

# same COMMAND...: it says the same in the image, on /mnt, and on the host, where @ is a directory.
same() {
	local expected
	expected=$(cd / && "${@//@/$HERE}" 2>&1 | sed "s|$HERE|/mnt|g")
	run inside "${@//@//mnt}"
	assert_output "$expected"
}
