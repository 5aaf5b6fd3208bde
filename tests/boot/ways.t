#!/bin/bash
# job: 2 slow
# The ways into the kernel: GRUB by BIOS, GRUB by UEFI, QEMU's own loader by the PVH note; the
# same image each time.
. tests/harness/tap.sh

ok 'the-kernel-is-a-multiboot2-image' grub-file --is-x86-multiboot2 build/debug/pleat.elf
has 'the-kernel-has-a-PVH-note' "$(readelf -n build/debug/pleat.elf 2>&1)" 'Xen'

# way NAME OPTION...
way()
{
	local name=$1
	shift
	boot "$@" -- /bin/echo 'through the loader'
	is "$name-runs-a-program" "$verdict" 'exit 0'
	is "$name-shows-exactly-the-program's-bytes" "$out" 'through the loader'
	has "$name-brings-up-both-CPUs" "$log" '2 CPUs'
}

way direct
way grub-bios --boot grub
has 'grub-is-named-as-the-loader' "$log" 'GRUB'
way grub-uefi --boot uefi
has 'a-release-build-says-so' "$(boot --build release -- /bin/true; echo "$log")" 'release'
way grub-bios-with-small-memory --boot grub --mem 64M
way grub-uefi-with-5-levels --boot uefi --levels 5

# Options with blanks and quotes reach the kernel through GRUB's own shell.
boot --cpus 1 --boot grub -- /bin/echo 'a  b' '$x' "it's" '"q"' '\'
is 'arguments-survive-grub' "$out" "a  b \$x it's \"q\" \\"
done_testing
