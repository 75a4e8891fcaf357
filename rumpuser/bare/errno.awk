# SPDX-License-Identifier: BSD-2-Clause
# The errors of the host kernel's headers as C: [EPERM] = "Operation not permitted",
/^#define[ \t]+E[A-Z0-9]+[ \t]+[0-9]+[ \t]+\/\*/ {
	text = $0
	sub(/^[^*]*\*[ \t]*/, "", text)
	sub(/[ \t]*(\*\/)?[ \t]*$/, "", text)
	printf "[%s] = \"%s\",\n", $3, text
}
