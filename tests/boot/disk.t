#!/bin/bash
# job: 3 slow
# The disk: what Pleat reads is what this machine has written, and the other way round.
. tests/harness/tap.sh

disk=$tmp/disk

# a disk of $1 bytes whose every 8 bytes say where they are
make_disk() { perl -e 'print pack("Q<", $_ * 8) for 0 .. $ARGV[0] / 8 - 1' "$1" >"$disk"; }

# sh NAME OPTION... -- SCRIPT: boots and runs it
sh_boot()
{
	local -a options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	boot --disk "$disk" "${options[@]}" -- /bin/sh -c "$2"
}

# ---- what the tool says ----

boot --disk "$tmp/none" -- /bin/true
is 'a-missing-file-is-an-error' "$status" 125
has 'and-the-message-names-it' "$err" "DISK=$tmp/none: no such file"
head -c 700 /dev/zero >"$disk"
boot --disk "$disk" -- /bin/true
has 'a-disk-is-whole-sectors' "$err" '700 bytes are no disk'
chmod 444 "$disk"
[ "$(id -u)" = 0 ] &&
	skip 'a-file-that-is-read-only-is-an-error' 'root may write to all files' || {
	boot --disk "$disk" -- /bin/true
	has 'a-file-that-is-read-only-is-an-error' "$err" 'may not be read and written'
}
chmod 644 "$disk"
boot -- /bin/sh -c '[ -e /dev/vda ] || echo none'
is 'without-a-disk-there-is-no-vda' "$out" none

# ---- reading, writing, and what stays ----

make_disk $((4 << 20))
cp "$disk" "$tmp/before"
for cpus in 1 2 4; do
	sh_boot --cpus $cpus -- 'md5sum </dev/vda; cat /dev/vda | md5sum
		dd if=/dev/vda bs=1000 skip=7 count=3000 2>/dev/null | md5sum'
	is "$cpus-cpus-read-it-all" "$out" "$(md5sum <"$disk"; md5sum <"$disk"
		dd if="$disk" bs=1000 skip=7 count=3000 2>/dev/null | md5sum)"
done
cmp -s "$disk" "$tmp/before"
result $? 'reading-changes-nothing'

sh_boot -- 'set -e
	blockdev --getsize64 /dev/vda; blockdev --getss /dev/vda; blockdev --getsz /dev/vda
	blockdev --getro /dev/vda; blockdev --flushbufs /dev/vda; stat -c "%F %t:%T" /dev/vda
	grep vda /proc/partitions; cat /sys/block/vda/size /sys/block/vda/dev
	hexdump -C -s 4096 -n 16 /dev/vda'
is 'the-tools-see-its-size-and-numbers' "$out" "$((4 << 20))
512
8192
0
block special file fe:0
 254        0       4096 vda
8192
254:0
$(busybox hexdump -C -s 4096 -n 16 "$disk")"

for cpus in 1 2 4; do
	make_disk $((4 << 20))
	cp "$disk" "$tmp/copy"
	script='seq 1 100000 | dd of=DISK bs=777 seek=3 conv=notrunc 2>/dev/null
		echo "in the middle" | dd of=DISK bs=1 seek=2000001 conv=notrunc 2>/dev/null'
	sh_boot --cpus $cpus -- "${script//DISK//dev/vda}"
	eval "${script//DISK/$tmp/copy}"
	cmp "$disk" "$tmp/copy" >&2
	result $? "$cpus-cpus-what-is-written-is-there"
done
sh_boot -- 'dd if=/dev/vda bs=1 skip=2000001 count=13 2>/dev/null'
is 'the-next-boot-finds-it' "$out" 'in the middle'

# ---- mapped ----

for cpus in 1 2 4; do
	make_disk $((1 << 20))
	boot --cpus $cpus --disk "$disk" -- /tests/msync /dev/vda
	is "$cpus-cpus-a-mapped-disk-is-a-mapped-file" "$status$(grep '^not ok' <<<"$out")" 0
	is "$cpus-cpus-what-was-stored-is-on-the-disk" "$(tail -c +4102 "$disk" | head -c 4)" 3wsz
	cmp "$disk" <(perl -e '$_ = pack("Q<*", map { $_ * 8 } 0 .. (1 << 17) - 1);
		substr($_, 4101, 4) = "3wsz"; substr($_, 8192, 2) = "dp"; print') >&2
	result $? "$cpus-cpus-and-nothing-else"
done
boot --disk "$disk" --append disk_delay=20 -- /tests/msync /dev/vda
is 'also-a-slow-one' "$status$(grep '^not ok' <<<"$out")" 0
boot --disk "$disk" --append disk_bad=18 -- /tests/msync /dev/vda bad 2
is 'a-page-that-cannot-be-read-is-a-sigbus' "$status$(grep '^not ok' <<<"$out")" 0

boot --disk "$disk" --append disk_delay=60000 --timeout 300 -- /tests/msync /dev/vda slow
is 'who-waits-for-the-disk-does-not-keep-others-from-mapping-and-can-be-killed' \
	"$status$(grep '^not ok' <<<"$out")" 0

make_disk $((1 << 20))
boot --disk "$disk" -- /tests/proc_memory /dev/vda
is 'proc-counts-what-is-changed-and-written' "$status$(grep '^not ok' <<<"$out")" 0
boot --disk "$disk" -- /tests/proc_process /dev/vda
is 'what-moves-to-and-from-the-disk-is-counted' "$status$(grep '^not ok' <<<"$out")" 0

# ---- what stays in memory, and what is asked of a disk ----

for cpus in 1 2; do
	boot --cpus $cpus --disk "$disk" -- /tests/page_cache /dev/vda
	is "$cpus-cpus-clean-pages-go-and-others-stay" "$status$(grep '^not ok' <<<"$out")" 0
done

# ---- what does not reach the disk ----

make_disk $((1 << 20))
boot --disk "$disk" --append disk_worn=17 -- /tests/lost_writes /dev/vda 2
is 'each-open-file-is-told-once-of-a-page-that-cannot-be-written' \
	"$status$(grep '^not ok' <<<"$out")" 0
boot --disk "$disk" -- /tests/lost_writes /dev/vda 2 break
is 'and-of-one-whose-memory-breaks' "$status$(grep '^not ok' <<<"$out")" 0

make_disk $((1 << 20))
boot --disk "$disk" -- /tests/no_memory_calls /dev/vda
is 'without-memory-a-disk-is-an-error-and-nothing-is-lost' "$status$(grep '^not ok' <<<"$out")" 0

# ---- the end of the disk ----

head -c 5120 /dev/zero >"$disk" # a page and a quarter
sh_boot -- 'yes | dd of=/dev/vda bs=4096 2>&1 | grep -o "No space.*"
	cat /dev/vda | md5sum; dd if=/dev/vda bs=512 skip=10 2>/dev/null | wc -c'
is 'behind-the-end-there-is-no-space' "$out" "No space left on device
$(yes | head -c 5120 | md5sum)
0"
ok 'and-what-fits-is-written' cmp "$disk" <(yes | head -c 5120)
is 'and-the-file-has-its-size' "$(stat -c %s "$disk")" 5120
done_testing
