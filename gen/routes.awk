# SPDX-License-Identifier: BSD-2-Clause
# routes.awk - which function of the shim decides on a system call, by its rule
#
# usage: awk -f gen/routes.awk hijack_table.h >hijack_routes.h
#
# The output is the initialiser of hijack_route[] (hijack/route.c). A special call NAME has a
# function route_NAME; the link fails if there is none.

function has(what)
{
	return index($0, "." what " = ")
}

# Its first argument is a descriptor, and nothing else of it concerns the shim.
function is_plain()
{
	return /\.fd = \{ 1 \}/ && !has("path") && !has("newfd") && !has("fds") && !has("addr")
}

function line(how)
{
	print "\t" $1 " = " how ","
}

BEGIN {
	print "/* made by gen/routes.awk */"
}

$1 ~ /^\[[0-9]+\]$/ {
	name = $4
	gsub(/[",]/, "", name)
	if (/RULE_SPECIAL/ && has("range") && name !~ /^(mmap|munmap|mremap)$/)
		line("route_range")
	else if (/RULE_SPECIAL/)
		line("route_" name)
	else if (/RULE_BOTH/)
		line("route_both")
	else if (/RULE_ARGS/ && (has("stat") || has("statx")))
		line(is_plain() ? "route_fstat" : "route_stat")
	else if (/RULE_ARGS/)
		line(is_plain() ? "route_fd" : has("newfd") ? "route_newfd" : "route_args")
	else if (/RULE_HOST/ && (has("newfd") || has("fds")))
		line("route_host_newfd")
}
