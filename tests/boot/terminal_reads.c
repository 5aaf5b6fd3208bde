/*
 * terminal_reads.c - reads that wait: for lines, bytes, some time; with others, and
 * interrupted. And writes.
 */
#define _GNU_SOURCE
#include "tests/boot/terminal_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static struct termios bytes(int min, int time)
{
	struct termios termios = settings(0, 0, 0);

	termios.c_cc[VMIN] = (cc_t)min;
	termios.c_cc[VTIME] = (cc_t)time;
	return termios;
}

static void read_some(size_t n)
{
	static char buf[8192];

	report_bytes("read", buf, read(terminal, buf, n));
}

static void set_nonblock(int on)
{
	int flags = fcntl(terminal, F_GETFL);

	fcntl(terminal, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

/* ---- MIN and TIME ---- */

static void ready_by_select(void)
{
	struct timeval now = { 0, 0 };
	fd_set in, out;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(terminal, &in);
	FD_SET(terminal, &out);
	report_result("select", select(terminal + 1, &in, &out, NULL, &now));
}

static void min_and_time(const char *name, int min, int time)
{
	struct termios termios = bytes(min, time);

	begin_case(name);
	set(&termios);
	if (!min)
		read_some(8);
	type("a");
	report_waiting();
	ready_by_select();
	if (!min || time)
		read_some(8);
	type("bcd");
	report_waiting();
	ready_by_select();
	read_some(2);
	read_some(1);
	set_nonblock(1);
	read_some(8);
	read_some(8);
	type("efg");
	read_some(2);
	read_some(8);
	set_nonblock(0);
	end_case();
}

/* ---- lines ---- */

static void parts_of_lines(void)
{
	struct termios termios = settings(0, 0, ICANON);

	begin_case("parts of lines");
	set(&termios);
	type("abcdef\nghi\x04jk\nl\x04\x04mno\x04");
	read_some(3);
	read_some(3);
	read_some(0);
	read_some(3);
	read_some(3);
	read_some(9);
	read_some(9);
	read_some(9);
	report_waiting();
	read_some(2);
	read_some(9);
	end_case();
}

/* ---- who waits ---- */

static volatile sig_atomic_t signals;

static void note_signal(int signo)
{
	(void)signo;
	signals++;
}

/* The third signal types something: a read that goes on behind signals sees it. */
static void type_at_third(int signo)
{
	(void)signo;
	if (++signals == 3)
		ioctl(terminal, TIOCSTI, "z");
}

static void tick(void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	struct itimerval each = { { 0, 20000 }, { 0, 20000 } };

	signals = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &each, NULL);
}

static void end_ticks(void)
{
	struct itimerval never = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &never, NULL);
}

static void interrupted(const char *name, int min, const char *typed)
{
	struct termios termios = bytes(min, 0);

	begin_case(name);
	set(&termios);
	type(typed);
	tick(note_signal, 0);
	read_some(8);
	end_ticks();
	tick(type_at_third, SA_RESTART);
	read_some(8);
	end_ticks();
	report("signals: %s\n", signals >= 3 || *typed ? "enough" : "too few");
	report_input();
	end_case();
}

static void stopped_writer(void)
{
	struct termios termios = settings(IXON, 0, 0);

	begin_case("a stopped writer");
	set(&termios);
	type("\x13");
	report_waiting();
	set_nonblock(1);
	report_result("write", write(terminal, "lost", 4));
	set_nonblock(0);
	tick(note_signal, 0);
	report_result("write", write(terminal, "lost", 4));
	end_ticks();
	type("\x11");
	report_waiting();
	report_result("write", write(terminal, "not lost", 8));
	end_case();
}

/* Two children wait for lines: each gets one, whole. */
static void two_readers(void)
{
	struct termios termios = settings(0, 0, ICANON);
	int ends[2], n = 0;
	char line[16] = "";

	begin_case("two readers");
	set(&termios);
	if (pipe(ends) < 0)
		exit(1);
	for (int i = 0; i < 2; i++) {
		if (fork() == 0) {
			char buf[16];
			long got = read(terminal, buf, sizeof(buf));

			_exit(write(ends[1], buf, got > 0 ? (size_t)got : 0) != got);
		}
	}
	usleep(30000);
	type("one\ntwo\n");
	for (int i = 0, status; i < 2; i++)
		n += wait(&status) > 0 && status == 0;
	report("well ended: %d\n", n);
	report_result("bytes", read(ends[0], line, sizeof(line)));
	report("both: %d\n", strstr(line, "one\n") && strstr(line, "two\n"));
	report_waiting();
	close(ends[0]);
	close(ends[1]);
	end_case();
}

static void woken(const char *name, tcflag_t lflag, const char *typed)
{
	struct termios termios = settings(0, 0, lflag);
	struct pollfd poll_fd = { .fd = terminal, .events = POLLIN };
	pid_t pid;

	begin_case(name);
	set(&termios);
	pid = fork();
	if (pid == 0) {
		usleep(20000);
		type(typed);
		_exit(0);
	}
	report_result("poll", poll(&poll_fd, 1, 60000));
	read_some(8);
	waitpid(pid, NULL, 0);
	end_case();
}

/* ---- a signal for what comes ---- */

/* The descriptor and the reason of a signal that comes, within a minute; or that there is none. */
static void report_told(const char *what, int signo, time_t seconds)
{
	struct timespec patience = { .tv_sec = seconds };
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	if (sigtimedwait(&set, &info, &patience) == signo)
		report("%s: descriptor %d, code %d, band %lx\n", what, info.si_fd == terminal,
		       info.si_code, info.si_band);
	else
		report_result(what, -1);
}

static void told(void)
{
	struct termios line = settings(0, 0, ICANON), raw = settings(0, 0, 0);
	const int signo = SIGRTMIN, flags = fcntl(terminal, F_GETFL);
	sigset_t own, old;

	begin_case("a signal for input");
	sigemptyset(&own);
	sigaddset(&own, signo);
	sigprocmask(SIG_BLOCK, &own, &old);
	report_result("owner", fcntl(terminal, F_SETOWN, getpid()));
	report_result("signal", fcntl(terminal, F_SETSIG, signo));
	report_result("O_ASYNC", fcntl(terminal, F_SETFL, flags | O_ASYNC));
	set(&line);
	type("ab");
	usleep(20000);
	report_told("a part of a line", signo, 0);
	type("c\n");
	report_told("a line", signo, 60);
	report_input();
	set(&raw);
	type("x");
	report_told("a byte", signo, 60);
	report_input();
	fcntl(terminal, F_SETFL, flags);
	type("y");
	usleep(20000);
	report_told("without O_ASYNC", signo, 0);
	report_input();
	fcntl(terminal, F_SETSIG, 0);
	fcntl(terminal, F_SETOWN, 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	end_case();
}

/* ---- much at once, from the other end ---- */

static void wait_until_waiting(int n)
{
	int waiting = 0;

	for (int tries = 0; tries < 60000 && waiting != n; tries++) {
		usleep(1000);
		ioctl(terminal, FIONREAD, &waiting);
	}
	report("waiting %d\n", waiting);
}

static void much(int n)
{
	static char buf[8192];
	long got = 1, all = 0;

	begin_case("much at once");
	ask_to_type('m', n);
	wait_until_waiting(4095);
	while (all < n && got > 0) {
		got = read(terminal, buf, sizeof(buf));
		all += got;
	}
	report_result("all", all);
	end_case();
}

/* ---- requests ---- */

static void requests(void)
{
	char *nowhere = (char *)8;
	int n = -1;

	__asm__("" : "+r"(nowhere));	/* the compiler is not to know */
	begin_case("requests");
	report_result("TCFLSH", ioctl(terminal, TCFLSH, 3));
	report_result("TCXONC", ioctl(terminal, TCXONC, 4));
	report_result("TCGETS", ioctl(terminal, TCGETS, 8));
	report_result("TCSETS", ioctl(terminal, TCSETS, 8));
	report_result("TIOCSTI", ioctl(terminal, TIOCSTI, 8));
	report_result("FIONREAD", ioctl(terminal, FIONREAD, 8));
	report_result("TIOCOUTQ", ioctl(terminal, TIOCOUTQ, 8));
	report_result("TIOCGETD", ioctl(terminal, TIOCGETD, &n));
	report_result("is", n);
	report_result("none", ioctl(terminal, 0x54ff, &n));
	report_result("isatty", isatty(terminal));
	report_result("lseek", lseek(terminal, 0, SEEK_SET));
	report_result("a bad pointer", write(terminal, nowhere, 1));
	type("a");
	report_result("a bad pointer", read(terminal, nowhere, 1));
	end_case();
}

void reading(void)
{
	min_and_time("MIN 1", 1, 0);
	min_and_time("MIN 3", 3, 0);
	min_and_time("MIN 3 TIME 1", 3, 1);
	min_and_time("TIME 1", 0, 1);
	min_and_time("neither", 0, 0);
	parts_of_lines();
	interrupted("an interrupted read", 1, "");
	interrupted("a read that has something", 5, "ab");
	stopped_writer();
	two_readers();
	woken("a line wakes", ICANON, "abc\n");
	woken("an end of file wakes", ICANON, "\x04");
	woken("a byte wakes", 0, "a");
	told();
	much(20000);
	much(100000);
	requests();
}
