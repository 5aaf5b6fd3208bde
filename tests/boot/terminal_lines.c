/*
 * terminal_lines.c - what becomes of typed bytes under each setting; of written ones;
 * and at random of both.
 */
#define _GNU_SOURCE
#include "tests/boot/terminal_probe.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ECHOES	(ECHO | ECHOE | ECHOK | ECHOKE | ECHOCTL)
#define PERSON	(ICANON | IEXTEN | ECHOES)

static const struct line {
	const char *name;
	tcflag_t iflag, oflag, lflag;
	const char *typed;
} table[] = {
	{ "a line", ICRNL, OPOST | ONLCR, PERSON, "one two\rthree\n" },
	{ "a line of raw bytes", ICRNL, 0, ECHO, "ab\rc\n\x04" },
	{ "control characters", 0, 0, ICANON | ECHO | ECHOCTL, "a\x01\tb\x1b\n" },
	{ "control characters as they are", 0, 0, ICANON | ECHO, "a\x01\tb\x1b\n" },
	{ "INLCR", INLCR, 0, ICANON | ECHO, "a\nb\r\x04" },
	{ "INLCR raw", INLCR, 0, ECHO | ECHOCTL, "a\nb\r" },
	{ "ICRNL raw", ICRNL, 0, ECHO | ECHOCTL, "a\nb\r" },
	{ "IGNCR", IGNCR | ICRNL, 0, ICANON | ECHO, "a\rb\n" },
	{ "ISTRIP", ISTRIP, 0, ICANON | ECHO, "\xe1\xe2\n" },
	{ "IUCLC", IUCLC, 0, ICANON | IEXTEN | ECHO, "ABc\xc4\xd7\xdf\n" },
	{ "IUCLC without IEXTEN", IUCLC, 0, ICANON | ECHO, "ABc\n" },
	{ "PARMRK", PARMRK, 0, ICANON | ECHO, "a\xff\n" },
	{ "erase", 0, 0, PERSON, "abc\x7f\x7fX\n" },
	{ "erase nothing", 0, 0, PERSON, "\x7f\x7fX\n\x7fY\n" },
	{ "erase without ECHOE", 0, 0, ICANON | ECHO, "abc\x7f\x7fX\n" },
	{ "erase without ECHO", 0, 0, ICANON, "abc\x7f\x7fX\n" },
	{ "erase a control character", 0, 0, PERSON, "a\x01\x02\x7f\x7f\x7f\x7fX\n" },
	{ "erase a tab", 0, OPOST, PERSON, "ab\tc\t\x7f\x7f\x7fX\n" },
	{ "erase a tab at the beginning", 0, OPOST, PERSON, "\t\x7fX\n" },
	{ "erase a tab behind control characters", 0, OPOST, PERSON, "\x01z\t\x7fX\n" },
	{ "erase UTF-8", IUTF8, 0, PERSON, "a\xc3\xa4\xe2\x82\xac\x7f\x7fX\n" },
	{ "erase UTF-8 byte by byte", 0, 0, PERSON, "a\xc3\xa4\x7fX\n" },
	{ "erase what is no character", IUTF8, 0, PERSON, "\xa4\xa4\x7fX\n" },
	{ "erase a word", 0, 0, PERSON, "one two_3 .. \x17\x17X\n" },
	{ "erase a word of UTF-8", IUTF8, 0, PERSON, "a b\xc3\xa4" "c\x17X\n" },
	{ "erase a word without IEXTEN", 0, 0, ICANON | ECHOES, "one\x17\n" },
	{ "kill", 0, 0, PERSON, "one\ttwo\x15X\n" },
	{ "kill without ECHOKE", 0, 0, PERSON & ~(tcflag_t)ECHOKE, "one\x15X\n" },
	{ "kill without ECHOK", 0, 0, PERSON & ~(tcflag_t)ECHOK, "one\x15X\n" },
	{ "kill without ECHO", 0, 0, ICANON, "one\x15X\n" },
	{ "ECHOPRT", 0, 0, PERSON | ECHOPRT, "abc\x7f\x7fX\x17Y\x15Z\n" },
	{ "ECHOPRT of UTF-8", IUTF8, 0, PERSON | ECHOPRT, "a\xc3\xa4\x7f\x7f\n" },
	{ "ECHONL", 0, OPOST | ONLCR, ICANON | ECHONL, "abc\n" },
	{ "ECHONL raw", 0, 0, ECHONL, "abc\n" },
	{ "reprint", 0, OPOST | ONLCR, PERSON, "ab\x01\x12" "c\x7f\n" },
	{ "reprint without ECHO", 0, 0, ICANON | IEXTEN, "ab\x12" "c\n" },
	{ "literally", 0, 0, PERSON, "a\x16\x04\x16\x7f\x16\n\n" },
	{ "literally without ECHOCTL", 0, 0, ICANON | IEXTEN | ECHO, "a\x16\x04\n" },
	{ "literally without IEXTEN", 0, 0, ICANON | ECHOES, "a\x16\n" },
	{ "literally a special byte", ICRNL, 0, PERSON | ISIG, "\x16\x03\x16\r\n" },
	{ "end of file", 0, 0, PERSON, "\x04" },
	{ "end of file in a line", 0, 0, PERSON, "abc\x04" "d\n" },
	{ "end of file behind a line", 0, 0, PERSON, "abc\n\x04\x04" },
	{ "other ends of lines", 0, 0, PERSON, "ab@c!d\n" },
	{ "VEOL2 without IEXTEN", 0, 0, ICANON | ECHO, "ab!c@" },
	{ "VDISCARD", 0, 0, PERSON, "a\x0f" "b\n" },
	{ "an incomplete line", 0, 0, PERSON, "abc" },
	{ "NUL", 0, 0, PERSON, "a\x16\x80" "b\n" },
	{ "lines and a part of one", 0, 0, PERSON, "a\nbc\nde" },
	{ "special characters off", 0, 0, ECHO | ISIG, "\x7f\x15\x04\x16" },
	{ "IXON", IXON, 0, ICANON | ECHO, "a\x13" "b\x11" "c\n" },
	{ "IXANY", IXON | IXANY, 0, ICANON | ECHO, "a\x13" "bc\n" },
	{ "IXANY by an editing character", IXON | IXANY, 0, PERSON, "ab\x13\x7f" "c\n" },
	{ "without IXON", 0, 0, ICANON | ECHO, "a\x13" "b\n" },
};

static void one(const struct line *line)
{
	struct termios termios = settings(line->iflag, line->oflag, line->lflag);

	begin_case(line->name);
	set(&termios);
	type(line->typed);
	report_waiting();
	report_input();
	end_case();
}

/* ---- output ---- */

static void output(const char *name, tcflag_t iflag, tcflag_t oflag)
{
	static const char written[] = "ab\tc\nd\re\b\tf\n\rg\xc3\xa4\t\r\r\nh\xe4\xff\xf7\n\x01\tI\t.";
	struct termios termios = settings(iflag, oflag, 0);

	begin_case(name);
	set(&termios);
	report_result("written", write(terminal, written, sizeof(written) - 1));
	end_case();
}

static void outputs(void)
{
	static const struct { const char *name; tcflag_t flags; } each[] = {
		{ "OPOST", 0 }, { "ONLCR", ONLCR }, { "OCRNL", OCRNL }, { "ONOCR", ONOCR },
		{ "ONLRET", ONLRET },
		{ "TAB3", TAB3 }, { "OLCUC", OLCUC }, { "ONLCR TAB3", ONLCR | TAB3 },
		{ "OCRNL ONLRET TAB3", OCRNL | ONLRET | TAB3 },
		{ "ONLRET TAB3 ONOCR", ONLRET | TAB3 | ONOCR },
		{ "OCRNL TAB3", OCRNL | TAB3 }, { "ONLRET TAB3", ONLRET | TAB3 },
	};

	for (size_t i = 0; i < sizeof(each) / sizeof(*each); i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s in UTF-8", each[i].name);
		output(each[i].name, 0, OPOST | each[i].flags);
		output(name, IUTF8, OPOST | each[i].flags);
	}
	output("no OPOST", 0, ONLCR | TAB3 | OLCUC);
}

/* ---- the settings change while bytes wait ---- */

static void change(const char *name, tcflag_t from, const char *typed, tcflag_t to,
		   const char *then)
{
	struct termios before = settings(0, 0, from), after = settings(0, 0, to);

	begin_case(name);
	set(&before);
	type(typed);
	report_waiting();
	set(&after);
	report_waiting();
	type(then);
	report_waiting();
	report_input();
	end_case();
}

static void changes(void)
{
	change("a part of a line becomes readable", ICANON | ECHO, "abc", 0, "");
	change("whole lines and a part", ICANON | ECHO, "ab\ncd\nef", 0, "g");
	change("ends of file become bytes", ICANON, "ab\x04\x04" "c", 0, "d");
	change("bytes become a line", 0, "ab\ncd", ICANON | ECHO, "ef\n");
	change("and cannot be erased", 0, "abc", PERSON, "\x7f\x7f\n");
	change("a last NUL becomes an end of file", ICANON, "ab\x04", 0, "");
	change("nothing becomes nothing", 0, "", ICANON, "a\n");
	change("to the same", ICANON | ECHO, "ab", ICANON, "c\n");
}

/* ---- long lines ---- */

static void long_lines(void)
{
	struct termios canonical = settings(0, 0, ICANON), echoing = settings(0, 0, ICANON | ECHO);

	for (int n = 4094; n <= 4098; n++) {
		char name[64];

		snprintf(name, sizeof(name), "a line of %d", n);
		begin_case(name);
		set(&canonical);
		for (int i = 0; i < n; i++)
			type_bytes(&"0123456789"[i % 10], 1);
		report_waiting();
		type(n % 2 ? "\x7f\x7f\n" : "\n");
		report_waiting();
		report_input();
		end_case();
	}
	begin_case("is there a bell");
	set(&canonical);
	for (int i = 0; i < 4200; i++)
		type("x");
	echoing.c_iflag |= IMAXBEL;
	set(&echoing);
	type("yz\n");
	report_input();
	end_case();
}

/* ---- at random ---- */

static unsigned int state;

static unsigned int draw(unsigned int n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 16) % n;
}

static tcflag_t some_of(const tcflag_t *flags, size_t n)
{
	tcflag_t all = 0;

	for (size_t i = 0; i < n; i++)
		all |= draw(2) ? flags[i] : 0;
	return all;
}

#define SOME_OF(flags) some_of(flags, sizeof(flags) / sizeof(*(flags)))

static struct termios random_settings(void)
{
	static const tcflag_t in[] = { ISTRIP, INLCR,	IGNCR, ICRNL, IUCLC, IXON,
				       IXANY,  IMAXBEL, IUTF8, IUTF8, PARMRK };
	static const tcflag_t out[] = { OPOST, OLCUC, ONLCR, OCRNL, ONOCR, ONLRET, TAB3 };
	static const tcflag_t local[] = { ECHOE,   ECHOK,  ECHONL, ECHOCTL,
					  ECHOPRT, ECHOKE, IEXTEN, ISIG };
	struct termios termios = settings(SOME_OF(in), SOME_OF(out), SOME_OF(local));

	/* IUCLC and ISTRIP change most of what would be interesting. */
	termios.c_iflag &= draw(3) ? ~(tcflag_t)(IUCLC | ISTRIP) : ~0u;
	termios.c_lflag |= NOFLSH | (draw(4) ? ICANON : 0) | (draw(4) ? ECHO : 0);
	termios.c_cc[VMIN] = (unsigned char)draw(4);
	termios.c_cc[VTIME] = (unsigned char)draw(2);
	report("settings i%o o%o l%o min %d time %d\n", termios.c_iflag, termios.c_oflag,
	       termios.c_lflag, termios.c_cc[VMIN], termios.c_cc[VTIME]);
	return termios;
}

static void random_typing(void)
{
	static const char bytes[] = "abcABC 12_.\t\t\x7f\x7f\x7f\x7f\x17\x17\x15\x16\x12\x04\x13\x11\x11@!\n\r\n\r\x01\x1b"
				    "\xc3\xa4\xe2\x82\xac\xe4\xff\x0f\x03\x1c";
	char typed[24];
	unsigned int n = draw(sizeof(typed));

	for (unsigned int i = 0; i < n; i++)
		typed[i] = bytes[draw(sizeof(bytes))];	/* the last is 0 */
	type_bytes(typed, n);
	report_bytes("typed", typed, n);
}

static void random_read(void)
{
	char buf[64];
	long n = read(terminal, buf, draw(sizeof(buf)));

	report_bytes("read", buf, n);
}

/* Linux does not send ^S where output is stopped; a serial line's driver would. */
static int random_flow(void)
{
	struct pollfd poll_fd = { .fd = terminal, .events = POLLOUT };
	int what = (int)draw(5);

	if ((what == TCIOFF || what == TCION) && poll(&poll_fd, 1, 0) == 0)
		what = TCOON;
	return ioctl(terminal, TCXONC, what);
}

static void random_step(void)
{
	static const char written[] = "x\ty\r\nz\xc3\xa4\n\b\rw\t";
	unsigned int from = draw(sizeof(written));
	struct termios termios;

	switch (draw(8)) {
	case 0:
	case 1:
	case 2: random_typing(); break;
	case 3: report_waiting(); break;
	case 4: random_read(); break;
	case 5:
		report_result("write", write(terminal, written + from,
					     draw((unsigned int)sizeof(written) - from)));
		break;
	case 6:
		termios = random_settings();
		report_result("set", ioctl(terminal, draw(4) ? TCSETS : TCSETSF, &termios));
		break;
	case 7:
		/* What has gone out is not thrown away: the other end may have read it or not. */
		report_result("flow",
			      draw(2) ? random_flow() :
					ioctl(terminal, TCFLSH, draw(3) ? TCIFLUSH : 3 + draw(2)));
		/* Linux holds echo beyond TCOON, until something is typed or written. */
		write(terminal, "", 0);
		break;
	}
}

static void random_round(int number)
{
	struct termios termios;
	int flags = fcntl(terminal, F_GETFL);
	char name[32];

	snprintf(name, sizeof(name), "round %d", number);
	begin_case(name);
	termios = random_settings();
	set(&termios);
	fcntl(terminal, F_SETFL, flags | O_NONBLOCK);
	for (unsigned int steps = 2 + draw(10); steps; steps--)
		random_step();
	report_waiting();
	report_input();
	fcntl(terminal, F_SETFL, flags);
	end_case();
}

void random_rounds(unsigned int seed, int rounds)
{
	state = seed;
	for (int i = 0; i < rounds; i++)
		random_round(i);
}

void lines(void)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		one(&table[i]);
	outputs();
	changes();
	long_lines();
}
