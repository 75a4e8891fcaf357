# SPDX-License-Identifier: BSD-2-Clause
# Servers of Debian packages that are unpacked below build/ and not installed: installing them would
# start services on the machine of whoever runs the tests.

# unpacked NAME PACKAGE...: the packages' programs and libraries, and those of what they depend on,
# are found in $UNPACKED, a directory of this name that is made once.
unpacked() {
	local name=$1 deb
	shift
	UNPACKED=$RUMP_TOP/build/packages/$name
	if [ ! -e "$UNPACKED/done" ]; then
		mkdir -p "$UNPACKED/debs/partial"
		apt-get install -y -q --no-install-recommends --download-only -o Debug::NoLocking=1 \
			-o Dir::Cache::archives="$UNPACKED/debs" "$@" >"$UNPACKED/log" 2>&1 || {
			tail -5 "$UNPACKED/log"
			return 1
		}
		for deb in "$UNPACKED"/debs/*.deb; do
			[ ! -e "$deb" ] || dpkg-deb -x "$deb" "$UNPACKED" || return
		done
		rm -r "$UNPACKED/debs"
		touch "$UNPACKED/done"
	fi
	PATH=$UNPACKED/usr/sbin:$UNPACKED/usr/bin:$UNPACKED/sbin:$PATH
	export LD_LIBRARY_PATH=$UNPACKED/usr/lib/x86_64-linux-gnu:$UNPACKED/usr/lib/ganesha:$UNPACKED/usr/lib/x86_64-linux-gnu/libnfsidmap
}
