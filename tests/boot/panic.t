#!/bin/bash
# job: 2
# A panic stops every CPU and shows what happened: reason, registers, backtraces
# with names, and the walk.
. tests/harness/tap.sh

# crash HOW REASON OPTION...: the kernel panics, and its log says why.
crash()
{
	local how=$1 reason=$2
	shift 2
	boot --append "crash=$how" "$@" --cmd /bin/true
	is "$how-panics" "$verdict" panic
	has "$how-gives-the-reason" "$log" "$reason"
	has "$how-names-the-functions" "$log" '(kernel_main|recurse[^ ]*)\+0x'
	has "$how-shows-the-other-CPU" "$log" '^CPU 1:'
	ok "$how-stops-the-other-CPU" test -z "$(grep 'did not stop' <<<"$log")"
}

crash null 'panic: read of address 0 in the kernel: a NULL pointer'
has 'a-fault-shows-the-registers' "$log" '^rip ffffffff8.* cs 10'
has 'a-fault-shows-the-walk' "$log" 'walk of 0000000000000000: 5 levels'
has 'the-other-CPU-was-idle' "$log" 'cpu_idle\+0x|idle_loop\+0x'

crash text 'panic: write of address ffff8.* no right to it'
has 'the-text-is-not-writable-through-the-direct-map' "$log" 'pte .* P-'

crash data 'panic: execution of address ffffffff8.* no right to it'
crash noncanonical 'panic: general protection fault'
crash stack 'panic: kernel stack overflow'
crash bug 'panic: fail_check: '

# With four levels the walk has four.
boot --la57 off --append 'crash=null' --cmd /bin/true
has 'a-walk-on-4-level-hardware-has-4-levels' "$log" 'walk of 0000000000000000: 4 levels'
done_testing
