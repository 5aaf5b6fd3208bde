/* What a program asks of the terminal: ioctl_tty(2). */
#include "kernel/fs/files.h"
#include "kernel/base/string.h"
#include "kernel/syscall.h"
#include "kernel/tty/tty.h"
#include "kernel/uapi/errno.h"

static long get_termios(struct tty *tty, void *user)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);
	struct __kernel_termios termios = tty->termios;

	spin_unlock_irqrestore(&tty->lock, flags);
	return copy_to_user(user, &termios, sizeof(termios)) ? -EFAULT : 0;
}

/* Output is polled: it has always gone out already, so that TCSETSW has nothing to wait for. */
static long set_termios(struct tty *tty, const void *user, bool flush)
{
	struct __kernel_termios termios;
	unsigned long flags;
	long ret = tty_check_change(tty);

	if (ret)
		return ret;
	if (copy_from_user(&termios, user, sizeof(termios)))
		return -EFAULT;
	flags = spin_lock_irqsave(&tty->lock);
	if (flush)
		ldisc_flush(tty);
	ldisc_set(tty, &termios);
	spin_unlock_irqrestore(&tty->lock, flags);
	wake_up_all(&tty->readers);
	wake_up_all(&tty->writers);
	return 0;
}

static long flush(struct tty *tty, unsigned long what)
{
	unsigned long flags;
	long ret = tty_check_change(tty);

	if (ret)
		return ret;
	if (what > TCIOFLUSH)
		return -EINVAL;
	if (what == TCOFLUSH)
		return 0;
	flags = spin_lock_irqsave(&tty->lock);
	ldisc_flush(tty);
	spin_unlock_irqrestore(&tty->lock, flags);
	return 0;
}

static long start_stop(struct tty *tty, unsigned long what)
{
	long ret = tty_check_change(tty);

	if (ret)
		return ret;
	if (what > TCION)
		return -EINVAL;
	if (what == TCOOFF || what == TCOON) {
		WRITE_ONCE(tty->stopped, what == TCOOFF);
		wake_up_all(&tty->writers);
	}
	return 0;
}

static long set_window(struct tty *tty, const void *user)
{
	struct winsize window;
	bool same;

	if (copy_from_user(&window, user, sizeof(window)))
		return -EFAULT;
	same = !memcmp(&window, &tty->window, sizeof(window));
	tty->window = window;
	if (!same)
		tty_signal_later(tty, SIGWINCH);
	return 0;
}

static long put_int(unsigned long user, long value)
{
	int n = (int)value;

	if (value < 0)
		return value;
	return copy_to_user((void *)user, &n, sizeof(n)) ? -EFAULT : 0;
}

static long set_pgrp(struct tty *tty, unsigned long user)
{
	int pgrp;

	return copy_from_user(&pgrp, (const void *)user, sizeof(pgrp)) ? -EFAULT : tty_set_pgrp(tty, pgrp);
}

long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tty *tty = &console_tty;
	void *user = (void *)arg;

	switch (cmd) {
	case TCGETS: return get_termios(tty, user);
	case TCSETS:
	case TCSETSW: return set_termios(tty, user, false);
	case TCSETSF: return set_termios(tty, user, true);
	case TCSBRK:
	case TCSBRKP: return tty_check_change(tty);
	case TCXONC: return start_stop(tty, arg);
	case TCFLSH: return flush(tty, arg);
	case TIOCSCTTY: return tty_set_controlling(tty, arg == 1);
	case TIOCNOTTY: return tty_give_up(tty);
	case TIOCGPGRP: return put_int(arg, tty_get_pgrp(tty));
	case TIOCSPGRP: return set_pgrp(tty, arg);
	case TIOCGSID: return put_int(arg, tty_get_session(tty));
	case TIOCOUTQ:
	case TIOCGETD: return put_int(arg, 0);
	case TIOCGWINSZ: return copy_to_user(user, &tty->window, sizeof(tty->window)) ? -EFAULT : 0;
	case TIOCSWINSZ: return set_window(tty, user);
	case FIONREAD: return put_int(arg, (long)ldisc_available(tty));
	default: return -ENOTTY;
	}
}
