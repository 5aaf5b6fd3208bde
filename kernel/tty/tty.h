/*
 * The terminal: one, on the console's serial line. What is typed goes through the line discipline
 * (ldisc.c) in the interrupt; files read, write and set it (tty.c, ioctl.c); and it belongs to a session,
 * whose foreground group gets its signals (job.c).
 */
#pragma once
#include "kernel/base/spinlock.h"
#include "kernel/base/rwsem.h"
#include "kernel/base/wait.h"
#include "kernel/fs/async.h"
#include "kernel/uapi/termios.h"

#define TTY_BUFFER	4096	/* bytes typed and not yet read */

struct tty {
	/* Under lock, which the interrupt takes too. */
	spinlock_t lock;
	struct __kernel_termios termios;
	struct winsize window;
	bool person;			/* somebody types there: set at boot */
	/*
	 * What was typed, positions counted since the beginning. [tail, committed) is for readers: whole
	 * lines, or all there is without ICANON. Up to head comes the line that is being edited.
	 */
	char buf[TTY_BUFFER];
	u64 ends[TTY_BUFFER / 64];	/* bits: the byte at that place ends a line ... */
	u64 eofs[TTY_BUFFER / 64];	/* ... and is itself only an end of file */
	unsigned long tail, committed, head;
	unsigned int column;		/* of the cursor, as far as we wrote it */
	unsigned int line_column;	/* where the line that is being edited began */
	bool literal;			/* the next byte is data: VLNEXT */
	bool stopped;			/* output waits: VSTOP */
	u64 signals;			/* bits: to be sent to the foreground group by the worker */

	struct wait_queue readers, writers;
	struct async_list async;
	struct mutex output;		/* writers take turns, so that a line stays whole */

	/* Under tasks_lock: whose terminal it is, and which group it listens to. 0: nobody's. */
	int session, pgrp;
};

extern struct tty console_tty;

/* ---- ldisc.c: tty->lock held ---- */

static inline bool tty_is(const struct tty *tty, u32 lflag) { return tty->termios.c_lflag & lflag; }
/* One byte typed. Returns whether readers have something new. */
bool ldisc_receive(struct tty *tty, u8 byte);
/* Up to n bytes: the first line, or what there is without ICANON. -EAGAIN: nothing; 0: an end of file. */
long ldisc_take(struct tty *tty, char *buf, size_t n);
/* How many bytes could be read now. */
size_t ldisc_available(const struct tty *tty);
/* Writes to the line, processed as the settings say. */
void ldisc_write(struct tty *tty, const char *text, size_t n);
/* Forgets what was typed. */
void ldisc_flush(struct tty *tty);
/* The settings have changed: what is being edited may be there for readers now. */
void ldisc_set(struct tty *tty, const struct __kernel_termios *termios);

/* ---- job.c ---- */

struct process;

/*
 * May the running process read, or change settings? 0; -ERESTARTSYS: it is in the background and its
 * group has been sent the signal; -EIO: nobody would ever let it go on.
 */
int tty_check_read(struct tty *tty);
int tty_check_change(struct tty *tty);
/* Is it the running process's controlling terminal? */
bool tty_is_mine(const struct tty *tty);
/* A session leader without a terminal opens one: it becomes its terminal. */
void tty_adopt(struct tty *tty);
long tty_set_controlling(struct tty *tty, bool steal);
long tty_give_up(struct tty *tty);
long tty_get_pgrp(struct tty *tty);
long tty_set_pgrp(struct tty *tty, int pgrp);
long tty_get_session(struct tty *tty);
/* A process ends; tasks_lock held. If it leads the session, that loses the terminal, by SIGHUP. */
void tty_process_exit(const struct process *process);
/* Interrupt: a signal for the foreground group; SIGIO: for whom files of the terminal tell. */
void tty_signal_later(struct tty *tty, int signo);
/* At boot: the thread that sends them. */
void tty_start_worker(void);

/* ---- ioctl.c ---- */

struct file;
long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
