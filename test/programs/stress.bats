#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2030,SC2031 # each test has a RUN of its own
# Test programs of others: fio, which verifies what it has written, and stress-ng; and one after
# fsx, which is not packaged (test/helpers/hijack_fsx.c).
#
# Of stress-ng's class filesystem, these are left out: bind-mount, binderfs and procfs, which are
# about something else; fanotify (the kernel has none of the host's processes to ask); dnotify
# (F_NOTIFY is EINVAL); verity (not configured).

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return # fio leaves files
}

# verified ENGINE: jobs of fio
verified() {
	local job engine=$1
	for job in randrw randwrite; do
		printf '%s\n' "[$engine-$job]" stonewall ioengine="$engine" rw=$job
	done
}

# fio_job ENGINE...: a job file
fio_job() {
	local engine
	cat <<-'END'
		[global]
		directory=/mnt
		size=2m
		bsrange=4k-32k
		verify=crc32c
		verify_fatal=1
		fsync=128
	END
	for engine; do verified "$engine"; done
	printf '%s\n' '[direct]' stonewall ioengine=psync direct=1 bs=4k rw=randrw \
		'[threads]' stonewall ioengine=psync rw=randrw thread=1 numjobs=3
}

# fio_on TYPE SIZE ENGINE...
fio_on() {
	need fio
	new_image "$1" "$2"
	fio_job "${@:3}" >"$BATS_TEST_TMPDIR/job"
	# shellcheck disable=SC2016 # the inner shell expands it
	run inside bash -o pipefail -c 'fio --output-format=terse "$0" | cut -d";" -f3,5 | sort -u' \
		"$BATS_TEST_TMPDIR/job"
	assert_success
	# The job's name and its error.
	assert_equal "$(grep -c ';0$' <<<"$output")" $((2 * ($# - 2) + 2))
	refute_line --regexp ';[^0]'
	assert_image_clean "$IMG"
}

@test "fio verifies on ext4: read, pread, preadv2, mmap, direct, threads, POSIX aio" {
	fio_on ext4 96M sync psync pvsync2 mmap posixaio
}

@test "fio verifies on XFS" {
	fio_on xfs 400M psync mmap
}

@test "fio verifies on btrfs" {
	fio_on btrfs 200M psync mmap
}

@test "fio is told that io_uring and libaio do not take files of the image" {
	need fio
	new_image
	run inside fio --name=x --directory=/mnt --size=1m --rw=randrw --ioengine=io_uring
	assert_failure
	assert_output --partial "your kernel doesn't support io_uring"
	run inside fio --name=x --directory=/mnt --size=1m --rw=randrw --ioengine=libaio
	assert_failure
	assert_output --partial 'error=Invalid argument'
	assert_image_clean "$IMG"
}

# fsx SEED OPERATIONS [SPOIL]: in a file of /mnt, as RUN runs it
fsx() {
	"${RUN[@]}" "$BUILD/test/hijack_fsx" /mnt/file "$@"
}

@test "fsx: 3000 random operations each agree with a model, on ext4, XFS, btrfs and tmpfs" {
	local type options missing seed
	# shellcheck disable=SC2086 # none or several
	while read -r type options missing; do
		for seed in 1 2 3; do
			RUN=(timeout -k 2 100 "$RUMP_COMMAND" run -m tmpfs:/mnt --)
			if [ "$type" != tmpfs ]; then
				image "$type" "" ${options#none}
				RUN=(timeout -k 2 100 "$RUMP_COMMAND" run -m "$IMG:/mnt" --)
			fi
			run fsx "$seed" 3000
			assert_success
			assert_output "$(printf '%s: not supported\n' $missing | grep -v '^:')"
			[ "$type" = tmpfs ] || assert_image_clean "$IMG"
		done
	done <<-'END'
		ext4 -b4096
		ext4 -b1024
		xfs none
		btrfs none collapse insert
		tmpfs none zero collapse insert
	END
}

@test "fsx notices a byte that is wrong" {
	image ext4
	RUN=(timeout -k 2 100 "$RUMP_COMMAND" run -m "$IMG:/mnt" --)
	run fsx 1 200 199
	assert_failure 1
	assert_output --regexp 'all by pread: byte [0-9]+ of [0-9]+ is [0-9a-f]{2}, not [0-9a-f]{2}'
}

# stressed SECONDS STRESSOR... [-- OPTION...]: all at once
stressed() {
	local seconds=$1 args=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		args+=("--$1" 1)
		shift
	done
	[ $# -eq 0 ] || shift
	"${RUN[@]}" stress-ng "${args[@]}" "$@" -t "$seconds" --verify --no-rand-seed \
		>"$BATS_TEST_TMPDIR/log" 2>&1 </dev/null || {
		cat "$BATS_TEST_TMPDIR/log"
		return 1
	}
	# What it has killed may still be on its way out, and the kernel ends after that.
	local turn
	for ((turn = 0; turn < 300; turn++)); do
		fuser -s "${IMG-/nonexistent}" 2>/dev/null || break
		sleep 0.1
	done
}

# That dirdeep has made all its directories before the time is over is no finding.
assert_no_finding() {
	run grep -v 'dirdeep: WARNING: finished prematurely' "$BATS_TEST_TMPDIR/log"
	assert_output --partial 'successful run completed'
	refute_output --regexp 'fail:|error:|warn:|unsuccessful|stack smashing'
}

# Neither dirmany nor dirdeep is to leave the others without space: the former's bytes are for each file.
@test "stress-ng: 51 file-system stressors at once on ext4" {
	need stress-ng
	image ext4 8G -N 500000
	RUN=(timeout -k 2 60 "$RUMP_COMMAND" run -m "$IMG:/mnt" --)
	stressed 3 access aio chattr chdir chmod chown close copy-file dentry dir dirdeep dirmany \
		dup eventfd fallocate fcntl fiemap file-ioctl filename flock fpunch fsize fstat getdent \
		handle hdd inode-flags inotify io iomix ioprio lease link locka lockf lockofd \
		mknod open readahead rename revio seek sendfile splice symlink sync-file tee touch \
		utime vm-splice xattr -- --temp-path /mnt --fallocate-bytes 16m \
		--sync-file-bytes 16m \
		--hdd-bytes 16m --iomix-bytes 16m --readahead-bytes 16m --dirdeep-inodes 100000 \
		--revio-bytes 16m
	assert_no_finding
	assert_image_clean "$IMG"
}

@test "stress-ng: file-system stressors on XFS and btrfs" {
	need stress-ng
	for type in xfs btrfs; do
		image $type 1G
		RUN=(timeout -k 2 60 "$RUMP_COMMAND" run -m "$IMG:/mnt" --)
		stressed 1 copy-file dir fallocate fiemap fpunch getdent link lockf rename xattr -- \
			--temp-path /mnt --fallocate-bytes 16m
		assert_no_finding
		assert_image_clean "$IMG"
	done
}

@test "stress-ng: socket stressors at once, on the rump kernel's loopback" {
	need stress-ng
	RUN=(timeout -k 2 60 "$RUMP_COMMAND" run -n none --)
	stressed 2 epoll icmp-flood netdev rawpkt rawsock rawudp sock sockabuse sockdiag sockfd sockpair \
		sockmany udp udp-flood
	assert_no_finding
}
