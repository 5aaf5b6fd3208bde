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

# A header of one's own, and what is read of it.
mkdir -p "$tmp/tree/tools" "$tmp/tree/arch" && cp tools/gen-arch-doc "$tmp/tree/tools"
cat >"$tmp/tree/arch/interface.h" <<-'END'
	#define FIRST	1	/* a remark that goes on
				 * to a second line */
	int one(int a);
	/* Says what it does. */
	#define SECOND(a) \
		((a) / 2)	/* half; */
	int two(void);
END
is 'a-remark-behind-a-#define-is-no-declaration' \
	"$("$tmp/tree/tools/gen-arch-doc" | grep '^- ')" $'- `int one(int a)`\n- `int two(void)`'
is 'mm-holds-no-inline-assembly' "$(grep -nE '\b(asm|__asm__)\b *(volatile|\()' mm/*.[ch])" ''
done_testing
