#!/bin/bash
# job: 1 slow
# Stepping from a program's instruction through a system call or a fault into the kernel, and back.
# What the kernel calls on its way out, such as schedule() after a tick, is left by finish. Others
# run meanwhile, so all breakpoints are the program's (ubreak).
. tests/harness/tap.sh
. tests/gdb/lib.sh

debug --cpus 1 -- /tests/space 3 <<'END'
user space
ubreak main
continue
ubreak do_syscall
continue
bt
finish
bt
!where = gdb.selected_frame().older().pc()
!at = gdb.selected_frame
!for i in range(400): at().pc() >> 63 and run('finish' if at().older().pc() >> 63 else 'stepi')
p $pc > 0 && $pc < 0x500000
!print('same place: %s' % (gdb.selected_frame().pc() == where))
info symbol $pc
delete
ubreak store
!type_line('x')
continue
next
p counter
step
bt
pgwalk private
ubreak handle_mm_fault
continue
bt
finish
ubt
!for i in range(400): at().pc() >> 63 and run('finish' if at().older().pc() >> 63 else 'stepi')
bt
pgwalk private
next
p counter
p private[0]
END
has 'a-breakpoint-in-main-stops-in-the-program' "$(shown continue)" '^Breakpoint 1, main \('
has 'the-system-call-is-reached-from-main' "$(shown bt)" '^#0 +do_syscall '
has 'its-backtrace-shows-the-entry' "$(shown bt)" \
	'^#1 .* syscall_entry \(\) at arch/x86_64/syscall_entry.S'
has 'its-backtrace-goes-on-in-the-program' "$(shown bt)" \
	'^#[0-9]+ +(0x[0-9a-f]+ in )?main \(.*tests/gdb/space.c'
has 'finish-leaves-do_syscall' "$(shown bt 2)" '^#0 .*syscall_entry \(\)'
has 'stepping-on-comes-back-to-the-program' "$(shown 'p $pc > 0 && $pc < 0x500000')" '= 1$'
has 'and-to-the-instruction-behind-the-call' "$all" '^same place: True$'
has 'before-the-store-the-counter-is-one' "$(shown 'p counter')" '= 1$'
has 'step-goes-from-the-store-into-the-page-fault' "$(shown step)" \
	'^trap_14 \(\) at arch/x86_64/trap_entry.S'
has 'there-the-program-is-the-caller' "$(shown bt 3)" '^#1 .* in store \(.*tests/gdb/space.c'
has 'there-pgwalk-says-why-it-faulted' "$(shown 'pgwalk private')" \
	'COW: mapping is writable, entry is not; page shared by 2$'
has 'handle_mm_fault-is-reached-by-the-fault' "$(shown bt 4)" \
	' in page_fault \(.*arch/x86_64/fault.c'
has 'its-backtrace-goes-on-in-the-store' "$(shown bt 4)" ' in store \('
has 'ubt-shows-the-callers-of-the-store' "$(shown ubt)" '^#[12] .* main \('
has 'after-the-fault-it-is-the-store-again' "$(shown bt 5)" \
	'^#0 .*store \(.*tests/gdb/space.c:[0-9]+$'
has 'and-the-entry-allows-the-write' "$(shown 'pgwalk private' 2)" '^  write    allowed$'
has 'next-goes-on-behind-the-store' "$(shown 'p private[0]')" "= 2 '"
done_testing
