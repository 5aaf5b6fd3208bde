#!/bin/bash
# job: 2 slow
# The reference gets all points; wrong solutions lose exactly those that
# labs/NAME/wrong/expected.tsv says. A few of each lab; LABS_ALL=1: all. LABS_UPDATE=1
# prints the table instead.
. tests/harness/tap.sh

# $1: lab, $2: directory of the submission. Sets text and lost (the parts without all points).
grade()
{
	text=$(GRADE_PATIENCE=${GRADE_PATIENCE:-3} timeout 300 \
		tools/grade "$1" "$2" "$tmp/grade" 2>&1)
	printf '%s\n' "$text" >&2
	lost=$(sed -nE 's/^ *0 \/ [0-9]+ +([a-z-]+) .*/\1/p' <<<"$text" | xargs)
	grep -q '^Lab .* points$' <<<"$text" || lost='no grade'
}

# $1: lab, $2: patch. A submission has the lab's files only.
submission()
{
	local file
	rm -rf "$tmp/dir"
	while IFS=$'\t' read -r kind file _; do
		[ "$kind" != file ] || install -D -m 644 "$file" "$tmp/dir/$file"
	done <"labs/$1/lab.tsv"
	[ -z "$2" ] || patch -s -p1 -F3 --no-backup-if-mismatch -d "$tmp/dir" <"$2" >&2
}

for lab in labs/*/lab.tsv; do
	lab=${lab#labs/} lab=${lab%/lab.tsv}
	submission "$lab" ''
	grade "$lab" "$tmp/dir"
	is "$lab-reference-loses-nothing" "$lost" ''
	while IFS=$'\t' read -r name speed parts says; do
		[ "$speed" = fast ] || [ "${LABS_ALL:-}" = 1 ] || continue
		submission "$lab" "labs/$lab/wrong/$name.patch" || { result 1 "$lab-$name-applies";
			continue; }
		grade "$lab" "$tmp/dir"
		[ "${LABS_UPDATE:-}" != 1 ] || printf '# %s\t%s\t%s\t%s\t%s\n' "$lab" "$name" \
			"$speed" "$lost" "$says"
		[ "$parts" != all ] ||
			parts=$(awk -F'\t' '$1 == "part" { print $2 }' "labs/$lab/lab.tsv" | xargs)
		# A part with `?` depends on a race that the machine shows only sometimes.
		for part in $parts; do
			[[ $part != *\? ]] || [[ " $lost " == *" ${part%\?} "* ]] ||
				parts=${parts/ $part/}
		done
		is "$lab-$name-loses-exactly-its-points" "$lost" "${parts//\?/}"
		[ -z "$says" ] || has "$lab-$name-is-told-why" "$text" "$says"
	done < <(grep -v '^#' "labs/$lab/wrong/expected.tsv")
done
done_testing
