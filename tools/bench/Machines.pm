# Machines.pm - runs mmbench on Pleat and on Linux, in the same machine of QEMU.
#
# Both have -cpu qemu64 and 512 MiB. Never -cpu max: with ERMS Linux uses `rep stosb`, which icount
# counts by the byte. icount: one CPU, the time-stamp counter counts instructions; la57: the same
# with five levels of page tables, for Pleat. mttcg: two CPUs. A row that ends in _rcu is measured
# by Pleat's other build, TABLE_FREE=rcu, under the name without that ending.
package Machines;
use strict;
use warnings;
use Digest::MD5;
use Exporter 'import';
use Rows;
our @EXPORT = qw(progress run_pleat run_linux linux_kernel linux_version linux_key
	kernel_and_initramfs);

my %seconds = (icount => 150, la57 => 150, mttcg => 60);

# One line for each step, on standard error: the table alone is the output.
sub progress { print STDERR 'bench: ', @_, "\n" }

# Reads the lines of mmbench as a command prints them: ({figures}, {skipped}, done).
sub read_program {
	my (@command) = @_;
	my %result = (figures => {}, skipped => {}, done => 0);
	open(my $in, '-|', @command) or die "$command[0]: $!\n";
	while (my $line = <$in>) {
		$line =~ s/[\r\n]+$//;
		if ($line =~ /^(\w+)\tSKIP\t(.*)/) {
			$result{skipped}{$1} = $2;
		} elsif ($line =~ /^(\w+)\t([\d.]+)\t\d+/) {
			$result{figures}{$1} = $2;
			printf STDERR "\r\e[K%s", $1 if -t STDERR;
		} elsif ($line =~ /^# mmbench done/) {
			$result{done} = 1;
		}
	}
	close($in);
	$result{status} = $? >> 8;
	print STDERR "\r\e[K" if -t STDERR;
	return \%result;
}

# What pleat-run says about a machine that did not end well.
my %ends = (119 => 'the machine stopped', 120 => 'the kernel panicked', 121 => 'a triple fault',
	122 => 'memory leaked', 124 => 'the machine hung', 125 => 'QEMU failed');

sub kernel_and_initramfs {
	my ($out, $build) = @_;
	return ('--build', 'release', '--kernel', "$out/$build/pleat.elf",
		'--initramfs', "$out/bench/initramfs.cpio");
}

sub pleat_command {
	my ($out, $mode, $build, @arguments) = @_;
	return ('tools/pleat-run', kernel_and_initramfs($out, $build), '--cpu',
		$mode eq 'la57' ? 'qemu64,la57=on' : 'qemu64', '--img', "$out/bench/root",
		'--timeout', $seconds{$mode},
		$mode eq 'mttcg' ? ('--cpus', 2) : ('--cpus', 1, '--icount'),
		'--', '/mmbench', 'noreboot', @arguments);
}

# Runs the rows (names that the program knows) on a build of Pleat. When the program ends early,
# the row it was at is skipped with the reason, and the others have another machine. {broken}
# says what no machine may do.
sub run_build {
	my ($out, $mode, $build, @names) = @_;
	my %all = (figures => {}, skipped => {}, broken => '');
	while (@names) {
		my $part = read_program(pleat_command($out, $mode, $build,
			'only=' . join(',', @names)));
		$all{$_} = { %{$all{$_}}, %{$part->{$_}} } for qw(figures skipped);
		my $end = $ends{$part->{status}} //
			"the program ended with status $part->{status}";
		$all{broken} = $end if $part->{status} >= 119 && $part->{status} <= 125;
		@names = grep { !defined $all{figures}{$_} && !defined $all{skipped}{$_} } @names;
		last if $part->{done} || !@names;
		$all{skipped}{shift @names} = $end;
		last if $part->{status} == 125;
	}
	$all{skipped}{$_} = 'the program does not know this row' for @names;
	return \%all;
}

# Runs the rows (names) on Pleat, each on its own build. Counting instructions, the other build
# runs all the rows too, though only its own are asked of it: what came before is the same then.
sub run_pleat {
	my ($out, $mode, @names) = @_;
	my @own = grep { build_of($_) ne 'release' } @names;
	my @rest = grep { build_of($_) eq 'release' } @names;
	my $all = run_build($out, $mode, 'release', @rest);
	return $all unless @own;
	my @names_there = $mode eq 'icount' && @rest ? @rest : map { program_row($_) } @own;
	my $other = run_build($out, $mode, build_of($own[0]), @names_there);
	for my $what (qw(figures skipped)) {
		my $of = $other->{$what};
		$all->{$what}{$_} = $of->{program_row($_)}
			for grep { defined $of->{program_row($_)} } @own;
	}
	$all->{broken} ||= $other->{broken};
	return $all;
}

# Debian's kernel, downloaded into $out/linux and never installed; undef if that cannot be.
sub linux_kernel {
	my ($out) = @_;
	our $tried;
	my ($kernel) = glob("$out/linux/vmlinuz-*");
	return $kernel if $kernel || $tried++;
	return download_linux("$out/linux");
}

# The meta-package depends on the one that holds the kernel; its name has the version in it.
sub download_linux {
	my ($dir) = @_;
	my $meta = 'linux-image-cloud-amd64';
	progress("getting Debian's kernel (package $meta) into $dir; it is not installed");
	my $depends = qx(apt-cache depends --important $meta 2>/dev/null);
	my $package = $depends =~ /Depends: (linux-image-\S+)/ ? $1 : undef;
	if (!$package) {
		progress("apt-cache knows no $meta (is this Debian, and did `apt-get update` ",
			"run?)");
		return;
	}
	my $script = 'mkdir -p "$1/download" && cd "$1/download" &&
		timeout 120 apt-get -q -o Acquire::Retries=1 -o Acquire::http::Timeout=15 \
			download "$2" &&
		dpkg -x "$2"_*.deb root && mv root/boot/vmlinuz-* .. && cd .. && rm -rf download';
	my $status = system('bash', '-c', "($script) >\"\$1.log\" 2>&1", 'get-linux',
		$dir, $package);
	my ($kernel) = glob("$dir/vmlinuz-*");
	progress("could not get $package: see $dir.log") if $status || !$kernel;
	return $kernel;
}

sub linux_version { return $_[0] =~ /vmlinuz-(.*)/ ? $1 : $_[0] }

# A file of a cpio archive in format newc; mode is octal.
sub cpio_file {
	my ($inode, $name, $mode, $data, $major, $minor) = @_;
	my @fields = ($inode, $mode, 0, 0, 1, 0, length $data, 0, 0, $major // 0, $minor // 0,
		1 + length $name, 0);
	my $head = '070701' . join('', map { sprintf('%08x', $_) } @fields) . "$name\0";
	return pad($head) . pad($data);
}

sub pad { return $_[0] . "\0" x (-length($_[0]) % 4) }

sub slurp {
	my ($file) = @_;
	local $/;
	open(my $in, '<:raw', $file) or die "$file: $!\n";
	return <$in>;
}

# mmbench as /init, with a console; written here since mknod is for root only.
sub linux_initrd {
	my ($out) = @_;
	my $file = "$out/linux/initrd.cpio";
	open(my $cpio, '>:raw', $file) or die "$file: $!\n";
	print $cpio cpio_file(1, 'init', 0100755, slurp("$out/bench/root/mmbench")),
		cpio_file(2, 'tiny', 0100755, slurp("$out/bench/root/tiny")),
		cpio_file(3, 'dev', 040755, ''), cpio_file(4, 'dev/console', 020600, '', 5, 1),
		cpio_file(0, 'TRAILER!!!', 0, '');
	close($cpio) or die "$file: $!\n";
	return $file;
}

# The fairest Linux: no mitigations, no hardening, no accounting, no address randomisation.
my $fair = 'mitigations=off nopti nokaslr norandmaps init_on_alloc=0 hardened_usercopy=off '
	. 'randomize_kstack_offset=off cgroup_disable=memory numa_balancing=disable preempt=none '
	. 'lsm=capability transparent_hugepage=never audit=0';

sub linux_command {
	my ($kernel, $initrd, $mode, @arguments) = @_;
	my @cpus = $mode eq 'icount' ? (qw(-smp 1 -icount), 'shift=0,sleep=off') :
		(qw(-smp 2 -accel), 'tcg,thread=multi');
	return ('timeout', '--foreground', '-k', 2, 2 * $seconds{$mode}, 'qemu-system-x86_64',
		'-M', 'pc',
		'-cpu', 'qemu64', @cpus, '-m', '512M', '-kernel', $kernel, '-initrd', $initrd,
		'-append',
		"console=ttyS0 quiet loglevel=3 panic=-1 $fair -- @arguments",
		qw(-nodefaults -display none
		-vga none -no-reboot -serial stdio -monitor none));
}

# What Linux's icount figures depend on: while it stays the same, so do they.
sub linux_key {
	my ($out, $kernel) = @_;
	my $md5 = Digest::MD5->new;
	$md5->add(slurp($_)) for "$out/bench/root/mmbench", "$out/bench/root/tiny", $kernel;
	$md5->add($fair, scalar qx(qemu-system-x86_64 --version));
	return $md5->hexdigest;
}

sub run_linux {
	my ($out, $kernel, $mode, @names) = @_;
	my @only = @names ? 'only=' . join(',', @names) : ();
	my @command = linux_command($kernel, linux_initrd($out), $mode, @only);
	my $result = read_program('bash', '-c', 'exec "$@" </dev/null', 'linux', @command);
	die "Linux did not finish the benchmark (QEMU's status $result->{status})\n"
		unless $result->{done};
	return $result;
}

1;
