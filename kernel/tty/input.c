/*
 * What comes from the console's serial line, byte by byte in the interrupt. For what the line
 * discipline has no room there is a place to wait.
 */
#include "kernel/console.h"
#include "kernel/debug/debug.h"
#include "kernel/tty/tty.h"

/*
 * tty->lock held. Looks at what waits, as far as there is room. True: readers have something new.
 */
static bool look_at_waiting(struct tty *tty)
{
	bool readable = false;

	while (tty->waiting_tail != tty->waiting_head && ldisc_make_room(tty))
		readable |= ldisc_receive(tty, tty->waiting[tty->waiting_tail++ % TTY_WAITING]);
	if (readable && !LIST_EMPTY(&tty->async.files))
		tty_signal_later(tty, SIGIO);
	return readable;
}

/* tty->lock held. Is there room for one more byte of those that wait? */
static bool has_room(const struct tty *tty)
{
	return tty->waiting_head - tty->waiting_tail < TTY_WAITING;
}

void tty_type(struct tty *tty, u8 byte)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);
	bool readable;

	if (has_room(tty))
		tty->waiting[tty->waiting_head++ % TTY_WAITING] = byte;
	readable = look_at_waiting(tty);
	spin_unlock_irqrestore(&tty->lock, flags);
	if (readable)
		wake_up_all(&tty->readers);
}

void console_input(u8 byte)
{
	if (!debug_key(byte))
		tty_type(&console_tty, byte);
}

/*
 * A program that holds the other end waits for us, and loses nothing. A person's keys are always
 * taken, and lost at worst: some of them are for QEMU and for the debug key.
 */
bool console_accepts(void)
{
	struct tty *tty = &console_tty;
	unsigned long flags;
	bool accepts;

	if (tty->person)
		return true;
	flags = spin_lock_irqsave(&tty->lock);
	accepts = has_room(tty);
	tty->refused = !accepts;
	spin_unlock_irqrestore(&tty->lock, flags);
	return accepts;
}

void tty_room_was_made(struct tty *tty, unsigned long flags)
{
	bool readable = look_at_waiting(tty), resume = tty->refused && has_room(tty);

	tty->refused &= !resume;
	spin_unlock_irqrestore(&tty->lock, flags);
	if (readable)
		wake_up_all(&tty->readers);
	if (resume)
		console_resume_input();
}

void tty_flush(struct tty *tty)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);

	ldisc_flush(tty);
	tty->waiting_tail = tty->waiting_head;
	tty_room_was_made(tty, flags);
}
