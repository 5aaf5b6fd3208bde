/* Reader-writer locks: readers see whole updates, writers exclude; try and timed forms. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static long a, b;
static int torn;

static void *reads(void *arg)
{
	for (int i = 0; i < 5000; i++) {
		pthread_rwlock_rdlock(&lock);
		if (a != b)
			__atomic_add_fetch(&torn, 1, __ATOMIC_SEQ_CST);
		pthread_rwlock_unlock(&lock);
	}
	return arg;
}

static void *writes(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		pthread_rwlock_wrlock(&lock);
		a++;
		b++;
		pthread_rwlock_unlock(&lock);
	}
	return arg;
}

static void *tries(void *arg)
{
	struct timespec until;

	(void)arg;
	printf("try write %d\n", pthread_rwlock_trywrlock(&lock) == EBUSY);
	printf("try read %d\n", pthread_rwlock_tryrdlock(&lock));
	pthread_rwlock_unlock(&lock);
	clock_gettime(CLOCK_REALTIME, &until);
	printf("timed write %d\n", pthread_rwlock_timedwrlock(&lock, &until) == ETIMEDOUT);
	return NULL;
}

int main(void)
{
	pthread_t threads[6];

	for (int i = 0; i < 6; i++)
		pthread_create(&threads[i], NULL, i < 4 ? reads : writes, NULL);
	for (int i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	printf("a %ld b %ld torn %d\n", a, b, torn);
	pthread_rwlock_rdlock(&lock);
	pthread_create(&threads[0], NULL, tries, NULL);
	pthread_join(threads[0], NULL);
	return 0;
}
