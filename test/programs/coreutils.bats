#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# coreutils, findutils, diffutils, grep, sed, tar, gzip on an image.

setup() {
	load setup.bash
	new_image
}

teardown() {
	assert_image_clean
}

@test "cp -a copies a tree in, diff -r finds it the same, cp -a copies it out" {
	run inside cp -a "$TREE" /mnt/tree
	assert_success
	assert_output ""
	run inside diff -r "$TREE" /mnt/tree
	assert_success
	assert_output ""
	run inside cp -a /mnt/tree "$HERE/back"
	assert_success
	run diff -r "$TREE" "$HERE/back"
	assert_success
	assert_output ""
	run debugfs -R 'cat /tree/openat2.h' "$IMG"
	assert_line --partial 'struct open_how'
}

@test "cp keeps modes, times, links, attributes and holes" {
	mkdir "$HERE/from"
	echo text >"$HERE/from/a"
	chmod 4750 "$HERE/from/a"
	chown 12:34 "$HERE/from/a"
	touch -d 2001-02-03T04:05:06.789 "$HERE/from/a"
	ln "$HERE/from/a" "$HERE/from/hard"
	ln -s a "$HERE/from/soft"
	mkfifo "$HERE/from/fifo"
	setfattr -n user.key -v value "$HERE/from/a"
	truncate -s 10M "$HERE/from/hole"
	run inside cp -a --sparse=always "$HERE/from" /mnt/to
	assert_success
	assert_output ""
	local format='%n %A %u:%g %h %s %y'
	run inside stat -c "$format" /mnt/to/a /mnt/to/hard /mnt/to/soft /mnt/to/fifo /mnt/to/hole
	assert_output "$(cd "$HERE/from" && stat -c "/mnt/to/$format" a hard soft fifo hole)"
	run inside getfattr --absolute-names -n user.key --only-values /mnt/to/a
	assert_output value
	run inside du -k /mnt/to/hole
	assert_output "0	/mnt/to/hole"
}

@test "ls -l, stat, find, du list what is there" {
	cp -a "$TREE" "$HERE/tree"
	inside cp -a "$TREE" /mnt/tree
	same ls -R @/tree
	same ls -l --time-style=full-iso @/tree/netfilter/ipset
	same ls -la --color=always @/tree/netfilter/nf_log.h
	same stat -c '%n %F %s %a %U %h' @/tree/openat2.h @/tree/netfilter/nf_log.h
	same find @/tree -name 'netlink.h' -size +2k -newermt 2000-01-01 -not -path '*/can/*' -printf '%p %m %n\n'
	run inside find /mnt/tree -type f -printf '%s %P\n'
	assert_equal "$(sort <<<"$output")" "$(find "$TREE" -type f -printf '%s %P\n' | sort)"
	same du -s --apparent-size -b @/tree/netfilter
	run inside df --output=target,fstype /mnt/tree
	assert_success
	run inside df -k /mnt
	assert_line --regexp ' [89][0-9]{4} +[0-9]+ '
}

@test "df, mount, findmnt and mountpoint know what is mounted in either kernel" {
	run inside df --output=source,target
	assert_success
	assert_line --regexp '^/dev/[^ ]+ +/mnt$'
	assert_line --regexp ' /$'
	run inside mount
	assert_line --regexp '^/dev/[^ ]+ on /mnt type ext4 \(rw,'
	run inside findmnt -n -o SOURCE,FSTYPE /mnt
	assert_output --regexp '^/dev/[^ ]+ ext4$'
	run inside mountpoint /mnt
	assert_output '/mnt is a mountpoint'
	run inside bash -c 'mkdir "/mnt/a b"; mount -t tmpfs mine "/mnt/a b"; df --output=target | tail -n 1; findmnt -n -o SOURCE "/mnt/a b"
		umount "/mnt/a b"; grep -c mine /proc/mounts'
	assert_output "$(printf '/mnt/a b\nmine\n0')"
	# The host's table is as it was, read in pieces as small as one likes, and each process may name it by its number.
	run inside bash -c 'cmp <(grep -v "/mnt" /proc/$$/mounts) <(grep -v "/mnt" "$0"); dd if=/proc/self/mounts bs=7 status=none | tail -n 1' <(cat /proc/mounts)
	assert_output --regexp '^/dev/[^ ]+ /mnt ext4 '
}

@test "mv, ln, touch, chmod, chown, mkdir, rmdir, rm -r" {
	run inside cp -r "$TREE" /mnt/tree
	run inside mv /mnt/tree /mnt/moved
	assert_success
	run inside mv "$HERE/none" /mnt/moved
	assert_failure 1
	echo host >"$HERE/file"
	run inside mv "$HERE/file" /mnt/moved/file
	assert_success
	assert_not_exists "$HERE/file"
	run inside mv /mnt/moved/file "$HERE/file"
	assert_success
	assert_equal "$(cat "$HERE/file")" host
	run inside ln /mnt/moved/tcp.h /mnt/hard
	assert_success
	run inside ln -s moved/tcp.h /mnt/soft
	assert_success
	run inside ln /mnt/hard "$HERE/hard"
	assert_failure 1
	assert_output --partial 'Invalid cross-device link'
	run inside cmp /mnt/soft "$TREE/tcp.h"
	assert_success
	run inside touch -d 2010-10-10T10:10:10Z /mnt/hard /mnt/new
	assert_success
	run inside chmod -R g-r,o= /mnt/moved
	assert_success
	run inside chown -R 7:8 /mnt/moved
	assert_success
	TZ=UTC run inside stat -c '%a %u:%g %h %Y' /mnt/soft /mnt/hard /mnt/new /mnt/moved/netfilter
	assert_line --index 1 '600 7:8 2 1286705410'
	assert_line --index 2 '644 0:0 1 1286705410'
	assert_line --index 3 --partial '710 7:8 '
	run inside mkdir -p -m 711 /mnt/a/b/c
	assert_success
	run inside rmdir -p /mnt/a/b/c
	assert_output --partial "failed to remove directory '/mnt'"
	run inside rm -r /mnt/moved /mnt/hard
	assert_success
	run inside ls /mnt
	assert_output "$(printf 'lost+found\nnew\nsoft')"
}

@test "dd, also past the page cache; truncate; sync; sha256sum" {
	head -c 5000000 /dev/urandom >"$HERE/random"
	run inside dd if="$HERE/random" of=/mnt/a bs=64k status=none
	assert_success
	truncate -s 4194304 "$HERE/random"
	run inside dd if="$HERE/random" of=/mnt/b bs=1M oflag=direct status=none
	assert_success
	run inside dd if=/mnt/b of="$HERE/b" bs=128k iflag=direct status=none
	assert_success
	cmp "$HERE/random" "$HERE/b"
	run inside dd if=/mnt/b of=/mnt/b bs=1k count=5 seek=1 skip=77 conv=notrunc,fsync status=none
	assert_success
	dd if="$HERE/random" of="$HERE/random" bs=1k count=5 seek=1 skip=77 conv=notrunc status=none
	run inside sha256sum /mnt/b
	assert_output "$(sha256sum <"$HERE/random" | sed 's|-|/mnt/b|')"
	run inside truncate -s 1234 /mnt/a
	assert_success
	run inside sync /mnt/a
	assert_success
	run inside wc -c /mnt/a
	assert_output '1234 /mnt/a'
	run inside cmp -n 1234 /mnt/a "$HERE/none"
	assert_failure 2
}

@test "a file system that is full gives ENOSPC, and what was there stays" {
	echo before >"$HERE/before"
	run inside cp "$HERE/before" /mnt/before
	run inside dd if=/dev/zero of=/mnt/fill bs=1M status=none
	assert_failure 1
	assert_output --partial 'No space left on device'
	run inside cat /mnt/before
	assert_output before
	run inside rm /mnt/fill
	assert_success
}

@test "tee, tail, head, cut, sort with temporary files in the image" {
	seq 300000 | sort -R >"$HERE/numbers"
	run inside tee /mnt/numbers /mnt/again <"$HERE/numbers"
	assert_success
	run inside cmp /mnt/numbers /mnt/again
	assert_success
	run inside sort -n -S 100k --parallel=1 --batch-size=4 -T /mnt -o /mnt/sorted /mnt/numbers
	assert_success
	assert_output ""
	run inside tail -n 2 /mnt/sorted
	assert_output "$(printf '299999\n300000')"
	run inside head -n 1 /mnt/sorted
	assert_output 1
	run inside ls /mnt
	assert_output "$(printf 'again\nlost+found\nnumbers\nsorted')"
}

@test "grep -r and sed -i" {
	cp -r "$TREE" "$HERE/tree"
	inside cp -r "$TREE" /mnt/tree
	run inside grep -rl OPENAT2 /mnt/tree
	assert_equal "$(sort <<<"$output")" "$(grep -rl OPENAT2 "$HERE/tree" | sed "s|$HERE|/mnt|" | sort)"
	same grep -n -H RESOLVE_ @/tree/openat2.h
	same sed -i.bak s/RESOLVE_/SOLVE_/g @/tree/openat2.h
	same cat @/tree/openat2.h
	run inside cmp /mnt/tree/openat2.h.bak "$TREE/openat2.h"
	assert_success
	same diff -u @/tree/openat2.h.bak @/tree/openat2.h --label a --label b
}

@test "tar both ways, with all that it keeps" {
	run inside cp -a "$TREE" /mnt/tree
	run inside tar -C /mnt -cf "$HERE/out.tar" tree
	assert_success
	run tar -C "$(dirname "$TREE")" --transform 's,^tree,linux,' -df "$HERE/out.tar"
	assert_success
	run inside tar -C /mnt -cf /mnt/in.tar tree
	assert_success
	run inside mkdir /mnt/x
	run inside tar -C /mnt/x -xpf /mnt/in.tar
	assert_success
	run inside diff -r /mnt/x/tree "$TREE"
	assert_success
	run inside tar -C /mnt/x -df /mnt/in.tar
	assert_success
	assert_output ""
}

@test "gzip, xz" {
	inside cp "$TREE/nl80211.h" /mnt/f
	run inside gzip -k /mnt/f
	assert_success
	run inside gzip -t /mnt/f.gz
	assert_success
	run inside mv /mnt/f /mnt/g
	run inside gzip -d /mnt/f.gz
	assert_success
	run inside cmp /mnt/f /mnt/g
	assert_success
	run inside xz -T1 /mnt/f
	assert_success
	run inside xz -d /mnt/f.xz
	assert_success
	run inside cmp /mnt/f "$TREE/nl80211.h"
	assert_success
}
