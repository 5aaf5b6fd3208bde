# Quiet.pm - two CPUs, timed by this machine's clock: both kernels in turn, and only while two
# cores of this machine are idle.
#
# Before and after each run a loop on two cores is timed. A run counts when both loops took at most
# 5 % longer than the fastest loop so far, and their threads were running for at least 95 % of the
# time. Figures are medians of 7 runs of each kernel; without 7 that count the rows are NOISY.
package Quiet;
use strict;
use warnings;
use Exporter 'import';
use Machines;
use Rows;
our @EXPORT = qw(measure_two_cpus);

my ($runs, $attempts, $hopeless, $tolerance) = (7, 14, 2, 1.05);
my @scaled = qw(scale_fault scale_gup);
my $fastest;

# Is this machine quiet now? undef if it has no two cores.
sub quiet {
	my ($out) = @_;
	my ($wall, $run) = qx($out/bench/calibrate) =~ /^(\d+) (\d+)/ or return;
	$fastest = $wall if !defined $fastest || $wall < $fastest;
	return $wall <= $tolerance * $fastest && $wall <= $tolerance * $run ? 1 : 0;
}

# Adds one run to a side: { quiet => {name: [figures]}, all => {name: [figures]}, good => N }.
sub add_run {
	my ($side, $result, $counts) = @_;
	$side->{good}++ if $counts;
	for my $name (keys %{$result->{figures}}) {
		push @{$side->{all}{$name}}, $result->{figures}{$name};
		push @{$side->{quiet}{$name}}, $result->{figures}{$name} if $counts;
	}
	$side->{skipped} = { %{$side->{skipped}}, %{$result->{skipped}} };
	$side->{broken} ||= $result->{broken};
}

# Medians of the runs that count, or of all when too few do.
sub summary {
	my ($side) = @_;
	my $noisy = $side->{good} < $runs;
	my $values = $side->{$noisy ? 'all' : 'quiet'};
	my %figures = map { $_ => median(@{$values->{$_}}) } keys %$values;
	for my $what (@scaled) {
		my ($one, $two) = @figures{"${what}_1thr_per_page", "${what}_2thr_per_page"};
		$figures{"${what}_speedup"} = sprintf('%.2f', $one / $two) if $one && $two;
	}
	return { figures => \%figures, skipped => $side->{skipped}, broken => $side->{broken},
		noisy => $noisy };
}

sub side { return { quiet => {}, all => {}, skipped => {}, good => 0, broken => '' } }

# A speed-up is reckoned from two rows.
sub measured_names {
	my (@names) = @_;
	my %names = map { $_ => 1 } @names;
	for my $what (@scaled) {
		@names{"${what}_1thr_per_page", "${what}_2thr_per_page"} = (1, 1)
			if delete $names{"${what}_speedup"};
	}
	return sort keys %names;
}

# Runs the rows (names) on both: (pleat, linux) as Rows::compare takes them, or a reason why not.
sub measure_two_cpus {
	my ($out, $kernel, @names) = @_;
	my ($pleat, $linux) = (side(), side());
	@names = measured_names(@names);
	defined quiet($out) or return 'this machine has one core';
	quiet($out);
	for my $attempt (1 .. $attempts) {
		my $before = quiet($out);
		my $result = run_pleat($out, 'mttcg', @names);
		my $between = quiet($out);
		add_run($pleat, $result, $before && $between);
		$result = run_linux($out, $kernel, 'mttcg',
			keys %{{ map { program_row($_) => 1 } @names }});
		add_run($linux, $result, $between && quiet($out));
		progress("two CPUs, runs $attempt: ", ($pleat->{good} + $linux->{good}) / 2,
			" of $runs were quiet");
		last if $pleat->{good} >= $runs && $linux->{good} >= $runs || $pleat->{broken};
		last if $attempt >= $hopeless && !$pleat->{good} && !$linux->{good};
	}
	my ($p, $l) = (summary($pleat), summary($linux));
	$p->{noisy} ||= $l->{noisy};
	return ($p, $l);
}

1;
