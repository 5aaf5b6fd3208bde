# The four forms of a grade: text, TAP, JUnit XML and Gradescope's results.json.
#
# A grade: { lab, score, max, message, seconds, parts: [{ name, points, score, what, hint, why }] }
package Report;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP;

our @EXPORT = qw(as_text as_tap as_junit as_gradescope);

sub as_text {
	my ($grade) = @_;
	my $text = "Lab $grade->{lab}: $grade->{score} of $grade->{max} points\n\n";
	$text .= "$grade->{message}\n\n" if $grade->{message};
	for (@{$grade->{parts}}) {
		$text .= sprintf("%3d / %-3d %-14s %s\n", @$_{qw(score points name what)});
		next if $_->{score} == $_->{points};
		$text .= "              $_\n" for split /\n/, $_->{why};
		$text .= "          hint: $_->{hint}\n";
	}
	return $text;
}

sub as_tap {
	my ($grade) = @_;
	my ($text, $n) = ('', 0);
	for (@{$grade->{parts}}) {
		my $passed = $_->{score} == $_->{points};
		$text .= sprintf("%sok %d - %s (%d of %d points): %s\n", $passed ? '' : 'not ',
			++$n,
			@$_{qw(name score points what)});
		next if $passed;
		$text .= "# $_\n" for split(/\n/, $_->{why}), "hint: $_->{hint}";
	}
	$text .= "# $_\n" for split /\n/, $grade->{message} // '';
	return $text . "1..$n\n";
}

sub xml {
	my ($text) = @_;
	my %name = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;');
	$text =~ s/[^\t\n\x20-\x7e]/?/g;
	$text =~ s/([&<>"])/$name{$1}/g;
	return $text;
}

sub as_junit {
	my ($grade) = @_;
	my $failures = grep { $_->{score} < $_->{points} } @{$grade->{parts}};
	my $text = sprintf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n" .
		"<testsuite name=\"lab %s\" tests=\"%d\" failures=\"%d\" errors=\"0\" time=\"%d\">\n",
		xml($grade->{lab}), scalar @{$grade->{parts}}, $failures, $grade->{seconds});
	for (@{$grade->{parts}}) {
		my $head = sprintf('<testcase classname="%s" name="%s" time="0"',
			xml($grade->{lab}), xml($_->{name}));
		$text .= $_->{score} == $_->{points} ? "$head/>\n" : sprintf(
			"%s><failure message=\"%s\">%s</failure></testcase>\n", $head,
			xml("$_->{score} of $_->{points} points: $_->{what}"),
			xml("$_->{why}\nhint: $_->{hint}"));
	}
	$text .= '<system-out>' . xml($grade->{message}) . "</system-out>\n" if $grade->{message};
	return "$text</testsuite>\n</testsuites>\n";
}

sub clean { return $_[0] =~ s/[^\t\n\x20-\x7e]/?/gr }

sub as_gradescope {
	my ($grade) = @_;
	my @tests = map {
		my $passed = $_->{score} == $_->{points};
		{ name => "$_->{name}: $_->{what}", score => $_->{score} + 0,
		  max_score => $_->{points} + 0,
		  status => $passed ? 'passed' : 'failed',
		  output => $passed ? '' : clean("$_->{why}\nHint: $_->{hint}") };
	} @{$grade->{parts}};
	return JSON::PP->new->canonical->pretty->ascii->encode({
		score => $grade->{score}, execution_time => $grade->{seconds},
		visibility => 'visible',
		output_format => 'text', tests => \@tests,
		output => clean($grade->{message} || "$grade->{score} of $grade->{max} points"),
	});
}

1;
