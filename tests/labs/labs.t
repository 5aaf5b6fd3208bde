#!/bin/bash
# job: 2 fast
# Exporting a lab, what its skeleton says, bad input, and what a grade takes from a submission.
. tests/harness/tap.sh

# refused NAME STATUS PATTERN COMMAND...: fails with one sentence.
refused()
{
	local name=$1 expected=$2 pattern=$3 text status
	shift 3
	text=$("$@" 2>&1)
	status=$?
	is "$name-gives-status-$expected" $status "$expected"
	has "$name-is-named" "$text" "$pattern"
	is "$name-takes-one-sentence" "$(wc -l <<<"$text")" 1
}

mkdir "$tmp/full" "$tmp/empty"
touch "$tmp/full/file" "$tmp/plain"
refused 'an-unknown-lab' 2 'LAB=cows: there is no such lab; the labs are: cow, walk-and-fold' \
	tools/lab cows "$tmp/x"
refused 'a-missing-lab' 2 'LAB is missing' tools/lab '' "$tmp/x"
refused 'a-missing-directory' 2 'DIR is missing' tools/lab cow ''
refused 'a-directory-that-is-not-empty' 2 'is not empty' tools/lab cow "$tmp/full"
refused 'a-file-in-the-way' 2 'there is a file of that name' tools/lab cow "$tmp/plain"
rmdir build/labs/export 2>/dev/null
refused 'a-directory-in-this-tree' 2 'lies in this tree' tools/lab cow build/labs/export
ok 'which-is-not-made-for-that' test ! -e build/labs/export
refused 'a-directory-at-home' 2 '/dev/null/x: cannot make' env HOME=/dev/null tools/lab cow '~/x'
refused 'grading-an-unknown-lab' 2 'LAB=x: there is no such lab' tools/grade x "$tmp/empty"
refused 'grading-a-directory-that-is-not-there' 2 'there is no such directory' tools/grade cow \
	"$tmp/nowhere"
refused 'grading-a-directory-without-the-files' 2 'the submission has no file mm/fork.c' \
	tools/grade cow "$tmp/empty"
mkdir -p "$tmp/links/mm"
for file in fork.c fault.c internal.h; do ln -s "$PWD/mm/$file" "$tmp/links/mm/"; done
refused 'a-link-instead-of-a-file' 2 'mm/fork.c is not a regular file' tools/grade cow "$tmp/links"
make lab >/dev/null 2>&1
is 'make-lab-without-LAB-fails' $? 2

for lab in cow walk-and-fold; do
	ok "$lab-skeleton-and-solution-give-the-tree" tools/lab --check "$lab"
	ok "$lab-is-exported" tools/lab "$lab" "$tmp/$lab"
	is "$lab-has-one-commit" "$(git -C "$tmp/$lab" rev-list --count HEAD)" 1
	is "$lab-has-nothing-uncommitted" "$(git -C "$tmp/$lab" status --porcelain)" ''
	is "$lab-has-no-solution" \
		"$(cd "$tmp/$lab/labs" && find . -name '*.patch' -o -name holes -o -name wrong)" ''
	refused "exporting-from-$lab" 2 'itself the work tree' "$tmp/$lab/tools/lab" "$lab" \
		"$tmp/again"
done

# The skeletons build without a warning, boot, and say what is missing.
skeleton()
{
	cp -a build/user "$tmp/$1/build/"
	ok "$1-skeleton-builds" make -s -j2 -C "$tmp/$1" all
	boot --kernel "$tmp/$1/build/debug/pleat.elf" --initramfs "$tmp/$1/build/initramfs.cpio" \
		--cpus 1 \
		-- /bin/runtests /tests/fork
	has "$1-skeleton-runs-programs" "$out" '^1\.\.'
	has "$1-skeleton-says-what-is-missing" "$log" "lab $1, step 1 is missing: .*mm/"
}
skeleton cow
skeleton walk-and-fold

# What an instructor is handed when nobody has written a line: judged with hints, not refused
# for the lab's own header.
text=$(GRADE_PATIENCE=4 tools/grade cow "$tmp/cow" "$tmp/untouched" 2>&1)
has 'an-untouched-skeleton-is-judged' "$text" 'hint: Step 1'

# One that is killed takes its work tree with it; that of one that could not, the
# next grade takes away.
mkdir -p build/labs/work.4194304.left
tools/grade cow "$tmp/cow" "$tmp/killed" >&2 &
grade=$!
for ((i = 0; i < 6000; i++)); do
	[ ! -d "$(compgen -G "build/labs/work.$grade.*")" ] || break
	sleep 0.02
done
kill $grade
wait $grade
is 'a-killed-grade-says-so' $? 143
is 'and-leaves-no-work-tree' "$(compgen -G "build/labs/work.$grade.*")" ''
is 'nor-what-another-has-left' "$(compgen -G "build/labs/work.4194304.*")" ''
is 'an-untouched-skeleton-is-not-refused' "$(grep -c 'not judged' <<<"$text")" 0

# Only the named files count: what else a student changes has no effect, and old
# results are no results.
mkdir -p "$tmp/student/mm" "$tmp/student/tests/unit" "$tmp/student/tools" "$tmp/grade"
cp mm/fork.c mm/fault.c mm/internal.h "$tmp/student/mm/"
echo 'all: ; exit 1' >"$tmp/student/Makefile"
echo '#error student' >"$tmp/student/tests/unit/test_lab_cow.c"
echo 'exit 1' >"$tmp/student/tools/pleat-run"
echo stale >"$tmp/grade/results.json"
text=$(GRADE_PATIENCE=4 tools/grade cow "$tmp/student" "$tmp/grade" 2>&1)
has 'only-the-named-files-count' "$text" '^Lab cow: 100 of 100 points'
is 'gradescope-gets-the-points' \
	"$(perl -MJSON::PP -0777 -ne 'print decode_json($_)->{score}' "$tmp/grade/results.json")" \
	100
ok 'the-tap-is-good' prove -e cat "$tmp/grade/grade.tap"
has 'the-junit-xml-counts-no-failure' "$(<"$tmp/grade/grade.xml")" '<testsuite .*failures="0"'
is 'the-text-is-kept' "$(head -n 1 "$tmp/grade/grade.txt")" 'Lab cow: 100 of 100 points'

# Results that were not made in this run: a program that always prints good ones, from another run.
mkdir "$tmp/bin"
cat >"$tmp/bin/timeout" <<'END'
#!/bin/bash
[[ $4 == */build/sim/test_lab_* ]] || exec /usr/bin/timeout "$@"
printf 'ok 1 - %s\n1..1 # run 12345\n' "$5"
END
chmod +x "$tmp/bin/timeout"
text=$(PATH=$tmp/bin:$PATH GRADE_PATIENCE=4 tools/grade cow "$tmp/student" "$tmp/grade" 2>&1)
has 'results-of-another-run-get-no-points' "$text" '^ *0 / 12 +fork-shares'
has 'results-of-another-run-are-called-so' "$text" 'its results are not of this run'

# A submission that is no C at all.
head -c 3000 /dev/urandom >"$tmp/student/mm/fork.c"
text=$(tools/grade cow "$tmp/student" "$tmp/grade" 2>&1)
is 'a-submission-of-noise-is-graded' $? 0
has 'a-submission-of-noise-gets-nothing' "$text" '^Lab cow: 0 of 100 points'
text=$(perl -MJSON::PP -0777 -ne 'print decode_json($_)->{output}' "$tmp/grade/results.json")
has 'its-json-is-good' "$text" 'submission'
done_testing
