#!/bin/bash
# job: 3 slow
# Pages of a slow disk that a program asks for by /dev/async_fault, while it computes or goes away.
. tests/harness/tap.sh

disk=$tmp/disk
perl -e 'print pack("Q<", $_ * 8) for 0 .. (8 << 20) / 8 - 1' >"$disk"

# async NAME COUNT OPTION... -- ARGUMENT...: all cases pass, and nothing is left behind
async()
{
	local name=$1 count=$2
	shift 2
	boot --disk "$disk" "$@"
	is "$name" "$verdict $(grep -c '^ok' <<<"$out") $(grep -A 2 '^not ok' <<<"$out")" \
		"exit 0 $count "
}

for cpus in 1 2 4; do
	async "$cpus-cpus-computes-while-pages-come" 24 --cpus $cpus \
		--append 'disk_delay=100 disk_bad=8' -- \
		/tests/async_fault /dev/vda
	async "$cpus-cpus-goes-before-they-come" 13 --cpus $cpus --append disk_delay=300000 \
		--timeout 300 -- \
		/tests/async_fault /dev/vda never
done
done_testing
