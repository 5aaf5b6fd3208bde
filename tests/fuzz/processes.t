#!/bin/bash
# job: 2 slow
# 20,000 processes one after another, and bombs: programs that fork, or take memory, until the
# kernel refuses. Nothing is lost. COUNT=N makes it more.
. tests/harness/tap.sh

# mode NAME BUILD OPTION... -- ARGUMENT
mode()
{
	local name=$1 build=$2
	shift 2
	boot --cpus 2 --build "$build" --img build/fuzz-root --timeout "${LIMIT:-600}" "$@"
	is "$name-ends-well" "$verdict" 'exit 0'
	is "$name-loses-nothing" "$(grep -c '^ok .*nothing' <<<"$out")" 1
	[ "$verdict" = 'exit 0' ] ||
		echo "# again: tools/pleat-run --build $build --img build/fuzz-root $*"
}

mode "${COUNT:-20000}-processes" release -- /fuzz/processes "${COUNT:-20000}"
mode 500-processes-with-checks debug -- /fuzz/processes 500
mode fork-bomb debug --mem 128M -- /fuzz/processes fork-bomb
mode memory-bomb debug --mem 128M -- /fuzz/processes memory-bomb
done_testing
