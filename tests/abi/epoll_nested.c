/*
 * epoll_nested.c - sets in sets: how deep, on how many ways, no circles, wake-ups from below; and
 * several CPUs that add, delete, close and wait at once.
 */
#include "user/child.h"
#include "user/events.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

enum { SETS = 9, MANY = 510, ROUNDS = 300, RACES = 1500, RACES_ON_ONE_CPU = 50 };

static int new_set(void) { return (int)sys_epoll_create1(0); }

static long add(int set, int fd) { return epoll_set(set, EPOLL_CTL_ADD, fd, POLLIN); }

static long del(int set, int fd) { return sys_epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL); }

static long look(int set)
{
	struct epoll_event event;

	return sys_epoll_wait(set, &event, 1, 0);
}

/* ---- what may be in what ---- */

/* How many of the sets, each in the next, there can be; down: the outermost is joined first. */
static int row_length(bool down)
{
	int sets[SETS], added = 0;
	long ret = 0;

	for (int i = 0; i < SETS; i++)
		sets[i] = new_set();
	for (int i = 0; i + 1 < SETS && !ret; i++) {
		int inner = down ? SETS - 2 - i : i;

		ret = add(sets[inner + 1], sets[inner]);
		added += !ret;
	}
	ok(!ret || ret == -ELOOP, "a-row-that-is-too-long-is-a-loop: %d sets", added);
	for (int i = 0; i < SETS; i++)
		sys_close(sets[i]);
	return added;
}

/*
 * One set in another, 4 deep. Linux before 6.17 counted otherwise, and only what is below: 6 from
 * the inside, without end from the outside.
 */
static void test_depth(void)
{
	int up = row_length(false), down = row_length(true);

	if (down == SETS - 1)
		is(up, 6, "sets-in-sets-as-deep-as-linux-before-6.17");
	else
		ok(up == 4 && down == 4, "sets-in-sets-as-deep-as-on-linux: %d and %d", up, down);
}

static void test_circles(void)
{
	int a = new_set(), b = new_set(), c = new_set();

	add(a, b);
	add(b, c);
	is(add(b, a), -ELOOP, "a-circle-of-two-is-refused");
	is(add(c, a), -ELOOP, "a-circle-of-three-is-refused");
	is(add(c, b), -ELOOP, "also-further-in");
	is(del(c, a), -ENOENT, "what-was-refused-is-not-there");
	is(add(a, c), 0, "two-ways-to-a-set-are-no-circle");
	is(add(a, c), -EEXIST, "but-not-the-same-twice");
	is(del(b, c), 0, "a-way-goes");
	is(del(a, c), 0, "the-other-too");
	is(add(c, a), 0, "what-was-a-circle-is-none-then");
	sys_close(a);
	sys_close(b);
	sys_close(c);
}

/* In how many sets, each in `top` if there is one, the inner one can be that has a file in it. */
static int ways(int top)
{
	int outer[MANY], inner = new_set(), event = (int)sys_eventfd2(0, 0), n = 0;
	long ret = add(inner, event);

	while (!ret && n < MANY) {
		outer[n] = new_set();
		ret = top < 0 ? 0 : add(top, outer[n]);
		if (!ret)
			ret = add(outer[n], inner);
		n++;
	}
	is(ret, -EINVAL, "too-many-ways-are-refused");
	is(del(outer[n - 1], inner), -ENOENT, "the-one-too-many-is-not-there");
	is(del(outer[0], inner), 0, "one-way-goes");
	is(add(outer[n - 1], inner), 0, "then-there-is-room-for-another");
	for (int i = 0; i < n; i++)
		sys_close(outer[i]);
	sys_close(event);
	sys_close(inner);
	return n - 1;
}

/* Without a file in it nothing can come of a set; the file is what is refused. */
static void test_late_file(void)
{
	int outer[101], top = new_set(), inner = new_set(), event = (int)sys_eventfd2(0, 0);
	long ret = 0;

	for (unsigned int i = 0; i < 101 && !ret; i++) {
		outer[i] = new_set();
		ret = add(top, outer[i]);
		ret = ret ? ret : add(outer[i], inner);
	}
	is(ret, 0, "an-empty-set-may-be-in-any-number-of-sets");
	is(add(inner, event), -EINVAL, "a-file-may-not-be-in-it-then");
	sys_close(outer[7]);
	is(add(inner, event), 0, "but-with-one-less");
	for (unsigned int i = 0; i < 101; i++)
		sys_close(outer[i]);
	sys_close(event);
	sys_close(inner);
	sys_close(top);
}

static void test_ways(void)
{
	int top = new_set();

	is(ways(-1), 500, "ways-over-one-set");
	is(ways(top), 100, "ways-over-two-sets");
	sys_close(top);
	test_late_file();
}

/* ---- wake-ups ---- */

static int chain[5], leaf, reply[2];

static void *reads_leaf(void *arg)
{
	struct epoll_event event;
	uint64_t value;

	pin_to_cpu(nth_cpu(1));
	for (int i = 0; i < ROUNDS; i++) {
		while (sys_epoll_wait(chain[4], &event, 1, -1) != 1)
			;
		if (event.data != (__u64)chain[3])
			return arg;
		sys_read(leaf, &value, sizeof(value));
		sys_write(reply[1], "x", 1);
	}
	return NULL;
}

/* No wake-up is lost: else this hangs. */
static void test_wake_from_below(void)
{
	struct thread thread;
	uint64_t one = 1;
	char c;

	leaf = (int)sys_eventfd2(0, 0);
	sys_pipe(reply);
	for (int i = 0; i < 5; i++) {
		chain[i] = new_set();
		add(chain[i], i ? chain[i - 1] : leaf);
	}
	thread_create(&thread, reads_leaf, &one);
	for (int i = 0; i < ROUNDS; i++) {
		sys_write(leaf, &one, sizeof(one));
		sys_read(reply[0], &c, 1);
	}
	ok(!thread_join(&thread), "a-file-wakes-who-waits-five-sets-above");
	is(look(chain[4]), 0, "and-has-been-read");
	sys_write(leaf, &one, sizeof(one));
	is(look(chain[4]), 1, "ready-on-top");
	sys_close(chain[2]);
	is(look(chain[4]), 0, "a-set-that-is-closed-is-a-gap");
	is(look(chain[1]), 1, "below-it-all-is-as-it-was");
	for (int i = 0; i < 5; i++)
		sys_close(chain[i]);
	sys_close(leaf);
	sys_close(reply[0]);
	sys_close(reply[1]);
}

static int shared_set;

static void *one_event(void *arg)
{
	struct epoll_event event;

	pin_to_cpu(nth_cpu((int)(uintptr_t)arg));
	while (sys_epoll_wait(shared_set, &event, 1, -1) != 1)
		;
	return NULL;
}

/* Who has the events in his hands when another goes to sleep tells him. Else this hangs. */
static void test_all_sleepers(void)
{
	struct thread threads[3];
	uint64_t one = 1;
	int done = 0;

	for (int round = 0; round < ROUNDS / 3; round++) {
		shared_set = new_set();
		leaf = (int)sys_eventfd2(0, 0);
		add(shared_set, leaf);
		for (uintptr_t i = 0; i < 3; i++)
			thread_create(&threads[i], one_event, (void *)i);
		sys_write(leaf, &one, sizeof(one));
		for (int i = 0; i < 3; i++, done++)
			thread_join(&threads[i]);
		sys_close(leaf);
		sys_close(shared_set);
	}
	is(done, ROUNDS / 3 * 3, "a-level-wakes-all-who-wait");
}

/* ---- all at once ---- */

static int sets[3], files[2];
static uint32_t running, races;

static void *adds_and_deletes(void *arg)
{
	pin_to_cpu(nth_cpu(0));
	for (int i = 0; i < (int)races; i++) {
		add(sets[i % 3], files[i % 2]);
		epoll_set(sets[(i + 1) % 3], EPOLL_CTL_MOD, files[i % 2], POLLIN | POLLOUT);
		del(sets[(i + 2) % 3], files[i % 2]);
	}
	word_add(&running);
	return arg;
}

static void *nests(void *arg)
{
	pin_to_cpu(nth_cpu(1));
	for (int i = 0; i < (int)races; i++) {
		add(sets[i % 3], sets[(i + 1) % 3]);
		del(sets[(i + 2) % 3], sets[i % 3]);
		if (i % 2)
			add(sets[(i + 1) % 3], sets[i % 3]);
		else
			del(sets[i % 3], sets[(i + 1) % 3]);
	}
	word_add(&running);
	return arg;
}

/* A file and a set that it is in go at the same time, each by another thread. */
static uint32_t begin, ended;
static int going[2];

static void *closes_set(void *arg)
{
	pin_to_cpu(nth_cpu(2));
	for (uint32_t i = 1; i <= races; i++) {
		word_wait(&begin, i);
		sys_close(going[0]);
		word_set(&ended, i);
	}
	return arg;
}

static void *closes_file(void *arg)
{
	pin_to_cpu(nth_cpu(3));
	for (uint32_t i = 1; i <= races; i++) {
		going[0] = new_set();
		going[1] = (int)sys_eventfd2(i % 2, 0);
		add(going[0], going[1]);
		add(sets[0], going[1]);
		add(sets[0], going[0]);
		word_set(&begin, i);
		sys_close(going[1]);
		word_wait(&ended, i);
	}
	word_add(&running);
	return arg;
}

/* Looks until the others are done. */
static void *looks(void *arg)
{
	struct pollfd pollfd = { .events = POLLIN };
	struct epoll_event event;
	uint64_t value;

	for (unsigned int i = 0; word_get(&running) < 3; i++) {
		sys_epoll_wait(sets[i % 3], &event, 1, 0);
		pollfd.fd = sets[(i + 1) % 3];
		sys_poll(&pollfd, 1, 0);
		value = 1;
		sys_write(files[i % 2], &value, sizeof(value));
		sys_read(files[(i + 1) % 2], &value, sizeof(value));
	}
	return arg;
}

static void test_races(void)
{
	thread_entry *const entry[] = { adds_and_deletes, nests, closes_set, closes_file, looks };
	struct thread threads[5];
	uint64_t one = 1;

	/* One CPU changes its thread at the end of a time slice only: each race takes some. */
	races = cpu_count() > 1 ? RACES : RACES_ON_ONE_CPU;
	for (int i = 0; i < 3; i++)
		sets[i] = new_set();
	for (int i = 0; i < 2; i++)
		files[i] = (int)sys_eventfd2(1, EFD_NONBLOCK);
	for (int i = 0; i < 5; i++)
		thread_create(&threads[i], entry[i], NULL);
	for (int i = 0; i < 5; i++)
		thread_join(&threads[i]);
	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < 3; j++)
			del(sets[i], sets[j]);
		del(sets[i], files[0]);
		del(sets[i], files[1]);
		is(look(sets[i]), 0, "after-all-that-a-set-is-empty");
		is(add(sets[i], files[0]), 0, "and-takes-a-file");
	}
	sys_write(files[0], &one, sizeof(one));
	for (int i = 0; i < 3; i++)
		is(look(sets[i]), 1, "and-tells-of-it");
	for (int i = 0; i < 3; i++)
		sys_close(sets[i]);
	sys_close(files[0]);
	sys_close(files[1]);
}

int main(void)
{
	test_depth();
	test_circles();
	test_ways();
	test_wake_from_below();
	test_all_sleepers();
	test_races();
	return tap_finish();
}
