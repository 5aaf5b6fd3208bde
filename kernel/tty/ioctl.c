/* What a program asks of the terminal: ioctl_tty(2). */
#include "kernel/console.h"
#include "kernel/fs/files.h"
#include "kernel/base/string.h"
#include "kernel/syscall.h"
#include "kernel/tty/tty.h"
#include "kernel/uapi/errno.h"

#define SPEED	115200

static long get_termios(struct tty *tty, void *user)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);
	struct __kernel_termios termios = tty->termios;

	spin_unlock_irqrestore(&tty->lock, flags);
	return copy_to_user(user, &termios, sizeof(termios)) ? -EFAULT : 0;
}

/* With the speeds as numbers, of which there is only one. */
static long get_termios2(struct tty *tty, void *user)
{
	struct termios2 settings = { .c_ispeed = SPEED, .c_ospeed = SPEED };
	unsigned long flags = spin_lock_irqsave(&tty->lock);

	memcpy(&settings, &tty->termios, sizeof(tty->termios));
	spin_unlock_irqrestore(&tty->lock, flags);
	return copy_to_user(user, &settings, sizeof(settings)) ? -EFAULT : 0;
}

/*
 * Output is polled: it has always gone out already, so that TCSETSW has nothing to wait for.
 * termios2 begins as termios does.
 */
static long set_termios(struct tty *tty, const void *user, bool flush)
{
	struct __kernel_termios termios;
	unsigned long flags;
	long ret = tty_check_change(tty);

	if (ret)
		return ret;
	if (copy_from_user(&termios, user, sizeof(termios)))
		return -EFAULT;
	if (flush)
		tty_flush(tty);
	flags = spin_lock_irqsave(&tty->lock);
	ldisc_set(tty, &termios);
	spin_unlock_irqrestore(&tty->lock, flags);
	wake_up_all(&tty->readers);
	wake_up_all(&tty->writers);
	return 0;
}

static long flush(struct tty *tty, unsigned long what)
{
	long ret = tty_check_change(tty);

	if (ret)
		return ret;
	if (what > TCIOFLUSH)
		return -EINVAL;
	if (what != TCOFLUSH)
		tty_flush(tty);
	return 0;
}

static long start_stop(struct tty *tty, unsigned long what)
{
	unsigned long flags;
	long ret = tty_check_change(tty);

	if (ret)
		return ret;
	if (what > TCION)
		return -EINVAL;
	if (what == TCIOFF || what == TCION) {
		char c = (char)tty->termios.c_cc[what == TCIOFF ? VSTOP : VSTART];

		if (c)
			console_write(&c, 1);
		return 0;
	}
	flags = spin_lock_irqsave(&tty->lock);
	if (what == TCOOFF) {
		tty->stopped_by_program = true;
		tty_stop(tty);
	} else if (tty->stopped_by_program) {
		tty->stopped_by_program = false;
		tty_start(tty);
	}
	spin_unlock_irqrestore(&tty->lock, flags);
	return 0;
}

static long get_window(struct tty *tty, void *user)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);
	struct winsize window = tty->window;

	spin_unlock_irqrestore(&tty->lock, flags);
	return copy_to_user(user, &window, sizeof(window)) ? -EFAULT : 0;
}

static long set_window(struct tty *tty, const void *user)
{
	struct winsize window;
	unsigned long flags;
	bool same;

	if (copy_from_user(&window, user, sizeof(window)))
		return -EFAULT;
	flags = spin_lock_irqsave(&tty->lock);
	same = !memcmp(&window, &tty->window, sizeof(window));
	tty->window = window;
	spin_unlock_irqrestore(&tty->lock, flags);
	if (!same)
		tty_signal(tty, SIGWINCH);
	return 0;
}

/* A byte as if it had been typed: at one's own terminal, or root at any. */
static long fake_input(struct tty *tty, const void *user)
{
	u8 byte;

	if (!tty_is_mine(tty) && !capable())
		return -EPERM;
	if (copy_from_user(&byte, user, 1))
		return -EFAULT;
	tty_type(tty, byte);
	return 0;
}

static long put_int(unsigned long user, long value)
{
	int n = (int)value;

	if (value < 0)
		return value;
	return copy_to_user((void *)user, &n, sizeof(n)) ? -EFAULT : 0;
}

static long input_queued(struct tty *tty, unsigned long user)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);
	size_t n = ldisc_available(tty);

	spin_unlock_irqrestore(&tty->lock, flags);
	return put_int(user, (long)n);
}

long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tty *tty = &console_tty;
	void *user = (void *)arg;

	switch (cmd) {
	case TCGETS: return get_termios(tty, user);
	case TCGETS2: return get_termios2(tty, user);
	case TCSETS:
	case TCSETSW:
	case TCSETS2:
	case TCSETSW2: return set_termios(tty, user, false);
	case TCSETSF:
	case TCSETSF2: return set_termios(tty, user, true);
	case TCSBRK:
	case TCSBRKP: return tty_check_change(tty);
	case TCXONC: return start_stop(tty, arg);
	case TCFLSH: return flush(tty, arg);
	case TIOCSTI: return fake_input(tty, user);
	case TIOCSCTTY: return tty_set_controlling(tty, file, arg == 1);
	case TIOCNOTTY: return tty_give_up(tty);
	case TIOCGPGRP: return put_int(arg, tty_get_pgrp(tty));
	case TIOCSPGRP: return tty_set_pgrp(tty, user);
	case TIOCGSID: return put_int(arg, tty_get_session(tty));
	case TIOCOUTQ:
	case TIOCGETD: return put_int(arg, 0);
	case TIOCGWINSZ: return get_window(tty, user);
	case TIOCSWINSZ: return set_window(tty, user);
	case FIONREAD: return input_queued(tty, arg);
	default: return -ENOTTY;
	}
}
