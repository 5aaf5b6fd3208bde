#!/bin/bash
# job: 0 fast
# The house's limits: lines under 100 columns, functions of 100 lines and files of 700 at the most.
. tests/harness/tap.sh

# Source, by its ending or its `#!`: tables, patches, pages and expected outputs are none, and what
# others wrote is theirs.
sources()
{
	find . -path ./build -prune -o -path ./third_party -prune -o -name .git -prune \
		-o -type f -print | cut -c3- | LC_ALL=C sort | while IFS= read -r file; do
		case $file in
		*.[chS] | *.py | *.pm | *.pml | *.sh | *.t | *.mk | *.ld | Makefile) ;;
		*) [[ $(head -c 2 "$file" | tr -d '\0') == '#!' ]] || continue ;;
		esac
		printf '%s\n' "$file"
	done
}

# wide FILE...: FILE:LINE of each line of 100 columns or more, where a tab goes on to the next
# multiple of 8. A string of 60 columns or more that crosses the limit may: who looks for what it
# says finds it in one piece. Not in comments.
wide()
{
	perl -CSD -ne '
		chomp;
		1 while s/\t/" " x (8 - $-[0] % 8)/e;
		my $long = 0;
		if (length >= 100 && !m{^\s*([#*]|//|/\*)|"""}) {
			while (/"(?:\\.|[^"\\])*"?|\x27(?:\\.|[^\x27\\])*\x27?|`[^`]*`?/g) {
				$long ||= $-[0] < 99 && $+[0] > 99 && $+[0] - $-[0] >= 60;
			}
		}
		print "$ARGV:$.\n" if length >= 100 && !$long;
		close ARGV if eof;' "$@"
}

# tall FILE...: FILE:LINE of each function of C of more than 100 lines, FILE of each long file.
tall()
{
	perl -ne '
		$start = $. if /^\{/ && $ARGV =~ /\.[ch]$/;
		print "$ARGV:$start\n" if /^\}/ && $start && $. - $start >= 100;
		$start = 0 if /^\}/;
		print "$ARGV\n" if eof && $. > 700;
		($start = 0, close ARGV) if eof;' "$@"
}

nth() { printf "%$1s" '' | tr ' ' "${2:-x}"; }
columns() { printf "$@" >"$tmp/a.c" && wide "$tmp/a.c"; }
is 'a-line-of-99-columns-is-none' "$(columns '%s\n' "$(nth 99)")" ''
is 'one-of-100-is-named' "$(columns 'x\n%s\n' "$(nth 100)")" "$tmp/a.c:2"
is 'a-tab-counts-as-8' "$(columns '\t%s\nx\t%s\n\t%s\n' "$(nth 92)" "$(nth 92)" "$(nth 91)")" \
	"$tmp/a.c:1"$'\n'"$tmp/a.c:2"
is 'a-letter-is-one-column-in-any-alphabet' "$(columns 'ä%s\n' "$(nth 98)")" ''
is 'a-long-string-may-stand-in-one-piece' "$(columns '\tsay("%s");\n' "$(nth 100)")" ''
is 'not-a-short-one' "$(columns '%s("%s");\n' "$(nth 60)" "$(nth 50)")" "$tmp/a.c:1"
is 'nor-what-follows-a-long-one' "$(columns 'f("%s",%s)\n' "$(nth 70)" "$(nth 40)")" "$tmp/a.c:1"
is 'nor-one-in-a-comment' "$(columns '\t * see "%s"\n' "$(nth 100)")" "$tmp/a.c:1"
function_of() { printf 'void f(void)\n{\n'; nth $(($1 - 2)) | tr x '\n'; echo '}'; }
{ function_of 100; function_of 101; } >"$tmp/b.c"
nth 700 | tr x '\n' >"$tmp/c.c"
nth 701 | tr x '\n' >"$tmp/d.c"
is 'a-function-or-a-file-that-is-too-long-is-named' "$(tall "$tmp/b.c" "$tmp/c.c" "$tmp/d.c")" \
	"$tmp/b.c:103"$'\n'"$tmp/d.c"

mapfile -t files < <(sources)
ok 'the-source-is-found' test ${#files[@]} -gt 500
if [ -e labs/exported ]; then
	skip 'the-limits-are-kept' 'in a lab the lines are also those of who solves it'
else
	is 'lines-are-under-100-columns' "$(wide "${files[@]}")" ''
	is 'functions-have-at-most-100-lines-and-files-700' "$(tall "${files[@]}")" ''
fi
done_testing
