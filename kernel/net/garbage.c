/*
 * An end is alive if something else than queues refers to its file, or if it waits in the queue of
 * an end that is alive. Who has no other way to an end than a queue can do nothing with it, so
 * what is not alive stays so: it can be taken apart without the lock.
 */
#include "kernel/net/garbage.h"
#include "kernel/process/task.h"

LIST_HEAD(flight_list, unix_files);

static spinlock_t flight_lock = SPINLOCK_INIT(LOCK_TASKS);
static struct flight_list flights = LIST_HEAD_INITIALIZER(flights);
static unsigned int nr_in_flight;	/* files */
static bool collecting, again;

void files_in_flight(struct unix_files *files, struct unix_end *carrier)
{
	spin_lock(&flight_lock);
	files->carrier = carrier;
	LIST_INSERT_HEAD(&flights, files, link);
	WRITE_ONCE(nr_in_flight, nr_in_flight + files->nr);
	spin_unlock(&flight_lock);
}

void files_landed(struct unix_files *files)
{
	if (!files->carrier)
		return;
	spin_lock(&flight_lock);
	LIST_REMOVE(files, link);
	files->carrier = NULL;
	WRITE_ONCE(nr_in_flight, nr_in_flight - files->nr);
	spin_unlock(&flight_lock);
}

void files_get_in_flight(struct unix_files *copy, const struct unix_files *files)
{
	spin_lock(&flight_lock);
	for (unsigned int i = 0; i < copy->nr; i++) {
		copy->file[i] = files->file[i];
		file_get(copy->file[i]);
	}
	spin_unlock(&flight_lock);
}

bool too_many_in_flight(void)
{
	return READ_ONCE(nr_in_flight) >
	       READ_ONCE(current_process()->rlimits[RLIMIT_NOFILE].rlim_cur);
}

/* ---- looking; flight_lock held ---- */

static void for_each_end(struct unix_files *files, void (*fn)(struct unix_end *end))
{
	for (unsigned int i = 0; i < files->nr; i++) {
		struct unix_end *end = unix_end_of(files->file[i]);

		if (end)
			fn(end);
	}
}

static void reset(struct unix_end *end)
{
	end->in_flight = 0;
	end->next_garbage = NULL;
}

static void count(struct unix_end *end) { end->in_flight++; }
static void judge(struct unix_end *end)
{
	end->alive = atomic_read(&end->file->refcount) > end->in_flight;
}

/* A carrier that is in no queue itself is open somewhere. */
static void prepare(void)
{
	struct unix_files *files;

	LIST_FOREACH(files, &flights, link) {
		reset(files->carrier);
		files->carrier->alive = true;
		for_each_end(files, reset);
	}
	LIST_FOREACH(files, &flights, link)
		for_each_end(files, count);
	LIST_FOREACH(files, &flights, link)
		for_each_end(files, judge);
}

static bool revived;

static void revive(struct unix_end *end)
{
	revived |= !end->alive;
	end->alive = true;
}

static void follow_the_living(void)
{
	struct unix_files *files;

	do {
		revived = false;
		LIST_FOREACH(files, &flights, link) {
			if (files->carrier->alive)
				for_each_end(files, revive);
		}
	} while (revived);
}

/* The dead ends with something in their queues, with a reference to the file of each. */
static struct unix_end *find_garbage(void)
{
	struct unix_end *garbage = NULL;
	struct unix_files *files;

	prepare();
	follow_the_living();
	LIST_FOREACH(files, &flights, link) {
		struct unix_end *end = files->carrier;

		if (end->alive)
			continue;
		end->alive = true;	/* it is in the list */
		file_get(end->file);
		end->next_garbage = garbage;
		garbage = end;
	}
	return garbage;
}

/* ---- collecting ---- */

static void empty_queue(struct unix_end *end)
{
	struct message_list gone = TAILQ_HEAD_INITIALIZER(gone);

	mutex_lock(&end->pair->lock);
	unix_take_all(end, &gone);
	mutex_unlock(&end->pair->lock);
	free_messages(&gone);
}

static void drop_garbage(struct unix_end *end)
{
	while (end) {
		struct unix_end *next = end->next_garbage;
		struct file *file = end->file;

		empty_queue(end);
		file_put(file);
		end = next;
	}
}

/* One at a time: releasing what was found comes back here. */
void collect_garbage(void)
{
	struct unix_end *garbage;

	if (!READ_ONCE(nr_in_flight))
		return;
	spin_lock(&flight_lock);
	again = true;
	while (!collecting && again) {
		collecting = true;
		again = false;
		garbage = find_garbage();
		spin_unlock(&flight_lock);
		drop_garbage(garbage);
		spin_lock(&flight_lock);
		collecting = false;
	}
	spin_unlock(&flight_lock);
}
