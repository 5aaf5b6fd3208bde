# Profile.pm - where the instructions of a row go, by function and by source line.
#
# QEMU runs with the plugin count.so, which counts every instruction in the timed parts of the row
# (tools/bench/count.c): the figures are exact, and add up to the row's own.
package Profile;
use strict;
use warnings;
no warnings 'portable';	# addresses have 64 bits
use Exporter 'import';
use Machines;
use Rows;
our @EXPORT = qw(profile_row);

# Functions and labels of an ELF file, by address: ([address, name], ...).
sub symbols {
	my ($file, $prefix) = @_;
	my @symbols;
	open(my $nm, '-|', 'nm', '-n', $file) or die "nm: $!\n";
	while (<$nm>) {
		push @symbols, [hex $1, "$prefix$2"] if /^([0-9a-f]+) [tTwW] (\S+)/;
	}
	die "$file has no symbols\n" unless @symbols;
	return @symbols;
}

# The last symbol that is not above the address.
sub symbol_at {
	my ($symbols, $address) = @_;
	my ($low, $high) = (0, $#$symbols);
	return '(other code)' if $address < $symbols->[0][0];
	while ($low < $high) {
		my $middle = int(($low + $high + 1) / 2);
		if ($symbols->[$middle][0] <= $address) {
			$low = $middle;
		} else {
			$high = $middle - 1;
		}
	}
	return $symbols->[$low][1];
}

sub address_of {
	my ($file, $name) = @_;
	my ($line) = grep { / \Q$name\E$/ } qx(nm '$file');
	die "$file has no symbol $name\n" unless $line;
	return (split(' ', $line))[0];
}

# The range of a program's code from its section header.
sub text_range {
	my ($file) = @_;
	for (qx(readelf -SW '$file')) {
		return sprintf('%x-%x', hex $1, hex($1) + hex $2)
			if /\] \.text\s+PROGBITS\s+(\w+)\s+\w+\s+(\w+)/;
	}
	die "$file has no .text\n";
}

my $most_samples = 64;	# MAX_SAMPLES in tests/bench/bench.h

# Runs the row under the plugin: ({address: count}, operations counted, the row's figure). A timed
# part is one sample, or one operation where the operations of a sample are timed one by one.
sub count {
	my ($out, $kernel, $program, $row) = @_;
	my $name = program_row($row);
	my $counts = "$out/bench/counts";
	unlink $counts;
	my $plugin = join(',', "$out/bench/count.so", 'kernel=' . text_range($kernel),
		'program=' . text_range($program), 'keep=' . address_of($program, 'profile_keep'),
		"out=$counts");
	my @command = ('tools/pleat-run', kernel_and_initramfs($out, build_of($row)),
		'--cpu', 'qemu64', '--cpus', 1, '--icount',
		'--img', "$out/bench/root", '--timeout', 300, '--qemu', "-plugin $plugin",
		'--', '/mmbench', 'noreboot', "only=$name", "profile=$name");
	open(my $run, '-|', @command) or die "tools/pleat-run: $!\n";
	my ($line) = grep { /^\Q$name\E\t/ } <$run>;
	close($run);
	die "$row: not measured (status ", $? >> 8, ")\n" unless $line;
	die "$row: $1\n" if $line =~ /\tSKIP\t(.*)/;
	open(my $in, '<', $counts)
		or die "$row: QEMU wrote no counts; does it have plugins (-plugin)?\n";
	my ($parts) = <$in> =~ /^parts (\d+)/ or die "$counts: not what count.so writes\n";
	my %count = map { /^(\w+) (\d+)/ ? (hex $1, $2) : () } <$in>;
	die "$row: no timed part was seen\n" unless $parts && %count;
	my ($figure, $ops) = $line =~ /\t([\d.]+)\t(\d+)/;
	return (\%count, $parts > $most_samples ? $parts : $parts * $ops, $figure);
}

# Source lines of addresses, as file:line.
sub lines {
	my ($file, @addresses) = @_;
	return () unless @addresses;
	my @result = split(/\n/,
		qx(addr2line -e '$file' @{[map { sprintf('%x', $_) } @addresses]}));
	s{^.*/(?=(?:arch|boot|kernel|mm|tests|user)/)}{}, s/ \(discriminator.*// for @result;
	my %line;
	@line{@addresses} = @result;
	return %line;
}

sub print_top {
	my ($title, $cost, $total, $most) = @_;
	my @names = sort { $cost->{$b} <=> $cost->{$a} || $a cmp $b } keys %$cost;
	print "\n  $title\n";
	for my $name (splice(@names, 0, $most)) {
		last if $cost->{$name} < $total / 500;
		printf("  %12.1f %5.1f %%  %s\n", $cost->{$name}, 100 * $cost->{$name} / $total,
			$name);
	}
}

# Prints the profile of one row; figures are instructions per operation of the row.
sub profile_row {
	my ($out, $row) = @_;
	my ($kernel, $program) = ("$out/" . build_of($row) . '/pleat.elf',
		"$out/bench/root/mmbench");
	my ($count, $operations, $median) = count($out, $kernel, $program, $row);
	my @symbols = sort { $a->[0] <=> $b->[0] } symbols($kernel, ''),
		symbols($program, 'mmbench: ');
	my (%function, %line, $sum);
	my %where = (lines($kernel, grep { $_ > 1 << 32 } keys %$count),
		lines($program, grep { $_ && $_ < 1 << 32 } keys %$count));
	for my $address (keys %$count) {
		my $cost = $count->{$address} / $operations;
		$sum += $cost;
		$function{symbol_at(\@symbols, $address)} += $cost;
		$line{$where{$address} // '(other code)'} += $cost;
	}
	printf("\n%s: %.1f instructions per operation, the mean of %d operations (the median is %s)\n",
		$row, $sum, $operations, $median);
	print_top('by function', \%function, $sum, 30);
	print_top('by source line', \%line, $sum, 20);
}

1;
