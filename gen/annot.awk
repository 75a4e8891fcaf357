# SPDX-License-Identifier: BSD-2-Clause
# annot.awk - the annotations of system calls, checked, as the table that the shim is driven by
#
# usage: awk -f gen/annot.awk hijack_table.h.in syscalls.tab syscalls.annot >hijack_table.h
#
# Theory of operation
#
# syscalls.annot describes its language at its top. A line becomes one struct hijack_rule, whose
# shape is in hijack_table.h.in, as are the subjects and routes that there are: the constants of
# its enums. Arguments count from 1 there too, so that what is left out of an initialiser, 0, is
# "none".
#
# Both sides are checked against each other. Each role says what type its argument must have
# (the table is in BEGIN), and each type or name of an argument that cannot go without a role
# says which (orphan()). All mistakes are reported, in the form file:line: message, before the
# build fails.

BEGIN {
	FS = "\t"
	# role: type of its argument; type of the second one
	number = "^(const )?(int|unsigned int|long|unsigned long|size_t|mqd_t|nfds_t|u32)$"
	string = "^(const )?char \\*$"
	first["fd"] = first["at"] = first["open"] = first["cloexec"] = number
	first["alien"] = number "|^const struct iovec \\*$"
	first["path"] = first["link"] = first["text"] = string
	first["data"] = "^(const )?(char|void) \\*$"
	first["how"] = "^struct open_how \\*$"
	first["addr"] = first["addrout"] = "^struct sockaddr \\*$"
	second["addr"] = number
	second["addrout"] = "^int \\*$"
	first["msg"] = first["msgout"] = "^struct user_msghdr \\*$"
	first["msgs"] = first["msgsout"] = "^struct mmsghdr \\*$"
	first["gather"] = first["scatter"] = "^const struct iovec \\*$"
	first["pollfds"] = "^struct pollfd \\*$"
	first["fdsets"] = "^fd_set \\*$"
	first["stat"] = "^struct stat \\*$"
	first["statx"] = "^struct statx \\*$"
	first["range"] = "^unsigned long$"
	second["gather"] = second["scatter"] = number
	second["msgs"] = second["msgsout"] = second["pollfds"] = second["fdsets"] = second["range"] = number
	first["fds"] = "^int \\*$"
	# what a call only reads, though its type may not say so
	split("path link text data how addr msg msgs gather range", word, " ")
	for (i in word)
		reads[word[i]] = 1
	first["newfd"] = ""
}

function complain(message)
{
	printf "%s:%d: %s\n", FILENAME, FNR, message >"/dev/stderr"
	failed = 1
}

# Check that argument @at of @call exists and has a type that matches @want; it has a role then.
function check(call, role, at, want)
{
	if (at !~ /^[1-6]$/ || at > count[call])
		complain(call ": " role ": there is no argument " at)
	else if (type[call, at] !~ want)
		complain(call ": " role ": argument " at ", " argument[call, at] ", is " \
			type[call, at])
	else
		given[at] = role
}

# Add to an array of the initialiser.
function append(name, value)
{
	list[name] = (held[name]++ ? list[name] ", " : " ") value
}

# Memory at argument @at, of @size bytes for each of what argument @many counts, and @more.
function room(call, at, many, size, more, n)
{
	if (n < 2 || n > 4) {
		complain(call ": room wants two to four numbers")
		return
	}
	check(call, "room", at, "\\*$")
	check(call, "room", many, number "|^pid_t$")
	if ("room" in field)
		complain(call ": two rooms")
	field["room"] = at
	field["count"] = many
	field["size"] = size
	if (more)
		field["more"] = more
}

# The room that an argument says by its type, and the next one by its name. The annotation comes before.
function own_room(call,	i)
{
	for (i = 1; i < count[call] && !("room" in field); i++)
		if (type[call, i] ~ /^(const )?(char|void) \*$/ && type[call, i + 1] ~ number &&
		    argument[call, i + 1] ~ /len$|count$|size?$/) {
			field["room"] = i
			field["count"] = i + 1
			field["size"] = 1
		}
}

# Bits of the arguments that may be addresses of memory that the call writes to.
function filled(call,	i, bit, bits)
{
	bit = 1
	for (i = 1; i <= count[call]; i++) {
		if (!(given[i] in reads) && (given[i] == "scatter" || type[call, i] == "unsigned long" ||
		    (type[call, i] ~ /\*$/ && type[call, i] !~ /^const /)))
			bits += bit
		bit *= 2
	}
	return bits
}

# A role of arguments: fills the fields of the initialiser.
function assign(call, role, value,	part, n)
{
	n = split(value, part, ",")
	if (role == "room") {
		room(call, part[1], part[2], n > 2 ? part[3] : 1, n > 3 ? part[4] : 0, n)
	} else if (!(role in first) || n > 2 || (role == "newfd" && n)) {
		complain(call ": unknown role " role (value == "" ? "" : "=" value))
	} else if (role == "newfd") {
		field["newfd"] = 1
	} else if (role == "cloexec") {
		field["cloexec"] = "RULE_CLOEXEC_ALWAYS"
		if (n) {
			check(call, role, part[1], number)
			field["cloexec"] = part[1]
			field["cloexec_bit"] = n == 2 ? part[2] : "RULE_O_CLOEXEC"
		}
	} else if (n == 0) {
		complain(call ": " role " of which argument?")
	} else if (role == "path" || role == "link") {
		if (n == 2)
			check(call, role, part[1], number)
		check(call, role, part[n], string)
		append("path", "{ " (n == 2 ? ".dir = " part[1] ", " : "") ".path = " part[n] \
			(role == "link" ? ", .link = 1" : "") " }")
	} else if (n == 1 && !(role in second)) {
		check(call, role, part[1], first[role])
		if (role == "fd")
			append("fd", part[1])
		else if (role == "data")
			bytes[part[1]] = 1
		else if (role == "msgout")
			field["msg"] = part[1]
		else if (role != "text" && role != "alien")
			field[role] = part[1]
	} else if (n == 2 && (role in second)) {
		check(call, role, part[1], first[role])
		check(call, role, part[2], second[role])
		if (role == "fdsets" && part[1] + 2 <= count[call])
			given[part[1] + 1] = given[part[1] + 2] = role
		if (role == "addrout") {
			field["addrout"] = 1
			role = "addr"
		} else if (role == "gather" || role == "scatter") {
			role = "vector"
		} else if (role == "msgsout") {
			role = "msgs"
		} else if (role == "pollfds") {
			room(call, part[1], part[2], 8, 0, 2)
			given[part[1]] = role
		}
		field[role] = part[1]
		field["length"] = part[2]
	} else {
		complain(call ": " role " wants " \
			(role in second ? "two arguments" : "one argument"))
	}
}

# Whether argument @i of @call needs a role that it has not got, and which; "" if all is well.
function orphan(call, i,	t, n)
{
	t = type[call, i]
	n = argument[call, i]
	if (i in given)
		return ""
	if (t ~ number && n ~ /fd$|^fd_?(in|out)$|^fildes$|^mqdes$/)
		return "a descriptor"
	if (t == "const char *")
		return "a string"
	if (t == "struct sockaddr *")
		return "a socket address"
	if (t == "struct user_msghdr *" || t == "struct mmsghdr *")
		return "a message"
	if (t == "const struct iovec *")
		return "a vector"
	if (t == "struct pollfd *" || t == "fd_set *")
		return "a set of descriptors"
	if (t == "struct open_how *")
		return "a set of flags"
	if (t == "struct stat *" || t == "struct statx *")
		return "a file's attributes"
	return ""
}

# How the trace prints argument @i: d decimal, o octal, s string, x hexadecimal.
function letter(call, i,	t, n)
{
	t = type[call, i]
	n = argument[call, i]
	if (i in given && t ~ string)
		return i in bytes ? "x" : "s"
	if (t ~ /umode_t/)
		return "o"
	if (t !~ /\*/ && n ~ /len$/)
		return "d"
	if (t ~ /\*/ || n ~ /flag|mask|addr|start|^prot$|^cmd$|^op$|options|request|^arg/)
		return "x"
	if (t == "unsigned long" && !(i in given) && n !~ /len|size|vlen|nr|cnt|off|fd|pid/)
		return "x"
	return "d"
}

function initialiser(call,	i, n, format, name, text)
{
	for (i = 1; i <= count[call]; i++)
		format = format letter(call, i)
	text = sprintf("{ \"%s\", \"%s\", %d, RULE_%s, RULE_%s", call,
		(count[call] < 0 ? "xxxxxx" : format), (count[call] < 0 ? 6 : count[call]),
		toupper(word[2]), toupper(word[3]))
	if ("fd" in list)
		text = text ", .fd = {" list["fd"] " }"
	if ("path" in list)
		text = text ", .path = {" list["path"] " }"
	own_room(call)
	if (filled(call))
		field["fills"] = filled(call)
	n = split("at open how addr addrout msg msgs vector pollfds fdsets stat statx range length newfd fds " \
		"cloexec cloexec_bit fills room count size more", name, " ")
	for (i = 1; i <= n; i++)
		if (name[i] in field)
			text = text ", ." name[i] " = " field[name[i]]
	return text " }"
}

FNR == 1 { file++ }

file == 1 {
	template[++lines] = $0
	if ($0 ~ /^enum|^}/)
		within = $0
	else if (within ~ /^enum/ && match($0, /RULE_[A-Z]+/)) {
		constant = tolower(substr($0, RSTART + 5, RLENGTH - 5))
		if (within ~ /subject/)
			subject[constant] = 1
		else if (constant != "unknown")
			route[constant] = 1
	}
	next
}

file == 2 {
	number_of[$2] = $1
	call_at[++calls] = $2
	count[$2] = $4
	for (i = 1; i <= $4; i++) {
		type[$2, i] = $(3 + 2 * i)
		argument[$2, i] = $(4 + 2 * i)
	}
	next
}

/^#/ || /^[ \t]*$/ { next }

{
	for (i in given) delete given[i]
	for (i in bytes) delete bytes[i]
	for (i in field) delete field[i]
	for (i in list) delete list[i]
	for (i in held) delete held[i]

	brief = index($0, ";")
	n = split(brief ? substr($0, 1, brief - 1) : $0, word, /[ \t]+/)
	call = word[1]
	if (!brief || substr($0, brief + 1) !~ /[a-z]/)
		complain(call ": no description behind a semicolon")
	if (!(call in number_of)) {
		complain(call ": the kernel's table has no such call")
		next
	}
	if (call in rule)
		complain(call ": annotated twice")
	if (!(word[2] in subject))
		complain(call ": unknown subject " word[2])
	if (!(word[3] in route))
		complain(call ": unknown route " word[3])
	if (length(call) > 23)
		complain(call ": the name is too long for struct hijack_rule")
	for (i = 4; i <= n; i++) {
		if (word[i] == "")
			continue
		at = index(word[i], "=")
		if (at)
			assign(call, substr(word[i], 1, at - 1), substr(word[i], at + 1))
		else
			assign(call, word[i], "")
	}
	if (held["fd"] > 2 || held["path"] > 2)
		complain(call ": more than two descriptors or paths")
	if (word[3] == "args" && !held["fd"] && !held["path"])
		complain(call ": args, but no descriptor or path to go by")
	for (i = 1; i <= count[call]; i++)
		if ((what = orphan(call, i)) != "")
			complain(call ": argument " i ", " argument[call, i] ", looks like " what \
				" and has no role")
	rule[call] = initialiser(call)
}

END {
	for (i = 1; i <= calls; i++) {
		if (call_at[i] in rule)
			continue
		printf "%s: %s: system call %d has no annotation\n", FILENAME, call_at[i],
			number_of[call_at[i]] >"/dev/stderr"
		failed = 1
	}
	if (failed)
		exit 1

	for (i = 1; i <= lines; i++) {
		if (template[i] == "@RULES@") {
			for (j = 1; j <= calls; j++)
				printf "\t[%d] = %s,\n", number_of[call_at[j]], rule[call_at[j]]
		} else {
			sub(/@COUNT@/, number_of[call_at[calls]] + 1, template[i])
			print template[i]
		}
	}
}
