# SPDX-License-Identifier: BSD-2-Clause
# prototypes.awk - the functions of librump that make system calls: names, types, what they pass
#
# usage: awk -f gen/configured.awk -f gen/prototypes.awk \
#		syscalls.tab syscalls.annot syscalls.types System.map >rump_syscalls.list
#
# Theory of operation
#
# For every call that the built kernel has (configured.awk) there is a function of its name,
# with the kernel's arguments in the types of a libc user; syscalls.types may replace its
# prototype and add functions. A type comes from, in this order: a proto; the role of the
# argument in syscalls.annot; a type line; and passes unchanged if it is made of words that mean
# the same to libc. Any other type is an error, so a new kernel cannot bring in a name that
# users lack.
#
# The order is that of syscalls.annot, whose headings become "# HEADING" lines. A line of output
# is
#
#	NAME NUMBER RETURNS PARAMETERS VARIADIC PASSES RESULT BRIEF [masked]
#
# with tabs between; PARAMETERS, VARIADIC and PASSES are lists with "; " between, or "-" if
# empty; RESULT is "-" for the usual.

BEGIN { FS = "\t" }

function complain(message)
{
	printf "%s: %s\n", (file == 4 ? "prototypes.awk" : FILENAME ":" FNR), message >"/dev/stderr"
	failed = 1
}

# The commas of @text that stand outside brackets become "; ".
function separate(text,	i, c, depth, out)
{
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c ~ /[({[]/)
			depth++
		else if (c ~ /[]})]/)
			depth--
		else if (c == "," && !depth) {
			out = out "; "
			while (substr(text, i + 1, 1) == " ")
				i++
			continue
		}
		out = out c
	}
	return out
}

# The name in a declaration: "const struct timeval times[2]" has times.
function declared(declaration)
{
	sub(/\[[0-9]*\]$/, "", declaration)
	match(declaration, /[a-z_0-9]+$/)
	return substr(declaration, RSTART)
}

# The names of a list of declarations.
function names(declarations,	part, n, i, out)
{
	n = split(declarations, part, "; ")
	for (i = 1; i <= n; i++)
		out = out (i > 1 ? "; " : "") declared(part[i])
	return out
}

# Type and name of argument @i of @call as a declaration.
function declaration(call, i,	t, n, r)
{
	t = type[call, i]
	n = argument[call, i]
	r = role[call, i]
	sub(/^_+/, "", n)
	if (r == "fd")
		t = "int"
	else if (r == "string")
		t = "const char *"
	else if (r == "addr")
		t = "const struct sockaddr *"
	else if (r == "addrlen")
		t = "socklen_t"
	else if (r == "addroutlen")
		t = "socklen_t *"
	else if (t in libc)
		t = libc[t]
	else if (t !~ /^(const )?((unsigned )?(int|long|char)|void)( \*+)?$/ &&
		 t !~ /^(const )?(struct|union) [a-z_0-9]+ \*+$/ && t != "unsigned *")
		complain(call ": what is " t " (" n \
			") to a user of libc? syscalls.types doesn't tell")
	return t ~ /\*$/ ? t n : t " " n
}

# "ssize_t name(a, b)" into the variables returns, name, inside
function parse(text)
{
	match(text, /[a-z_0-9]+\(/)
	name = substr(text, RSTART, RLENGTH - 1)
	returns = substr(text, 1, RSTART - 1)
	inside = substr(text, RSTART + RLENGTH)
	sub(/ $/, "", returns)
	sub(/\)[^)]*$/, "", inside)
	if (inside == "void")
		inside = ""
}

FNR == 1 { file++ }

file == 1 {
	number[$2] = $1
	entry[$2] = $3
	count[$2] = $4
	varies[$2] = $(5 + 2 * $4) == "alternatives"
	for (i = 1; i <= $4; i++) {
		type[$2, i] = $(3 + 2 * i)
		argument[$2, i] = $(4 + 2 * i)
	}
}

file == 2 && /^#/ { comment = substr($0, 3) }

file == 2 && /^[a-z_]/ {
	at = index($0, ";")
	n = split(substr($0, 1, at - 1), word, /[ \t]+/)
	call = word[1]
	order[++annotated] = call
	brief[call] = substr($0, at + 2)
	if (comment != "")
		heading[call] = comment
	comment = ""
	for (i = 4; i <= n; i++) {
		if (split(word[i], part, /[=,]/) < 2)
			continue
		if (part[1] == "fd" || part[1] == "alien")
			role[call, part[2]] = "fd"
		else if (part[1] == "text")
			role[call, part[2]] = "string"
		else if (part[1] == "path" || part[1] == "link") {
			role[call, part[2]] = part[3] == "" ? "string" : "fd"
			if (part[3] != "")
				role[call, part[3]] = "string"
		} else if (part[1] ~ /^addr/) {
			role[call, part[2]] = part[1]
			role[call, part[3]] = part[1] "len"
		}
		part[3] = ""
	}
}

file == 3 && /^type / {
	at = index($0, " = ")
	libc[substr($0, 6, at - 6)] = substr($0, at + 3)
}

file == 3 && /^ret / {
	at = index($0, ":")
	n = split(substr($0, at + 2), word, " ")
	for (i = 1; i <= n; i++) {
		if (!(word[i] in number))
			complain(word[i] ": the kernel's table has no such call")
		result_type[word[i]] = substr($0, 5, at - 5)
	}
}

file == 3 && /^mask / {
	n = split(substr($0, 6), word, " ")
	for (i = 1; i <= n; i++) {
		if (!(word[i] in number))
			complain(word[i] ": the kernel's table has no such call")
		masked[word[i]] = 1
	}
}

file == 3 && /^proto / {
	text = substr($0, 7)
	result = "-"
	if (at = index(text, " -> ")) {
		result = substr(text, at + 4)
		text = substr(text, 1, at - 1)
	}
	passed = ""
	if (at = index(text, " = ")) {
		parse(substr(text, at + 3))
		via = name
		passed = separate(inside)
		text = substr(text, 1, at - 1)
	} else {
		via = ""
	}
	parse(text)
	variadic = ""
	if (at = index(inside, ", ...")) {
		variadic = separate(substr(inside, at + 6))
		inside = substr(inside, 1, at - 1)
	}
	inside = separate(inside)
	if (via == "") {
		via = name
		passed = names(inside (variadic == "" ? "" : "; " variadic))
	}
	if (!(via in number)) {
		complain(name ": the kernel's table has no call " via)
		next
	}
	if (name in proto)
		complain(name ": two prototypes")
	if (name in result_type && result_type[name] != returns)
		complain(name ": returns " returns ", or " result_type[name] "?")
	n = split(passed, word, "; ")
	if (n != count[via])
		complain(name ": passes " n " arguments, but " via " has " count[via])
	proto[name] = number[via] "\t" returns "\t" (inside == "" ? "-" : inside) "\t" \
		(variadic == "" ? "-" : variadic) "\t" (passed == "" ? "-" : passed) "\t" result
	proto_via[name] = via
	if (!(name in number))
		also[via] = also[via] " " name
}

file == 4 { read_map() }

function last_fields(call)
{
	return brief[call] (call in masked ? "\tmasked" : "")
}

# One function that was given a prototype.
function emit(name) {
	if (has(entry[proto_via[name]]))
		print name "\t" proto[name] "\t" last_fields(proto_via[name])
}

END {
	if (file != 4) {
		print "prototypes.awk: wants four files" >"/dev/stderr"
		exit 1
	}
	check_map()
	for (k = 1; k <= annotated; k++) {
		call = order[k]
		if (call in heading)
			print "# " heading[call]
		if (!has(entry[call]))
			continue
		if (count[call] < 0)
			complain(call \
				": the kernel has it, but no definition was found in its sources")
		if (varies[call] && !(call in proto))
			complain(call \
				": its definition depends on the configuration; say which by a proto")
		parameters = passed = ""
		for (i = 1; i <= count[call] && !(call in proto); i++) {
			d = declaration(call, i)
			parameters = parameters (i > 1 ? "; " : "") d
			passed = passed (i > 1 ? "; " : "") declared(d)
		}
		if (call in proto)
			emit(call)
		else
			print call "\t" number[call] "\t" \
				(call in result_type ? result_type[call] : "int") "\t" \
				(parameters == "" ? "-" : parameters) "\t-\t" \
				(passed == "" ? "-" : passed) "\t-\t" last_fields(call)
		n = split(also[call], word, " ")
		for (i = 1; i <= n; i++)
			emit(word[i])
	}
	exit failed
}
