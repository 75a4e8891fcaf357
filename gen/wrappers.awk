# SPDX-License-Identifier: BSD-2-Clause
# wrappers.awk - the system calls as functions
#
# usage: awk -f gen/list.awk -f gen/wrappers.awk rump_syscalls.c.in rump_syscalls.list
#
# Each passes its arguments as longs and the rest as 0, the way the kernel's table of calls has
# them: the kernel narrows them again itself.

function heading(text) { }

# Fetch what stands behind the dots of the prototype.
function fetched(	part, n, i, at, declarations, calls, last)
{
	n = split(parameters, part, "; ")
	match(part[n], /[a-z_0-9]+$/)
	last = substr(part[n], RSTART)
	n = split(variadic, part, "; ")
	for (i = 1; i <= n; i++) {
		match(part[i], /[a-z_0-9]+$/)
		at = RSTART
		declarations = declarations "\t" part[i] ";\n"
		calls = calls "\t" substr(part[i], at) " = va_arg(ap, " \
			substr(part[i], 1, at - 1) ");\n"
	}
	gsub(/ \)/, ")", calls)
	gsub(/\* \)/, "*)", calls)
	return "\tva_list ap;\n" declarations "\n\tva_start(ap, " last ");\n" calls \
		"\tva_end(ap);\n"
}

function as_long(expression)
{
	if (expression == "0")
		return "0"
	return "(long)" (expression ~ /^[a-z_0-9]+$/ ? expression : "(" expression ")")
}

function function_(	n, i, part, call, text)
{
	call = "rump__enter" (masked ? "_masked" : "") "(" number
	n = split(passes, part, "; ")
	for (i = 1; i <= 6; i++)
		call = call ", " (i > n ? "0" : as_long(part[i]))
	call = call ")"

	text = "\n" folded(before_name(returns) "rump_sys_" name "(" parameter_list() ")") "\n{\n"
	if (variadic != "")
		text = text fetched()
	if (result != "")
		text = text folded("\tlong r = " call ";") "\n\n\treturn " result ";\n}"
	else if (returns == "void")
		text = text folded("\tsys_result(" call ");") "\n}"
	else
		text = text folded("\treturn " (returns == "long" ? "" : "(" returns ")") \
			"sys_result(" call ");") "\n}"
	wrappers = wrappers text "\n"
}

function fill(word)
{
	printf "%s", wrappers
}
