#!/bin/bash
# job: 1 slow
# The boot option strace, and STRACE=1: calls in words, on standard error, and
# nothing else changed.
. tests/harness/tap.sh

boot --cpus 1 --strace -- /bin/echo 'some "words"'
is 'the-output-is-the-program-s-alone' "$out" 'some "words"'
is 'the-status-is-the-program-s' "$status" 0
has() { ok "$1" grep -qE "$2" <<<"$err"; }
has 'execve-shows-the-path' '^\[init [0-9]+\] execve\("/bin/echo", 0x[0-9a-f]+, 0x[0-9a-f]+\) = 0$'
has 'flags-have-names' \
	'^\[echo 2\] mmap\(NULL, 4096, PROT_READ\|PROT_WRITE, MAP_PRIVATE\|MAP_ANONYMOUS, -1, 0x0\) = 0x[0-9a-f]+$'
has 'a-buffer-is-quoted' '^\[echo 2\] write\(1, "some \\"words\\"\\n", 13\) = 13$'
has 'what-a-call-has-read-is-shown' \
	"^\[init 1\] read\(3, \"'/bin/echo' 'some \\\\\"words\\\\\"'\", 65535\) = [0-9]+$"
has 'a-call-that-does-not-return' '^\[echo 2\] exit_group\(0\) = \?$'
boot --cpus 1 --strace -- /bin/cat /nosuch
has 'errors-have-names' '^\[cat 2\] open\("/nosuch", O_RDONLY\) = -1 ENOENT$'
is 'a-failure-arrives' "$status" 1
boot --cpus 1 --strace -- /bin/umount /proc
has 'names-of-file-systems-and-their-flags-too' '^\[umount 2\] umount2?\("/proc", 0\) = 0$'
boot --cpus 1 --strace -- /bin/busybox hostname other
has 'a-call-that-there-is-not-is-shown-too' \
	'^\[busybox 2\] syscall_170\(0x[0-9a-f]+, 0x5, 0x[0-9a-f]+\) = -1 ENOSYS$'
boot --cpus 1 --strace -- /tests/signals_restart
has 'and-one-that-a-signal-cuts-short' ' = \? ERESTARTSYS$'

# A program that says of each call how strace(1) shows it.
mkdir "$tmp/image"
${CC:-gcc} -O1 -static -I. -o "$tmp/image/strace_calls" tests/boot/strace_calls.c || exit 1
boot --cpus 1 --strace --img "$tmp/image" -- /strace_calls
# missing: those of its lines that are not in the log.
missing()
{
	while IFS= read -r line; do
		grep -qF "] $line = " <<<"$err" || echo "$line"
	done <<<"$out"
}
ok 'the-program-has-made-its-calls' test "$(wc -l <<<"$out")" -gt 80
is 'what-has-a-name-is-shown-by-it' "$(missing)" ''
has 'a-result-that-consists-of-flags-has-both' 'F_GETFD\) = 0x1 \(flags FD_CLOEXEC\)$'
has 'or-its-name' 'PR_GET_DUMPABLE\) = 0x1 \(SUID_DUMP_USER\)$'

boot --cpus 1 -- /bin/echo hello
is 'without-it-there-is-nothing' "$err" ''
names() { grep -oE "CALL\([a-z0-9_]+$1" "$2" | sed 's/CALL(//; s/.$//' | LC_ALL=C sort -u; }
is 'every-call-has-a-format' \
	"$(LC_ALL=C comm -23 <(names '\)' kernel/syscall.h) <(names , kernel/strace/tables.c))" ''
done_testing
