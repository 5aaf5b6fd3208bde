/*
 * What goes out to the terminal: written text and echo, processed as c_oflag says (termios(3)).
 * All under tty->lock, the echo in the interrupt. Echo is held while output is stopped.
 */
#include "kernel/base/string.h"
#include "kernel/console.h"
#include "kernel/process/task.h"
#include "kernel/tty/tty.h"

#define TAB_STOP	8u
#define EXPANDED	8u	/* bytes that one byte becomes at most */

bool is_control(u8 c) { return c < ' ' || c == 0x7f; }

/* Letters of Latin-1, as Linux has it. */
static u8 to_upper(u8 c)
{
	return (c >= 'a' && c <= 'z') || (c >= 0xdf && c != 0xf7) ? c - 0x20 : c;
}

/* ---- processing: each returns how many bytes are to go out ---- */

static size_t one(char *out, u8 c)
{
	*out = (char)c;
	return 1;
}

static size_t newline(struct tty *tty, char *out)
{
	if (tty->termios.c_oflag & (ONLRET | ONLCR))
		tty->column = 0;
	tty->line_column = tty->column;
	if (!(tty->termios.c_oflag & ONLCR))
		return one(out, '\n');
	memcpy(out, "\r\n", 2);
	return 2;
}

static size_t carriage_return(struct tty *tty, char *out)
{
	u32 flags = tty->termios.c_oflag;

	if (flags & ONOCR && !tty->column)
		return 0;
	if (!(flags & OCRNL) || flags & ONLRET)
		tty->line_column = tty->column = 0;
	return one(out, flags & OCRNL ? '\n' : '\r');
}

static size_t tab(struct tty *tty, char *out)
{
	unsigned int width = TAB_STOP - tty->column % TAB_STOP;

	tty->column += width;
	if ((tty->termios.c_oflag & TABDLY) != XTABS)
		return one(out, '\t');
	memset(out, ' ', width);
	return width;
}

static size_t graphic(struct tty *tty, u8 c, char *out)
{
	bool continuation = tty->termios.c_iflag & IUTF8 && (c & 0xc0) == 0x80;

	if (!is_control(c) && !continuation)
		tty->column++;
	return one(out, tty->termios.c_oflag & OLCUC ? to_upper(c) : c);
}

static size_t process(struct tty *tty, u8 c, char *out)
{
	if (!(tty->termios.c_oflag & OPOST))
		return one(out, c);
	switch (c) {
	case '\n': return newline(tty, out);
	case '\r': return carriage_return(tty, out);
	case '\t': return tab(tty, out);
	case '\b':
		tty->column -= tty->column > 0;
		return one(out, c);
	default: return graphic(tty, c, out);
	}
}

/* ---- the line ---- */

static void put_processed(struct tty *tty, const char *text, size_t n)
{
	char out[128];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		len += process(tty, (u8)text[i], out + len);
		if (len > sizeof(out) - EXPANDED) {
			console_write(out, len);
			len = 0;
		}
	}
	console_write(out, len);
}

static void put_control(struct tty *tty, u8 c)
{
	char shown[2] = { '^', (char)(c ^ 0x40) };

	console_write(shown, sizeof(shown));
	tty->column += 2;
}

/* `width` columns precede the tab in its line, or behind the tab before. */
static void erase_tab(struct tty *tty, unsigned int width, bool from_begin)
{
	if (from_begin)
		width += tty->line_column;
	for (width = TAB_STOP - width % TAB_STOP; width; width--) {
		console_write("\b", 1);
		tty->column -= tty->column > 0;
	}
}

/* As Linux has it: 0xff is out of the reach of OLCUC, and always a column. */
static void echo_byte(struct tty *tty, u8 c)
{
	if (c == 0xff) {
		console_write((const char *)&c, 1);
		tty->column++;
	} else {
		put_processed(tty, (const char *)&c, 1);
	}
}

static void do_echo(struct tty *tty, enum echo what, u8 c)
{
	switch (what) {
	case ECHO_BYTE: echo_byte(tty, c); break;
	case ECHO_CONTROL: put_control(tty, c); break;
	case ECHO_BACK: tty->column -= tty->column > 0; break;
	case ECHO_BEGIN: tty->line_column = tty->column; break;
	case ECHO_ERASE_TAB: erase_tab(tty, c, false); break;
	case ECHO_ERASE_FIRST_TAB: erase_tab(tty, c, true); break;
	}
}

/* What is echoed while output is stopped becomes what the settings of its end make of it. */
void tty_echo(struct tty *tty, enum echo what, u8 c)
{
	if (!tty->stopped)
		do_echo(tty, what, c);
	else if (tty->nr_held < TTY_HELD)
		tty->held[tty->nr_held++] = (struct held_echo){ (u8)what, c };
}

void tty_put(struct tty *tty, const char *text, size_t n)
{
	if (!tty->stopped)
		put_processed(tty, text, n);
	for (size_t i = 0; tty->stopped && i < n; i++)
		tty_echo(tty, ECHO_BYTE, (u8)text[i]);
}

/* ---- flow control ---- */

void tty_stop(struct tty *tty) { WRITE_ONCE(tty->stopped, true); }

void tty_start(struct tty *tty)
{
	if (!tty->stopped || tty->stopped_by_program)
		return;
	WRITE_ONCE(tty->stopped, false);
	for (size_t i = 0; i < tty->nr_held; i++)
		do_echo(tty, tty->held[i].what, tty->held[i].c);
	tty->nr_held = 0;
	wake_up_all(&tty->writers);
}
