# tests/harness/tap.sh: what the test scripts of tests/house and tests/boot share. Source it.
#
# Results go to standard output as TAP, all else to standard error, which the harness keeps and
# shows when a case fails. The current directory is the top of the tree.
set -uo pipefail

cases=0 failures=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# $1: 0 if it passed; $2: what holds.
result()
{
	cases=$((cases + 1))
	if [ "$1" = 0 ]; then
		echo "ok $cases - $2"
	else
		failures=$((failures + 1))
		echo "not ok $cases - $2"
	fi
}

# ok NAME COMMAND...: passes if the command succeeds.
ok()
{
	local name=$1 status
	shift
	"$@" >&2
	status=$?
	[ $status = 0 ] || echo "# $name: \`$*\` gave $status" >&2
	result $status "$name"
}

# is NAME GOT EXPECTED
is()
{
	[ "$2" = "$3" ] || printf '# %s\n#   got      %q\n#   expected %q\n' "$1" "$2" "$3" >&2
	[ "$2" = "$3" ]
	result $? "$1"
}

# has NAME TEXT PATTERN: passes if a line of TEXT matches the extended regular expression.
has()
{
	grep -qE -- "$3" <<<"$2" || printf '# %s: no line matches %s in:\n%s\n' "$1" "$3" "$2" >&2
	grep -qE -- "$3" <<<"$2"
	result $? "$1"
}

skip()
{
	cases=$((cases + 1))
	echo "ok $cases - $1 # SKIP $2"
}

# boot ARGUMENTS: tools/pleat-run with them; sets out, err, log, verdict and status. The limit is a
# backstop, for a host that is busy with others.
boot()
{
	tools/pleat-run --timeout 300 --log "$tmp/log" --verdict "$tmp/verdict" "$@" \
		>"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
	out=$(tr -d '\0' <"$tmp/out") err=$(<"$tmp/err") log=$(tr -d '\0' <"$tmp/log") \
		verdict=$(<"$tmp/verdict")
	printf -- '---- boot %s: status %s, %s\n%s\n%s\n%s\n' "$*" "$status" "$verdict" "$out" \
		"$err" "$log" >&2
}

done_testing()
{
	echo "1..$cases"
	[ $failures = 0 ]
	exit
}
