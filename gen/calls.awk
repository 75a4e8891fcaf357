# SPDX-License-Identifier: BSD-2-Clause
# calls.awk - the table of calls in rumphijack(3), from the annotations
#
# usage: awk -f gen/calls.awk rumphijack.3.in syscalls.tab syscalls.annot >rumphijack.3
#
# A line of the template that is only @CALLS@ becomes a list for each group of the annotations, which
# a comment of capitalised words heads there: every call with who performs it and what it does.

function fail(message)
{
	print FILENAME ":" FNR ": " message >"/dev/stderr"
	failed = 1
	exit 1
}

# Who performs a call, by the roles of its arguments, in the words that the page explains.
function performer(route, roles,	by)
{
	if (route == "host" || route == "both")
		return route
	if (roles ~ / (path|link)=/)
		by = "path"
	if (roles ~ / (fd|msgs?(out)?|addr)=/)
		by = by (by == "" ? "" : ", ") "descriptor"
	if (roles ~ / range=/)
		by = "address"
	if (route == "special")
		by = by (by == "" ? "" : ", ") "special"
	return by
}

BEGIN { FS = "\t" }

FNR == 1 { file++ }

file == 1 { template[++lines] = $0; next }

file == 2 { known[$2] = 1; next }

# A group's heading stands by itself; the language's explanation has colons and roles.
/^# [A-Z][a-z ]+$/ {
	heading = substr($0, 3)
	next
}

/^#/ || /^[ \t]*$/ { next }

{
	at = index($0, ";")
	split(substr($0, 1, at - 1), word, /[ \t]+/)
	roles = substr($0, 1, at - 1)
	gsub(/[ \t]+/, " ", roles)
	if (!(word[1] in known))
		fail(word[1] ": the kernel's table has no such call")
	if (heading == "")
		fail(word[1] ": it is in no group")
	if (heading != group) {
		page = page (group == "" ? "" : ".El\n") ".Ss " heading "\n" \
			".Bl -column \"sched_get_priority_max\" \"path, descriptor, special\"\n"
		group = heading
	}
	brief = substr($0, at + 1)
	sub(/^ +/, "", brief)
	page = page ".It " word[1] " Ta " performer(word[3], roles) " Ta " brief "\n"
	calls++
}

END {
	if (failed)
		exit 1
	for (i = 1; i <= lines; i++)
		if (template[i] == "@CALLS@")
			printf "%s.El\n", page
		else {
			gsub(/@COUNT@/, calls, template[i])
			print template[i]
		}
}
