#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Symbolic links and ".." between the host and a place of the rump kernel. What links do inside one
# is in files.bats.

setup() {
	load setup.bash
	image ext4 32M
	cd "$BATS_TEST_TMPDIR" || return
	PLACE=$BATS_TEST_TMPDIR/place # on the host there is no such directory, unless a test makes it

	make_links
	mkdir host
	echo host >host/f
}

# make_links: in the image, a file, a directory with one, and links
make_links() {
	debugfs -w "$IMG" >/dev/null 2>&1 <<-END
		mkdir dir
		mkdir etc
		write /dev/stdin f
		symlink rel f
		symlink dir/up ../f
		symlink own $PLACE/dir
		symlink out $BATS_TEST_TMPDIR/host
		symlink passwd /etc/passwd
		symlink outside ../host/f
		symlink loop $PLACE/loop
		symlink pong $BATS_TEST_TMPDIR/ping
	END
	RUMP_MOUNT=$IMG:/m RUMPHIJACK=blanket=/m LD_PRELOAD=$SHIM bash -c \
		'echo rump >/m/f; echo deep >/m/dir/g; echo rump-passwd >/m/etc/passwd'
}

# at [WORD=...] COMMAND...: with the image on $PLACE
at() {
	timeout -k 2 60 env RUMP_MOUNT="$IMG:$PLACE" RUMPHIJACK="blanket=$PLACE" LD_PRELOAD="$SHIM" "$@"
}

# stripped COMMAND...: the same with the image as the root of $PLACE
stripped() {
	timeout -k 2 60 env RUMP_MOUNT="$IMG:/m" RUMPHIJACK="path=$PLACE" LD_PRELOAD="$SHIM" "$@"
}

reads() {
	run at cat "$1"
	assert_output "$2"
}

@test "links of the image: to its own files, and by their whole names out and back in" {
	reads "$PLACE/rel" rump
	reads "$PLACE/dir/up" rump
	reads "$PLACE/own/g" deep
	reads "$PLACE/own/up" rump
	reads "$PLACE/own/../f" rump
	reads "$PLACE/out/f" host
	reads "$PLACE/out/../place/f" rump
	reads "$PLACE/outside" host
	run at cat "$PLACE/passwd"
	assert_output "$(cat /etc/passwd)"
	assert_image_clean
}

@test "links of the host: to a file, a directory, the place, and through several" {
	ln -s "$PLACE/f" to-file
	ln -s "$PLACE/dir" to-dir
	ln -s "$PLACE" to-place
	ln -s to-place/dir through
	ln -s place/f relative
	ln -s ../place/f host/up
	mkdir sub
	ln -s .. sub/parent
	for name in "$PWD/to-file" to-file ./to-file sub/../to-file sub/parent/to-file to-place/f \
		to-place/dir/up to-dir/up to-dir/../f through/../f relative host/up host/../relative; do
		reads "$name" rump
	done
	reads to-dir/g deep
	reads through/g deep
	reads to-place/out/f host
	reads to-place/own/g deep
	run at ls -l to-file
	assert_output --partial "to-file -> $PLACE/f"
	run at readlink to-file
	assert_output "$PLACE/f"
	run at readlink -f to-dir/up
	assert_output "$PLACE/f"
	run at realpath through/g to-place/out/f
	assert_output "$(printf '%s\n' "$PLACE/dir/g" "$PWD/host/f")"
	# shellcheck disable=SC2016
	run at bash -c 'echo new >to-dir/new; cd to-dir; pwd; pwd -P; echo "$(<new)"; cd -P ..; pwd; echo "$(<f)"'
	assert_output "$(printf '%s\n' "$PWD/to-dir" "$PLACE/dir" new "$PLACE" rump)"
	assert_not_exists "$PLACE"
}

@test "a link of the host to a place that has a directory on the host leads into the place" {
	mkdir "$PLACE"
	ln -s "$PLACE" to-place
	ln -s place relative
	reads to-place/f rump
	reads relative/f rump
	reads to-place/dir/g deep
	# shellcheck disable=SC2016
	run at bash -c 'cd to-place; echo "$(<f)"; cd ../to-place/dir; echo "$(<../f)" "$(<../../to-place/f)"'
	assert_output "$(printf 'rump\nrump rump')"
	run at ls to-place/
	assert_line etc
	run at ls "$PWD/place"
	assert_line etc
	run at find -L to-place/dir -name g
	assert_output to-place/dir/g
}

@test "links are removed, renamed and made where they are" {
	ln -s "$PLACE/f" to-file
	run at mv to-file moved
	assert_success
	reads moved rump
	run at rm moved
	assert_success
	[ ! -L moved ]
	reads "$PLACE/f" rump
	run at ln -s "$PLACE/f" made
	assert_success
	[ -L made ]
	run at ln -s ../host/f "$PLACE/made"
	assert_success
	reads "$PLACE/made" host
	run at rm "$PLACE/out"
	assert_success
	assert_exists host/f
	run at cp --no-dereference "$PLACE/made" copied
	assert_success
	[ -L copied ]
	assert_image_clean
}

@test "loops end with ELOOP" {
	ln -s "$PLACE/pong" ping
	ln -s "$PLACE/loop" outer
	for name in ping outer "$PLACE/loop" "$PLACE/pong"; do
		run at cat "$name"
		assert_failure
		assert_output --regexp 'Too many levels of symbolic links|No such file or directory'
	done
}

@test ".. leads out of the place, and back" {
	run at bash -c "cd $PLACE/dir; cd ../..; pwd; echo \"\$(<host/f)\" \"\$(<place/dir/../f)\"; cd place; pwd; echo \"\$(<../host/f)\""
	assert_output "$(printf '%s\n' "$PWD" "host rump" "$PLACE" host)"
	run at python3 -c "import os
os.chdir('$PLACE/dir'); os.chdir('../..'); print(os.getcwd()); os.chdir('place/dir'); print(os.getcwd())
d = os.open('..', os.O_RDONLY); e = os.open('../..', os.O_RDONLY)
print(sorted(os.listdir(d))[:2], 'host' in os.listdir(e), os.path.samefile('../..', '$PWD'))
print(open('f', opener=lambda p, f: os.open(p, f, dir_fd=d)).read(), end='')
print(open('host/f', opener=lambda p, f: os.open(p, f, dir_fd=e)).read(), end='')
print(open('../host/f', opener=lambda p, f: os.open(p, f, dir_fd=d)).read(), end='')
print(open('place/f', opener=lambda p, f: os.open(p, f, dir_fd=e)).read(), end='')"
	assert_output "$(printf '%s\n' "$PWD" "$PLACE/dir" "['dir', 'dir'] True True" rump host host rump |
		sed "s/\['dir', 'dir'\]/['dir', 'etc']/")"
	run at ls "$PLACE/../host" "$PLACE/dir/../../host/"
	assert_success
	run at cat "$PLACE//dir/./../f" "//$PLACE/f"
	assert_output "$(printf 'rump\nrump')"
}

@test "the parent directory lists a place if the host has a directory there, else not" {
	run at ls "$BATS_TEST_TMPDIR"
	assert_line host
	refute_line place
	mkdir "$PLACE"
	run at ls "$BATS_TEST_TMPDIR"
	assert_line host
	assert_line place
}

@test "a trailing slash asks for a directory" {
	ln -s "$PLACE/f" to-file
	ln -s "$PLACE/dir" to-dir
	run at ls -d to-dir/ "$PLACE/" "$PLACE/dir/" "$PLACE/own/"
	assert_success
	for name in to-file/ "$PLACE/f/" "$PLACE/rel/"; do
		run at cat "$name"
		assert_failure
		assert_output --partial 'Not a directory'
	done
}

@test "below path=, an absolute link stays in the root of the rump kernel" {
	run stripped cat "$PLACE/m/rel"
	assert_output rump
	run stripped cat "$PLACE/m/passwd"
	assert_failure
	assert_output --partial 'No such file or directory'
	run stripped bash -c "cd $PLACE/m/dir; pwd; echo \"\$(<../f)\"; cd ../..; pwd; cd ..; pwd"
	assert_output "$(printf '%s\n' "$PLACE/m/dir" rump "$PLACE" "$PWD")"
	ln -s "$PLACE/m/f" to-file
	run stripped cat to-file
	assert_output rump
}

@test "a unix socket is bound and reached by a link of the host, where the host has that directory too" {
	ln -s "$PLACE" to-place
	local program='import os, socket
server = socket.socket(socket.AF_UNIX)
server.bind("to-place/socket")
server.listen()
for name in "place/socket", "to-place/socket":
    socket.socket(socket.AF_UNIX).connect(name)
    os.remove(name) if name[0] == "t" else print(os.path.exists(name))'
	run at python3 -c "$program"
	assert_output True
	assert_success
	mkdir "$PLACE"
	run at python3 -c "$program"
	assert_output True
	assert_success
	assert_not_exists "$PLACE/socket"
}
