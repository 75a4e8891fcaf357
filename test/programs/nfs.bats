#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The rump kernel's NFS client and a packaged server, two processes that talk over its loopback. The
# server keeps its files in its memory, and registers with what stands in for rpcbind in a /run of the
# same kernel; the client mounts them with NFS 4.1 and with NFS 3.

setup() {
	load setup.bash
	load ../lib/unpacked
	unpacked nfs nfs-ganesha nfs-ganesha-mem
	mkdir -p "$HERE/state"
	cat >"$HERE/ganesha.conf" <<-END
		NFS_CORE_PARAM {
		    Protocols = 3, 4; NFS_Port = 2049; MNT_Port = 20048; Bind_addr = 127.0.0.1;
		    Plugins_Dir = $(dirname "$(find "$UNPACKED" /usr/lib/x86_64-linux-gnu/ganesha -name libfsalmem.so -print -quit 2>/dev/null)");
		    Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false;
		}
		NFSV4 { Graceless = true; RecoveryBackend = fs; RecoveryRoot = "$HERE/state"; Minor_Versions = 1;
		    Allow_Numeric_Owners = true; Only_Numeric_Owners = true; }
		EXPORT {
		    Export_Id = 1; Path = /mem; Pseudo = /mem; Protocols = 3, 4;
		    Access_Type = RW; Squash = none; SecType = sys;
		    FSAL { Name = MEM; }
		}
		MEM { Inode_Size = 1114112; }
	END
	cat >"$HERE/mount.py" <<-'END'
		import ctypes, os, sys
		libc = ctypes.CDLL(None, use_errno=True)
		args = [s.encode() for s in sys.argv[1:]]
		os.makedirs(args[0], exist_ok=True)
		if libc.mount(b'127.0.0.1:/mem', args[0], args[1], 0, b'addr=127.0.0.1,proto=tcp,sec=sys,' + args[2]):
		    sys.exit(os.strerror(ctypes.get_errno()))
	END
	# It agrees to every registration.
	cat >"$HERE/rpcbind.py" <<-'END'
		import socketserver, struct

		class Caller(socketserver.StreamRequestHandler):
		    def handle(self):
		        while mark := self.rfile.read(4):
		            call = self.rfile.read(struct.unpack('>I', mark)[0] & 0x7fffffff)
		            answer = call[:4] + struct.pack('>6I', 1, 0, 0, 0, 0, 1)
		            self.wfile.write(struct.pack('>I', 1 << 31 | len(answer)) + answer)

		socketserver.ThreadingUnixStreamServer('/run/rpcbind.sock', Caller).serve_forever()
	END
	cat >"$HERE/with-server" <<-'END'
		cd "$HERE"
		trap 'kill -9 $(jobs -p)' EXIT
		python3 rpcbind.py &
		until [ -S /run/rpcbind.sock ]; do sleep .1; done
		ganesha.nfsd -F -L log -f ganesha.conf -p pid &
		export server=$!
		for _ in $(seq 200); do
		    ! grep -q 'NFS SERVER INITIALIZED' log 2>/dev/null || break
		    kill -0 $server || break
		    sleep .1
		done
		python3 mount.py /mnt/v4 nfs4 vers=4.1,clientaddr=127.0.0.1 || { grep -v EVENT log; exit 1; }
		python3 mount.py /mnt/v3 nfs vers=3,nolock,port=2049,mountport=20048,mountvers=3,mountproto=tcp || exit
		bash -e script
	END
	export HERE
}

# script: standard input, a bash script, runs beside the server, both mounts in place
script() {
	cat >"$HERE/script"
	timeout -k 2 100 "$RUMP_COMMAND" run -s inet:inet6 -m tmpfs:/mnt -m tmpfs:/run -- bash "$HERE/with-server"
}

@test "NFS 4.1 and NFS 3: files, directories, links, attributes; what one writes, the other reads" {
	run script <<-'END'
		cd /mnt/v4
		mkdir -p a/b
		seq 100000 >a/numbers
		ln -s ../numbers a/b/link
		chmod 640 a/numbers
		touch -d @1000000000 a/b
		cd /mnt/v3/a
		stat -c '%n %A %s' numbers
		stat -c '%n %Y' b
		readlink b/link
		cmp numbers <(seq 100000)
		mkdir /mnt/v3/copy
		tar c . | tar x -C /mnt/v3/copy
		mv /mnt/v3/copy /mnt/v3/moved
		diff -r /mnt/v4/a /mnt/v4/moved && echo same
		rm -r /mnt/v3/moved
		ls /mnt/v4
	END
	assert_success
	assert_line 'numbers -rw-r----- 588895'
	assert_line 'b 1000000000'
	assert_line '../numbers'
	assert_line same
	assert_line a
	refute_line moved
}

@test "NFS: a server that is killed stops the call, a signal ends it" {
	run script <<-'END'
		echo kept >/mnt/v4/file
		kill -9 $server
		timeout -s KILL 2 cat /mnt/v4/absent || echo "status $?"
	END
	assert_line 'status 137'
}
