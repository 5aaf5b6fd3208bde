#!/bin/bash
# job: 1 slow
# The n-th allocation after the start of /init fails, for every n until a whole command with its
# fork, execve and exit no longer reaches it: the command may fail, the machine lives, nothing leaks.
. tests/harness/tap.sh

quiet_runs=0
for ((n = 1; n <= 200 && quiet_runs < 8; n++)); do
	boot --cpus 1 --append "fail_nth=$n" -- /bin/echo all well
	has "allocation-$n-may-fail" "$verdict" '^exit [0-9]+$'
	if [ "$out" = 'all well' ] && [ "$status" = 0 ]; then
		quiet_runs=$((quiet_runs + 1))
	else
		quiet_runs=0
	fi
done
ok 'some-allocation-was-reached' test "$n" -gt 9
done_testing
