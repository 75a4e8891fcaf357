# SPDX-License-Identifier: BSD-2-Clause
# names.awk - calls.txt and <asm/unistd_64.h> into the table that the trace prints by
BEGIN { print "/* Made by hijack/names.awk. */" }
FILENAME ~ /calls\.txt$/ && !/^#/ { how[$1] = $2 == "-" ? "" : $2; known[$1] = 1 }
/^#define __NR_/ {
	name = substr($2, 6)
	printf "\t[%d] = { \"%s\", \"%s\" },\n", $3, name, name in known ? how[name] : "xxx"
}
