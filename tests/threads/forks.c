/*
 * Processes and threads: fork in a threaded program, exec by a thread, exit of the first
 * thread, pthread_atfork.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *program;
static int prepared, in_parent, in_child;

static void prepare(void) { prepared++; }
static void parent(void) { in_parent++; }
static void child(void) { in_child++; }

static void *forever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static int status_of(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void *forks(void *arg)
{
	pid_t pid = fork();

	if (!pid)
		_exit(10 + prepared + in_child);
	*(int *)arg = status_of(pid);
	return NULL;
}

static void *execs(void *arg)
{
	(void)arg;
	execl(program, program, "again", (char *)NULL);
	return NULL;
}

static void *exits(void *arg)
{
	usleep(5000);
	exit((int)(long)arg);
}

int main(int argc, char **argv)
{
	pthread_t threads[3];
	int status = 0;
	pid_t pid;

	program = argv[0];
	if (argc > 1) {
		puts("exec by a thread");
		return 33;
	}
	setvbuf(stdout, NULL, _IONBF, 0);
	pthread_atfork(prepare, parent, child);
	pthread_create(&threads[0], NULL, forever, NULL);
	pthread_create(&threads[1], NULL, forks, &status);
	pthread_join(threads[1], NULL);
	printf("fork in a thread: %d, prepared %d parent %d child %d\n", status, prepared,
	       in_parent, in_child);
	pid = fork();
	if (!pid) {
		pthread_create(&threads[1], NULL, forever, NULL);
		pthread_create(&threads[2], NULL, execs, NULL);
		forever(NULL);
	}
	printf("status %d\n", status_of(pid));
	pid = fork();
	if (!pid) {
		pthread_create(&threads[1], NULL, exits, (void *)44L);
		pthread_exit(NULL);
	}
	printf("the first thread ends first: %d\n", status_of(pid));
	pid = fork();
	if (!pid) {
		pthread_create(&threads[1], NULL, forever, NULL);
		abort();
	}
	printf("abort: %d\n", status_of(pid));
	return 0;
}
