/* edit.c - the line that is being edited, and its echo (termios(3)). All under tty->lock. */
#include "kernel/tty/edit.h"

#define TAB_STOP	8u

/* ---- kinds of characters, in Latin-1 ---- */

bool is_letter(u8 c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= 0xc0 && c != 0xd7 && c != 0xf7);
}

static bool is_word(u8 c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; }

/* Not the first byte of a character in UTF-8. */
static bool is_continuation(const struct tty *tty, u8 c)
{
	return tty->termios.c_iflag & IUTF8 && (c & 0xc0) == 0x80;
}

/* ---- echo ---- */

void echo_text(struct tty *tty, const char *text)
{
	while (*text)
		tty_echo(tty, ECHO_BYTE, (u8)*text++);
}

void echo_char(struct tty *tty, u8 c)
{
	tty_echo(tty,
		 tty_is(tty, ECHOCTL) && is_control(c) && c != '\t' ? ECHO_CONTROL : ECHO_BYTE, c);
}

void finish_erasing(struct tty *tty)
{
	if (tty->erasing)
		echo_text(tty, "/");
	tty->erasing = false;
}

void echo_data(struct tty *tty, u8 c)
{
	if (is_empty(tty))
		tty_echo(tty, ECHO_BEGIN, 0);
	echo_char(tty, c);
}

/* n bytes of a character that was erased, from its first on. */
static void echo_printed(struct tty *tty, size_t n)
{
	if (!tty->erasing)
		echo_text(tty, "\\");
	tty->erasing = true;
	echo_char(tty, *byte_at(tty, tty->head));
	for (size_t i = 1; i < n; i++) {
		tty_echo(tty, ECHO_BYTE, *byte_at(tty, tty->head + i));
		tty_echo(tty, ECHO_BACK, 0);
	}
}

/* What stands before the tab says how wide it was. */
static void echo_erased_tab(struct tty *tty)
{
	unsigned int columns = 0;
	unsigned long at = tty->head;

	while (at != tty->committed && *byte_at(tty, at - 1) != '\t') {
		u8 c = *byte_at(tty, --at);

		if (is_control(c))
			columns += tty_is(tty, ECHOCTL) ? 2 : 0;
		else
			columns += !is_continuation(tty, c);
	}
	tty_echo(tty, at == tty->committed ? ECHO_ERASE_FIRST_TAB : ECHO_ERASE_TAB,
		 columns % TAB_STOP);
}

static void echo_wiped(struct tty *tty, u8 c)
{
	if (!is_control(c) || tty_is(tty, ECHOCTL))
		echo_text(tty, "\b \b");
	if (is_control(c) && tty_is(tty, ECHOCTL))
		echo_text(tty, "\b \b");
}

/* ---- editing ---- */

enum erase { CHARACTER, WORD, LINE };

/* The n bytes from head on have just been erased. */
static void echo_erased(struct tty *tty, enum erase what, size_t n)
{
	u8 c = *byte_at(tty, tty->head);

	if (!tty_is(tty, ECHO))
		return;
	if (tty_is(tty, ECHOPRT))
		echo_printed(tty, n);
	else if (what == CHARACTER && !tty_is(tty, ECHOE))
		echo_char(tty, tty->termios.c_cc[VERASE]);
	else if (c == '\t')
		echo_erased_tab(tty);
	else
		echo_wiped(tty, c);
}

/* Where the last character begins. */
static unsigned long last_character(struct tty *tty)
{
	unsigned long at = tty->head - 1;

	while (at != tty->committed && is_continuation(tty, *byte_at(tty, at)))
		at--;
	return at;
}

/* WORD: what is no word, and then the word before it. */
static void erase(struct tty *tty, enum erase what)
{
	bool in_word = false, had_some = !is_empty(tty);

	while (!is_empty(tty)) {
		unsigned long at = last_character(tty), end = tty->head;
		u8 c = *byte_at(tty, at);

		/* The rest of a character that was sent before is left alone. */
		if (is_continuation(tty, c) || (what == WORD && in_word && !is_word(c)))
			break;
		in_word |= is_word(c);
		tty->head = at;
		echo_erased(tty, what, end - at);
		if (what == CHARACTER)
			break;
	}
	if (had_some && is_empty(tty) && tty_is(tty, ECHO))
		finish_erasing(tty);
}

static void kill_line(struct tty *tty)
{
	if (is_empty(tty))
		return;
	if (tty_is(tty, ECHO) && tty_is(tty, ECHOE) && tty_is(tty, ECHOK) && tty_is(tty, ECHOKE)) {
		erase(tty, LINE);
		return;
	}
	tty->head = tty->committed;
	if (!tty_is(tty, ECHO))
		return;
	finish_erasing(tty);
	echo_char(tty, tty->termios.c_cc[VKILL]);
	if (tty_is(tty, ECHOK))
		echo_text(tty, "\n");
}

static void reprint(struct tty *tty)
{
	finish_erasing(tty);
	echo_char(tty, tty->termios.c_cc[VREPRINT]);
	echo_text(tty, "\n");
	for (unsigned long at = tty->committed; at != tty->head; at++)
		echo_char(tty, *byte_at(tty, at));
}

static void take_literally(struct tty *tty)
{
	tty->literal = true;
	if (!tty_is(tty, ECHO))
		return;
	finish_erasing(tty);
	if (!tty_is(tty, ECHOCTL))
		return;
	echo_text(tty, "^\b");
}

bool edit(struct tty *tty, u8 c)
{
	bool extended = tty_is(tty, IEXTEN);

	if (special(tty, c, VERASE))
		erase(tty, CHARACTER);
	else if (extended && special(tty, c, VWERASE))
		erase(tty, WORD);
	else if (special(tty, c, VKILL))
		kill_line(tty);
	else if (extended && special(tty, c, VLNEXT))
		take_literally(tty);
	else if (extended && special(tty, c, VREPRINT) && tty_is(tty, ECHO))
		reprint(tty);
	else
		return false;
	return true;
}
