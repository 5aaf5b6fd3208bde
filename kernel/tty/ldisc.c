/*
 * The line discipline, N_TTY: editing of lines, echo, characters that are signals, and what becomes
 * of output (termios(3)). All under tty->lock, most of it in the interrupt.
 */
#include "kernel/base/string.h"
#include "kernel/process/task.h"
#include "kernel/tty/tty.h"
#include "kernel/uapi/errno.h"

#define TAB_STOP	8u

/* ---- output ---- */

static void move_cursor(struct tty *tty, char c)
{
	switch (c) {
	case '\n':
		if (!(tty->termios.c_oflag & ONLRET))
			break;
		/* fall through */
	case '\r':
		tty->column = 0;
		break;
	case '\b':
		tty->column -= tty->column > 0;
		break;
	case '\t':
		tty->column = ALIGN_UP(tty->column + 1, TAB_STOP);
		break;
	default:
		tty->column += (u8)c >= ' ' && ((u8)c & 0xc0) != 0x80;
	}
}

/* One byte as it goes out: up to two. Returns how many. */
static size_t process_output(struct tty *tty, char c, char out[2])
{
	u32 flags = tty->termios.c_oflag;

	if (flags & OPOST && c == '\n' && flags & ONLCR) {
		tty->column = 0;
		memcpy(out, "\r\n", 2);
		return 2;
	}
	if (flags & OPOST && c == '\r' && flags & ONOCR && !tty->column)
		return 0;
	out[0] = flags & OPOST && c == '\r' && flags & OCRNL ? '\n' : c;
	move_cursor(tty, out[0]);
	return 1;
}

void ldisc_write(struct tty *tty, const char *text, size_t n)
{
	char out[128];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		len += process_output(tty, text[i], out + len);
		if (len > sizeof(out) - 2) {
			console_write(out, len);
			len = 0;
		}
	}
	console_write(out, len);
}

/* ---- echo ---- */

static bool is_control(u8 c) { return (c < ' ' && c != '\t' && c != '\n') || c == 0x7f; }

/* As it is, or as ^C. */
static void echo(struct tty *tty, char c)
{
	char shown[2] = { '^', (char)(c ^ 0x40) };

	if (tty_is(tty, ECHOCTL) && is_control((u8)c))
		ldisc_write(tty, shown, 2);
	else
		ldisc_write(tty, &c, 1);
}

static char *byte_at(struct tty *tty, unsigned long at) { return &tty->buf[at % TTY_BUFFER]; }

static bool is_continuation(u8 c) { return (c & 0xc0) == 0x80; }	/* of a character in UTF-8 */

/* Where the cursor is behind what was typed of the line up to `end`. */
static unsigned int column_of(struct tty *tty, unsigned long end)
{
	unsigned int column = tty->line_column;

	for (unsigned long at = tty->committed; at < end; at++) {
		u8 c = (u8)*byte_at(tty, at);

		if (c == '\t')
			column = ALIGN_UP(column + 1, TAB_STOP);
		else if (is_control(c))
			column += tty_is(tty, ECHOCTL) ? 2 : 0;
		else
			column += !(tty->termios.c_iflag & IUTF8 && is_continuation(c));
	}
	return column;
}

/* Clears the columns that the erased part took. */
static void echo_erased(struct tty *tty)
{
	unsigned int to = column_of(tty, tty->head);

	if (!tty_is(tty, ECHO))
		return;
	if (!tty_is(tty, ECHOE)) {
		echo(tty, (char)tty->termios.c_cc[VERASE]);
		return;
	}
	while (tty->column > to)
		ldisc_write(tty, "\b \b", 3);
}

/* ---- editing ---- */

static void set_bit_at(u64 *map, unsigned long at, bool on)
{
	u64 bit = 1ull << (at % 64);

	at = at % TTY_BUFFER / 64;
	map[at] = on ? map[at] | bit : map[at] & ~bit;
}

static bool bit_at(const u64 *map, unsigned long at)
{
	return map[at % TTY_BUFFER / 64] >> (at % 64) & 1;
}

static unsigned long room(const struct tty *tty) { return TTY_BUFFER - (tty->head - tty->tail); }

static void add(struct tty *tty, char c, bool end, bool eof)
{
	*byte_at(tty, tty->head) = c;
	set_bit_at(tty->ends, tty->head, end);
	set_bit_at(tty->eofs, tty->head, eof);
	tty->head++;
}

static void erase_character(struct tty *tty)
{
	do
		tty->head--;
	while (tty->head > tty->committed && tty->termios.c_iflag & IUTF8 &&
	       is_continuation((u8)*byte_at(tty, tty->head)));
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (u8)c >= 0x80;
}

/* Blanks and the like, then the word before them. */
static void erase_word(struct tty *tty)
{
	bool seen = false;

	while (tty->head > tty->committed) {
		bool word = is_word(*byte_at(tty, tty->head - 1));

		if (seen && !word)
			break;
		seen |= word;
		erase_character(tty);
	}
}

static void kill_line(struct tty *tty)
{
	tty->head = tty->committed;
	if (tty_is(tty, ECHOKE) || !tty_is(tty, ECHO)) {
		echo_erased(tty);
		return;
	}
	echo(tty, (char)tty->termios.c_cc[VKILL]);
	if (tty_is(tty, ECHOK))
		ldisc_write(tty, "\n", 1);
}

static void reprint(struct tty *tty)
{
	echo(tty, (char)tty->termios.c_cc[VREPRINT]);
	ldisc_write(tty, "\n", 1);
	tty->line_column = tty->column;
	for (unsigned long at = tty->committed; at < tty->head; at++)
		echo(tty, *byte_at(tty, at));
}

static bool commit(struct tty *tty)
{
	tty->committed = tty->head;
	tty->line_column = tty->column;
	return true;
}

/* Is c the special character number n? Those that are 0 are switched off. */
static bool special(const struct tty *tty, u8 c, unsigned int n) { return c && c == tty->termios.c_cc[n]; }

/* Characters that edit the line. True: c was one. */
static bool edit(struct tty *tty, u8 c)
{
	bool extended = tty_is(tty, IEXTEN), empty = tty->head == tty->committed;

	if (special(tty, c, VKILL)) {
		if (!empty)
			kill_line(tty);
	} else if (special(tty, c, VERASE) || (extended && special(tty, c, VWERASE))) {
		if (!empty) {
			special(tty, c, VERASE) ? erase_character(tty) : erase_word(tty);
			echo_erased(tty);
		}
	} else if (extended && special(tty, c, VLNEXT)) {
		tty->literal = true;
		if (tty_is(tty, ECHO) && tty_is(tty, ECHOCTL))
			ldisc_write(tty, "^\b", 2);
	} else if (extended && special(tty, c, VREPRINT) && tty_is(tty, ECHO)) {
		reprint(tty);
	} else {
		return false;
	}
	return true;
}

/* A byte of data. The last place is for what ends the line. */
static void add_data(struct tty *tty, char c)
{
	if (room(tty) <= 1) {
		if (tty->termios.c_iflag & IMAXBEL)
			ldisc_write(tty, "\a", 1);
		return;
	}
	if (tty->head == tty->committed)
		tty->line_column = tty->column;
	add(tty, c, false, false);
	if (tty_is(tty, ECHO))
		echo(tty, c);
}

/* With ICANON. True: a line is complete. */
static bool receive_canonical(struct tty *tty, u8 c)
{
	if (edit(tty, c))
		return false;
	if (special(tty, c, VEOF)) {
		if (!room(tty))
			return false;
		add(tty, 0, true, true);
		return commit(tty);
	}
	if (c == '\n' || special(tty, c, VEOL) || (special(tty, c, VEOL2) && tty_is(tty, IEXTEN))) {
		if (!room(tty))
			return false;
		if (tty_is(tty, ECHO) || (c == '\n' && tty_is(tty, ECHONL)))
			c == '\n' ? ldisc_write(tty, "\n", 1) : echo(tty, (char)c);
		add(tty, (char)c, true, false);
		return commit(tty);
	}
	add_data(tty, (char)c);
	return false;
}

/* ---- signals and flow control ---- */

static int signal_of(const struct tty *tty, u8 c)
{
	if (!tty_is(tty, ISIG))
		return 0;
	return special(tty, c, VINTR) ? SIGINT : special(tty, c, VQUIT) ? SIGQUIT :
	       special(tty, c, VSUSP) ? SIGTSTP : 0;
}

static void receive_signal(struct tty *tty, u8 c, int signo)
{
	if (!tty_is(tty, NOFLSH)) {
		ldisc_flush(tty);
		tty->stopped = false;
	}
	if (tty_is(tty, ECHO))
		echo(tty, (char)c);
	tty_signal_later(tty, signo);
}

/* XON and XOFF. True: c was one. */
static bool flow_control(struct tty *tty, u8 c)
{
	if (!(tty->termios.c_iflag & IXON))
		return false;
	if (special(tty, c, VSTOP) && !tty->stopped) {
		tty->stopped = true;
		return true;
	}
	if (!special(tty, c, VSTART) && !special(tty, c, VSTOP) &&
	    !(tty->stopped && tty->termios.c_iflag & IXANY))
		return false;
	tty->stopped = false;
	return special(tty, c, VSTART) || special(tty, c, VSTOP);
}

bool ldisc_receive(struct tty *tty, u8 c)
{
	u32 flags = tty->termios.c_iflag;
	int signo;

	if (flags & ISTRIP)
		c &= 0x7f;
	if (tty->literal) {
		tty->literal = false;
		add_data(tty, (char)c);
		return false;
	}
	if (flow_control(tty, c))
		return false;
	if (c == '\r' && flags & IGNCR)
		return false;
	if (c == '\r' && flags & ICRNL)
		c = '\n';
	else if (c == '\n' && flags & INLCR)
		c = '\r';
	signo = signal_of(tty, c);
	if (signo) {
		receive_signal(tty, c, signo);
		return false;
	}
	if (tty_is(tty, ICANON))
		return receive_canonical(tty, c);
	add_data(tty, (char)c);
	return commit(tty);
}

/* ---- readers ---- */

size_t ldisc_available(const struct tty *tty)
{
	return READ_ONCE(tty->committed) - READ_ONCE(tty->tail);
}

long ldisc_take(struct tty *tty, char *buf, size_t n)
{
	long done = 0;

	if (tty->tail == tty->committed)
		return -EAGAIN;
	while (done < (long)n && tty->tail != tty->committed) {
		unsigned long at = tty->tail++;

		/* An end of file behind other bytes ends only this read. */
		if (bit_at(tty->eofs, at))
			break;
		buf[done++] = *byte_at(tty, at);
		if (tty_is(tty, ICANON) && bit_at(tty->ends, at))
			break;
	}
	/* A line that was read up to its end of file is at its end. */
	if (done == (long)n && tty->tail != tty->committed && bit_at(tty->eofs, tty->tail) &&
	    !bit_at(tty->ends, tty->tail - 1))
		tty->tail++;
	return done;
}

void ldisc_flush(struct tty *tty)
{
	tty->tail = tty->committed = tty->head;
	tty->literal = false;
}

void ldisc_set(struct tty *tty, const struct __kernel_termios *termios)
{
	bool was_canonical = tty_is(tty, ICANON);

	tty->termios = *termios;
	if (was_canonical && !tty_is(tty, ICANON))
		commit(tty);
	if (!(tty->termios.c_iflag & IXON))
		tty->stopped = false;
}
