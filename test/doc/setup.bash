# SPDX-License-Identifier: BSD-2-Clause
# What the suites of test/doc share.

load ../lib/common

# sources: the files of the repository, or of an unpacked archive of it.
sources() {
	cd "$RUMP_TOP" || return 1
	if [ -e .git ]; then
		git ls-files --cached | while read -r file; do [ ! -e "$file" ] || echo "$file"; done
	else
		find . -path ./build -prune -o -type f -printf '%P\n'
	fi
}

# functions HEADER...: the names that a header declares, without those of comments and macros.
functions() {
	gcc -fpreprocessed -dD -E -P "$@" | grep -v '^#define' |
		grep -oE '\brump[a-z0-9_]*\(' | tr -d '(' | sort -u
}

# code FILE N: the Nth block of code of a language in a page of Markdown.
code() {
	awk -v want="$2" '/^```/ { if ($0 != "```") n++; inside = !inside; next } inside && n == want' "$1"
}

# example FILE: the first literal display that is a program, in a page of mdoc.
example() {
	awk '/^\.Bd/ { inside = 1; text = ""; next }
		/^\.Ed/ { if (text ~ /int main/) { printf "%s", text; exit } inside = 0 }
		inside { gsub(/\\e/, "\\"); text = text $0 "\n" }' "$1"
}
