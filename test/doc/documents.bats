#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Manual pages, README, licences: what they say is there.

load setup

@test "manual pages are good mdoc" {
	run mandoc -Tlint -Wwarning "$RUMP_TOP"/doc/*.[1-9] "$BUILD"/doc/*.[1-9]
	assert_success
	refute_output
}

@test "every function of the public headers is in a manual page" {
	local header name
	for header in "$RUMP_TOP"/include/rump/*.h; do
		while read -r name; do
			grep -qE "Fn $name( |\$)" "$RUMP_TOP"/doc/*.3 ||
				fail "${header##*/}: $name is in no manual page"
		done < <(functions "$header")
	done
}

@test "every function of rump(3) is in the header, and in the page's NAME" {
	local name
	while read -r name; do
		grep -qE "\b$name\b" "$RUMP_TOP/include/rump/rump.h" || fail "$name is not declared"
		grep -qE "^\.Nm $name( ,)?\$" "$RUMP_TOP/doc/rump.3" || fail "$name is not in NAME"
	done < <(awk '/^\.Sh/ { inside = $2 == "SYNOPSIS" } inside && $1 == ".Fn" { print $2 }' \
		"$RUMP_TOP/doc/rump.3")
}

@test "every function that librump exports is declared in a header" {
	local name
	while read -r name; do
		grep -qE "\b$name\b" "$RUMP_TOP"/include/rump/*.h "$BUILD"/include/rump/*.h ||
			fail "$name is not declared"
	done < <(nm -D --defined-only "$BUILD/lib/librump.so.0" | awk '{ print $3 }' | grep '^rump')
}

@test "every environment variable that librump reads is in rump(7), and no other" {
	run diff \
		<(grep -ohE '"RUMP_[A-Z_]+"' "$RUMP_TOP"/kernel/lib/*.c "$RUMP_TOP"/rumpuser/*.c |
			tr -d '"' | sort -u) \
		<(sed -n 's/^\.It Ev \(RUMP_[A-Z_]*\)$/\1/p' "$RUMP_TOP/doc/rump.7" | sort -u)
	assert_success
}

@test "every message of librump is among the diagnostics" {
	local start
	while read -r start; do
		grep -qF "$start" "$RUMP_TOP/doc/rump.7" || fail "not in rump(7): $start"
	done < <(sed -n 's/.*rump__error("\([^%"]*\)[%"].*/\1/p' "$RUMP_TOP"/kernel/lib/*.c |
		awk 'length > 8' | sed 's/^RUMP_.*//; /^$/d')
}

@test "every environment variable that librumphijack reads is in rumphijack(3), and no other" {
	run diff \
		<(grep -ohE '"(RUMPHIJACK[A-Z_]*|RUMP_MOUNT|RUMP_SERVER|XDG_CACHE_HOME|HOME)=?"' "$RUMP_TOP"/hijack/*.c |
			tr -d '"=' | cat - <(echo RUMP_NET) | sort -u) \
		<(awk '/^\.Sh/ { inside = $2 == "ENVIRONMENT" } inside && /^\.It Ev/ {
			for (i = 3; i <= NF; i++) if ($i != "," && $i != "Ev") print $i }' \
			"$BUILD/doc/rumphijack.3" | sort -u)
	assert_success
}

@test "every word of RUMPHIJACK is in rumphijack(3)" {
	local word
	while read -r word; do
		grep -qE "^\.(It )?Cm ([a-z]+= , )*$word( |\$)" "$BUILD/doc/rumphijack.3" ||
			fail "$word is not in rumphijack(3)"
	done < <(grep -ohE '"[a-z]+="' "$RUMP_TOP/hijack/places.c" | tr -d '"'
		sed -n '/families\[\] = {/,/};/p' "$RUMP_TOP/hijack/places.c" | grep -oE '"[a-z0-9]+"' | tr -d '"')
}

@test "every message of librumphijack is among the diagnostics" {
	local start
	while read -r start; do
		grep -qF "rumphijack: $start" "$BUILD/doc/rumphijack.3" ||
			fail "not in rumphijack(3): $start"
	done < <(sed -n -E 's/.*[^_](hijack_say|mistake)\("([^"]*)".*/\2/p; s/^(hijack_say|mistake)\("([^"]*)".*/\2/p' \
		"$RUMP_TOP"/hijack/*.c | sed 's/^too many RUMP/invalid setting &/' | sort -u
		sed -n -E 's/.*"rumphijack: ([^"%]+)[%"].*/\1/p' "$RUMP_TOP"/hijack/*.c)
}

@test "every call of the host's table is in rumphijack(3), with who performs it" {
	run diff <(cut -f 2 "$BUILD/gen/syscalls.tab" | sort) \
		<(awk '/^\.Sh/ { inside = $2 == "SYSTEM" } inside && / Ta .* Ta ./ { print $2 }' \
			"$BUILD/doc/rumphijack.3" | sort)
	assert_success
	assert [ "$(wc -l <"$BUILD/gen/syscalls.tab")" -gt 300 ]
	run grep -E '^\.It (getpid|openat|read|rename|sync|munmap|socket) Ta' "$BUILD/doc/rumphijack.3"
	assert_line ".It getpid Ta host Ta get the process's number"
	assert_line '.It openat Ta path Ta open or create a file relative to a directory'
	assert_line '.It read Ta descriptor Ta read from a descriptor'
	assert_line '.It rename Ta path Ta rename a file'
	assert_line '.It sync Ta both Ta write all file systems to their disks'
	assert_line '.It munmap Ta address, special Ta unmap memory'
	assert_line '.It socket Ta special Ta make a socket'
}

@test "the program in rump(3) lists an image" {
	example "$RUMP_TOP/doc/rump.3" >"$BATS_TEST_TMPDIR/list.c"
	gcc -Wall -Wextra -Werror "$BATS_TEST_TMPDIR/list.c" -o "$BATS_TEST_TMPDIR/list" \
		-I"$RUMP_TOP/include" -I"$BUILD/include" -L"$BUILD/lib" -lrump -lrumpuser \
		-Wl,-rpath,"$BUILD/lib"
	truncate -s 16M "$BATS_TEST_TMPDIR/disk.img"
	mkfs.ext4 -q "$BATS_TEST_TMPDIR/disk.img"
	run "$BATS_TEST_TMPDIR/list" "$BATS_TEST_TMPDIR/disk.img"
	assert_success
	assert_line lost+found
	run "$BATS_TEST_TMPDIR/list" /dev/null
	assert_failure 1
}

@test "README's make targets exist" {
	local target
	while read -r target; do
		grep -qE "^$target:" "$RUMP_TOP/GNUmakefile" || fail "there is no make $target"
	done < <(grep -oE '(^ *|[`&] ?)make [a-z]+' "$RUMP_TOP/README.md" | awk '{ print $NF }' | sort -u)
}

@test "the files and rooms that README and doc/ name exist" {
	local page file
	for page in "$RUMP_TOP/README.md" "$RUMP_TOP"/doc/*.md; do
		while read -r file; do
			# From the top, or as the port's and the kernel's own files are called.
			compgen -G "$RUMP_TOP/$file" >/dev/null ||
				compgen -G "$RUMP_TOP/kernel/arch/rump/$file" >/dev/null ||
				compgen -G "$BUILD/linux/$file" >/dev/null || fail "${page##*/}: there is no $file"
		done < <(grep -oP '(?<![/\w])(kernel|mm|drivers|rumpuser|hijack|gen|include|examples|test|doc|LICENSES)/[A-Za-z0-9_./*-]+[A-Za-z0-9_]' \
			"$page" | sort -u)
	done
	while read -r file; do
		[ -e "$RUMP_TOP/$file" ] || fail "README.md: there is no $file"
	done < <(awk '/^## Rooms/ { inside = 1; next } /^## / { inside = 0 } inside && /^    [^ ]/ { print $1 }' \
		"$RUMP_TOP/README.md")
}

@test "README's map has every folder of the repository" {
	local room
	while read -r room; do
		grep -qE "^    $room/ " "$RUMP_TOP/README.md" || fail "README.md: $room is not on the map"
	done < <(sources | sed -n 's|^\([^./][^/]*\)/.*|\1|p' | sort -u | sed 's|^include$|include/rump|')
}

@test "each file has its licence in an SPDX line" {
	local file
	while read -r file; do
		head -n 5 "$RUMP_TOP/$file" | grep -q 'SPDX-License-Identifier: ' ||
			fail "$file has no SPDX line"
	done < <(sources | grep -v '^LICENSES/')
}

@test "the kernel's files are GPL-2.0-only, all others BSD-2-Clause" {
	local file want
	while read -r file; do
		case $file in
		kernel/arch/* | kernel/config/*) want=GPL-2.0-only ;;
		*) want=BSD-2-Clause ;;
		esac
		head -n 5 "$RUMP_TOP/$file" | sed -n 's/.*SPDX-License-Identifier: //p' |
			grep -vq "^$want" && fail "$file is not $want"
	done < <(sources | grep -v '^LICENSES/')
	true
}

@test "the text of each licence is there" {
	local name
	while read -r name; do
		[ -s "$RUMP_TOP/LICENSES/$name.txt" ] || fail "no text of $name"
	done < <(sources | sed "s|^|$RUMP_TOP/|" | xargs -d '\n' grep -hoE 'SPDX-License-Identifier: [A-Za-z0-9. -]+' |
		sed 's/.*Identifier: //; s/ WITH /\n/' | sed 's/ .*//; /^$/d' | sort -u)
}

@test "shell scripts pass shellcheck" {
	local scripts
	cd "$RUMP_TOP"
	mapfile -t scripts < <(sources | xargs -d '\n' grep -lE '^#!/bin/(ba)?sh' 2>/dev/null)
	[ ${#scripts[@]} -gt 3 ]
	run shellcheck -x "${scripts[@]}"
	assert_success
}
