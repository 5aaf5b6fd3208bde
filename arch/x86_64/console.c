/*
 * The console: COM1, and the text screen under BIOS. The kernel's log goes there too, or to COM2,
 * or nowhere, as the option log= says. Output is polled, a FIFO's worth at a time; input comes by
 * interrupt.
 */
#include "kernel/base/cmdline.h"
#include "kernel/base/string.h"
#include "kernel/base/spinlock.h"
#include "machine/internal.h"

#define COM1	0x3f8
#define COM2	0x2f8

/* Registers of a 16550. */
enum {
	UART_DATA = 0,
	UART_IER = 1,
	UART_FCR = 2,
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
	UART_SCRATCH = 7,
};

#define IER_RECEIVE	0x01
#define FCR_ENABLE	0x07	/* and clear both FIFOs */
#define LCR_8N1		0x03
#define LCR_DIVISOR	0x80
#define MCR_ON		0x0b	/* DTR, RTS, interrupts let through */
#define LSR_DATA	0x01
#define LSR_EMPTY	0x20
#define FIFO_SIZE	16

#define LSR_TRIES	1000000	/* a line that is stuck loses text, not the kernel */

#define VGA_COLUMNS	80u
#define VGA_ROWS	25u
#define VGA_GREY	0x0700

static spinlock_t console_lock = SPINLOCK_INIT(LOCK_CONSOLE);
static bool panicking;
static bool have_com1, have_com2;
static enum { LOG_COM1, LOG_COM2, LOG_NONE } log_channel = LOG_COM1;
static unsigned int vga_at;	/* cell that comes next; under console_lock */

static const char *set_log(const char *value)
{
	if (value && !strcmp(value, "com1"))
		log_channel = LOG_COM1;
	else if (value && !strcmp(value, "com2"))
		log_channel = LOG_COM2;
	else if (value && !strcmp(value, "none"))
		log_channel = LOG_NONE;
	else
		return "the log goes to com1, com2 or none";
	return NULL;
}
BOOT_OPTION("log", "=com1|com2|none", "where the kernel's log goes (com1, the console)", set_log);

/* ---- serial lines ---- */

/* 115,200 bits a second. False if there is no such port. */
static bool uart_init(u16 port)
{
	outb(port + UART_SCRATCH, 0x5a);
	if (inb(port + UART_SCRATCH) != 0x5a)
		return false;
	outb(port + UART_IER, 0);
	outb(port + UART_LCR, LCR_DIVISOR);
	outb(port + UART_DATA, 1);
	outb(port + UART_IER, 0);
	outb(port + UART_LCR, LCR_8N1);
	outb(port + UART_FCR, FCR_ENABLE);
	outb(port + UART_MCR, MCR_ON);
	return true;
}

static void uart_write(u16 port, const char *text, size_t n)
{
	while (n) {
		size_t part = min(n, (size_t)FIFO_SIZE);

		for (unsigned int i = 0; i < LSR_TRIES && !(inb(port + UART_LSR) & LSR_EMPTY); i++)
			;
		outsb(port + UART_DATA, text, part);
		text += part;
		n -= part;
	}
}

void serial_init(void)
{
	have_com1 = uart_init(COM1);
	have_com2 = uart_init(COM2);
}

void serial_init_input(void)
{
	if (have_com1)
		outb(COM1 + UART_IER, IER_RECEIVE);
}

void serial_interrupt(void)
{
	while (have_com1 && inb(COM1 + UART_LSR) & LSR_DATA) {
		if (!console_accepts()) {
			/* Asked again, since room may just have been made, and input resumed. */
			outb(COM1 + UART_IER, 0);
			if (!console_accepts())
				return;
			outb(COM1 + UART_IER, IER_RECEIVE);
		}
		console_input(inb(COM1 + UART_DATA));
	}
}

void console_resume_input(void) { serial_init_input(); }

/* ---- the screen ---- */

static u16 *vga_cells(void) { return phys_ptr(0xb8000); }

static void vga_scroll(void)
{
	u16 *cells = vga_cells();

	memmove(cells, cells + VGA_COLUMNS, (VGA_ROWS - 1) * VGA_COLUMNS * sizeof(*cells));
	for (unsigned int i = 0; i < VGA_COLUMNS; i++)
		cells[(VGA_ROWS - 1) * VGA_COLUMNS + i] = VGA_GREY | ' ';
	vga_at -= VGA_COLUMNS;
}

static void vga_put(char c)
{
	switch (c) {
	case '\n':
		vga_at += VGA_COLUMNS - vga_at % VGA_COLUMNS;
		break;
	case '\r':
		vga_at -= vga_at % VGA_COLUMNS;
		break;
	case '\b':
		vga_at -= vga_at % VGA_COLUMNS ? 1 : 0;
		break;
	default:
		vga_cells()[vga_at++] = VGA_GREY | (u8)c;
	}
	if (vga_at >= VGA_ROWS * VGA_COLUMNS)
		vga_scroll();
}

static void vga_cursor(void)
{
	outb(0x3d4, 14);
	outb(0x3d5, (u8)(vga_at >> 8));
	outb(0x3d4, 15);
	outb(0x3d5, (u8)vga_at);
}

static void vga_write(const char *text, size_t n)
{
	while (n--)
		vga_put(*text++);
	vga_cursor();
}

/* ---- both ---- */

static void write_console(const char *text, size_t n)
{
	if (have_com1)
		uart_write(COM1, text, n);
	if (boot_info.vga_text)
		vga_write(text, n);
}

static void write_log(const char *text, size_t n)
{
	if (log_channel == LOG_COM1)
		write_console(text, n);
	else if (log_channel == LOG_COM2 && have_com2)
		uart_write(COM2, text, n);
}

/* Output of one call stays in one piece. */
static void locked(void (*write)(const char *, size_t), const char *text, size_t n)
{
	unsigned long flags;

	if (panicking) {
		write(text, n);
		return;
	}
	flags = spin_lock_irqsave(&console_lock);
	write(text, n);
	spin_unlock_irqrestore(&console_lock, flags);
}

void console_write(const char *buf, size_t n) { locked(write_console, buf, n); }

void log_write(const char *text, size_t n) { locked(write_log, text, n); }

/* A panic that nobody sees helps nobody. */
void log_bust_locks(void)
{
	panicking = true;
	if (log_channel == LOG_NONE)
		log_channel = LOG_COM1;
}
