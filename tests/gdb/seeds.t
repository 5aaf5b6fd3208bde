#!/bin/bash
# job: 0 slow
# A seeded run under gdb: up to a stop at a turn it is the run without gdb, and from then on a CPU
# goes on only if it is told to.
. tests/harness/tap.sh
. tests/gdb/lib.sh

# Where the program runs; the turns of the boot come before.
boot --seed 3 --cmd '/tests/unfold_stress 4'
turn=$(sed -n 's/^seed 3: turn //p' <<<"$log")
ok 'the-log-ends-with-the-turn' test "${turn:-0}" -gt 3000
middle=$((turn * 9 / 10))

at_turn()
{
	debug --seed 3 --turn "$middle" --cmd '/tests/unfold_stress 4' <<'END'
break race_turn
continue
p/x $rsp
bt 6
info threads
!run('thread %d' % (3 - gdb.selected_thread().num))
p/x $pc
set scheduler-locking on
!run('thread %d' % (3 - gdb.selected_thread().num))
stepi
stepi
!run('thread %d' % (3 - gdb.selected_thread().num))
p/x $pc
END
}
# Of the CPU that stops; the other goes on while gdb stops the machine, for as long as that takes.
place() { shown 'p/x $rsp'; shown 'bt 6'; }

at_turn
first=$(place)
has 'the-breakpoint-is-reached' "$(shown 'bt 6')" '^#0 +race_turn '
has 'the-backtrace-says-where-the-turn-was-given-away' "$(shown 'bt 6')" ' race_(yield|tick) '
is 'a-cpu-that-is-not-stepped-stands-still' "$(shown 'p/x $pc' 2 | sed 's/.* = //')" \
	"$(shown 'p/x $pc' 1 | sed 's/.* = //')"
at_turn
is 'the-same-turn-is-the-same-place' "$(place)" "$first"
done_testing
