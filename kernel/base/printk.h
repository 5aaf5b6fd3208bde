/*
 * The kernel's log. Lines go into a ring that dmesg reads and to the log's channel (COM1, COM2 or
 * none). May be called from anywhere, interrupts off and panics included.
 */
#pragma once
#include <stdarg.h>
#include "kernel/base/types.h"

void printk(const char *fmt, ...) __printf(1, 2);
void vprintk(const char *fmt, va_list args);

/*
 * Until the options have said where the log goes, lines wait in the ring; from now on they go out.
 */
void printk_start(void);
/* A panic: from now on nothing waits for a lock, and nothing is quiet. */
void printk_bust_locks(void);
/* What lines begin with says how grave they are; the numbers are Linux's. */
enum { LOG_ERR = 3, LOG_WARNING = 4, LOG_INFO = 6, LOG_LEVEL_MASK = 7 };
int log_level(const char *line);
/*
 * Lines of this level and above stay in the ring: 5 leaves warnings and errors, as "quiet" does.
 */
void log_set_console_level(int level);

#define LOG_RING_SIZE	16384
#define LOG_RECORD_MAX	1024

/* A line that has been logged. */
struct log_record {
	u64 seq;		/* lines are numbered from 0 on */
	u64 ns;			/* since boot */
	unsigned int prio;	/* Linux's: the level, and above it who it
				 * comes from, 0 for the kernel */
	size_t len;
	char text[LOG_RECORD_MAX];	/* without its newline; what is longer is cut off */
};

/*
 * The line of that number, or the oldest if it is gone. False: it has not come yet. Never sleeps.
 */
bool log_read(u64 seq, struct log_record *record);
/* The numbers of the oldest line, and of the one that comes next. */
u64 log_oldest(void);
u64 log_next(void);
/*
 * Logs a line that is a program's: at most LOG_RECORD_MAX bytes, prio not the kernel's. Newlines
 * in it are a part of it, but for the last: without that, nobody sees the line before the next
 * one comes. Never sleeps.
 */
void log_add(unsigned int prio, const char *text, size_t n);

/* Machine: the log's channel; and a panic, as above. */
void log_write(const char *text, size_t n);
void log_bust_locks(void);

/* Formats at most size - 1 characters and a NUL; returns the number of characters written. */
size_t scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
size_t vscnprintf(char *buf, size_t size, const char *fmt, va_list args);

#define pr_info(fmt, ...)	printk(fmt "\n", ##__VA_ARGS__)
#define pr_warn(fmt, ...)	printk("warning: " fmt "\n", ##__VA_ARGS__)
#define pr_err(fmt, ...)	printk("error: " fmt "\n", ##__VA_ARGS__)
