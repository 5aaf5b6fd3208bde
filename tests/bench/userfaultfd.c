/*
 * userfaultfd.c - missing pages and write-protected pages that another process or thread resolves,
 * one at a time and in bulk. Structures and numbers as in Linux's userfaultfd.h.
 */
#include "tests/bench/bench.h"

#define PAGES			       256UL

#define UFFD_API		       0xaa
#define UFFD_USER_MODE_ONLY	       1
#define UFFD_FEATURE_PAGEFAULT_FLAG_WP (1UL << 0)
#define UFFD_FEATURE_MOVE	       (1UL << 16)
#define UFFDIO_REGISTER_MODE_MISSING   1
#define UFFDIO_REGISTER_MODE_WP	       2
#define UFFDIO_WRITEPROTECT_MODE_WP    1
#define UFFDIO_API_CALL		       0xc018aa3fUL
#define UFFDIO_REGISTER_CALL	       0xc020aa00UL
#define UFFDIO_COPY_CALL	       0xc028aa03UL
#define UFFDIO_MOVE_CALL	       0xc028aa05UL
#define UFFDIO_WRITEPROTECT_CALL       0xc018aa06UL

struct uffdio_api {
	u64 api, features, ioctls;
};

struct uffdio_register {
	u64 start, len, mode, ioctls;
};

struct uffdio_copy { /* UFFDIO_MOVE has the same */
	u64 dst, src, len, mode;
	long copied;
};

struct uffdio_writeprotect {
	u64 start, len, mode;
};

struct uffd_msg {
	uint8_t event, reserved[7];
	u64 flags, address, feature;
};

static long sys_ioctl(int fd, u64 call, void *arg)
{
	return syscall3(__NR_ioctl, fd, (long)call, (long)arg);
}

/* A descriptor that has agreed on these features, or -errno. */
static int open_uffd(u64 features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	long fd = syscall1(__NR_userfaultfd, O_CLOEXEC), result;

	if (is_error(fd))
		fd = syscall1(__NR_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (is_error(fd))
		return (int)fd;
	result = sys_ioctl((int)fd, UFFDIO_API_CALL, &api);
	if (!result)
		return (int)fd;
	sys_close((int)fd);
	return (int)result;
}

static long watch(int fd, char *start, u64 pages, u64 mode)
{
	struct uffdio_register range = { (u64)start, pages * PAGE_SIZE, mode, 0 };

	return sys_ioctl(fd, UFFDIO_REGISTER_CALL, &range);
}

static long write_protect(int fd, char *start, u64 pages, u64 mode)
{
	struct uffdio_writeprotect range = { (u64)start, pages * PAGE_SIZE, mode };

	return sys_ioctl(fd, UFFDIO_WRITEPROTECT_CALL, &range);
}

static long copy_pages(int fd, char *dst, const char *src, u64 pages)
{
	struct uffdio_copy copy = { (u64)dst, (u64)src, pages * PAGE_SIZE, 0, 0 };

	return sys_ioctl(fd, UFFDIO_COPY_CALL, &copy);
}

/* Who resolves the faults, until the one on the last page. */
struct handler {
	int fd;
	bool protect;
	char *last, *source;
};

static int handle_faults(void *arg)
{
	struct handler *handler = arg;
	struct uffd_msg msg;

	while (sys_read(handler->fd, &msg, sizeof(msg)) == sizeof(msg)) {
		char *page = (char *)(msg.address & -PAGE_SIZE);

		if (handler->protect)
			write_protect(handler->fd, page, 1, 0);
		else
			copy_pages(handler->fd, page, handler->source, 1);
		if (page == handler->last)
			break;
	}
	return 0;
}

/* Touches all pages; the first and the last, where the handler starts and ends, are not timed. */
static void touch_watched(struct row *row, char *pages)
{
	u64 start;

	for (unsigned int i = 0; i < 50; i++)
		sys_sched_yield();
	touch(pages, 1);
	start = ticks_now();
	touch(pages + PAGE_SIZE, PAGES - 1);
	row_stop_sample(row, start);
	touch(pages + PAGES * PAGE_SIZE, 1);
}

static long handled_by_thread(struct row *row, struct handler *handler, char *pages)
{
	struct thread thread;
	long result = thread_start(&thread, handle_faults, handler);

	if (result)
		return result;
	touch_watched(row, pages);
	thread_join(&thread);
	return 0;
}

static long handled_by_process(struct row *row, struct handler *handler, char *pages)
{
	long pid = sys_fork();

	if (is_error(pid))
		return pid;
	if (pid == 0) {
		handle_faults(handler);
		sys_exit_group(0);
	}
	touch_watched(row, pages);
	wait_for(pid);
	return 0;
}

/* One sample; what failed in *what. */
static long sample_faults(struct row *row, bool protect, bool thread, const char **what)
{
	struct handler handler = { .protect = protect };
	char *pages = map_pages(PAGES + 1), *source = map_pages(1);
	long result;

	handler.fd = open_uffd(protect ? UFFD_FEATURE_PAGEFAULT_FLAG_WP : 0);
	handler.last = pages + PAGES * PAGE_SIZE;
	handler.source = source;
	touch(source, 1);
	if (protect)
		touch(pages, PAGES + 1);
	*what = "userfaultfd";
	result = handler.fd < 0 ? handler.fd : 0;
	if (!result) {
		*what = "UFFDIO_REGISTER";
		result = watch(handler.fd, pages, PAGES + 1,
			       protect ? UFFDIO_REGISTER_MODE_WP : UFFDIO_REGISTER_MODE_MISSING);
	}
	if (!result && protect) {
		*what = "UFFDIO_WRITEPROTECT";
		result = write_protect(handler.fd, pages, PAGES + 1, UFFDIO_WRITEPROTECT_MODE_WP);
	}
	if (!result) {
		*what = "the handler";
		result = thread ? handled_by_thread(row, &handler, pages)
				: handled_by_process(row, &handler, pages);
	}
	if (handler.fd >= 0)
		sys_close(handler.fd);
	unmap_pages(pages, PAGES + 1);
	unmap_pages(source, 1);
	return result;
}

static void faults_one_by_one(const char *name, bool protect, bool thread)
{
	struct row row = ROW(name, PAGES - 1);
	const char *what = "";
	long result = 0;

	if (!row_wanted(&row))
		return;
	for (unsigned int i = 0; i < sample_count(7) && !result; i++)
		result = sample_faults(&row, protect, thread, &what);
	if (result)
		rows_skip(&row, 1, what, result);
	else
		rows_print(&row, 1);
}

static void copy_in_bulk(void)
{
	struct row row = ROW("uffd_copy_bulk256_per_page", PAGES);
	char *pages = map_pages(PAGES), *source = map_pages(PAGES);
	int fd = row_wanted(&row) ? open_uffd(0) : -ENOSYS;
	long result = fd < 0 ? fd : watch(fd, pages, PAGES, UFFDIO_REGISTER_MODE_MISSING);

	touch(source, PAGES);
	for (unsigned int i = 0; i < sample_count(9) && !result; i++) {
		u64 start = ticks_now();

		result = copy_pages(fd, pages, source, PAGES);
		row_stop_sample(&row, start);
		sys_madvise((uintptr_t)pages, PAGES * PAGE_SIZE, MADV_DONTNEED);
	}
	if (fd >= 0)
		sys_close(fd);
	unmap_pages(pages, PAGES);
	unmap_pages(source, PAGES);
	if (result)
		rows_skip(&row, 1, "userfaultfd or UFFDIO_COPY", result);
	else
		rows_print(&row, 1);
}

/* Moves all pages, one call each, from one half of a mapping to the other and back. */
static void move_one_by_one(void)
{
	struct row row = ROW("uffd_move_per_page", PAGES);
	char *mapping = map_pages(2 * PAGES), *to = mapping, *from = mapping + PAGES * PAGE_SIZE;
	int fd = row_wanted(&row) ? open_uffd(UFFD_FEATURE_MOVE) : -ENOSYS;
	long result = fd < 0 ? fd : watch(fd, mapping, 2 * PAGES, UFFDIO_REGISTER_MODE_MISSING);

	touch(from, PAGES);
	for (unsigned int i = 0; i < sample_count(9) && !result; i++) {
		char *left = from;
		u64 start = ticks_now();

		for (u64 page = 0; page < PAGES && !result; page++) {
			struct uffdio_copy move = { (u64)(to + page * PAGE_SIZE),
						    (u64)(from + page * PAGE_SIZE), PAGE_SIZE, 0,
						    0 };

			result = sys_ioctl(fd, UFFDIO_MOVE_CALL, &move);
		}
		row_stop_sample(&row, start);
		from = to;
		to = left;
	}
	if (fd >= 0)
		sys_close(fd);
	unmap_pages(mapping, 2 * PAGES);
	if (result)
		rows_skip(&row, 1, "userfaultfd with UFFD_FEATURE_MOVE", result);
	else
		rows_print(&row, 1);
}

void bench_userfaultfd(void)
{
	faults_one_by_one("uffd_missing_copy_proc", false, false);
	faults_one_by_one("uffd_missing_copy_thread", false, true);
	faults_one_by_one("uffd_wp_proc", true, false);
	faults_one_by_one("uffd_wp_thread", true, true);
	copy_in_bulk();
	move_one_by_one();
}
