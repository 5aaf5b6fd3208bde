#!/bin/bash
# job: 2 slow
# A panic stops every CPU and prints its reason, registers, a backtrace of each CPU with names, and
# for a fault the walk of the address.
. tests/harness/tap.sh

# panics HOW REASON FUNCTION
panics()
{
	boot --cpus 2 --append "crash=$1" -- /bin/true
	is "crash-$1-is-a-panic" "$verdict" panic
	has "crash-$1-names-its-reason" "$log" "panic: .*$2"
	has "crash-$1-shows-the-function" "$log" "$3\+0x"
	has "crash-$1-shows-CPU-0" "$log" '^CPU 0'
	has "crash-$1-shows-CPU-1" "$log" '^CPU 1'
}

panics null 'null|0000000000000000' read_null
has 'a-fault-shows-registers' "$log" 'rip|RIP'
has 'a-fault-shows-the-walk-of-its-address' "$log" 'pgd|pml|level'
panics text 'read-only|write' write_text
panics data 'execut' entry64
panics noncanonical 'canonical|protection' read_not_canonical
panics stack 'stack' 'recurse[.a-z0-9]*'
panics bug 'asked for' fail_check
boot --cpus 1 --boot grub --append crash=bug -- /bin/true
is 'a-panic-after-grub-is-a-panic' "$verdict" panic
has 'the-end-of-the-log-is-shown' "$err" 'asked for by crash=bug'
done_testing
