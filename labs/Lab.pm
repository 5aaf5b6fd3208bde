# What tools/lab and tools/grade share: reading a lab's description, and its clean copy.
package Lab;
use strict;
use warnings;
use Cwd 'abs_path';
use Exporter 'import';
use Fcntl ':flock';
use File::Basename;
use File::Copy 'copy';
use File::Find;
use File::Path qw(make_path remove_tree);
use File::Temp 'tempdir';

our @EXPORT = qw(refuse home slurp spew labs describe exported_lab clean_tree clean_copy);

# Bad input: one sentence.
sub refuse {
	print STDERR "@_\n";
	exit 2;
}

# A directory that somebody typed: not every shell replaces the ~ of DIR=~/cow.
sub home {
	my ($dir) = @_;
	return defined $dir ? $dir =~ s{^~(?=/)}{$ENV{HOME} // '~'}er : undef;
}

sub slurp {
	my ($file) = @_;
	open(my $in, '<:raw', $file) or return undef;
	local $/;
	return scalar <$in>;
}

sub spew {
	my ($file, $text) = @_;
	make_path(dirname($file));
	unlink($file);		# it may be a link to somebody else's
	open(my $out, '>:raw', $file) or die "$file: $!\n";
	print $out $text;
	close($out) or die "$file: $!\n";
}

# ---- descriptions ----

sub labs {
	my ($top) = @_;
	return map { basename(dirname($_)) } glob("$top/labs/*/lab.tsv");
}

# An exported tree says here which lab it is of.
sub exported_lab {
	my ($top) = @_;
	my $name = slurp("$top/labs/exported") // return undef;
	chomp($name);
	return $name;
}

sub check_name {
	my ($top, $name) = @_;
	my $list = join(', ', labs($top));
	refuse("LAB is missing; the labs are: $list") if !defined $name || $name eq '';
	refuse("LAB=$name: there is no such lab; the labs are: $list")
		unless grep { $_ eq $name } labs($top);
}

# { name, files, runs: [{ name, build, command }], parts: [{ name, points, cases,
# what, hint }], budget }
sub describe {
	my ($top, $name) = @_;
	check_name($top, $name);
	my %lab = (name => $name, files => [], runs => [], parts => [], budget => {});
	for (split /\n/, slurp("$top/labs/$name/lab.tsv")) {
		my ($kind, @column) = split /\t/;
		next if !defined $kind || $kind =~ /^#/;
		if ($kind eq 'file') {
			push @{$lab{files}}, $column[0];
		} elsif ($kind eq 'run') {
			push @{$lab{runs}},
				{ name => $column[0], build => $column[1], command => $column[2] };
		} elsif ($kind eq 'part' && @column == 5) {
			my %part;
			@part{qw(name points cases what hint)} = @column;
			push @{$lab{parts}}, \%part;
		} else {
			die "labs/$name/lab.tsv: cannot read: $_\n";
		}
	}
	for (split /\n/, slurp("$top/labs/$name/budget.tsv") // '') {
		my ($figure, $limit) = split /\t/;
		$lab{budget}{$figure} = $limit unless /^#/;
	}
	return \%lab;
}

# ---- the clean tree: what everything that is not the student's comes from ----

# The lines of a patch that change the files that `wanted` accepts.
sub part_of_patch {
	my ($patch, $wanted) = @_;
	my @pieces = split /^(?=--- )/m, slurp($patch);
	return join('', grep { m{^\+\+\+ b/(\S+)}m && $wanted->($1) } @pieces);
}

sub apply {
	my ($dir, $text, $name) = @_;
	return if $text eq '';
	open(my $patch, '|-', "patch -s -p1 -F3 --no-backup-if-mismatch -d '$dir' >&2")
		or die "patch: $!\n";
	print $patch $text;
	close($patch) or die "$name does not fit the tree any more: run labs/regenerate\n";
}

# Copies the tree's sources (of what patches change: real copies) with the lab's
# tests in their places.
sub copy_sources {
	my ($from, $to, $name) = @_;
	make_path($to);
	system("cd '$from' && tar cf - --exclude=./build --exclude=./.git --exclude='*.swp' " .
	       "--exclude=__pycache__ . | tar xf - -C '$to'") == 0
		or die "cannot copy the tree to $to\n";
	for my $kind ('unit', 'abi') {
		for my $test (glob("$from/labs/$name/tests/$kind/*.c")) {
			system('cp', '-p', $test, "$to/tests/$kind/") == 0
				or die "cannot copy $test\n";
		}
	}
}

# Makes $to the clean tree of the lab: this tree with the lab's tests and, with all => 1, the whole
# skeleton; otherwise only that part of the skeleton which does not stand in files of the
# submission. In an exported tree: its first commit.
sub clean_tree {
	my ($top, $lab, $to, %how) = @_;
	my %theirs = map { $_ => 1 } @{$lab->{files}};
	if (defined exported_lab($top)) {
		make_path($to);
		my $root = qx(git -C '$top' rev-list --max-parents=0 HEAD 2>/dev/null | tail -n 1);
		chomp($root);
		die "$top: its first commit is gone, and with it the clean copy\n"
			unless $root =~ /^[0-9a-f]{40,}$/;
		system("git -C '$top' archive --format=tar $root | tar xf - -C '$to'") == 0
			or die "git archive failed\n";
		return;
	}
	copy_sources($top, $to, $lab->{name});
	my $patch = "$top/labs/$lab->{name}/skeleton.patch";
	apply($to, part_of_patch($patch, sub { $how{all} || !$theirs{$_[0]} }), $patch);
}

# ---- the clean copy: the clean tree, built, in build/labs/NAME ----

# Makes `to` equal to `from`, except for build/; what is equal already keeps its time.
sub sync {
	my ($from, $to) = @_;
	my %have;
	find({ no_chdir => 1, wanted => sub {
		my $path = substr($_, length($from));
		return unless -f;
		$have{$path} = 1;
		my ($old, $new) = (slurp("$to$path"), slurp($_));
		return if defined $old && $old eq $new;
		spew("$to$path", $new);
		my @stat = stat;
		chmod($stat[2] & 0777, "$to$path");
		utime($stat[9], $stat[9], "$to$path") unless defined $old;
	} }, $from);
	find({ no_chdir => 1, wanted => sub {
		my $path = substr($_, length($to));
		$File::Find::prune = 1, return if $path eq '/build';
		unlink if -f && !$have{$path};
	} }, $to);
}

# What the tree has built already is not built again; of an exported tree, whose kernel is the
# student's, only the programs.
sub adopt_builds {
	my ($top, $copy) = @_;
	make_path("$copy/build");
	my @parts = defined exported_lab($top) ? 'user' : qw(debug release sim user);
	for (grep { -d "$top/build/$_" } @parts) {
		system('cp', '-a', "$top/build/$_", "$copy/build/") == 0
			or die "cannot copy $top/build/$_\n";
	}
}

sub build_all {
	my ($top, $copy, $lab, $log) = @_;
	my $jobs = qx(nproc);
	chomp($jobs);
	my ($sim) = map { "build/sim/$_->{command}" }
		grep { $_->{build} eq 'sim' } @{$lab->{runs}};
	for ("make -C '$top' build/newlib/.done", "make -j$jobs -C '$copy' all $sim",
	     "make -j$jobs -C '$copy' BUILD=release kernel") {
		system("$_ >>'$log' 2>&1") == 0 or die "the clean copy does not build: see $log\n";
		symlink("$top/build/newlib", "$copy/build/newlib") unless -e "$copy/build/newlib";
	}
}

# Returns where it is. One process at a time makes it; those who only read it may do so together.
sub clean_copy {
	my ($top, $lab) = @_;
	my $copy = "$top/build/labs/$lab->{name}";
	my $log = "$copy.log";
	make_path("$top/build/labs");
	open(my $lock, '>>', "$copy.lock") or die "$copy.lock: $!\n";
	flock($lock, LOCK_EX) or die "$copy.lock: $!\n";
	my $tmp = tempdir(DIR => "$top/build/labs", CLEANUP => 1);
	clean_tree($top, $lab, $tmp);
	unless (-e "$copy/build") {
		print STDERR "building the clean copy of $lab->{name} (once)\n";
		adopt_builds($top, $copy);
	}
	sync($tmp, $copy);
	remove_tree($tmp);
	spew($log, '');
	build_all($top, $copy, $lab, $log);
	return ($copy, $lock);		# locked until the caller has taken what it needs
}

1;
