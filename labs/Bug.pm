# Seeded bugs: labs/bugs/NAME.patch. What one says, where its changes go in the tree as it is now,
# and the patch written anew for it.
#
# A hunk's header ends with the name of its function. Line numbers count for nothing, and context
# only where it is needed: the changed lines must be there, once, in that function.
package Bug;
use strict;
use warnings;
use Exporter 'import';
use File::Basename;
use Lab;

our @EXPORT = qw(bug_names bug_read bug_apply bug_refresh bug_known find_function LIMIT);

use constant LIMIT => 2000;	# schedules within which a scenario must find a bug
use constant CONTEXT => 2;	# lines around a change in a patch written anew

sub bug_names {
	my ($top) = @_;
	return map { basename($_, '.patch') } sort glob("$top/labs/bugs/*.patch");
}

# How many letters have to be changed, taken away or put in to make one word of the other.
sub distance {
	my ($from, $to) = @_;
	my @row = (0 .. length $to);
	for my $i (1 .. length $from) {
		my @next = ($i);
		for my $j (1 .. length $to) {
			my $cost = $row[$j - 1] +
				(substr($from, $i - 1, 1) ne substr($to, $j - 1, 1));
			for ($row[$j] + 1, $next[$j - 1] + 1) { $cost = $_ if $_ < $cost }
			push @next, $cost;
		}
		@row = @next;
	}
	return $row[-1];
}

# Refuses what is no bug, with those whose names are near.
sub bug_known {
	my ($top, $name) = @_;
	my @names = bug_names($top);
	return if grep { $_ eq $name } @names;
	my @near = grep { index($_, $name) >= 0 || distance($_, $name) <= 1 + length($_) / 4 }
		@names;
	my $hint = $name eq '' || !@near ? '`make bugs` lists them' :
		'is it ' . join(' or ', @near) . '?';
	refuse("BUG=$name: there is no such bug; $hint");
}

# (first line, number of lines, lines of comment above) of a function's definition.
sub find_function {
	my ($name, @lines) = @_;
	for my $i (0 .. $#lines) {
		next unless $lines[$i] =~ /^[a-z].*\b\Q$name\E\(/;
		my $end = $i;
		$end++ until $lines[$end] =~ /[;{}]\s*(\/\*.*\*\/)?$/ || $end == $#lines;
		next if $lines[$end] =~ /;\s*$/;
		$end++ until $lines[$end] =~ /^\}/ || $lines[$end] =~ /^[a-z].*\}$/ ||
			$end == $#lines;
		my $above = 0;
		if ($i && $lines[$i - 1] =~ m{\*/\s*$}) {
			$above++ until $lines[$i - 1 - $above] =~ m{^/\*};
			$above++;
		}
		return ($i, $end - $i + 1, $above);
	}
	die "there is no function $name\n";
}

# { name, about, test, case, build (undef: races), scenarios: [], fast, story, intro, hunks: [{
# path, function, text: [] }] }
sub bug_read {
	my ($top, $name) = @_;
	my ($intro, $diff) = slurp("$top/labs/bugs/$name.patch") =~ /\A(.*?)^(--- .*)\z/ms
		or die "labs/bugs/$name.patch: it changes nothing\n";
	my ($about, $fields, $story) = $intro =~ /\A(.+)\n((?:[a-z]+: .+\n)+)\n([\s\S]*?)\s*\z/
		or die "labs/bugs/$name.patch: a sentence, the fields, an empty line and the story are expected\n";
	my %field = $fields =~ /^([a-z]+): (.*)$/mg;
	my %bug = (name => $name, about => $about, intro => $intro, story => $story, hunks => []);
	($bug{test}, $bug{case}) = split ' ', $field{test} // '';
	$bug{build} = $field{build};
	$bug{scenarios} = [split ' ', $field{scenario} // ''];
	die "labs/bugs/$name.patch: no test: or no scenario:\n"
		unless defined $bug{test} && @{$bug{scenarios}};
	die "labs/bugs/$name.patch: build: there are tsan and rcu\n"
		unless ($bug{build} // 'tsan') =~ /^(tsan|rcu)$/;
	my $path;
	for (split /(?<=\n)/, $diff) {
		if (m{^\+\+\+ b/(\S+)}) {
			$path = $1;
		} elsif (/^@@.*@@\s*(\w*)/) {
			push @{$bug{hunks}}, { path => $path, function => $1, text => [] };
		} elsif (/^[-+ ]/ && !/^--- /) {
			push @{$bug{hunks}[-1]{text}}, $_;
		}
	}
	return \%bug;
}

sub same_line {
	my ($left, $right) = @_;
	s/\s+/ /g for $left, $right;
	return $left eq $right;
}

sub is_at {
	my ($lines, $at, @old) = @_;
	for my $i (0 .. $#old) {
		return 0 unless defined $lines->[$at + $i] &&
			same_line($lines->[$at + $i], $old[$i]);
	}
	return 1;
}

# Where the hunk's lines are; those of its context that are not there any more are dropped from it.
sub place {
	my ($lines, $hunk) = @_;
	my ($first, $count) = $hunk->{function} ? find_function($hunk->{function}, @$lines) :
		(0, scalar @$lines);
	my @text = @{$hunk->{text}};
	for (;;) {
		my @old = map { substr($_, 1) } grep { /^[- ]/ } @text;
		die "nothing is left to be found by\n" unless @old;
		my @at = grep { is_at($lines, $_, @old) } $first .. $first + $count - @old;
		if (@at == 1) {
			$hunk->{text} = \@text;
			return $at[0];
		}
		die "its lines are there " . @at . " times: it needs more context\n" if @at;
		my $fewer = 0;
		if ($text[0] =~ /^ /) { shift @text; $fewer = 1 }
		if (@text && $text[-1] =~ /^ /) { pop @text; $fewer = 1 }
		die "the lines that it changes are not there\n" unless $fewer;
	}
}

# The files that a bug changes, changed: { path => [lines] }. Notes in each hunk where it went.
sub bug_apply {
	my ($top, $bug) = @_;
	my %file;
	for my $hunk (@{$bug->{hunks}}) {
		my $path = $hunk->{path};
		my $text = $file{$path} ? undef : slurp("$top/$path");
		die "labs/bugs/$bug->{name}.patch: there is no file $path\n"
			unless $file{$path} || defined $text;
		$file{$path} ||= [split /(?<=\n)/, $text];
		my $at = eval { place($file{$path}, $hunk) };
		die "labs/bugs/$bug->{name}.patch does not fit $path, function $hunk->{function}: $@" unless defined $at;
		my @kept = grep { /^[- ]/ } @{$hunk->{text}};
		$hunk->{at} = $at;
		splice(@{$file{$path}}, $at, scalar @kept,
			map { substr($_, 1) } grep { /^[+ ]/ } @{$hunk->{text}});
	}
	return \%file;
}

# A hunk as the changed file has it, with context around it.
sub hunk_text {
	my ($hunk, $changed, $shift) = @_;
	my @text = @{$hunk->{text}};
	my $at = $hunk->{at};
	shift @text, $at++ while $text[0] =~ /^ /;
	pop @text while $text[-1] =~ /^ /;
	my $new = grep { /^[+ ]/ } @text;
	my $before = $at < CONTEXT ? $at : CONTEXT;
	my @after = grep { defined } @{$changed}[$at + $new .. $at + $new + CONTEXT - 1];
	@text = ((map { " $_" } @{$changed}[$at - $before .. $at - 1]), @text,
		map { " $_" } @after);
	my ($minus, $plus) = (scalar grep(/^[- ]/, @text), scalar grep(/^[+ ]/, @text));
	my $line = $at - $before + 1;
	return sprintf('@@ -%d,%d +%d,%d @@ %s', $line - $shift, $minus, $line, $plus,
		$hunk->{function}) . "\n" .
		join('', @text);
}

# Writes the patch anew as it fits now. Hunks of a file stand in the order of its lines.
sub bug_refresh {
	my ($top, $name) = @_;
	my $bug = bug_read($top, $name);
	my $changed = bug_apply($top, $bug);
	my ($text, $path, $shift) = ($bug->{intro}, '', 0);
	for my $hunk (@{$bug->{hunks}}) {
		($path, $shift) = ('', 0) if $path ne $hunk->{path};
		$text .= "--- a/$hunk->{path}\n+++ b/$hunk->{path}\n" if $path eq '';
		$path = $hunk->{path};
		$text .= hunk_text($hunk, $changed->{$path}, $shift);
		$shift += grep(/^\+/, @{$hunk->{text}}) - grep(/^-/, @{$hunk->{text}});
	}
	spew("$top/labs/bugs/$name.patch", $text);
}

1;
