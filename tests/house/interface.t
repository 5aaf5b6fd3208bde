#!/bin/bash
# job: 0 fast
# mm/ knows no machine: compiled for each of them it needs nothing but the documented interface.
. tests/harness/tap.sh

# What the compiler itself calls: sanitizers, and what the processor may have no instruction for.
compilers_own='^(__asan_|__ubsan_|__sanitizer_|__popcountdi2$|_GLOBAL_OFFSET_TABLE_$)'

# The symbols that an archive needs of others, beyond the documented ones.
undocumented()
{
	nm "$1" | awk '$1 == "U" { need[$2] = 1 } $2 ~ /^[A-Z]$/ && NF == 3 { have[$3] = 1 }
		END { for (name in need) if (!(name in have)) print name }' |
		grep -vE "$compilers_own" | LC_ALL=C sort | LC_ALL=C comm -23 - "$tmp/documented"
}

tools/gen-arch-doc --names | LC_ALL=C sort >"$tmp/documented"
for archive in build/debug/libmm.a build/release/libmm.a build/sim/libmm.a; do
	machine=$(basename "$(dirname "$archive")")
	is "mm-compiled-for-$machine-holds-every-file-of-mm" \
		"$(ar t "$archive" | sort | tr '\n' ' ')" \
		"$(basename -as .c mm/*.c | sed 's/$/.o/' | sort | tr '\n' ' ')"
	is "mm-compiled-for-$machine-needs-only-the-documented-interface" \
		"$(undocumented "$archive")" ''
done
tools/gen-arch-doc >"$tmp/arch.md"
ok 'docs/arch.md-is-what-the-headers-say (make docs)' diff -u docs/arch.md "$tmp/arch.md"
is 'mm-holds-no-inline-assembly' "$(grep -nE '\b(asm|__asm__)\b *(volatile|\()' mm/*.[ch])" ''
done_testing
