# SPDX-License-Identifier: BSD-2-Clause
# list.awk - reading rump_syscalls.list (prototypes.awk), and folding C; for others to include
#
# The includer defines heading(text), function_(), which finds the fields of a line in the
# variables below, and fill(word), which prints what stands for a line of the template that is
# only @word@.

BEGIN { FS = "\t" }

# @text as it is, folded before column 100 at commas that are followed by a blank.
function folded(text,	at, cut, out)
{
	while (length(text) > 99) {
		cut = 0
		for (at = 1; at < 99; at++)
			if (substr(text, at, 2) == ", ")
				cut = at
		if (!cut)
			break
		out = out substr(text, 1, cut) "\n"
		text = "\t\t" substr(text, cut + 2)
	}
	return out text
}

# A list of the file as C has it.
function commas(list)
{
	gsub(/; /, ", ", list)
	return list
}

# The parameters as a prototype has them.
function parameter_list()
{
	if (parameters == "")
		return "void"
	return commas(parameters) (variadic == "" ? "" : ", ...")
}

# The type in front of a name.
function before_name(type)
{
	return type ~ /\*$/ ? type : type " "
}

FNR == 1 { file++ }

file == 1 { template[++lines] = $0 }

file == 2 && /^# / { heading(substr($0, 3)) }

file == 2 && !/^#/ {
	for (i = 3; i <= 7; i++)
		if ($i == "-")
			$i = ""
	name = $1
	number = $2
	returns = $3
	parameters = $4
	variadic = $5
	passes = $6
	result = $7
	brief = $8
	masked = $9 == "masked"
	function_()
}

END {
	for (line = 1; line <= lines; line++)
		if (template[line] ~ /^@[A-Z]+@$/)
			fill(substr(template[line], 2, length(template[line]) - 2))
		else
			print template[line]
}
