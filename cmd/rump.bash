# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Completion of rump(1) for bash.

# _rump_families: the part of a list of socket families that is being typed.
_rump_families() {
	local before=${1%"${1##*:}"}
	mapfile -t COMPREPLY < <(compgen -W "all none inet inet6 local netlink packet
		noinet noinet6 nolocal nonetlink nopacket" -- "${1##*:}")
	# Readline takes a colon for the end of a word, if it has it among its breaks.
	[[ $COMP_WORDBREAKS == *:* ]] || COMPREPLY=("${COMPREPLY[@]/#/$before}")
}

# _rump_mount: an image, or a type that needs none.
_rump_mount() {
	mapfile -t COMPREPLY < <(
		compgen -f -- "$1"
		compgen -W "tmpfs overlay proc sysfs" -- "$1"
	)
	compopt -o filenames -o nospace
}

# _rump_net: a network, or the file of a bus.
_rump_net() {
	if [[ ${COMP_WORDS[COMP_CWORD - 1]}$1 == bus=* || ${COMP_WORDS[COMP_CWORD - 2]} == bus ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "${1#=}")
		compopt -o filenames
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "default passt tap= vde= bus= none" -- "$1")
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}

# _rump_command INDEX: the command of rump run, which begins at this word, with arguments of its own.
_rump_command() {
	if declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif [ "$1" -eq "$COMP_CWORD" ]; then
		mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
	else
		compopt -o default
	fi
}

# _rump_kernel SUBCOMMAND: the name of a kernel; behind it, for attach, a command.
_rump_kernel() {
	local i=2 options=--help
	[ "$1" != halt ] || options+=" --force"
	while [ "$i" -lt "$COMP_CWORD" ] && [[ ${COMP_WORDS[i]} == -* ]]; do
		((i++))
	done
	if [ "$i" -lt "$COMP_CWORD" ]; then
		[ "$1" = attach ] || return
		[[ ${COMP_WORDS[++i]} != -- ]] || ((i == COMP_CWORD || i++))
		_rump_command "$i"
	elif [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "${COMP_WORDS[COMP_CWORD]}")
	else
		mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" list 2>/dev/null | cut -d' ' -f1)" \
			-- "${COMP_WORDS[COMP_CWORD]}")
	fi
}

_rump() {
	local word=${COMP_WORDS[COMP_CWORD]} subcommand=${COMP_WORDS[1]-} i
	local options="--mount --net --sockets --name --ro --mem --ncpu --verbose --trace --report --help"
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "run shell server attach list halt dmesg help --help
			--version" -- "$word")
		return
	fi
	case $subcommand in
	help) mapfile -t COMPREPLY < <(compgen -W "run shell server attach list halt dmesg" -- "$word") ;;
	server) options+=" --foreground" ;;
	attach | halt | dmesg)
		_rump_kernel "$subcommand"
		return
		;;
	run | shell) ;;
	*) return ;;
	esac
	[ "$subcommand" != help ] || return
	# Step over the options and their arguments to the word that is wanted.
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-m | --mount | -n | --net | -s | --sockets | --name | --mem | --ncpu | --trace)
			# What breaks words is one of its own: SRC : DIR : OPTIONS, bus = FILE
			local option=${COMP_WORDS[i]}
			((i++))
			while [[ ${COMP_WORDS[i + 1]-} == [:=]* ]] && ((i + 1 <= COMP_CWORD)); do
				((i += 2))
			done
			((i >= COMP_CWORD)) || continue
			case $option in
			-m | --mount) _rump_mount "${word#:}" ;;
			-n | --net) _rump_net "$word" ;;
			-s | --sockets) _rump_families "${word#:}" ;;
			--trace) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
			esac
			return
			;;
		--)
			((i++))
			break
			;;
		-*) ;;
		*) break ;;
		esac
	done
	if [ "$i" -lt "$COMP_CWORD" ] || { [[ $word != -* ]] && [ "$subcommand" = run ]; } ||
		[ "${COMP_WORDS[i - 1]}" = -- ]; then
		[ "$subcommand" != run ] || _rump_command "$i"
	elif [[ $word == -* || -z $word ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
	fi
}

complete -F _rump rump
