#!/bin/bash
# job: 1 slow
# What is wrong at boot gets one clear sentence and a stop: no panic, no triple fault, no hang.
. tests/harness/tap.sh

# refused NAME PATTERN OPTION...: the machine stops, and the console or the log says why.
refused()
{
	local name=$1 pattern=$2
	shift 2
	boot --cpus 1 "$@" --cmd /bin/true
	is "$name-stops-the-machine" "$verdict" stopped
	has "$name-is-explained" "$out$log" "$pattern"
}

pack() { (cd "$1" && find . | cpio -o -H newc --quiet); }
mkdir -p "$tmp/empty/etc" "$tmp/text" "$tmp/elf"
echo 'no program' >"$tmp/text/init"
head -c 100 build/user/bin/true >"$tmp/elf/init"
chmod +x "$tmp"/*/init 2>/dev/null
for root in empty text elf; do
	pack "$tmp/$root" >"$tmp/$root.cpio"
done
head -c 5000 build/initramfs.cpio >"$tmp/cut.cpio"
head -c 100000 /dev/urandom >"$tmp/noise.cpio"
sed '1s/^\(070701.\{48\}\)......../\1ffffffff/' build/initramfs.cpio >"$tmp/huge.cpio"

refused 'no-initramfs' 'initramfs' --initramfs none
refused 'an-initramfs-without-init' '/init' --initramfs "$tmp/empty.cpio"
refused 'an-initramfs-that-is-cut-off' 'initramfs' --initramfs "$tmp/cut.cpio"
refused 'an-initramfs-that-is-noise' 'initramfs' --initramfs "$tmp/noise.cpio"
refused 'an-initramfs-with-an-absurd-size' 'initramfs' --initramfs "$tmp/huge.cpio"
refused 'an-init-that-is-no-program' '/init' --initramfs "$tmp/text.cpio"
refused 'an-init-that-is-cut-off' '/init' --initramfs "$tmp/elf.cpio"
refused 'an-unknown-option' 'nosuch' --append 'nosuch=1'
refused 'a-wrong-value' 'levels' --append 'levels=7'
refused 'a-missing-value' 'levels' --append 'levels'
refused 'five-levels-without-the-hardware' 'levels' --la57 off --levels 5
refused 'five-levels-with-nola57' 'levels' --levels 5 --append nola57

# Memory that suffices less and less: an initramfs that grows, below the 128 KiB at the top that
# QEMU keeps for ACPI, until it reaches down to the kernel.
memory_sentences=0
image_end=$(nm build/debug/pleat.elf | sed -n 's/^ffffffff\(8.*\) . image_end$/\1/p')
image_end=$((0x$image_end - 0x80000000))
memory=$((image_end / 0x100000 + 2))
mkdir -p "$tmp/grown"
objcopy --strip-debug build/user/bin/true "$tmp/grown/init"
for left in 700 400 200 100 50 20; do
	pad=$((memory * 1024 - image_end / 1024 - 128 - 40 - left))
	head -c "${pad}k" /dev/urandom >"$tmp/grown/pad"
	pack "$tmp/grown" >"$tmp/grown.cpio"
	boot --cpus 1 --mem "${memory}M" --initramfs "$tmp/grown.cpio" --cmd /bin/true
	has "with-$left-KiB-left-the-kernel-boots-or-refuses" "$verdict" '^(exit|stopped)'
	[ "$verdict" != stopped ] ||
		memory_sentences=$((memory_sentences + $(grep -c 'not enough memory' <<<"$log")))
done
ok 'too-little-memory-is-explained' test $memory_sentences -gt 0
refused 'a-processor-without-long-mode' '64-bit|long mode' --cpu qemu32
refused 'help' 'levels' --append help
for option in help levels nola57 cpus log quiet fail_nth; do
	has "help-lists-$option" "$out$log" "$option"
done
done_testing
