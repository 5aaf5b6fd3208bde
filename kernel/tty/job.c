/*
 * Job control: whose terminal it is. A session has one, whose foreground group reads and
 * is told of ^C; other groups of the session that read are stopped (setpgid(2),
 * tcsetpgrp(3), credentials(7)).
 */
#include "kernel/fs/fs.h"
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

void tty_signal(struct tty *tty, int signo)
{
	spin_lock(&tasks_lock);
	if (tty->pgrp)
		signal_group(tty->pgrp, signo);
	spin_unlock(&tasks_lock);
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
	if (signo == SIGIO)
		kill_async(&tty->async, POLL_IN);
	else
		tty_signal(tty, signo);
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

bool tty_is_mine(const struct tty *tty)
{
	bool mine;

	spin_lock(&tasks_lock);
	mine = current_process()->has_tty;
	spin_unlock(&tasks_lock);
	return mine;
}

/* tasks_lock held: may the group not be stopped by this signal? */
static bool cannot_be_stopped(int signo)
{
	return signal_ignored(current_process(), signo) ||
	       current_task()->blocked & SIGMASK(signo);
}

/*
 * From the background the whole group gets the signal. `refused` is the answer to one that
 * cannot be stopped by it.
 */
static int check(struct tty *tty, int signo, int refused)
{
	struct process *process = current_process();
	int ret = 0;

	spin_lock(&tasks_lock);
	if (process->has_tty && tty->pgrp && process->pgid != tty->pgrp) {
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

static bool is_leader(const struct process *process) { return process->sid == process->pid; }

/* tasks_lock held. */
static void take_tty(struct tty *tty)
{
	struct process *process = current_process();

	tty->session = process->sid;
	tty->pgrp = process->pgid;
	process->has_tty = true;
}

static void forget_tty(struct process *process, void *arg)
{
	const struct tty *tty = arg;

	if (process->sid == tty->session)
		process->has_tty = false;
}

/* tasks_lock held. Its session has no terminal any more. */
static void leave_tty(struct tty *tty)
{
	process_for_each(forget_tty, tty);
	tty->session = tty->pgrp = 0;
}

void tty_adopt(struct tty *tty)
{
	spin_lock(&tasks_lock);
	if (!tty->session && is_leader(current_process()))
		take_tty(tty);
	spin_unlock(&tasks_lock);
}

/* tasks_lock held. May the running process take it, from another session if `steal`? */
static bool may_take(const struct tty *tty, const struct file *file, bool steal)
{
	const struct process *process = current_process();

	if (!is_leader(process) || process->has_tty)
		return false;
	return (!tty->session || (steal && capable())) && (file_readable(file) || capable());
}

long tty_set_controlling(struct tty *tty, const struct file *file, bool steal)
{
	long ret = 0;

	spin_lock(&tasks_lock);
	if (current_process()->has_tty && is_leader(current_process())) {
		/* It is that already. */
	} else if (!may_take(tty, file, steal)) {
		ret = -EPERM;
	} else {
		leave_tty(tty);
		take_tty(tty);
	}
	spin_unlock(&tasks_lock);
	return ret;
}

/* Only its leader speaks for the session. */
long tty_give_up(struct tty *tty)
{
	struct process *process = current_process();
	long ret = -ENOTTY;

	spin_lock(&tasks_lock);
	if (process->has_tty) {
		if (is_leader(process)) {
			signal_group(tty->pgrp, SIGHUP);
			signal_group(tty->pgrp, SIGCONT);
			leave_tty(tty);
		}
		process->has_tty = false;
		ret = 0;
	}
	spin_unlock(&tasks_lock);
	return ret;
}

/* tasks_lock held. Who has it open has it no more, and what was typed is not for the next. */
static void hang_up(struct tty *tty)
{
	leave_tty(tty);
	WRITE_ONCE(tty->hangups, tty->hangups + 1);
	tty_flush(tty);
	wake_up_all(&tty->readers);
	wake_up_all(&tty->writers);
}

void tty_process_exit(const struct process *process)
{
	struct tty *tty = &console_tty;

	if (!process->has_tty || !is_leader(process))
		return;
	signal_group(tty->pgrp, SIGHUP);
	hang_up(tty);
}

/* The leader of the session is told, nobody else. */
SYSCALL_DEFINE0(vhangup)
{
	struct tty *tty = &console_tty;

	if (!capable())
		return -EPERM;
	spin_lock(&tasks_lock);
	if (current_process()->has_tty) {
		struct process *leader = process_find(tty->session);

		if (leader) {
			signal_send(leader, NULL, KERNEL_SIGNAL(SIGHUP));
			signal_send(leader, NULL, KERNEL_SIGNAL(SIGCONT));
		}
		hang_up(tty);
	}
	spin_unlock(&tasks_lock);
	return 0;
}

long tty_get_pgrp(struct tty *tty)
{
	long ret;

	spin_lock(&tasks_lock);
	ret = current_process()->has_tty ? tty->pgrp : -ENOTTY;
	spin_unlock(&tasks_lock);
	return ret;
}

long tty_get_session(struct tty *tty)
{
	long ret;

	spin_lock(&tasks_lock);
	ret = current_process()->has_tty ? tty->session : -ENOTTY;
	spin_unlock(&tasks_lock);
	return ret;
}

/* tasks_lock held. A group in that session; or a process, which may be about to lead one. */
static long find_group(int pgrp, int session)
{
	const struct process *process = group_exists(pgrp, 0) ? NULL : process_find(pgrp);

	if (!pgrp)
		return -ESRCH;
	if (process)
		return process->sid == session ? 0 : -EPERM;
	if (!group_exists(pgrp, 0))
		return -ESRCH;
	return group_exists(pgrp, session) ? 0 : -EPERM;
}

long tty_set_pgrp(struct tty *tty, const int *user)
{
	long ret = tty_check_change(tty);
	int pgrp;

	if (ret)
		return ret == -EIO ? -ENOTTY : ret;
	if (copy_from_user(&pgrp, user, sizeof(pgrp)))
		return -EFAULT;
	if (pgrp < 0)
		return -EINVAL;
	spin_lock(&tasks_lock);
	ret = current_process()->has_tty ? find_group(pgrp, tty->session) : -ENOTTY;
	if (!ret)
		tty->pgrp = pgrp;
	spin_unlock(&tasks_lock);
	return ret;
}
