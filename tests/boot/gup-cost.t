#!/bin/bash
# job: 1 slow
# What get_user_pages without locks costs, in instructions, as the kernel itself counts
# them (kernel/dev/gup_cost.c).
. tests/harness/tap.sh

goal=60 # instructions for each page beyond the first of a call
boot --build release --cpus 1 --icount --append gup_cost -- /bin/true
is 'the-machine-ends-well-and-keeps-no-page' "$verdict" 'exit 0'
figures=$log

# figure LEVELS PAGES WHAT: of one call.
figure() { sed -nE "s/.*gup_cost: levels $1 pages $2: .*\b$3 ([0-9]+).*/\1/p" <<<"$figures"; }

# next_page LEVELS PAGES WHAT: instructions for each page beyond the first, rounded up;
# 0: there is no figure.
next_page()
{
	local one all
	one=$(figure "$1" 1 "$3") all=$(figure "$1" "$2" "$3")
	[ -n "$one" ] && [ -n "$all" ] || { echo 0; return; }
	echo $(((all - one + $2 - 2) / ($2 - 1)))
}

# at_goal: is $1 a figure, and within the goal?
at_goal() { [ "$1" -ge 5 ] && [ "$1" -le "$goal" ]; }

for levels in 3 4 5; do
	for pages in 16 512; do
		for what in get put pin unpin; do
			first=$(figure "$levels" 1 "$what")
			next=$(next_page "$levels" "$pages" "$what")
			echo "# $levels levels, $pages pages in a call, $what:" \
				"$first for the first, $next for the next"
			ok "$what-of-$pages-pages-at-$levels-levels-is-at-the-goal" at_goal "$next"
		done
	done
done
for what in get put pin unpin; do
	for pages in 1 16 512; do
		ok "$what-of-$pages-is-no-dearer-at-3-levels-than-at-5" \
			test "$(figure 3 "$pages" "$what")" -le "$(figure 5 "$pages" "$what")"
	done
	for pages in 16 512; do
		is "$what-of-the-next-of-$pages-costs-the-same-at-each-depth" \
			"$(next_page 3 "$pages" "$what") $(next_page 4 "$pages" "$what")" \
			"$(next_page 5 "$pages" "$what") $(next_page 5 "$pages" "$what")"
	done
done

# With four levels in the processor there is no fifth to measure; nothing else depends on it.
boot --build release --cpus 1 --icount --la57 off --append gup_cost -- /bin/true
four=$(grep -o 'gup_cost: levels 4.*' <<<"$log")
is 'a-processor-with-4-levels-measures-two-depths' "$(grep -c 'gup_cost: levels' <<<"$log")" 6
is 'and-finds-the-same' "$four" "$(grep -o 'gup_cost: levels 4.*' <<<"$figures")"
boot --build release --append gup_cost=3 -- /bin/true
has 'a-value-is-refused' "$log" 'gup_cost.*takes no value'
done_testing
