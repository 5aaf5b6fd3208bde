#!/bin/bash
# job: 0 fast
# The seeded bugs of labs/bugs fit the tree, each scenario has one, and what `make bugs` says.
. tests/harness/tap.sh

ok 'each-bug-fits-the-tree-and-each-scenario-has-a-bug' tools/bugs check
is 'each-bug-is-listed-with-a-sentence' "$(make bugs | grep -cE '^[a-z-]+ +[A-Za-z].*\.$')" \
	"$(find labs/bugs -name '*.patch' | wc -l)"
ok 'the-tables-of-docs-bugs-md-are-those-of-the-bugs' \
	test "$(sed '1,/<!-- tools\/bugs docs -->/d; /<!-- end -->/,$d' docs/bugs.md)" = \
	"$(tools/bugs table)"
for patch in labs/bugs/*.patch; do
	patch -p1 -F3 --dry-run -s <"$patch" >&2 ||
		result 1 "${patch#labs/bugs/}-is-a-patch-for-patch-too"
done

text=$(make run BUG=mprotect-no-flsh 2>&1)
is 'an-unknown-bug-fails' $? 2
has 'an-unknown-bug-is-answered-with-near-names' "$text" \
	'^BUG=mprotect-no-flsh: .*is it mprotect-no-flush\?'
has 'a-name-like-no-other-is-answered-too' "$(make bugs TEST=1 B=qqq 2>&1)" \
	'^BUG=qqq: there is no such bug; `make bugs`'

# In a tree that has changed under a bug: other line numbers and neighbours, then the line itself.
mkdir -p "$tmp/tree/labs/bugs" "$tmp/tree/mm" "$tmp/tree/tools"
cp labs/*.pm "$tmp/tree/labs/"
cp tools/bugs "$tmp/tree/tools/"
cp labs/bugs/mprotect-no-flush.patch "$tmp/tree/labs/bugs/"
bug_fits()
{
	perl -I"$tmp/tree/labs" -MBug \
		-e 'bug_apply($ARGV[0], bug_read($ARGV[0], "mprotect-no-flush"))' "$tmp/tree" 2>&1
}
sed -e '1i /* new */' -e 's/^	walk_page_range(vma->vm_mm, .*/	walk_other(vma);/' \
	mm/mprotect.c >"$tmp/tree/mm/mprotect.c"
is 'a-bug-follows-a-tree-that-moves' "$(bug_fits)" ''
sed 's/^	if (ch.last)/	if (ch.first < ch.last)/' mm/mprotect.c >"$tmp/tree/mm/mprotect.c"
has 'a-bug-whose-line-has-changed-is-named' "$(bug_fits)" \
	'^labs/bugs/mprotect-no-flush.patch does not fit mm/mprotect.c, function change_protection: '
done_testing
