#!/bin/bash
# job: 1 fast
# tools/pleat-run tells apart how a machine ended, on guests that do nothing else.
. tests/harness/tap.sh

# guest NAME: assembles tests/house/endings.S for that ending.
guest()
{
	${CC:-gcc} -DEND_"$1" -c tests/house/endings.S -o "$tmp/guest.o" &&
		ld -n -Ttext 0x100000 -e start -z noexecstack -o "$tmp/guest.elf" "$tmp/guest.o"
}

# ended NAME STATUS VERDICT MESSAGE: what was said of the machine that has just ended
ended()
{
	is "$1-has-its-own-status" "$status" "$2"
	is "$1-has-its-own-verdict" "$verdict" "$3"
	is "$1-leaves-standard-output-to-the-program" "$out" 'bytes of the program'
	if [ -n "$4" ]; then
		has "$1-says-so" "$err" "$4"
		has "$1-shows-the-end-of-the-log" "$err" 'the last line of the log'
	fi
}

# starts ENDING SECONDS
starts()
{
	guest "$1" &&
		boot --cpus 1 --timeout "$2" --kernel "$tmp/guest.elf" --initramfs none -- /none
}

# ends NAME ENDING STATUS VERDICT MESSAGE
ends() { starts "$2" 300 && ended "$1" "${@:3}"; }

ends a-program-that-ends STATUS 7 'exit 7' ''
is 'a-program-that-ends-gets-no-message' "$err" ''
ends a-leak LEAK 122 leak 'memory leaked: 3 frames, 1 objects'
ends a-panic PANIC 120 panic 'the kernel panicked'
ends a-stop STOP 119 stopped 'switched off before'
ends a-triple-fault TRIPLE 121 triple-fault 'triple fault'
# A host that is busy may need longer than that to start it.
for seconds in 2 20 200; do
	starts HANG $seconds || break
	[[ $log != *'the last line of the log'* ]] || break
done
ended a-hang 124 hang "hang: .* after $seconds s"
done_testing
