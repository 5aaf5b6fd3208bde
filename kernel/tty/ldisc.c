/*
 * The line discipline, N_TTY: lines, characters that are signals or stop the output, what is there
 * for readers (termios(3)). All under tty->lock, most of it in the interrupt.
 */
#include "kernel/base/string.h"
#include "kernel/process/task.h"
#include "kernel/tty/edit.h"

/* ---- what was typed ---- */

static bool is_end(const struct tty *tty, unsigned long at)
{
	return tty->ends[at % TTY_BUFFER / 64] >> (at % 64) & 1;
}

static bool is_eof(const struct tty *tty, unsigned long at)
{
	return is_end(tty, at) && !tty->buf[at % TTY_BUFFER];
}

static void set_end(struct tty *tty, unsigned long at, bool end)
{
	u64 bit = 1ull << (at % 64), *word = &tty->ends[at % TTY_BUFFER / 64];

	*word = end ? *word | bit : *word & ~bit;
}

static size_t typed(const struct tty *tty) { return tty->head - tty->tail; }

/* With PARMRK a byte may become three. One place remains for what ends the line. */
bool ldisc_make_room(struct tty *tty)
{
	size_t room = TTY_BUFFER - typed(tty);

	if ((tty->termios.c_iflag & PARMRK ? (room + 2) / 3 : room) > 1)
		return true;
	/* A single line may go on, so that it can be edited and ended: its last byte gives way. */
	if (!tty_is(tty, ICANON) || tty->committed != tty->tail)
		return false;
	tty->head -= !room;
	return true;
}

static void add(struct tty *tty, u8 c, bool end)
{
	if (typed(tty) == TTY_BUFFER)
		tty->head--;
	*byte_at(tty, tty->head) = c;
	set_end(tty, tty->head, end);
	tty->head++;
}

static u8 to_lower(u8 c)
{
	return is_letter(c) && (c < 'a' || (c >= 0xc0 && c < 0xdf)) ? c + 0x20 : c;
}

/* All that was typed so far is for readers. */
static bool commit(struct tty *tty)
{
	tty->committed = tty->head;
	return true;
}

static bool end_line(struct tty *tty, u8 c)
{
	if (c == 0xff && tty->termios.c_iflag & PARMRK)
		add(tty, c, false);
	add(tty, c, true);
	return commit(tty);
}

static void add_data(struct tty *tty, u8 c)
{
	if (tty_is(tty, ECHO)) {
		finish_erasing(tty);
		echo_data(tty, c);
	}
	if (c == 0xff && tty->termios.c_iflag & PARMRK)
		add(tty, c, false);
	add(tty, c, false);
}

/* With ICANON. True: a line is complete. */
static bool receive_canonical(struct tty *tty, u8 c)
{
	if (edit(tty, c))
		return false;
	if (c == '\n') {
		if (tty_is(tty, ECHO | ECHONL))
			echo_text(tty, "\n");
		return end_line(tty, c);
	}
	if (special(tty, c, VEOF))
		return end_line(tty, 0);
	if (special(tty, c, VEOL) || (special(tty, c, VEOL2) && tty_is(tty, IEXTEN))) {
		if (tty_is(tty, ECHO))
			echo_data(tty, c);
		return end_line(tty, c);
	}
	add_data(tty, c);
	return false;
}

/* Without. A line feed that INLCR might have changed is never shown as ^J. */
static bool receive_raw(struct tty *tty, u8 c, bool translated)
{
	if (c == '\n' && translated && tty_is(tty, ECHO)) {
		finish_erasing(tty);
		echo_text(tty, "\n");
		add(tty, c, false);
	} else {
		add_data(tty, c);
	}
	return commit(tty);
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
	tty_signal_later(tty, signo);
	if (!tty_is(tty, NOFLSH)) {
		ldisc_flush(tty);
		tty->nr_held = 0;
	}
	if (tty->termios.c_iflag & IXON)
		tty_start(tty);
	if (tty_is(tty, ECHO))
		echo_char(tty, c);
}

/* XON and XOFF. True: c was one. */
static bool flow_control(struct tty *tty, u8 c)
{
	if (!(tty->termios.c_iflag & IXON))
		return false;
	if (special(tty, c, VSTART))
		tty_start(tty);
	else if (special(tty, c, VSTOP))
		tty_stop(tty);
	else
		return false;
	return true;
}

/* Any byte lets output go on. */
static void start_by_any(struct tty *tty)
{
	if (tty->termios.c_iflag & IXON && tty->termios.c_iflag & IXANY)
		tty_start(tty);
}

static bool receive_data(struct tty *tty, u8 c)
{
	u32 flags = tty->termios.c_iflag;

	start_by_any(tty);
	if (c == '\r' && flags & IGNCR)
		return false;
	if (c == '\r' && flags & ICRNL)
		return tty_is(tty, ICANON) ? receive_canonical(tty, '\n') :
					     receive_raw(tty, '\n', true);
	if (c == '\n' && flags & INLCR)
		c = '\r';
	return tty_is(tty, ICANON) ? receive_canonical(tty, c) : receive_raw(tty, c, false);
}

bool ldisc_receive(struct tty *tty, u8 c)
{
	u32 flags = tty->termios.c_iflag;
	int signo;

	if (flags & ISTRIP)
		c &= 0x7f;
	if (flags & IUCLC && tty_is(tty, IEXTEN))
		c = to_lower(c);
	if (tty->literal) {
		tty->literal = false;
		start_by_any(tty);
		add_data(tty, c);
		return tty_is(tty, ICANON) ? false : commit(tty);
	}
	if (flow_control(tty, c))
		return false;
	signo = signal_of(tty, c);
	if (signo) {
		receive_signal(tty, c, signo);
		return false;
	}
	return receive_data(tty, c);
}

/* ---- readers ---- */

bool ldisc_readable(const struct tty *tty)
{
	return READ_ONCE(tty->committed) != READ_ONCE(tty->tail);
}

size_t ldisc_available(const struct tty *tty)
{
	size_t n = 0;

	if (!tty_is(tty, ICANON))
		return READ_ONCE(tty->head) - READ_ONCE(tty->tail);
	for (unsigned long at = tty->tail; at != tty->committed; at++)
		n += !is_eof(tty, at);
	return n;
}

size_t ldisc_take(struct tty *tty, u8 *buf, size_t n, bool *more)
{
	size_t done = 0;

	*more = false;
	while (done < n && tty->tail != tty->committed) {
		unsigned long at = tty->tail++;

		if (is_eof(tty, at))
			return done;
		buf[done++] = *byte_at(tty, at);
		if (is_end(tty, at))
			return done;
	}
	/* A line that was read up to its end of file is at its end. */
	if (tty->tail != tty->committed && is_eof(tty, tty->tail))
		tty->tail++;
	else
		*more = tty->tail != tty->committed;
	return done;
}

void ldisc_flush(struct tty *tty)
{
	tty->tail = tty->committed = tty->head;
	tty->erasing = false;
}

void ldisc_set(struct tty *tty, const struct __kernel_termios *termios)
{
	bool changed = (tty->termios.c_lflag ^ termios->c_lflag) & ICANON;
	bool flow = tty->termios.c_iflag & IXON;

	tty->termios = *termios;
	if (changed) {
		/* Lines end no more; or all that is there becomes one, whether complete or not. */
		memset(tty->ends, 0, sizeof(tty->ends));
		if (tty_is(tty, ICANON) && typed(tty))
			set_end(tty, tty->head - 1, true);
		commit(tty);
		tty->erasing = tty->literal = false;
	}
	if (flow && !(tty->termios.c_iflag & IXON))
		tty_start(tty);
}
