/*
 * terminal_probe TERMINAL [SEED ROUNDS]: does things at a terminal and reports what it did,
 * on that terminal. tests/boot/discipline.t runs it on a terminal of Linux and on Pleat's:
 * both must show the same.
 *
 * It types for itself, by TIOCSTI: when that returns, the terminal has dealt with the byte.
 */
#define _GNU_SOURCE
#include "tests/boot/terminal_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

const char *terminal_name;
int terminal;

static char text[1 << 18];
static size_t length;

/* ---- the report ---- */

void report(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	length += (size_t)vsnprintf(text + length, sizeof(text) - length, format, args);
	va_end(args);
	if (length > sizeof(text) - 1)
		length = sizeof(text) - 1;
}

void report_result(const char *what, long result)
{
	if (result < 0)
		report("%s: %s\n", what, strerrorname_np(errno));
	else
		report("%s: %ld\n", what, result);
}

void report_bytes(const char *what, const char *bytes, long n)
{
	if (n < 0) {
		report_result(what, n);
		return;
	}
	report("%s: %ld '", what, n);
	for (long i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (n > 200 && i == 60)
			i = n - 60;
		c >= ' ' && c < 0x7f && c != '\\' ? report("%c", c) : report("\\%02x", c);
	}
	report("'\n");
}

/*
 * Goes on when the other end has read all that came before: it has room, and
 * nothing can be thrown away.
 */
void begin_case(const char *name)
{
	char answer;

	length = 0;
	dprintf(terminal, "== %s\r\n", name);
	ask_to_type('y', 1);
	if (read(terminal, &answer, 1) != 1 || answer != 'y')
		report("the other end is not there\n");
}

void end_case(void)
{
	struct termios stopping = settings(IXON, OPOST, 0), counting = settings(0, OPOST, 0),
		       plain = settings(0, 0, 0);

	/* What was stopped goes on: by TCOON, or because IXON ends. */
	ioctl(terminal, TCXONC, TCOON);
	write(terminal, "", 0);
	tcsetattr(terminal, TCSAFLUSH, &stopping);
	tcsetattr(terminal, TCSAFLUSH, &counting);
	dprintf(terminal, "\r\n");	/* the cursor is in its first column now */
	tcsetattr(terminal, TCSAFLUSH, &plain);
	for (size_t done = 0; done < length;)
		done += (size_t)write(terminal, text + done, length - done);
	length = 0;
}

/* ---- the terminal ---- */

struct termios settings(tcflag_t iflag, tcflag_t oflag, tcflag_t lflag)
{
	struct termios termios = { .c_iflag = iflag, .c_oflag = oflag,
				   .c_cflag = B115200 | CS8 | CREAD,
				   .c_lflag = lflag };
	static const struct { int which; unsigned char c; } characters[] = {
		{ VINTR, CTRL('C') }, { VQUIT, CTRL('\\') }, { VERASE, 0x7f },
		{ VKILL, CTRL('U') },
		{ VEOF, CTRL('D') }, { VMIN, 1 }, { VTIME, 0 }, { VSTART, CTRL('Q') },
		{ VSTOP, CTRL('S') },
		{ VSUSP, CTRL('Z') }, { VEOL, '@' }, { VEOL2, '!' }, { VREPRINT, CTRL('R') },
		{ VDISCARD, CTRL('O') }, { VWERASE, CTRL('W') }, { VLNEXT, CTRL('V') },
	};

	for (size_t i = 0; i < sizeof(characters) / sizeof(*characters); i++)
		termios.c_cc[characters[i].which] = characters[i].c;
	return termios;
}

void set(const struct termios *termios)
{
	if (tcsetattr(terminal, TCSANOW, termios) < 0)
		report_result("tcsetattr", -1);
}

void type_bytes(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (ioctl(terminal, TIOCSTI, &bytes[i]) == 0)
			continue;
		dprintf(terminal, "no TIOCSTI: %m\r\n");
		exit(77);
	}
}

void type(const char *typed) { type_bytes(typed, strlen(typed)); }

void ask_to_type(char byte, int times) { dprintf(terminal, "<type %02x %d>", byte, times); }

void report_waiting(void)
{
	struct pollfd poll_fd = { .fd = terminal, .events = POLLIN | POLLOUT };
	int n = -1;

	ioctl(terminal, FIONREAD, &n);
	poll(&poll_fd, 1, 0);
	report("waiting %d, poll %x\n", n, poll_fd.revents);
}

void report_input(void)
{
	static char buf[8192];
	int flags = fcntl(terminal, F_GETFL);
	long n = 1;

	fcntl(terminal, F_SETFL, flags | O_NONBLOCK);
	/* An end of file is 0 as well: it may come again. */
	for (int tries = 0; tries < 12 && n >= 0; tries++) {
		n = read(terminal, buf, sizeof(buf));
		report_bytes("read", buf, n);
	}
	fcntl(terminal, F_SETFL, flags);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	setvbuf(stdout, NULL, _IONBF, 0);
	terminal_name = argv[1];
	terminal = open(terminal_name, O_RDWR | O_NOCTTY);
	if (terminal < 0)
		return 2;
	end_case();
	if (argc == 4) {
		random_rounds((unsigned int)atoi(argv[2]), atoi(argv[3]));
	} else {
		lines();
		reading();
		jobs();
		random_rounds(1, 300);
		hangups();
	}
	begin_case("end");
	end_case();
	return 0;
}
