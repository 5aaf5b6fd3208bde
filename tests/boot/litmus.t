#!/bin/bash
# job: 0 fast
# What the TLB of this machine does with an entry that has changed: flushed, it has
# forgotten it; not flushed, it goes on with what it had, so that a missing flush is a
# failure that tests can see.
. tests/harness/tap.sh

# litmus HOW ANSWER OPTION...: each of the four experiments ends with that answer, on the last CPU.
litmus()
{
	local how=$1 answer=$2 name="$1-${*:3}" experiment
	boot --icount --append "litmus=$how" "${@:3}" --cmd /bin/true
	name=${name//[ -]/-}
	is "$name-the-machine-goes-on" "$verdict" 'exit 0'
	for experiment in 'another page' 'no right to write' 'the dirty bit cleared' \
		'a table taken away'; do
		has "$name-${experiment// /-}-is-${answer// /-}" "$log" \
			"litmus, CPU [01], $how: $experiment is $answer\$"
	done
}

for cpus in 1 2; do
	for la57 in on off; do
		litmus flush seen --cpus $cpus --la57 $la57
		litmus forget 'not seen' --cpus $cpus --la57 $la57
	done
done
boot --append litmus=never --cmd /bin/true
has 'another-word-is-refused' "$out$log" \
	'The boot option "litmus=never" is refused: it is flush or forget'
done_testing
