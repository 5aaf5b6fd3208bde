# Rows.pm - the rows of the benchmark, tables of their figures, and how Pleat's compare.
package Rows;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(program_row build_of read_rows choose_rows read_figures write_figures median
	compare print_table write_tsv print_summary format_figure);

# A row that ends in _rcu is the one without that ending, measured on Pleat's other build,
# TABLE_FREE=rcu. The program and Linux know one row.
sub program_row { return $_[0] =~ s/_rcu$//r }
sub build_of { return $_[0] =~ /_rcu$/ ? 'release-rcu' : 'release' }

# Each row: { name, mode, floor, goal, stretch }, in the order of the program.
sub read_rows {
	my ($file) = @_;
	my @rows;
	open(my $in, '<', $file) or die "$file: $!\n";
	while (my $line = <$in>) {
		chomp $line;
		next if $line =~ /^(#|$)/;
		my %row;
		@row{qw(name mode floor goal stretch)} = split(/\t/, $line);
		die "$file:$.: not five fields with tabs between\n" unless defined $row{stretch};
		push @rows, \%row;
	}
	return @rows;
}

# Those that a list of names chooses; names have commas or spaces between, * stands for any text.
sub choose_rows {
	my ($list, @rows) = @_;
	return @rows if $list eq '';
	my %chosen;
	for my $pattern (split(/[,\s]+/, $list)) {
		my $regex = join('.*', map { quotemeta } split(/\*/, $pattern, -1));
		my @found = grep { $_->{name} =~ /^$regex$/ } @rows;
		die "ROW=$pattern: no such row; the rows are\n", map({ "  $_\n" } unique(@rows))
			unless @found;
		$chosen{"$_->{mode} $_->{name}"} = 1 for @found;
	}
	return grep { $chosen{"$_->{mode} $_->{name}"} } @rows;
}

sub unique {
	my %seen;
	return grep { !$seen{$_}++ } map { $_->{name} } @_;
}

# NAME <tab> FIGURE lines: a committed table, or what was kept of an earlier run.
sub read_figures {
	my ($file) = @_;
	my %figures;
	open(my $in, '<', $file) or return;
	while (my $line = <$in>) {
		$figures{$1} = $2 if $line =~ /^([^#\t]\S*)\t([\d.]+)$/;
	}
	return \%figures;
}

sub write_figures {
	my ($file, $comment, $figures, @rows) = @_;
	open(my $out, '>', "$file.new") or die "$file.new: $!\n";
	print $out $comment;
	for my $row (@rows) {
		print $out "$row->{name}\t$figures->{$row->{name}}\n"
			if defined $figures->{$row->{name}};
	}
	close($out) or die "$file.new: $!\n";
	rename("$file.new", $file) or die "$file: $!\n";
}

sub median {
	my @sorted = sort { $a <=> $b } @_;
	return $sorted[@sorted / 2];
}

# Adds to each row what was measured: pleat and linux (figures, or undef), ratio, and a verdict.
# Each side: { figures => {name: figure}, skipped => {name: reason}, noisy => bool }.
sub compare {
	my ($pleat, $linux, @rows) = @_;
	for my $row (@rows) {
		my $name = $row->{name};
		$row->{pleat} = $pleat->{figures}{$name};
		$row->{linux} = $linux->{figures}{program_row($name)};
		$row->{ratio} = $row->{pleat} / $row->{linux}
			if defined $row->{pleat} && $row->{linux};
		if (!defined $row->{pleat}) {
			$row->{verdict} = 'SKIP ' . ($pleat->{skipped}{$name} // 'not measured');
		} elsif ($pleat->{noisy}) {
			$row->{verdict} = 'NOISY';
		} else {
			$row->{verdict} = judge($row) // 'no figure of Linux: ' .
				($linux->{skipped}{program_row($name)} // 'none recorded');
		}
	}
}

sub judge {
	my ($row) = @_;
	return '' if $row->{goal} eq '-';
	return $row->{pleat} >= $1 ? 'goal' : 'MISSED' if $row->{goal} =~ /^>=(.*)/;
	return $row->{pleat} <= $1 ? 'goal' : 'MISSED' if $row->{goal} =~ /^<=(.*)/;
	return unless defined $row->{ratio};
	return 'stretch' if $row->{stretch} ne '-' && $row->{ratio} <= $row->{stretch};
	return $row->{ratio} <= $row->{goal} ? 'goal' : 'MISSED';
}

sub format_figure {
	my ($figure) = @_;
	return '-' if !defined $figure || $figure eq '-';
	return $figure < 1000 ? $figure : sprintf('%.0f', $figure);
}

sub print_table {
	my ($title, @rows) = @_;
	print "\n$title\n";
	printf("%-34s%12s%12s%7s%10s%7s%9s  %s\n", qw(row Pleat Linux ratio floor goal
		stretch), '');
	for my $row (@rows) {
		printf("%-34s%12s%12s%7s%10s%7s%9s  %s\n", $row->{name},
			format_figure($row->{pleat}), format_figure($row->{linux}),
			defined $row->{ratio} ? sprintf('%.2f', $row->{ratio}) : '-',
			format_figure($row->{floor}), $row->{goal}, $row->{stretch},
			$row->{verdict});
	}
}

# ratio says SKIP or NOISY where there is nothing to judge.
sub write_tsv {
	my ($file, @rows) = @_;
	open(my $out, '>', $file) or die "$file: $!\n";
	print $out join("\t", qw(row pleat linux ratio floor goal mode)), "\n";
	for my $row (@rows) {
		my $ratio = $row->{verdict} =~ /^(SKIP|NOISY)/ ? $1 :
			defined $row->{ratio} ? sprintf('%.4f', $row->{ratio}) : '-';
		print $out join("\t", $row->{name}, $row->{pleat} // '-', $row->{linux} // '-',
			$ratio, @$row{qw(floor goal mode)}), "\n";
	}
	close($out) or die "$file: $!\n";
}

sub print_summary {
	my (@rows) = @_;
	my %count = map { $_ => 0 } qw(stretch goal MISSED SKIP NOISY);
	for my $row (@rows) {
		$count{$1}++ if $row->{verdict} =~ /^(stretch|goal|MISSED|SKIP|NOISY)/;
	}
	printf("\n%d rows at the stretch, %d more at the goal, %d miss it; %d skipped, %d noisy\n",
		@count{qw(stretch goal MISSED SKIP NOISY)});
	my @missed = map { "$_->{name} ($_->{mode})" } grep { $_->{verdict} eq 'MISSED' } @rows;
	print 'missed: ', join(', ', @missed), "\n" if @missed;
}

1;
