#!/bin/bash
# job: 2 slow
# tools/pleat-run and `make run CMD=...`: bytes, words and exit statuses of the program, nothing
# else.
. tests/harness/tap.sh

boot -- /bin/true
is 'success-is-0' "$status" 0
is 'a-silent-program-leaves-standard-output-empty' "$out" ''
is 'nothing-is-said-about-success' "$err" ''
boot -- /bin/false
is 'failure-is-1' "$status" 1
boot -- /bin/nosuch
is 'a-program-that-is-not-there-is-127' "$status" 127

# An /init of our own that ends with its first byte of standard input: every status
# arrives exactly.
mkdir -p "$tmp/exits" "$tmp/img/dir"
for code in 0 1 2 119 125 127 200 255; do
	printf '.globl _start\n_start: mov $%d, %%edi\nmov $231, %%eax\nsyscall\n' $code |
		${CC:-gcc} -nostdlib -static -x assembler -o "$tmp/exits/e$code" - 2>/dev/null
	boot --img "$tmp/exits" -- "/e$code"
	is "status-$code-arrives" "$status" $code
done
printf '.globl _start\n_start: mov %%eax, 0\n' | ${CC:-gcc} -nostdlib -static -x assembler \
	-o "$tmp/exits/segv" -
boot --img "$tmp/exits" -- /segv
is 'a-program-ended-by-a-signal-is-128-and-its-number' "$status" 139

# Words and bytes.
boot -- /bin/echo 'two  blanks' '$HOME' '' "it's" '"quoted"' '\n' '*'
is 'arguments-arrive-as-given' "$out" "two  blanks \$HOME  it's \"quoted\" \\n *"
boot --cmd "/bin/echo 'a  b' \"c 'd'\" e\\ f g\\\\h \$i"
is 'a-command-line-is-split-by-quotes' "$out" "a  b c 'd' e f g\\h"
boot --cmd 'for i in 1 2 3; do echo $i; done | tail -n 2 >/tmp/two; cat /tmp/two; exit 7'
is 'a-command-line-is-the-shell-s' "$out" $'2\n3'
is 'and-its-status-is-the-shell-s' "$status" 7
boot --cmd 'echo unclosed "quote'
ok 'an-unclosed-quote-fails' test "$status" != 0

for ((i = 0; i < 256; i++)); do printf "\\x$(printf %02x $i)"; done >"$tmp/img/dir/bytes"
echo 'from the image' >"$tmp/img/hello"
boot --img "$tmp/img" -- /bin/cat /hello
is 'a-file-of-IMG-is-there' "$out" 'from the image'
boot --img "$tmp/img" -- /bin/cat /dir/bytes
ok 'every-byte-passes-the-console-unchanged' cmp "$tmp/out" "$tmp/img/dir/bytes"
mkdir -p "$tmp/linked/usr/bin"
echo here >"$tmp/linked/usr/bin/file"
ln -s usr/bin "$tmp/linked/bin"
ln -s usr/bin/file "$tmp/linked/inside"
ln -s "$tmp/img/hello" "$tmp/linked/outside"
ln -s nowhere "$tmp/linked/dangling"
boot --img "$tmp/linked" \
	--cmd 'cat /inside /outside; readlink /inside; readlink /dangling; [ -h /outside ] || echo a file'
is 'links-of-an-image-stay-links-but-for-those-that-leave-it' "$(tr '\n' , <"$tmp/out")" \
	'here,from the image,usr/bin/file,nowhere,a file,'
head -c 300000 /dev/zero | tr '\0' x >"$tmp/img/large"
boot --img "$tmp/img" -- /bin/cat /large
ok 'a-long-output-is-complete' cmp "$tmp/out" "$tmp/img/large"

# The machine.
for cpus in 1 3 8; do
	boot --cpus $cpus -- /bin/true
	has "$cpus-CPUs-come-up" "$log" "\\b$cpus CPU"
done
for levels in 3 4 5; do
	boot --cpus 1 --levels $levels -- /bin/true
	is "programs-start-with-$levels-levels" "$verdict" 'exit 0'
done

# make run: the same through make, which itself only knows success and failure.
make run CMD='/bin/echo a\$b "c  d" '"'"'$(e)'"'"' #f' >"$tmp/made" 2>"$tmp/made.err" </dev/null
is 'make-run-succeeds-when-the-program-does' $? 0
is 'make-run-takes-CMD-literally' "$(cat "$tmp/made")" 'a$b c  d $(e)'
make run CMD=/bin/false >"$tmp/made" 2>/dev/null </dev/null
ok 'make-run-fails-when-the-program-does' test $? != 0
is 'make-run-adds-nothing-to-standard-output' "$(cat "$tmp/made")" ''
done_testing
