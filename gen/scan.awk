# SPDX-License-Identifier: BSD-2-Clause
# scan.awk - the definitions of system calls in the kernel's sources
#
# usage: awk -f gen/scan.awk FILE.c...
#
# Theory of operation
#
# The kernel defines a call by SYSCALL_DEFINEn(name, type, argument, ...), at the start of a
# line, which is the one place that has types and names of all its arguments. A line of output
# is
#
#	NAME FILE TYPE1 ARG1 TYPE2 ARG2 ...
#
# with tabs between. Types are without __user and without a const that only binds the callee,
# stars stand together after one space ("struct iocb **"), "unsigned" is spelled "unsigned int".
# Nothing is decided here: a call that several files or #ifdef branches define comes out as
# often, in the order of the files.

# The type as a caller needs it.
function plain(t) {
	gsub(/__user|__force/, " ", t)
	sub(/\*[ \t]*const[ \t]*$/, "*", t)
	gsub(/[ \t]+/, " ", t)
	gsub(/\* \*/, "**", t)
	gsub(/ ?\*\*/, " **", t)
	sub(/ \* $/, " *", t)
	sub(/^ /, "", t)
	sub(/ $/, "", t)
	if (t !~ /\*/)
		sub(/^const /, "", t)
	if (t == "unsigned")
		t = "unsigned int"
	if (t ~ /[^ *]\*$/)
		sub(/\*$/, " *", t)
	return t
}

FNR == 1 { text = "" }

/^SYSCALL_DEFINE[0-6]\(/ { text = " " }

text != "" {
	text = text " " $0
	gsub(/\/\*[^*]*\*\//, "", text)
	if (text !~ /\)/)
		next
	count = substr(text, index(text, "DEFINE") + 6, 1)
	sub(/^[^(]*\(/, "", text)
	sub(/\).*/, "", text)
	n = split(text, part, ",")
	if (n != 1 + 2 * count) {
		printf "%s:%d: SYSCALL_DEFINE%d with %d words\n", FILENAME, FNR, count, n \
			>"/dev/stderr"
		failed = 1
		exit 1
	}
	gsub(/[ \t]/, "", part[1])
	line = part[1] "\t" FILENAME
	for (i = 2; i <= n; i += 2) {
		gsub(/[ \t]/, "", part[i + 1])
		line = line "\t" plain(part[i]) "\t" part[i + 1]
	}
	print line
	text = ""
}
