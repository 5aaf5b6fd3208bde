/*
 * Robust mutexes: an owner that ends, as a thread and as a process; recovery, and
 * what is beyond it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t *shared;

static void make(pthread_mutex_t *mutex, int pshared)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attr, pshared);
	pthread_mutex_init(mutex, &attr);
}

static void *dies(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static const char *name(int error)
{
	return error == EOWNERDEAD ? "owner dead" :
	       error == ENOTRECOVERABLE ? "lost" :
	       error ? "error" : "ok";
}

int main(void)
{
	pthread_mutex_t mutex;
	pthread_t thread;
	int status;

	make(&mutex, PTHREAD_PROCESS_PRIVATE);
	pthread_create(&thread, NULL, dies, &mutex);
	pthread_join(thread, NULL);
	printf("lock: %s\n", name(pthread_mutex_lock(&mutex)));
	printf("consistent: %s\n", name(pthread_mutex_consistent(&mutex)));
	pthread_mutex_unlock(&mutex);
	printf("lock: %s\n", name(pthread_mutex_lock(&mutex)));
	pthread_mutex_unlock(&mutex);
	pthread_create(&thread, NULL, dies, &mutex);
	pthread_join(thread, NULL);
	printf("try: %s\n", name(pthread_mutex_trylock(&mutex)));
	pthread_mutex_unlock(&mutex);
	printf("lock: %s\n", name(pthread_mutex_lock(&mutex)));

	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	make(&shared[0], PTHREAD_PROCESS_SHARED);
	for (int i = 0; i < 3; i++) {
		if (!fork()) {
			pthread_mutex_lock(&shared[0]);
			pthread_mutex_consistent(&shared[0]);
			usleep(10000);
			_exit(i);	/* with the lock */
		}
	}
	for (int i = 0; i < 3; i++)
		wait(&status);
	printf("after three processes: %s\n", name(pthread_mutex_lock(&shared[0])));
	return 0;
}
