/*
 * Job control: whose terminal it is. A session has one, whose foreground group reads and is told of
 * ^C; other groups of the session that read are stopped (setpgid(2), tcsetpgrp(3), credentials(7)).
 */
#include "kernel/syscall.h"
#include "kernel/tty/tty.h"
#include "kernel/uapi/errno.h"

/* ---- signals from the keyboard ---- */

static struct wait_queue worker_wait;

void tty_signal_later(struct tty *tty, int signo)
{
	tty->signals |= SIGMASK(signo);
	wake_up_all(&worker_wait);
}

static u64 take_signals(struct tty *tty)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);
	u64 signals = tty->signals;

	tty->signals = 0;
	spin_unlock_irqrestore(&tty->lock, flags);
	return signals;
}

static void send_signal(struct tty *tty, int signo)
{
	if (signo == SIGIO) {
		kill_async(&tty->async, POLL_IN);
		return;
	}
	spin_lock(&tasks_lock);
	if (tty->pgrp)
		signal_group(tty->pgrp, signo);
	spin_unlock(&tasks_lock);
}

/* Signals are sent under tasks_lock, which no interrupt takes: a thread of the kernel does it. */
static void send_signals(void *arg)
{
	struct tty *tty = arg;

	for (;;) {
		wait_event(&worker_wait, READ_ONCE(tty->signals));
		for (u64 left = take_signals(tty); left; left &= left - 1)
			send_signal(tty, __builtin_ctzll(left) + 1);
	}
}

void tty_start_worker(void)
{
	struct task *task;

	wait_queue_init(&worker_wait);
	task = kernel_thread("tty", send_signals, &console_tty);
	if (!task)
		boot_stop("There is not enough memory for the terminal.");
	wake_task(task, false);
}

/* ---- who may ---- */

static bool is_mine(const struct tty *tty) { return tty->session && tty->session == current_process()->sid; }

bool tty_is_mine(const struct tty *tty)
{
	bool mine;

	spin_lock(&tasks_lock);
	mine = is_mine(tty);
	spin_unlock(&tasks_lock);
	return mine;
}

/* tasks_lock held: may the group not be stopped by this signal? */
static bool cannot_be_stopped(int signo)
{
	return signal_ignored(current_process(), signo) || current_task()->blocked & SIGMASK(signo);
}

/*
 * From the background the whole group gets the signal. `refused` is the answer to one that cannot be
 * stopped by it.
 */
static int check(struct tty *tty, int signo, int refused)
{
	struct process *process = current_process();
	int ret = 0;

	spin_lock(&tasks_lock);
	if (is_mine(tty) && process->pgid != tty->pgrp) {
		if (cannot_be_stopped(signo)) {
			ret = refused;
		} else if (group_orphaned(process->pgid, NULL)) {
			ret = -EIO;
		} else {
			signal_group(process->pgid, signo);
			ret = -ERESTARTSYS;
		}
	}
	spin_unlock(&tasks_lock);
	return ret;
}

int tty_check_read(struct tty *tty) { return check(tty, SIGTTIN, -EIO); }
int tty_check_change(struct tty *tty) { return check(tty, SIGTTOU, 0); }

/* ---- whose it is ---- */

/* tasks_lock held. */
static void take_tty(struct tty *tty)
{
	tty->session = current_process()->sid;
	tty->pgrp = current_process()->pgid;
}

void tty_adopt(struct tty *tty)
{
	spin_lock(&tasks_lock);
	if (!tty->session && current_process()->sid == current_process()->pid)
		take_tty(tty);
	spin_unlock(&tasks_lock);
}

long tty_set_controlling(struct tty *tty, bool steal)
{
	const struct process *process = current_process();
	long ret = 0;

	spin_lock(&tasks_lock);
	if (process->sid != process->pid)
		ret = -EPERM;
	else if (tty->session && tty->session != process->sid && !steal)
		ret = -EPERM;
	else if (tty->session != process->sid)
		take_tty(tty);
	spin_unlock(&tasks_lock);
	return ret;
}

/* tasks_lock held. The session has no terminal any more. */
static void hang_up(struct tty *tty)
{
	if (tty->pgrp) {
		signal_group(tty->pgrp, SIGHUP);
		signal_group(tty->pgrp, SIGCONT);
	}
	tty->session = tty->pgrp = 0;
}

long tty_give_up(struct tty *tty)
{
	const struct process *process = current_process();
	long ret = -ENOTTY;

	spin_lock(&tasks_lock);
	if (is_mine(tty)) {
		/* Only its leader speaks for the session. For others Linux keeps a mark of their own. */
		if (process->sid == process->pid)
			hang_up(tty);
		ret = 0;
	}
	spin_unlock(&tasks_lock);
	return ret;
}

void tty_process_exit(const struct process *process)
{
	if (console_tty.session && console_tty.session == process->pid)
		hang_up(&console_tty);
}

long tty_get_pgrp(struct tty *tty)
{
	long ret;

	spin_lock(&tasks_lock);
	ret = is_mine(tty) ? tty->pgrp : -ENOTTY;
	spin_unlock(&tasks_lock);
	return ret;
}

long tty_get_session(struct tty *tty)
{
	long ret;

	spin_lock(&tasks_lock);
	ret = is_mine(tty) ? tty->session : -ENOTTY;
	spin_unlock(&tasks_lock);
	return ret;
}

long tty_set_pgrp(struct tty *tty, int pgrp)
{
	long ret = tty_check_change(tty);

	if (ret)
		return ret;
	spin_lock(&tasks_lock);
	if (!is_mine(tty))
		ret = -ENOTTY;
	else if (pgrp < 0)
		ret = -EINVAL;
	else if (!group_exists(pgrp, tty->session))
		ret = group_exists(pgrp, 0) ? -EPERM : -ESRCH;
	else
		tty->pgrp = pgrp;
	spin_unlock(&tasks_lock);
	return ret;
}
