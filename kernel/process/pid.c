/* Numbers of tasks and processes, and the way from a number to its owner. All under tasks_lock. */
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"

#define PID_RESERVED	300	/* when numbers start again, those below are left out */
#define HASH_SIZE	256

static LIST_HEAD(task_bucket, task) tasks[HASH_SIZE];
static LIST_HEAD(process_bucket, process) processes[HASH_SIZE];
static int last_pid;
static unsigned int nr_processes;

struct task *task_find(int tid)
{
	struct task *task;

	LIST_FOREACH(task, &tasks[(unsigned int)tid % HASH_SIZE], hash_link) {
		if (task->tid == tid)
			return task;
	}
	return NULL;
}

struct process *process_find(int pid)
{
	struct process *process;

	LIST_FOREACH(process, &processes[(unsigned int)pid % HASH_SIZE], hash_link) {
		if (process->pid == pid)
			return process;
	}
	return NULL;
}

void task_hash(struct task *task)
{
	LIST_INSERT_HEAD(&tasks[(unsigned int)task->tid % HASH_SIZE], task, hash_link);
}

void process_hash(struct process *process)
{
	LIST_INSERT_HEAD(&processes[(unsigned int)process->pid % HASH_SIZE], process, hash_link);
	nr_processes++;
}

void process_unhash(struct process *process)
{
	LIST_REMOVE(process, hash_link);
	nr_processes--;
}

unsigned int process_count(void) { return nr_processes; }

void process_for_each(void (*fn)(struct process *process, void *arg), void *arg)
{
	struct process *process, *next;

	for (unsigned int i = 0; i < HASH_SIZE; i++) {
		LIST_FOREACH_SAFE(process, &processes[i], hash_link, next)
			fn(process, arg);
	}
}

struct group_search {
	int id;
	bool found;
};

static void match_group(struct process *process, void *arg)
{
	struct group_search *search = arg;

	search->found |= process->pgid == search->id || process->sid == search->id;
}

/*
 * A group or session may outlive the process that it is named after. Only looked at once numbers
 * come again.
 */
bool pid_is_group(int id)
{
	struct group_search search = { .id = id };

	process_for_each(match_group, &search);
	return search.found;
}

int pid_last(void) { return READ_ONCE(last_pid); }

int pid_alloc(void)
{
	static bool wrapped;

	for (int tries = 0; tries < PID_MAX; tries++) {
		if (++last_pid >= PID_MAX) {
			last_pid = PID_RESERVED;
			wrapped = true;
		}
		if (!wrapped)
			return last_pid;
		if (!task_find(last_pid) && !process_find(last_pid) && !pid_is_group(last_pid))
			return last_pid;
	}
	return -EAGAIN;
}
