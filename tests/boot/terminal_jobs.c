/*
 * terminal_jobs.c - reads that wait, sessions and their terminal, who may read,
 * write and change it.
 */
#define _GNU_SOURCE
#include "tests/boot/terminal_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

/*
 * Lines of a child are the parent's: the report is shared by what a child writes into this pipe.
 */
static int lines_from_child[2];

static void tell(const char *what, long result)
{
	char line[128];
	int n = result < 0 ?
			snprintf(line, sizeof(line), "%s: %s\n", what, strerrorname_np(errno)) :
			snprintf(line, sizeof(line), "%s: %ld\n", what, result);

	if (write(lines_from_child[1], line, (size_t)n) != n)
		_exit(3);
}

/* A child that does it; what it tells is in the report when it has ended. */
static pid_t begin(void (*what)(void))
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		what();
		_exit(0);
	}
	return pid;
}

static void wait_for(const char *name, pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	tell(name, status);
}

static void report_lines(void)
{
	char buf[4096];
	long n;

	close(lines_from_child[1]);
	while ((n = read(lines_from_child[0], buf, sizeof(buf))) > 0)
		report("%.*s", (int)n, buf);
	close(lines_from_child[0]);
}

/* A case in a child of its own: it may do to its session what it likes. */
static void apart(const char *name, void (*what)(void))
{
	struct termios termios = settings(0, 0, ICANON);
	pid_t pid;

	begin_case(name);
	set(&termios);
	if (pipe(lines_from_child) < 0)
		exit(1);
	pid = begin(what);
	wait_for("all ended", pid);
	close(terminal);	/* it may have been hung up */
	terminal = open(terminal_name, O_RDWR | O_NOCTTY);
	report_lines();
	end_case();
}

/* ---- sessions ---- */

/* The leader of a session with this terminal; its descriptor. */
static int lead(void)
{
	setsid();
	return open(terminal_name, O_RDWR);
}

static long open_own(void)
{
	int fd = open("/dev/tty", O_RDWR);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 1;
}

static void ask_all(const char *who, int fd)
{
	char line[64];
	int n = -1;
	long ret;

	snprintf(line, sizeof(line), "%s: /dev/tty", who);
	tell(line, open_own());
	snprintf(line, sizeof(line), "%s: TIOCGPGRP", who);
	ret = ioctl(fd, TIOCGPGRP, &n);
	tell(line, ret < 0 ? ret : n == getpgrp());
	snprintf(line, sizeof(line), "%s: TIOCGSID", who);
	ret = ioctl(fd, TIOCGSID, &n);
	tell(line, ret < 0 ? ret : n == getsid(0));
}

static void without(void)
{
	int pgrp = getpgrp();

	ask_all("without", terminal);
	tell("TIOCSPGRP", ioctl(terminal, TIOCSPGRP, &pgrp));
	tell("TIOCNOTTY", ioctl(terminal, TIOCNOTTY));
	tell("TIOCSCTTY by no leader", ioctl(terminal, TIOCSCTTY, 0));
	tell("vhangup", vhangup());
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void another_leader(void)
{
	setsid();
	ask_all("another", terminal);
	tell("it is taken", ioctl(terminal, TIOCSCTTY, 0));
	tell("opening does not give it", open(terminal_name, O_RDWR) >= 0);
	ask_all("still without", terminal);
	tell("root takes it away", ioctl(terminal, TIOCSCTTY, 1));
	ask_all("now with", terminal);
	raise(SIGSTOP);
}

static void leaders(void)
{
	pid_t pid;

	setsid();
	tell("O_NOCTTY", open(terminal_name, O_RDWR | O_NOCTTY) >= 0);
	ask_all("before", terminal);
	tell("for writing only", open(terminal_name, O_WRONLY) >= 0);
	ask_all("before", terminal);
	tell("TIOCSCTTY", ioctl(terminal, TIOCSCTTY, 0));
	tell("again", ioctl(terminal, TIOCSCTTY, 0));
	ask_all("with", terminal);
	pid = begin(another_leader);
	waitpid(pid, NULL, WUNTRACED);
	ask_all("robbed", terminal);
	tell("TIOCNOTTY", ioctl(terminal, TIOCNOTTY));
	end(pid);
}

static void give_up(void)
{
	tell("TIOCNOTTY", ioctl(terminal, TIOCNOTTY));
	ask_all("without", terminal);
	tell("twice", ioctl(terminal, TIOCNOTTY));
}

static volatile sig_atomic_t counts[64];
static void count(int signo) { counts[signo]++; }

static void count_all(void)
{
	static const int all[] = { SIGHUP,   SIGCONT, SIGINT,  SIGQUIT, SIGTSTP,
				   SIGWINCH, SIGTTOU, SIGTTIN, SIGUSR1 };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		signal(all[i], count);
}

static void tell_counts(const char *who)
{
	char line[64];

	for (int signo = 1; signo < 64; signo++) {
		if (!counts[signo])
			continue;
		snprintf(line, sizeof(line), "%s: signal %d", who, signo);
		tell(line, counts[signo]);
	}
}

/* Until that signal has come; a backstop ends the program. */
static void until(int signo)
{
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, signo);
	alarm(60);
	sigprocmask(SIG_BLOCK, &set, &old);
	while (!counts[signo])
		sigsuspend(&old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	alarm(0);
}

static void giving_up(void)
{
	count_all();
	lead();
	wait_for("a member", begin(give_up));
	ask_all("the leader has it still", terminal);
	tell("TIOCNOTTY", ioctl(terminal, TIOCNOTTY));
	tell_counts("the leader");
	ask_all("the leader", terminal);
}

/* ---- groups ---- */

static void pause_forever(void)
{
	for (;;)
		pause();
}

static void own_session(void)
{
	setsid();
	raise(SIGSTOP);
}

static long set_group(int fd, int pgrp) { return ioctl(fd, TIOCSPGRP, &pgrp); }

static void groups(void)
{
	int fd = lead(), pgrp = -1;
	pid_t member = begin(pause_forever), stranger = begin(own_session);

	waitpid(stranger, NULL, WUNTRACED);
	tell("no group of that number", set_group(fd, 1 << 22));
	tell("nor of 0", set_group(fd, 0));
	tell("nor of -1", set_group(fd, -1));
	tell("of another session", set_group(fd, stranger));
	tell("a bad pointer", ioctl(fd, TIOCSPGRP, 8));
	tell("one's own", set_group(fd, getpgrp()));
	tell("a process that leads none", set_group(fd, member));
	tell("TIOCGPGRP", ioctl(fd, TIOCGPGRP, &pgrp));
	tell("is that", pgrp == member);
	tell("a bad pointer for it", ioctl(fd, TIOCGPGRP, 8));
	signal(SIGTTOU, SIG_IGN);
	tell("back", set_group(fd, getpgrp()));
	end(member);
	end(stranger);
}

/*
 * In the background: each of these is tried by a group of its own, from which the
 * terminal is kept.
 */
static int way;		/* 0: as usual, 1: the signal is ignored, 2: blocked, 3: an orphan */

static void in_background(void)
{
	static const int both[] = { SIGTTIN, SIGTTOU };
	sigset_t set;

	setpgid(0, 0);
	sigemptyset(&set);
	for (int i = 0; i < 2; i++) {
		signal(both[i], way == 1 ? SIG_IGN : SIG_DFL);
		sigaddset(&set, both[i]);
	}
	if (way == 2)
		sigprocmask(SIG_BLOCK, &set, NULL);
}

static void read_there(void)
{
	char c = '-';
	long n;

	in_background();
	n = read(terminal, &c, 1);
	tell("read", n);
	tell("byte", c);
}

static void write_there(void)
{
	in_background();
	tell("write", write(terminal, "w\n", 2));
}

static void set_there(void)
{
	struct termios termios;

	in_background();
	tell("tcgetattr", tcgetattr(terminal, &termios));
	tell("tcsetattr", tcsetattr(terminal, TCSANOW, &termios));
	tell("tcflush", tcflush(terminal, TCIFLUSH));
	tell("tcflow", tcflow(terminal, TCOON));
	tell("tcsendbreak", tcsendbreak(terminal, 0));
	tell("tcdrain", tcdrain(terminal));
}

static void take_there(void)
{
	in_background();
	tell("tcsetpgrp", tcsetpgrp(terminal, getpgrp()));
}

static void window_there(void)
{
	struct winsize window;

	in_background();
	tell("TIOCGWINSZ", ioctl(terminal, TIOCGWINSZ, &window));
	tell("TIOCSWINSZ", ioctl(terminal, TIOCSWINSZ, &window));
}

static void (*what_there)(void);
static int alone[2];

/* Its parent ends first, and then it is an orphan. */
static void orphan(void)
{
	char c;

	setpgid(0, 0);
	close(alone[1]);
	while (read(alone[0], &c, 1) > 0)
		;
	what_there();
	_exit(0);
}

static void parent_of_orphan(void)
{
	fflush(NULL);
	if (fork() == 0)
		orphan();
}

/* As a shell does: each stop is told, and then it may have the terminal. */
static void supervise(pid_t pid)
{
	int status;

	for (;;) {
		if (waitpid(pid, &status, WUNTRACED) < 0 || !WIFSTOPPED(status))
			break;
		tell("stopped by", WSTOPSIG(status));
		set_group(terminal, pid);
		kill(-pid, SIGCONT);
	}
	tell("its status", status);
}

static void try_orphan(void)
{
	char c;
	int over[2];

	if (pipe(alone) < 0 || pipe(over) < 0)
		_exit(1);
	wait_for("parent", begin(parent_of_orphan));
	close(over[1]);
	close(alone[0]);
	close(alone[1]);
	/* The orphan holds the other end as long as it lives. */
	if (read(over[0], &c, 1) != 0)
		_exit(1);
}

static void background(void)
{
	static const char *names[] = { "-- as usual", "-- ignored", "-- blocked", "-- an orphan" };
	struct termios termios = settings(0, 0, ICANON | (what_there == write_there ? TOSTOP : 0));

	lead();
	signal(SIGTTOU, SIG_IGN);
	set(&termios);
	for (way = 0; way < 4; way++) {
		tell(names[way], 0);
		set_group(terminal, getpgrp());
		if (what_there == read_there)
			type("x\n");
		if (way == 3)
			try_orphan();
		else
			supervise(begin(what_there));
		tcflush(terminal, TCIFLUSH);
	}
	set_group(terminal, getpgrp());
}

static void backgrounds(void)
{
	static const struct { const char *name; void (*what)(void); } each[] = {
		{ "a read in the background", read_there },
		{ "a write in the background", write_there },
		{ "settings in the background", set_there },
		{ "a group in the background", take_there },
		{ "the window in the background", window_there },
	};

	for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
		what_there = each[i].what;
		apart(each[i].name, background);
	}
}

/* ---- signals for the foreground group ---- */

/* Output is thrown away with the input: nothing is echoed here. */
static void by_keys(void)
{
	struct termios flushed = settings(0, 0, ICANON | ISIG),
		       kept = settings(0, 0, ICANON | ISIG | NOFLSH);
	char buf[32] = "";
	pid_t pid;

	count_all();
	lead();
	set(&flushed);
	pid = begin(pause_forever);
	type("lost\x03");
	until(SIGINT);
	type("lost\x1c");
	until(SIGQUIT);
	set(&kept);
	type("kept \x1a");
	until(SIGTSTP);
	type("and this\n");
	tell("read", read(terminal, buf, sizeof(buf)));
	tell("it is that", strcmp(buf, "kept and this\n") == 0);
	tell_counts("the group");
	end(pid);
}

static void shown_key(void)
{
	struct termios termios = settings(0, 0, ICANON | ISIG | ECHO | ECHOCTL);

	count_all();
	lead();
	set(&termios);
	type("\x03");
	until(SIGINT);
}

static void by_window(void)
{
	struct winsize window = { 30, 100, 0, 0 };

	count_all();
	lead();
	tell("TIOCSWINSZ", ioctl(terminal, TIOCSWINSZ, &window));
	window.ws_col = 90;
	tell("another", ioctl(terminal, TIOCSWINSZ, &window));
	tell("the same", ioctl(terminal, TIOCSWINSZ, &window));
	tell_counts("window");
	memset(&window, 0, sizeof(window));
	tell("TIOCGWINSZ", ioctl(terminal, TIOCGWINSZ, &window));
	tell("rows", window.ws_row);
	tell("columns", window.ws_col);
	tell("a bad pointer", ioctl(terminal, TIOCGWINSZ, 8));
	tell("and to set", ioctl(terminal, TIOCSWINSZ, 8));
}

/* ---- a session's end ---- */

static void dies_of_hangup(void)
{
	signal(SIGHUP, SIG_DFL);
	pause_forever();
}

static void session_that_ends(void)
{
	lead();
	tell("a member", begin(dies_of_hangup) > 0);
}

static void end_of_session(void)
{
	int status = 0;

	/* What the session leaves behind comes to us. */
	if (syscall(157 /* prctl */, 36 /* PR_SET_CHILD_SUBREAPER */, 1, 0, 0, 0) < 0)
		_exit(1);
	wait_for("the leader", begin(session_that_ends));
	tell("the member's end", wait(&status) > 0);
	tell("by", WTERMSIG(status));
}

static void hung_up(void)
{
	int fd, own, again, n = 0, pgrp = getpgrp();
	struct pollfd poll_fd = { .events = POLLIN | POLLOUT };
	struct termios termios;
	char c;

	count_all();
	fd = lead();
	own = open("/dev/tty", O_RDWR);
	type("not read\n");
	tell("vhangup", vhangup());
	tell_counts("the leader");
	tell("read", read(fd, &c, 1));
	tell("write", write(fd, "x", 1));
	tell("by /dev/tty", write(own, "x", 1));
	tell("tcgetattr", tcgetattr(fd, &termios));
	tell("FIONREAD", ioctl(fd, FIONREAD, &n));
	tell("TIOCSPGRP", ioctl(fd, TIOCSPGRP, &pgrp));
	poll_fd.fd = fd;
	tell("poll", poll(&poll_fd, 1, 0));
	tell("events", poll_fd.revents);
	tell("/dev/tty", open_own());
	again = open(terminal_name, O_RDWR);
	tell("anew", again >= 0);
	tell("FIONREAD anew", ioctl(again, FIONREAD, &n));
	tell("nothing waits", n);
	ask_all("anew", again);
	tell("the old one", write(fd, "x", 1));
}

static void reads_until_hangup(void)
{
	char c;

	tell("a read that waits", read(terminal, &c, 1));
	tell("is over", 0);
}

static void hung_up_reader(void)
{
	pid_t pid;

	signal(SIGHUP, SIG_IGN);
	close(terminal);
	terminal = lead();
	pid = begin(reads_until_hangup);
	usleep(50000);
	vhangup();
	wait_for("reader", pid);
}

void jobs(void)
{
	apart("without a terminal", without);
	apart("leaders", leaders);
	apart("giving it up", giving_up);
	apart("groups", groups);
	backgrounds();
	apart("signals by keys", by_keys);
	apart("a key that is shown", shown_key);
	apart("the window", by_window);
	apart("the end of a session", end_of_session);
}

void hangups(void)
{
	apart("a hung-up terminal", hung_up);
	apart("a reader of a hung-up terminal", hung_up_reader);
}
