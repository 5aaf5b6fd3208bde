#!/bin/bash
# job: 1 slow
# The n-th allocation after the start of /init fails, for every n until a whole command with its
# fork, execve and exit no longer reaches it: the command may fail, the machine
# lives, nothing leaks.
. tests/harness/tap.sh

most=250 quiet_runs=0 reached=0 bad=''
for ((n = 1; n <= most && quiet_runs < 8; n++)); do
	boot --cpus 1 --append "fail_nth=$n" -- /bin/echo all well
	[[ $verdict =~ ^exit ]] || bad+=" $n: $verdict;"
	quiet_runs=$((quiet_runs + 1))
	if [ "$out" != 'all well' ] || [ "$status" != 0 ]; then
		quiet_runs=0
		reached=$n
	fi
done
echo "# allocation $reached is the last that the command needs"
is 'the-machine-survives-each-failed-allocation-and-nothing-leaks' "$bad" ''
ok 'a-failed-allocation-fails-the-command' test "$reached" -gt 1
ok 'the-command-reaches-no-more-allocations-than-were-tried' test "$n" -le $most
done_testing
