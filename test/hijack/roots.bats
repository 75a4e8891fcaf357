#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# mount(2), umount2(2), chroot(2) and file handles under the shim.

setup() {
	load setup.bash
	image ext4 32M
	HERE=$BATS_TEST_TMPDIR
	cd "$HERE" || return
}

# inside COMMAND...: with the image on /mnt
inside() {
	PATH=/usr/bin:/bin:/usr/sbin:/sbin timeout -k 2 60 "$RUMP_COMMAND" run -m "$IMG:/mnt" -- "$@"
}

@test "mount and umount below the mount point are the rump kernel's: tmpfs, bind, remount, move" {
	run inside bash -ec '
		mkdir /mnt/t /mnt/b /mnt/m; echo below >/mnt/t/f
		mount -t tmpfs -o size=64k none /mnt/t; echo on >/mnt/t/f
		stat -f -c %T /mnt/t /mnt
		mount --bind /mnt/t /mnt/b; cat /mnt/b/f
		mount -o remount,ro,bind /mnt/b; echo x 2>&1 >/mnt/b/f || echo read only
		umount /mnt/b
		mount --move /mnt/t /mnt/m; cat /mnt/m/f /mnt/t/f
		(cd /mnt/m; umount /mnt/m 2>&1 || umount -l /mnt/m)
		ls -A /mnt/m /mnt/b'
	assert_success
	assert_output "$(printf '%s\n' tmpfs ext2/ext3 on \
		'bash: line 6: /mnt/b/f: Read-only file system' 'read only' on below \
		'umount: /mnt/m: target is busy.' /mnt/b: '' /mnt/m:)"
	assert_image_clean
}

@test "the host sees nothing of such a mount" {
	mkdir at
	run inside bash -c 'mount -t tmpfs none /mnt && touch /mnt/x && ls -A /mnt /proc/self/mountinfo'
	assert_success
	assert_output "$(printf '/proc/self/mountinfo\n\n/mnt:\nx')"
	assert [ ! -e /mnt/x ]
}

@test "chroot into the image: programs, scripts, paths, and what they execute" {
	run inside bash -ec '
		mkdir -p /mnt/root/bin; cp /bin/sh /bin/ls /bin/cat /bin/pwd /mnt/root/bin
		printf "#!/bin/sh\necho \$0 in \$PWD\n" >/mnt/root/script; chmod +x /mnt/root/script
		chroot /mnt/root /bin/ls /
		chroot /mnt/root /script
		chroot /mnt/root /bin/sh -c "cd bin; /bin/pwd; echo new >/file; cat ../file /../file
			ls /proc /mnt 2>&1; (exec /bin/pwd); cat <&- /etc/passwd 2>&1; exit 3" || echo $?
		cat /mnt/root/file'
	assert_success
	assert_output "$(printf '%s\n' bin script '/script in /' /bin new new \
		"ls: cannot access '/proc': No such file or directory" \
		"ls: cannot access '/mnt': No such file or directory" /bin \
		'cat: /etc/passwd: No such file or directory' 3 new)"
	assert_image_clean
}

@test "chroot on the host takes the mount point along by path=" {
	mkdir -p root/rump root/dir
	RUMP_MOUNT=$IMG:/m RUMPHIJACK=path=$HERE/root/rump LD_PRELOAD=$SHIM run timeout 20 python3 -c '
import os, sys
os.mkdir(sys.argv[1] + "/rump/m/sub")
os.chroot(sys.argv[1]); os.chdir("/")
print(sorted(os.listdir("/")), sorted(os.listdir("/rump/m")), os.path.exists("/etc"))
os.chdir("/rump/m/sub"); print(os.getcwd())' "$HERE/root"
	assert_success
	assert_output "['dir', 'rump'] ['lost+found', 'sub'] False
/rump/m/sub"
	assert_image_clean
}

@test "a file's handle: name_to_handle_at and open_by_handle_at" {
	run inside python3 -c '
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
class Handle(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint), ("type", ctypes.c_int), ("bytes", ctypes.c_char * 128)]
handle, mount = Handle(size=128), ctypes.c_int()
open("/mnt/f", "w").write("by handle")
assert not libc.name_to_handle_at(-100, b"/mnt/f", ctypes.byref(handle), ctypes.byref(mount), 0)
root = os.open("/mnt", os.O_RDONLY)
os.rename("/mnt/f", "/mnt/g")
fd = libc.open_by_handle_at(root, ctypes.byref(handle), os.O_RDONLY)
print(os.read(fd, 100).decode(), os.readlink("/proc/self/fd/%d" % fd))'
	assert_success
	assert_output "by handle /mnt/g"
	assert_image_clean
}

@test "a link of the host into a mount point that is a writable directory there leads into the image" {
	mkdir place
	ln -s place link
	ln -s place/fresh dangling
	PATH=/usr/bin:/bin timeout -k 2 60 "$RUMP_COMMAND" run -m "$IMG:$HERE/place" -- bash -ec '
		echo one >link/one; mkdir link/dir; ln -s x link/symbolic; mv link/one link/dir/
		touch link/gone; mv link/gone out; ln link/dir/one link/hard; mkfifo link/fifo
		touch link/removed; rm link/removed; mkdir link/none; rmdir link/none
		echo fresh >dangling; cp link/hard copied; echo more >>link/hard; : >link/new'
	assert [ -z "$(ls -A place)" ]
	assert [ -e out ]
	run /sbin/debugfs -R 'ls -p' "$IMG"
	for name in dir symbolic hard fifo fresh new; do
		assert_output --partial "/$name/"
	done
	for name in one gone removed none; do
		refute_output --partial "/$name/"
	done
	assert_equal "$(cat copied)" one
	assert_image_clean
}

@test "names of open descriptors can be opened to be written, where the mount point is a directory too" {
	mkdir place
	PATH=/usr/bin:/bin run timeout -k 2 60 "$RUMP_COMMAND" run -m "$IMG:$HERE/place" -- bash -c '
		echo text | tee >(wc -c >&2) >/dev/null; echo more >/dev/stdout
		exec 5>place/f; echo in the image >/dev/fd/5; echo pipe | cat >/proc/self/fd/1; cat place/f'
	assert_success
	assert_equal "$(sort <<<"$output")" "$(printf '%s\n' 5 'in the image' more pipe)"
}
