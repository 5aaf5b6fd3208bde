#!/bin/bash
# job: 1 slow
# Each command of gdb, on a program that has a page of every kind, at known moments.
. tests/harness/tap.sh
. tests/gdb/lib.sh

debug --cpus 1 --append debugkey -- /tests/space 3 <<'END'
user space
ubreak checkpoint
continue
continue
vmmap
vmmap 1
continue
ps
vma
vma private
vma $rsp 2
pt
pt kernel
page private
page shared
page $sp 2
page 0
page &kernel_pml4
page percpus[0].current
buddy
slab
slab task
faults 4
tlb
diff-pt 2 3
pt-save before
pgwalk private
type x
ubreak store
continue
next
next
pgwalk private
faults 1
delete
ubreak checkpoint
continue
continue
pgwalk private 2
diff-pt before 2
END
has 'user-loads-a-program-by-its-name' "$(shown 'user space')" \
	'^symbols of .*user/gdb/space, entry 0x40'
has 'ubreak-stops-in-the-program' "$(shown continue)" '^Breakpoint 1, checkpoint \(n=.*0\)'
vmmap=$(shown vmmap)
has 'vmmap-names-process-levels-and-root' "$vmmap" \
	'^vmmap of process 2 \(space\): 3 levels, root frame [0-9a-f]+$'
has 'vmmap-shows-code-from-its-file' "$vmmap" \
	'^0000401000-.* r-xp /tests/space \+1000 +\| 0000401000-.* P-X shared$'
has 'vmmap-shows-written-pages-beside-their-mapping' "$vmmap" '\|.* 3 PW- anon$'
has 'vmmap-shows-a-hole-in-a-mapping' "$vmmap" \
	'^ {52}\| 7ff[0-9a-f]{7}-7ff[0-9a-f]{7} +1 PW- anon$'
has 'vmmap-shows-the-zero-page' "$vmmap" '\|.* 2 P-- zero$'
has 'vmmap-shows-shared-memory' "$vmmap" 'rw-s shared +\|.* 2 PW- shared$'
has 'vmmap-shows-PROT_NONE-without-pages' "$vmmap" '\-\-\-p anonymous +\| -$'
has 'vmmap-shows-the-stack' "$vmmap" '-7ffffff000 rw-p stack +\|'
has 'vmmap-takes-a-process' "$(shown 'vmmap 1')" '^vmmap of process 1 \(init\): 3 levels'
sum=$(sed -n 's/.*| [0-9a-f]*-[0-9a-f]* *\([0-9]*\) .*/\1/p' <<<"$vmmap" |
	awk '{ n += $1 } END { print n }')
has 'vmmap-adds-up' "$vmmap" \
	"^[0-9]+ mappings of [0-9]+ pages, $sum present; 6 frames of page tables$"

ps=$(shown ps)
has 'ps-marks-what-runs' "$ps" '^\* +2 +2 +1 +running +0 +3 '
has 'ps-shows-parent-levels-and-tables' "$ps" '^ +3 +3 +2 +[a-z]+ +0 +3 +[0-9]+ +6  space$'
is 'vma-lists-as-many-mappings-as-vmmap' \
	"$(shown vma | tail -n +2 | wc -l)" "$(grep -c '^[0-9a-f]*-' <<<"$vmmap")"
has 'vma-describes-one-mapping' "$(shown 'vma private')" \
	'flags 0x8100073: read write mayread maywrite mayexec account softdirty'
has 'vma-takes-a-process' "$(shown 'vma $rsp 2')" 'stack.* of process 2'
has 'pt-merges-ranges' "$(shown pt)" '^0000401000-[0-9a-f]{10} +[2-9] +4K +P-UX------ .* shared$'
has 'pt-shows-the-kernel-in-large-pages' "$(shown 'pt kernel')" \
	'^ffff800000200000-.* 2M +PW----G---'
has 'no-page-of-the-kernel-is-writable-and-executable' "$(shown 'pt kernel' | grep -c 'PW-X')" \
	'^0$'

page=$(shown 'page private')
has 'page-counts-references' "$page" '^  references 2, mapped 2, pins 0, order 0$'
has 'page-shows-its-flags' "$page" '^  flags swapbacked anon$'
has 'page-shows-who-allocated-it' "$page" 'handle_mm_fault\+[0-9]+ \(mm/fault.c:[0-9]+\)'
is 'page-finds-both-processes-that-map-it' \
	"$(sed -nE 's/^    process ([23]) \(space\) at 7ff.* (P-U-.D--M-)$/\1 \2/p' <<<"$page")" \
	$'2 P-U-AD--M-\n3 P-U--D--M-'
has 'page-of-shared-memory-knows-its-place' "$(shown 'page shared')" '^  page 0 of shared memory$'
has 'page-takes-a-frame-number' "$(shown 'page 0')" '^frame 0, physical 0: reserved$'
has 'page-takes-an-address-of-the-image' "$(shown 'page &kernel_pml4')" '^frame .*: reserved$'
has 'page-names-the-cache-of-a-slab' "$(shown 'page percpus[0].current')" '^  slab of task: '
has 'buddy-lists-agree-with-their-counts' "$(shown buddy)" '^every list agrees with its count$'
has 'slab-lists-the-caches' "$(shown slab)" '^vm_area_struct +[0-9]+'
has 'slab-lists-the-slabs-of-a-cache' "$(shown 'slab task')" \
	'[0-9a-f]+ +[0-9]+ of [0-9]+ +(partial|full)$'
has 'faults-shows-address-access-and-outcome' "$(shown 'faults 4')" \
	' write +(program|kernel) +COW (copy|reuse)$'
is 'faults-takes-a-number' "$(shown 'faults 4' | tail -n +2 | wc -l)" 4
has 'tlb-shows-what-each-CPU-has-loaded' "$(shown tlb)" '^  0  2 \(space\) +[0-9a-f]+, 3 levels'
has 'tlb-shows-that-nothing-is-pending' "$(shown tlb)" '^pending downgrades: 0$'
has 'tlb-shows-the-flush-of-fork' "$(shown tlb)" '2 \(space\) +[0-9a-f]+-[0-9a-f]+ +-$'
has 'diff-pt-compares-two-processes' "$(shown 'diff-pt 2 3')" '^- .* PWU-------$'

before=$(shown 'pgwalk private') after=$(shown 'pgwalk private' 2)
has 'pgwalk-shows-folded-levels' "$before" '^  (pgd|p4d)  folded$'
has 'pgwalk-shows-each-level-with-its-flags' "$before" \
	'^  pmd  \[447\]  [0-9a-f]{16}  PWUXAD----  table in frame'
has 'pgwalk-says-why-a-write-faults' "$before" \
	'^  write    fault: COW: mapping is writable, entry is not; page shared by 2$'
has 'pgwalk-shows-the-copy-after-the-store' "$after" \
	'^  frame [0-9a-f]+: anon, references 1, mapped 1, pins 0$'
has 'after-the-store-the-write-is-allowed' "$after" '^  write    allowed$'
ok 'the-copy-is-another-frame' \
	test "$(grep '^  frame' <<<"$before" | cut -d: -f1)" != \
	"$(grep '^  frame' <<<"$after" | cut -d: -f1)"
has 'faults-shows-the-copy-first' "$(shown 'faults 1')" \
	' 3 \(space\) +7ff[0-9a-f]+ +write +program +COW copy$'
has 'once-the-child-has-its-copy-the-parent-reuses-the-page' "$(shown 'pgwalk private 2')" \
	'^  frame [0-9a-f]+: anon, references 1, mapped 1, pins 0$'
has 'diff-pt-compares-two-moments' "$(shown 'diff-pt before 2')" \
	'^! 7ff.* 1  P-U------- -> PWU-------, the same frame$'
done_testing
