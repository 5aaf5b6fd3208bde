/*
 * The terminal: one, on the console's serial line. What is typed goes in the interrupt (input.c)
 * through the line discipline (ldisc.c, edit.c), what is written and echoed through output.c;
 * files read and write it (tty.c) and set it (ioctl.c); and it belongs to a session, whose
 * foreground group gets its signals (job.c).
 */
#pragma once
#include "kernel/base/spinlock.h"
#include "kernel/base/wait.h"
#include "kernel/fs/async.h"
#include "kernel/uapi/termios.h"

#define TTY_BUFFER	4096u	/* bytes typed and not yet read */
#define TTY_WAITING	65536u	/* ... and behind them, not yet looked at */
#define TTY_HELD	4096u	/* of echo while output is stopped */

/* What is echoed: */
enum echo {
	ECHO_BYTE,		/* a byte, processed as written ones are */
	ECHO_CONTROL,		/* a control character as ^X */
	ECHO_BACK,		/* nothing; the cursor is a column less far than was counted */
	ECHO_BEGIN,		/* nothing; here begins the line that is being edited */
	ECHO_ERASE_TAB,		/* a tab goes, behind a tab and so many columns */
	ECHO_ERASE_FIRST_TAB,	/* a tab goes, behind so many columns
				 * from the line's beginning on */
};

struct held_echo {
	u8 what, c;
};

struct tty {
	/* Under lock, which the interrupt takes too. */
	spinlock_t lock;
	struct __kernel_termios termios;
	struct winsize window;
	bool person;			/* somebody types there: set at boot */
	/*
	 * What was typed, positions counted since the beginning. [tail, committed) is for
	 * readers: whole lines, or all there is without ICANON. Up to head comes the line
	 * that is being edited.
	 */
	u8 buf[TTY_BUFFER];
	u64 ends[TTY_BUFFER / 64];	/* bits: that byte ends a line; if it
					 * is 0, as an end of file */
	unsigned long tail, committed, head;
	unsigned int column;		/* of the cursor, as far as we wrote it */
	unsigned int line_column;	/* where the line that is being edited began */
	bool literal;			/* the next byte is data: VLNEXT */
	bool erasing;			/* ECHOPRT: what is erased is being shown behind a \ */
	bool stopped;			/* output waits: VSTOP, TCOOFF */
	bool stopped_by_program;	/* TCOOFF: only TCOON lets it go on */
	bool refused;			/* the machine keeps a byte for which there was no room */
	u64 signals;			/* bits: to be sent to the
					 * foreground group by the worker */
	u8 waiting[TTY_WAITING];	/* typed while buf was full; positions as in buf */
	unsigned long waiting_tail, waiting_head;
	struct held_echo held[TTY_HELD];	/* goes out when output goes on */
	size_t nr_held;

	struct wait_queue readers, writers;
	struct async_list async;
	struct wait_queue turns;	/* for the next two */
	bool reading, writing;		/* somebody is: a read, and a line, stays whole */

	/* Under tasks_lock: whose terminal it is, and which group it listens to. 0: nobody's. */
	int session, pgrp;
	unsigned long hangups;		/* files that were opened before the last one are dead */
};

extern struct tty console_tty;

/* ---- ldisc.c: tty->lock held ---- */

static inline bool tty_is(const struct tty *tty, u32 lflag)
{
	return tty->termios.c_lflag & lflag;
}

/* One byte typed, for which there is room. Returns whether readers have something new. */
bool ldisc_receive(struct tty *tty, u8 byte);
/* Makes room for a byte. False: it has to wait until something has been read. */
bool ldisc_make_room(struct tty *tty);
/*
 * Up to n bytes: of the first line, or of what there is without ICANON. *more: there is more of
 * that. 0: an end of file, or nothing is there.
 */
size_t ldisc_take(struct tty *tty, u8 *buf, size_t n, bool *more);
/* Is there something to read? */
bool ldisc_readable(const struct tty *tty);
/* How many bytes there are, without ends of file. */
size_t ldisc_available(const struct tty *tty);
/* Forgets what was typed. */
void ldisc_flush(struct tty *tty);
/* Other settings: what is being edited may be there for readers now. */
void ldisc_set(struct tty *tty, const struct __kernel_termios *termios);

/* ---- output.c: tty->lock held ---- */

/*
 * Writes to the line, processed as the settings say. What comes while output is stopped is held.
 */
void tty_put(struct tty *tty, const char *text, size_t n);
void tty_echo(struct tty *tty, enum echo what, u8 c);
/* Stops output; lets it go on, unless a program has stopped it. */
void tty_stop(struct tty *tty);
void tty_start(struct tty *tty);
bool is_control(u8 c);

/* ---- input.c ---- */

/* A byte as if it had been typed. */
void tty_type(struct tty *tty, u8 byte);
/* Forgets all that was typed. */
void tty_flush(struct tty *tty);
/*
 * Something was read: what has waited comes next. tty->lock held, with these flags; gives it back.
 */
void tty_room_was_made(struct tty *tty, unsigned long flags);

/* ---- job.c ---- */

struct file;
struct process;

/*
 * May the running process read, or change settings? 0; -ERESTARTSYS: it is in the background and
 * its group has been sent the signal; -EIO: nobody would ever let it go on.
 */
int tty_check_read(struct tty *tty);
int tty_check_change(struct tty *tty);
/* Is it the running process's controlling terminal? */
bool tty_is_mine(const struct tty *tty);
/* A session leader without a terminal opens one: it becomes its terminal. */
void tty_adopt(struct tty *tty);
long tty_set_controlling(struct tty *tty, const struct file *file, bool steal);
long tty_give_up(struct tty *tty);
long tty_get_pgrp(struct tty *tty);
long tty_set_pgrp(struct tty *tty, const int *user);
long tty_get_session(struct tty *tty);
/* A process ends; tasks_lock held. If it leads the session, the terminal is hung up. */
void tty_process_exit(const struct process *process);
/*
 * A signal for the foreground group: at once, or from the interrupt; SIGIO: for whom
 * files of the terminal tell.
 */
void tty_signal(struct tty *tty, int signo);
void tty_signal_later(struct tty *tty, int signo);
/* At boot: the thread that sends the latter. */
void tty_start_worker(void);

/* ---- ioctl.c ---- */

long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
