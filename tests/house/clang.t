#!/bin/bash
# job: 1 slow
# clang 14 compiles everything without a warning, and what it makes of the kernel boots.
. tests/harness/tap.sh

clang=$(command -v clang-14 || command -v clang)
if [ -z "$clang" ]; then
	skip 'clang-compiles-everything-without-a-warning' 'there is no clang'
	done_testing
fi
for goal in kernel initramfs unit; do
	ok "clang-makes-$goal-without-a-warning" make -j"$(nproc)" OUT=build/clang CC="$clang" \
		WERROR=1 $goal
done
boot --cpus 1 --kernel build/clang/debug/pleat.elf --initramfs build/clang/initramfs.cpio \
	-- /bin/true
is 'a-kernel-made-by-clang-runs-a-program' "$verdict" 'exit 0'
done_testing
