#!/bin/bash
# job: 1 slow
# pgwalk and vmmap of the kernel's console, of a panic, and of gdb agree byte for
# byte on one state.
. tests/harness/tap.sh
. tests/gdb/lib.sh

# Reports in a text: from their first line to the last that belongs to them.
reports()
{
	grep -E '^(vmmap of|walk of|mapping |  |[0-9a-f]+-[0-9a-f]+ |[0-9]+ mappings of)' |
		grep -vE '^  [0-9a-f]{16}( |$)'		# a panic's backtrace
}

# What gdb and the kernel showed since the first report; run_gdb has left both.
compare()
{
	local name=$1 least=$2
	sed -n '/^>> /,$p' <<<"$all" | reports >"$tmp/gdb.txt"
	reports <<<"$log" >"$tmp/kernel.txt"
	diff -u "$tmp/kernel.txt" "$tmp/gdb.txt" >&2
	result $? "$name"
	ok "$name-on-$least-reports" \
		test "$(grep -cE '^(vmmap|walk) of' "$tmp/kernel.txt")" -ge "$least"
}

# The places of a program with pages of every kind, in two processes that both sleep; then the
# kernel's own. gdb looks when the kernel's thread has the line and has printed nothing
# yet; first of all the CPU has to be idle: at its checkpoint the program has yet to sleep,
# and the child to begin.
places='private private+0x3000 private+0x5000 private+0x6000 zeroes zeroes+0x3000 none readonly
	readonly+0x1000 shared shared+0x3000 high high+0x1000 $rsp $rsp-0x5000 $rsp-0x40000
	$rsp-0x4000000 main &counter 0 0x400000 0x7fffffefff 0x8000000000 0x7fffffffefff
	0x7ffffffff000 0x800000000000 0xfffffffffff000 0x1000000000000 0xffff7fffffffffff
	&mem_map percpus 0xffff800000200000 0xffffc90000001000 0xffff900000000000
	0x8000000000000000 do_syscall 0xffffffffffffffff'
looks()
{
	cat <<-END
		user space
		ubreak checkpoint
		continue
		continue
		!places = '$(echo $places)'.split()
		!places = [gdb.parse_and_eval('(unsigned long)(%s)' % place) for place in places]
		!places = ['%#x' % int(place) for place in places]
		delete
		ubreak checkpoint
		continue
		!run('delete'); run('hbreak cpu_idle'); run('continue')
		!run('delete'); run('hbreak run_line')
		!for pid in (1, 2, 3): console_agrees('vmmap %d' % pid)
		!for place in places: console_agrees('pgwalk %s 2' % place)
		!for place in places[:14]: console_agrees('pgwalk %s 3' % place)
		!run('delete'); type_line('x')
		continue
	END
}
for shape in 3:on 4:on 5:on 3:off 4:off; do
	debug --cpus 1 --la57 "${shape#*:}" --append debugkey -- /tests/space "${shape%:*}" \
		< <(looks)
	compare "the-console-and-gdb-agree-with-${shape%:*}-levels-and-la57-${shape#*:}" 50
done

# A panic, while a program runs: its walk and its mappings.
debug --cpus 1 -- /tests/space 4 <<'END'
user space
ubreak checkpoint
continue
continue
ubreak do_syscall
continue
!run('set $rip = 0')
hbreak machine_panic_end
delete 1 2
continue
pgwalk 0 2
vmmap 2
continue
END
has 'the-panic-was-one' "$log" '^panic: execution of address 0 in the kernel: a NULL pointer'
compare 'a-panic-and-gdb-agree' 2
done_testing
