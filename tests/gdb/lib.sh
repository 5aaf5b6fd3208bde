# tests/gdb/lib.sh: what the tests of the debugger share. Source it behind tests/harness/tap.sh.
#
# One machine at a time waits for gdb, bounded by time limits; its console is a pipe that stays
# open. PLEAT_OUT is where the build lies (build).

: "${PLEAT_OUT:=build}"
export PLEAT_OUT
limit=300
machine=''

if ! gdb --batch -nx -ex 'python import sys' >/dev/null 2>&1; then
	echo '1..0 # SKIP there is no gdb with Python'
	exit 0
fi

mkdir -p "$tmp/img/tests"
cp "$PLEAT_OUT"/user/gdb/* "$tmp/img/tests/" || exit 1
mkfifo "$tmp/console"
exec 4<>"$tmp/console"
export PLEAT_CONSOLE=$tmp/console
export PLEAT_GDB_PORT=$tmp/gdb-port	# others start machines in this tree meanwhile

stop_machine()
{
	[ -n "$machine" ] || return 0
	kill -TERM -- "-$machine" 2>/dev/null
	wait "$machine" 2>/dev/null
	machine=''
}
trap 'stop_machine; rm -rf "$tmp"' EXIT

# Options of tools/pleat-run, then the program. Sets port.
start_machine()
{
	local line output
	output=$(mktemp -u "$tmp/output.XXXXXX")
	mkfifo "$output"
	: >"$tmp/log"
	setsid tools/pleat-run --kernel "$PLEAT_OUT/${build:-debug}/pleat.elf" --timeout $limit \
		--initramfs "$PLEAT_OUT/initramfs.cpio" --img "$tmp/img" --log "$tmp/log" \
		--gdb free "$@" <&4 >"$output" 2>"$tmp/err" 4>&- &
	machine=$!
	exec 5<"$output"
	read -r -t $limit line <&5
	[[ $line =~ ^READY\ gdb\ :([0-9]+)$ ]] || { cat "$tmp/err" >&2; return 1; }
	port=${BASH_REMATCH[1]}
	cat <&5 >"$tmp/out" &
}

# Runs gdb on the commands of standard input; sets all (what was shown) and log.
# $1: more arguments.
run_gdb()
{
	cat >"$tmp/commands"
	COMMANDS=$tmp/commands timeout -k 2 $limit gdb -q -batch -nx \
		"${kernel:-$PLEAT_OUT/${build:-debug}/pleat.elf}" \
		-ex 'source tools/gdb/init.py' ${port:+-ex "connect $port"} \
		-x tests/gdb/driver.py \
		>"$tmp/shown" 2>&1 </dev/null
	status=$?
	all=$(<"$tmp/shown") log=$(tr -d '\0' <"$tmp/log")
	printf -- '---- gdb: status %s\n%s\n---- log\n%s\n' $status "$all" "$log" >&2
}

# Both: commands from standard input, for a machine with these options.
debug()
{
	stop_machine
	if start_machine "$@"; then
		run_gdb
	else
		all='' log=''
	fi
	stop_machine
}

# What the n-th (1) run of a command showed.
shown()
{
	awk -v want=">> $1" -v n="${2:-1}" '/^>> / { on = ($0 == want && ++seen == n); next } on' \
		<<<"$all"
}
