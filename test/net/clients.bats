#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016 # inner shells expand what is in single quotes
# Clients in a rump kernel and servers of the host: each over a tap, and over passt. They ask for the
# servers by name, from a name server of the host's.

setup() {
	load setup.bash
	cd "$BATS_TEST_TMPDIR" || return
	need passt dnsmasq
	own_network
	own_tap
	begin_host 53 dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --user="$(id -un)" --pid-file= \
		--address=/tap.test/10.77.0.1 --address=/tap.test/fd77::1 --address=/passt.test/$GATEWAY
	mkdir web
	head -c 2000000 /dev/urandom >web/big
}

teardown() {
	end_kernels
}

# both COMMAND...: each way, with $WAY.test for the host
both() {
	local way
	local -A network=([tap]='tap=t0,addr=10.77.0.2/24,addr=fd77::2/64,dns=10.77.0.1' [passt]="passt,dns=$GATEWAY")
	for way in tap passt; do
		echo "== $way"
		WAY=$way rump run -n "${network[$way]}" -- bash -e -c "$@" || return
	done
}

# The same twice.
assert_both() {
	assert_success
	assert_output "$(printf '== tap\n%s\n== passt\n%s' "$1" "$1")"
}

@test "curl and wget, by HTTP" {
	need curl wget python3
	begin_host 80 python3 -m http.server --bind :: --directory web 80
	run both '
		curl -sf -o got http://$WAY.test/big && cmp got web/big && echo curl
		wget -q -O got http://$WAY.test/big && cmp got web/big && echo wget
		curl -s -o none -w "%{http_code}\n" http://$WAY.test/none'
	assert_both $'curl\nwget\n404'
}

@test "curl and wget, by HTTPS, with an authority of the test's own" {
	need curl wget openssl
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -subj /CN=authority \
		-days 2 2>log
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out request.pem -subj /CN=server 2>>log
	openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out cert.pem \
		-extfile <(echo subjectAltName=DNS:tap.test,DNS:passt.test) 2>>log
	begin_host 443 openssl s_server -accept 443 -cert cert.pem -key key.pem -WWW -quiet
	ln web/big .
	run both '
		curl -sf --cacert ca.pem -o got https://$WAY.test/big && cmp got web/big && echo curl
		wget -q --ca-certificate=ca.pem -O got https://$WAY.test/big && cmp got web/big && echo wget
		curl -s https://$WAY.test/big || echo "status $?"'
	assert_both $'curl\nwget\nstatus 60'
}

@test "ssh and scp, with keys" {
	need /usr/sbin/sshd ssh scp ssh-keygen
	mkdir -p /run/sshd 2>/dev/null || [ -d /run/sshd ] || skip "/run/sshd cannot be made, which sshd wants"
	mkdir -m 700 ssh
	ssh-keygen -q -t ed25519 -N '' -f ssh/host
	ssh-keygen -q -t ed25519 -N '' -f ssh/id
	cat >ssh/conf <<-EOF
		Port 22
		HostKey $PWD/ssh/host
		AuthorizedKeysFile $PWD/ssh/id.pub
		PidFile none
		UsePAM no
		UseDNS no
		StrictModes no
		PermitRootLogin yes
		Subsystem sftp internal-sftp
	EOF
	printf 'tap.test,passt.test %s\n' "$(cut -d ' ' -f 1,2 ssh/host.pub)" >ssh/known
	cat >ssh/client <<-EOF
		UserKnownHostsFile $PWD/ssh/known
		GlobalKnownHostsFile /dev/null
		IdentityFile $PWD/ssh/id
		IdentitiesOnly yes
		BatchMode yes
	EOF
	begin_host 22 /usr/sbin/sshd -D -e -f "$PWD/ssh/conf"
	run both '
		ssh -F ssh/client $WAY.test "echo \$SSH_CONNECTION | cut -d \" \" -f 4; exit 3" || echo "status $?"
		ssh -F ssh/client $WAY.test "sha256sum" <web/big | cmp - <(sha256sum <web/big) && echo piped
		scp -q -F ssh/client $WAY.test:$PWD/web/big got && cmp got web/big && echo copied'
	assert_both $'22\nstatus 3\npiped\ncopied'
}

@test "git over HTTP: clone and fetch" {
	need git python3
	export HOME=$PWD GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	git init -q -b main work
	cp -r /usr/include/linux/netfilter work
	git -C work add .
	git -C work commit -qm one
	git clone -q --bare work web/r.git
	git -C web/r.git update-server-info
	begin_host 80 python3 -m http.server --bind :: --directory web 80
	run both '
		git clone -q http://$WAY.test/r.git $WAY-clone
		diff -r work/netfilter $WAY-clone/netfilter && echo cloned
		git -C work commit -q --allow-empty -m two-$WAY
		git -C work push -q ../web/r.git main
		git -C web/r.git update-server-info
		git -C $WAY-clone pull -q && git -C $WAY-clone log -1 --format=%s | sed "s/$WAY/way/"'
	assert_both $'cloned\ntwo-way'
}

@test "dig, by UDP and TCP, and what getaddrinfo finds" {
	need dig getent
	run both '
		dig +short tap.test A && dig +short +tcp passt.test A && dig +short tap.test AAAA
		dig none.test | grep -o "status: [A-Z]*"
		getent ahosts tap.test | awk "{ print \$1 }" | sort -u'
	assert_both $'10.77.0.1\n10.78.0.2\nfd77::1\nstatus: REFUSED\n10.77.0.1\nfd77::1'
}

@test "apt-get: the lists of a repository, and a package of it" {
	need apt-get dpkg-deb python3
	mkdir -p package/DEBIAN package/usr/share/doc/from-the-test web/repository
	printf '%s\n' 'Package: from-the-test' 'Version: 1.2' 'Architecture: all' 'Maintainer: nobody <nobody@localhost>' \
		'Description: of a test' >package/DEBIAN/control
	cp web/big package/usr/share/doc/from-the-test
	chmod -R u=rwX,go=rX package
	dpkg-deb --root-owner-group -Znone -b package web/repository/from-the-test_1.2_all.deb >/dev/null
	(
		cd web/repository || return
		dpkg-deb -f ./*.deb
		stat -c $'Filename: %n\nSize: %s' ./*.deb
		echo "SHA256: $(sha256sum ./*.deb | cut -d ' ' -f 1)"
	) >Packages
	mv Packages web/repository
	begin_host 80 python3 -m http.server --bind :: --directory web 80
	run both '
		top=$PWD/$WAY
		mkdir -p $top/lists/partial $top/archives/partial
		echo "deb [trusted=yes] http://$WAY.test/repository ./" >$top/sources.list
		apt() {
			apt-get -q -o Dir::Etc::SourceList=$top/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Parts=/dev/null \
				-o Dir::State=$top -o Dir::State::Lists=$top/lists -o Dir::Cache=$top -o APT::Sandbox::User=root \
				-o Acquire::Languages=none -o Acquire::GzipIndexes=false "$@" >$top/log 2>&1 || { cat $top/log; return 1; }
		}
		apt update
		grep -h ^Version: $top/lists/*_Packages
		(cd $top && apt download from-the-test)
		cmp $top/*.deb web/repository/*.deb && echo whole'
	assert_both $'Version: 1.2\nwhole'
}
