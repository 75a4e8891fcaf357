# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the benchmarks that are scripts share. Sourced with the arguments [DIR [TSV]] of the script; sets
# dir, tsv, rump, shim and worker.
set -eu
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/sbin:/sbin
ninja bench-programs build/test/processes_crowd >/dev/null
# shellcheck disable=SC2034 # used by who sources this
rump=$PWD/build/bin/rump shim=$PWD/build/lib/librumphijack.so worker=$PWD/build/test/bench-worker
# shellcheck disable=SC2034
crowd=$PWD/build/test/processes_crowd
tsv=${2:-build/bench-shell.tsv}
if [ $# -gt 0 ]; then
	dir=$1
else
	dir=$(mktemp -d "$PWD/build/bench.XXXXXX")
	trap 'rm -rf "$dir"' EXIT
fi
mkdir -p "$dir/host"
# What marks a line that compares with a file system which is not the image's
# shellcheck disable=SC2034
not_ext4=$(stat -f -c %T "$dir/host")
case $not_ext4 in
ext*) not_ext4= ;;
*) not_ext4="   (the host's files are on $not_ext4)" ;;
esac

# line NAME RUMP HOST UNIT [AIM]: one figure; HOST 0 for those that are no pair; an AIM below 0 is the
# least that the ratio should be. $note stands at its end.
line() {
	awk -v name="$1" -v rump="$2" -v host="$3" -v unit="$4" -v aim="${5-}" -v tsv="$tsv" \
		-v note="${note-}" 'BEGIN {
		ratio = host > 0 ? rump / host : 0
		digits = rump < 10 ? 2 : 1
		printf "%-34s %10.*f %10.*f %-5s %6s", name, digits, rump, digits, host, unit,
			(host > 0 ? sprintf("%.2f", ratio) : "-")
		if (aim != "")
			printf "   (aim at %s %.2f)", aim < 0 ? "least" : "most", aim < 0 ? -aim : aim
		print note
		printf "%s\t%.3f\t%.3f\t%s\t%.4f\n", name, rump, host, unit, ratio >>tsv
	}'
}

difference() {
	awk -v a="$1" -v b="$2" 'BEGIN { print a - b }'
}

new_image() {
	rm -f "$1"
	truncate -s "${2:-512M}" "$1"
	mkfs.ext4 -q -F -E lazy_itable_init=0 "${@:3}" "$1"
}

# each FILE: NAME, tab and the least of all its values.
each() {
	awk -F '\t' '!($1 in least) || $2 < least[$1] { least[$1] = $2 } !seen[$1]++ { name[++n] = $1 }
		END { for (i = 1; i <= n; i++) print name[i] "\t" least[name[i]] }' "$1"
}

# value NAME FILE
value() {
	each "$2" | awk -F '\t' -v name="$1" '$1 == name { print $2 }'
}

# in_turns SCRIPT: it runs under `rump run` on a new image, and on the host in a directory of its file system,
# which is meant to be ext4. What it prints goes to $dir/with and $dir/without. It takes the time itself, while the
# kernel is up: $clock before and $took behind what is to be timed.
# shellcheck disable=SC2016,SC2034 # they are for the script
clock='t=${EPOCHREALTIME/./}' took='t=$((${EPOCHREALTIME/./} - t)); echo "${t%???}.${t: -3}"'
in_turns() {
	local i
	printf '%s\n' "$1" >"$dir/script"
	rm -f "$dir/with" "$dir/without"
	new_image "$dir/both" 512M
	for ((i = 0; i < ${TURNS:-3}; i++)); do
		"$rump" run -s inet -n none -m "$dir/both:/mnt" -- bash -eu -c \
			"mkdir /mnt/$i; cd /mnt/$i; . '$dir/script'" >>"$dir/with"
		mkdir "$dir/host/$i"
		(cd "$dir/host/$i" && bash -eu -c ". '$dir/script'") >>"$dir/without"
		rm -rf "$dir/host/$i"
	done
}

# both NAME AIM UNIT SCRIPT: a figure that SCRIPT prints on both sides; the best counts
both() {
	local name=$1 aim=$2 unit=$3 order=-n note=$not_ext4
	[ "$unit" != /s ] || order=-rn
	in_turns "$4"
	line "$name" "$(sort $order "$dir/with" | head -1)" "$(sort $order "$dir/without" | head -1)" \
		"$unit" "$aim"
}
