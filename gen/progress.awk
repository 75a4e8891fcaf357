# SPDX-License-Identifier: BSD-2-Clause
# Kbuild's lines as progress: warnings and errors whole, of the rest one in fifty.
/warning:|error:|Error / { print; fflush(); next }
/^  (CC|AS|LD|AR|GEN|HOSTCC) / {
	if (++n % 50 == 0 || $1 == "LD" && $2 == "vmlinux") {
		printf "  %5d  %s %s\n", n, $1, $2
		fflush()
	}
}
