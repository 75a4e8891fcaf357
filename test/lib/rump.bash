# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# rump.bash - a library for bats suites that want a kernel and file systems of their own; rump(1)
# describes it under "Tests".
#
#	bats_load_library rump		# or: load /path/to/rump.bash
#
#	@test "my program keeps its files over a crash" {
#		rump_image ext4
#		run rump_run ./my-program /rump/data
#		[ "$status" -eq 0 ]
#		assert_image_clean
#	}
#
# rump_image TYPE [SIZE [MKFS-OPTION...]]	make an image, name it in RUMP_IMG
# rump_run COMMAND [ARG...]			run a command with it mounted on RUMP_DIR, and a kernel for that
# rump_start [OPTION...]			boot a kernel that stays, with the image mounted
# rump_in COMMAND [ARG...]			run a command in that
# rump_stop					end it
# rump_fsck [IMAGE]				check it, change nothing
# assert_image_clean [IMAGE]			fail unless the check finds nothing
#
# Variables that a suite may set, at any time:
#	RUMP_DIR	mount point (/rump)
#	RUMP_TIMEOUT	seconds after which a command is killed (60); its status is then 124
#	RUMP_OPTIONS	an array of more options for "rump run" and "rump server"
#	RUMP_COMMAND	the rump command; without it the one of this library's installation or build,
#			else what PATH has
#
# Nothing of rump_run has to be torn down: the images are in bats' own folder, and a kernel ends with
# the commands that use it. rump_start is for setup(), with rump_stop in teardown(), or for
# setup_file(), with rump_stop in teardown_file(): a kernel for a test, or for all of the file.

# _rump_command: the rump command that goes with this file.
_rump_command() {
	local here command
	here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
	for command in "${RUMP_COMMAND-}" "$here/../../../bin/rump" "$here/../../build/bin/rump"; do
		[ ! -x "$command" ] || break
	done
	[ -x "$command" ] || command=rump
	printf '%s\n' "$command"
}

# _rump_sbin COMMAND...: run it, be it one for administrators.
_rump_sbin() {
	local PATH=$PATH:/usr/sbin:/sbin
	"$@"
}

# rump_image TYPE [SIZE [MKFS-OPTION...]]: make an image of a type that can be written. RUMP_IMG is
# its name, RUMP_TYPE its type, both exported, as the tests see nothing else of setup_file(). SIZE is
# truncate(1)'s; without it, or if it is empty, 64M, or the least that the file system takes.
rump_image() {
	export RUMP_TYPE=$1 RUMP_IMG
	local folder=${BATS_TEST_TMPDIR-$BATS_FILE_TMPDIR}
	local type=$1 size=${2-} number=1
	shift
	[ $# -eq 0 ] || shift
	case $type in
	xfs) size=${size:-320M} ;;
	nilfs2) size=${size:-256M} ;;
	btrfs | f2fs) size=${size:-128M} ;;
	esac
	RUMP_IMG=$folder/$type.img
	while [ -e "$RUMP_IMG" ]; do
		RUMP_IMG=$folder/$type-$((++number)).img
	done
	truncate -s "${size:-64M}" "$RUMP_IMG" || return
	case $type in
	ext2 | ext3 | ext4) set -- "mkfs.$type" -q -F "$@" ;;
	vfat | exfat | minix) set -- "mkfs.$type" "$@" ;;
	ntfs | ntfs3) set -- mkfs.ntfs -q -Q -F "$@" ;;
	xfs | btrfs | f2fs | nilfs2) set -- "mkfs.$type" -q "$@" ;;
	*)
		echo "rump_image: it cannot make a file system of type $type" >&2
		return 1
		;;
	esac
	_rump_sbin "$@" "$RUMP_IMG" >/dev/null
}

# _rump COMMAND [ARG...]: the rump command, for RUMP_TIMEOUT seconds at the most.
_rump() {
	timeout -k 5 "${RUMP_TIMEOUT:-60}" "$(_rump_command)" "$@"
}

# _rump_with_image COMMAND [ARG...]: the same with options: for the image, if there is one, and those of
# RUMP_OPTIONS.
_rump_with_image() {
	local command=$1 image=${RUMP_IMG-} mount=()
	shift
	if [ -n "$image" ]; then
		image=${image//\\/\\\\}
		mount=(-m "${image//:/\\:}:${RUMP_DIR:-/rump}")
	fi
	_rump "$command" "${mount[@]}" "${RUMP_OPTIONS[@]}" "$@"
}

# rump_run COMMAND [ARG...]: run a command with the image, if there is one, mounted on RUMP_DIR.
rump_run() {
	_rump_with_image run -- "$@"
}

# rump_start [OPTION...]: boot a kernel that stays until rump_stop, with the image, if there is one,
# mounted on RUMP_DIR. RUMP_URL, exported, is its name for "rump attach".
rump_start() {
	local folder
	if [ -n "${RUMP_URL-}" ]; then
		echo "rump_start: $RUMP_URL has not been stopped" >&2
		return 1
	fi
	# Not in bats' folder: the name of a socket has 107 bytes at the most.
	folder=$(mktemp -d /tmp/rump-bats-XXXXXX) || return
	if ! _rump_with_image server --name "unix://$folder/kernel" "$@"; then
		rm -rf "$folder"
		return 1
	fi
	export RUMP_URL=unix://$folder/kernel
}

# rump_in COMMAND [ARG...]: run a command in the kernel that rump_start has booted.
rump_in() {
	if [ -z "${RUMP_URL-}" ]; then
		echo 'rump_in: rump_start has booted no kernel' >&2
		return 1
	fi
	_rump attach "$RUMP_URL" -- "$@"
}

# rump_stop: end the kernel that rump_start has booted, if there is one; it unmounts everything. Calls
# of processes that still use it fail then.
rump_stop() {
	local kernel=${RUMP_URL-} code=0
	[ -n "$kernel" ] || return 0
	unset RUMP_URL
	_rump halt --force "$kernel" || code=$?
	kernel=${kernel#unix://}
	rm -rf "${kernel%/*}"
	return "$code"
}

# rump_fsck [IMAGE]: check an image with the program of its file system, which changes nothing.
rump_fsck() {
	local image=${1-$RUMP_IMG} type
	type=$(_rump_sbin blkid -p -o value -s TYPE "$image") ||
		{ echo "$image: there is no file system" >&2; return 1; }
	case $type in
	ext2 | ext3 | ext4) _rump_sbin e2fsck -fn "$image" ;;
	xfs) _rump_sbin xfs_repair -n "$image" ;;
	btrfs) _rump_sbin btrfs check --readonly --check-data-csum "$image" ;;
	f2fs) _rump_sbin fsck.f2fs --dry-run "$image" ;;
	vfat | exfat) _rump_sbin "fsck.$type" -n "$image" ;;
	minix) _rump_sbin fsck.minix -f "$image" ;;
	ntfs) _rump_sbin ntfsfix -n "$image" ;;
	erofs) _rump_sbin fsck.erofs "$image" ;;
	*)
		echo "rump_fsck: there is no program that checks $type" >&2
		return 1
		;;
	esac 2>&1
}

# assert_image_clean [IMAGE]: fail, with what the check says, unless it finds nothing; a journal
# that has to be replayed, or a mark that the image was not unmounted, is something.
assert_image_clean() {
	local image=${1-$RUMP_IMG} report code=0
	report=$(rump_fsck "$image") || code=$?
	[ "$code" -ne 0 ] ||
		grep -qEi 'recover(y|ing) |^ALERT: |\[FIX\]|\[ASSERT\]|dirty bit|not unmounted|was not cleanly|\<dirty\>' \
			<<<"$report" || return 0
	printf '\n-- image is not clean --\nimage : %s\nstatus: %d\n%s\n--\n\n' "$image" "$code" \
		"$report" >&2
	return 1
}
