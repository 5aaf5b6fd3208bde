/*
 * lock_deadlock.c - processes that wait for each other's locks of ranges: the last one who
 * would close the circle is told (EDEADLK), and only he. Who that is depends on who comes
 * first, so all of them may be.
 */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#define MOST	4	/* processes in a circle */

static int file, ready[2], go[2];

static long lock(int cmd, int type, long byte)
{
	struct flock64 fl = {
		.l_type = (short)type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1
	};

	return sys_fcntl(file, cmd, P(&fl));
}

struct place {
	long mine, wanted;
};

/*
 * Locks his own byte, and when all have done so, the next one's. What he was told, and
 * gave up, is his status.
 */
static int holds_and_wants(void *arg)
{
	const struct place *place = arg;
	long ret;
	char c = 'r';

	if (lock(F_SETLK, F_WRLCK, place->mine))
		return 1;
	sys_write(ready[1], &c, 1);
	sys_read(go[0], &c, 1);
	ret = lock(F_SETLKW, F_WRLCK, place->wanted);
	return ret == -EDEADLK ? EDEADLK : ret ? 2 : 0;
}

/*
 * A circle of n: how many are told that it is one; the others must get their lock. -1:
 * something else happened.
 */
static int circle(int n)
{
	struct place places[MOST];
	int pids[MOST], told = 0, other = 0;
	char c[MOST] = { 'g', 'g', 'g', 'g' };

	if (sys_pipe(ready) || sys_pipe(go))
		bail("there is no pipe");
	for (int i = 0; i < n; i++) {
		places[i] = (struct place){ i, (i + 1) % n };
		pids[i] = child_start(holds_and_wants, &places[i]);
	}
	for (int i = 0; i < n; i++)
		sys_read(ready[0], c, 1);
	sys_write(go[1], c, (size_t)n);
	for (int i = 0; i < n; i++) {
		int verdict = child_verdict(child_wait(pids[i]));

		told += verdict == EDEADLK;
		other += verdict && verdict != EDEADLK;
	}
	sys_close(ready[0]);
	sys_close(ready[1]);
	sys_close(go[0]);
	sys_close(go[1]);
	return other ? -1 : told;
}

/* A row without a circle: each waits for the next, and the last for nobody. */
static int chain(void *arg)
{
	struct place places[2] = { { 1, 0 }, { 2, 1 } };
	int pids[2], bad = 0;
	char c[2] = { 0 };

	(void)arg;
	if (sys_pipe(ready) || sys_pipe(go) || lock(F_SETLK, F_WRLCK, 0))
		return 1;
	for (int i = 0; i < 2; i++)
		pids[i] = child_start(holds_and_wants, &places[i]);
	sys_read(ready[0], c, 1);
	sys_read(ready[0], c, 1);
	sys_write(go[1], c, 2);
	lock(F_SETLK, F_UNLCK, 0);
	for (int i = 0; i < 2; i++)
		bad += child_verdict(child_wait(pids[i])) != 0;
	return bad;
}

int main(void)
{
	scratch_enter();
	file = make_file("locked", "bytes");
	for (int round = 0; round < 10; round++)
		is(circle(2), 1, "of-two-who-wait-for-each-other-one-is-told-%d", round);
	is(circle(3), 1, "of-three-in-a-circle");
	is(circle(4), 1, "and-of-four");
	ok_child_exits(chain, NULL, 0, "a-row-is-no-circle");
	sys_close(file);
	scratch_leave();
	return tap_finish();
}
