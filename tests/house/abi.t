#!/bin/bash
# job: 0 slow
# The table of system calls is what the kernel's list and the tests say, and the
# fuzzer knows each call.
. tests/harness/tap.sh

tools/gen-abi-doc >"$tmp/abi.md"
ok 'docs/abi.md-is-what-the-tests-say (make docs)' diff -u docs/abi.md "$tmp/abi.md"
sed -n 's/^\tCALL(\([a-z0-9_]*\)).*/\1/p' kernel/syscall.h | grep -vx reboot | sort >"$tmp/calls"
grep -o 'CALL([a-z0-9_]*, "' tests/fuzz/calls/signatures.c | sed 's/CALL(\(.*\), "/\1/' |
	sort >"$tmp/known"
is 'the-fuzzer-knows-the-arguments-of-each-call' \
	"$(comm -23 "$tmp/calls" "$tmp/known" | tr '\n' ' ')" ''
sed -n 's/^\([a-z0-9_]*\):.*/\1/p' tests/abi/differences | sort -u >"$tmp/differ"
is 'only-calls-that-there-are-differ' \
	"$(comm -23 "$tmp/differ" <(sort "$tmp/calls") | tr '\n' ' ')" ''
done_testing
