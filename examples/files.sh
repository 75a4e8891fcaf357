#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# files.sh - ordinary programs at work in a file-system image: no mount, no root
#
# usage: files.sh [TYPE]	ext4, xfs, btrfs, f2fs or vfat
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PATH=$here/../build/bin:$here/../../../../bin:$PATH:/usr/sbin:/sbin
type=${1:-ext4}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# in_image COMMAND...: show it, and run it with the image on /mnt.
in_image() {
	printf '\n$ rump run -m disk.img:/mnt -- %s\n' "$*"
	rump run -m disk.img:/mnt -- "$@"
}

truncate -s 512m disk.img
"mkfs.$type" disk.img >/dev/null 2>&1

mkdir -p notes/2024 notes/2025
seq 1000 >notes/2024/numbers
echo 'The quick brown fox' >notes/2025/fox
tar -cf notes.tar notes

in_image tar -xf notes.tar -C /mnt --no-same-owner
in_image find /mnt/notes -type f -size -1k
in_image sed -i s/brown/red/ /mnt/notes/2025/fox
in_image cat /mnt/notes/2025/fox
in_image mv /mnt/notes/2024 /mnt/notes/old
in_image sort -rn /mnt/notes/old/numbers -o /mnt/notes/sorted
in_image head -n 1 /mnt/notes/sorted
in_image sha256sum /mnt/notes/old/numbers notes/2024/numbers
in_image df -h /mnt

printf '\nThe image, checked from outside:\n'
case $type in
ext4) e2fsck -fn disk.img ;;
xfs) xfs_repair -n disk.img ;;
btrfs) btrfs check --readonly disk.img ;;
f2fs) fsck.f2fs --dry-run disk.img ;;
vfat) fsck.vfat -n disk.img ;;
esac
