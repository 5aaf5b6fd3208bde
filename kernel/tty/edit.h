/* edit.h - for the line discipline alone: the line that is being edited. tty->lock held. */
#pragma once
#include "kernel/tty/tty.h"

static inline u8 *byte_at(struct tty *tty, unsigned long at) { return &tty->buf[at % TTY_BUFFER]; }
/* Nothing is being edited. */
static inline bool is_empty(const struct tty *tty) { return tty->head == tty->committed; }

/* Is c the special character number n? Those that are 0 are switched off. */
static inline bool special(const struct tty *tty, u8 c, unsigned int n)
{
	return c && c == tty->termios.c_cc[n];
}

/* In Latin-1, as Linux has it. */
bool is_letter(u8 c);

/* Characters that edit the line. True: c was one. */
bool edit(struct tty *tty, u8 c);
void echo_text(struct tty *tty, const char *text);
/* As it is, or as ^C. */
void echo_char(struct tty *tty, u8 c);
/* A byte of the line. */
void echo_data(struct tty *tty, u8 c);
/* ECHOPRT shows what was erased as \abc/. */
void finish_erasing(struct tty *tty);
