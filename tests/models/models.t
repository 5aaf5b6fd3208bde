#!/bin/bash
# job: 0 slow
# The models (docs/models.md): each holds as it is, and fails in every variant that it names.
# Without arguments all; otherwise MODEL [VARIANT].
. tests/harness/tap.sh

top=$PWD
command -v spin >/dev/null || { echo '1..0 # SKIP there is no spin'; exit 0; }

# Errors that the search finds in model $1 with the definitions that follow; its
# trail stays in $tmp.
errors()
{
	local model=$1
	shift
	rm -rf "$tmp/run" && mkdir "$tmp/run" && cd "$tmp/run" || return
	cp "$top"/tests/models/*.{h,pml} . && spin -a "${@/#/-D}" "$model.pml" >&2 &&
		${CC:-gcc} -O0 -w -DSAFETY -DNOREDUCE -o pan pan.c >&2 &&
			./pan -m100000 | tee report >&2
	sed -n 's/.*errors: \([0-9]*\).*/\1/p' report
	cd "$top" || return
}

variants() { sed -n 's/^ \* variants: //p' "tests/models/$1.pml"; }

check()
{
	local model=$1 variant=${2:-}
	if [ -n "$variant" ]; then
		ok "$model-fails-with-$variant" test "$(errors "$model" "$variant")" -ge 1
	else
		is "$model-holds" "$(errors "$model")" 0
	fi
}

if [ $# -gt 0 ]; then
	check "$@"
else
	for file in tests/models/*.pml; do
		model=$(basename "$file" .pml)
		check "$model"
		for variant in $(variants "$model"); do
			check "$model" "$variant"
		done
	done
fi
done_testing
