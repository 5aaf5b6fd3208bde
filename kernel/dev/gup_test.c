/*
 * /sys/kernel/debug/gup_test: get_user_pages, called by a program for its own memory. It times the
 * ways of taking pages, and can keep them pinned and read them by their pins, so that a test sees
 * which pages were found (kernel/uapi/gup_test.h).
 */
#include "kernel/dev/gup_test.h"
#include "arch/system.h"
#include "kernel/fs/fs.h"
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/gup_test.h"
#include "mm/buddy.h"
#include "mm/gup.h"
#include "mm/mmap_lock.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"

/* The pins that an open file keeps. */
struct longterm {
	struct mutex lock;	/* of the other two */
	struct page **pages;	/* NULL: none are kept */
	unsigned long nr;
};

/* Whoever asks for more than there is gets -ENOMEM before it is taken from everybody else. */
static struct page **alloc_pages_array(unsigned long nr)
{
	if (nr / PTRS_PER_TABLE >= frames_free())
		return NULL;
	return kvmalloc(max(nr, 1ul) * sizeof(struct page *));
}

/* ---- take and give back ---- */

static bool is_fast(unsigned int cmd)
{
	return cmd == GUP_FAST_BENCHMARK || cmd == PIN_FAST_BENCHMARK;
}

static bool takes_pins(unsigned int cmd, const struct gup_test *gup)
{
	if (cmd == DUMP_USER_PAGES_TEST)
		return gup->test_flags & GUP_TEST_FLAG_DUMP_PAGES_USE_PIN;
	return cmd != GUP_FAST_BENCHMARK && cmd != GUP_BASIC_TEST;
}

static long get_some(unsigned int cmd, const struct gup_test *gup, unsigned long addr,
		     unsigned long nr, struct page **pages)
{
	unsigned int flags = gup->gup_flags | (cmd == PIN_LONGTERM_BENCHMARK ? FOLL_LONGTERM : 0);

	if (cmd == GUP_FAST_BENCHMARK)
		return get_user_pages_fast(addr, nr, flags, pages);
	if (cmd == PIN_FAST_BENCHMARK)
		return pin_user_pages_fast(addr, nr, flags, pages);
	if (takes_pins(cmd, gup))
		return pin_user_pages(current_mm(), addr, nr, flags, pages);
	return get_user_pages(current_mm(), addr, nr, flags, pages);
}

/* How many pages there are; gup->size becomes what was walked over. */
static unsigned long get_all(unsigned int cmd, struct gup_test *gup, struct page **pages)
{
	u64 addr = gup->addr, end = gup->addr + gup->size, next;
	long nr = gup->nr_pages_per_call;
	unsigned long done = 0;

	for (; addr < end && nr == gup->nr_pages_per_call; addr = next) {
		next = addr + (u64)nr * PAGE_SIZE;
		if (next > end || next < addr) {
			next = end;
			nr = (long)((end - addr) / PAGE_SIZE);
		}
		nr = get_some(cmd, gup, addr, (unsigned long)nr, pages + done);
		if (nr <= 0)
			break;
		done += (unsigned long)nr;
	}
	gup->size = addr - gup->addr;
	return done;
}

static void put_all(struct page **pages, unsigned long nr, bool pins)
{
	if (pins)
		unpin_user_pages(pages, nr);
	else
		put_pages(pages, nr);
}

static void check_pins(struct page **pages, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++)
		WARN_ONCE(!page_pinned(pages[i]), "gup_test: frame %#lx is not pinned",
			  page_to_pfn(pages[i]));
}

/* Into the kernel's log. A number that there is not becomes 0. */
static void dump(struct gup_test *gup, struct page **pages, unsigned long nr)
{
	for (int i = 0; i < GUP_TEST_MAX_PAGES_TO_DUMP; i++) {
		unsigned long n = gup->which_pages[i];

		if (n > nr)
			gup->which_pages[i] = 0;
		else if (n)
			page_dump(pages[n - 1], "gup_test");
	}
}

static u64 usecs_since(u64 start) { return (clock_ns() - start) / 1000; }

static int run(unsigned int cmd, struct gup_test *gup)
{
	struct page **pages = alloc_pages_array(gup->size / PAGE_SIZE);
	bool pins = takes_pins(cmd, gup);
	unsigned long nr;
	u64 start;

	if (!pages)
		return -ENOMEM;
	if (!is_fast(cmd))
		mmap_read_lock(current_mm());
	start = clock_ns();
	nr = get_all(cmd, gup, pages);
	gup->get_delta_usec = usecs_since(start);
	if (pins)
		check_pins(pages, nr);
	if (cmd == DUMP_USER_PAGES_TEST)
		dump(gup, pages, nr);
	start = clock_ns();
	put_all(pages, nr, pins);
	gup->put_delta_usec = usecs_since(start);
	if (!is_fast(cmd))
		mmap_read_unlock(current_mm());
	kvfree(pages);
	return 0;
}

static long run_test(unsigned int cmd, struct gup_test *user)
{
	struct gup_test gup;
	int ret;

	if (copy_from_user(&gup, user, sizeof(gup)))
		return -EFAULT;
	ret = run(cmd, &gup);
	if (ret)
		return ret;
	return copy_to_user(user, &gup, sizeof(gup)) ? -EFAULT : 0;
}

/* ---- pins that stay ---- */

static void longterm_stop(struct longterm *l)
{
	if (!l->pages)
		return;
	unpin_user_pages(l->pages, l->nr);
	kvfree(l->pages);
	l->pages = NULL;
	l->nr = 0;
}

static long pin_some(const struct longterm *l, const struct pin_longterm_test *args)
{
	unsigned int flags =
		FOLL_LONGTERM | (args->flags & PIN_LONGTERM_TEST_FLAG_USE_WRITE ? FOLL_WRITE : 0);
	unsigned long addr = args->addr + l->nr * PAGE_SIZE, nr = args->size / PAGE_SIZE - l->nr;
	long ret;

	if (args->flags & PIN_LONGTERM_TEST_FLAG_USE_FAST)
		return pin_user_pages_fast(addr, nr, flags, l->pages + l->nr);
	mmap_read_lock(current_mm());
	ret = pin_user_pages(current_mm(), addr, nr, flags, l->pages + l->nr);
	mmap_read_unlock(current_mm());
	return ret;
}

/* All of them, or none and the reason. */
static long longterm_start(struct longterm *l, const struct pin_longterm_test *user)
{
	struct pin_longterm_test args;
	long n;

	if (l->pages)
		return -EINVAL;
	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~(PIN_LONGTERM_TEST_FLAG_USE_WRITE | PIN_LONGTERM_TEST_FLAG_USE_FAST))
		return -EINVAL;
	if (((args.addr | args.size) & ~PAGE_MASK) || !args.size || args.size > ~0ul >> 1)
		return -EINVAL;
	l->pages = alloc_pages_array(args.size / PAGE_SIZE);
	if (!l->pages)
		return -ENOMEM;
	while (l->nr < args.size / PAGE_SIZE) {
		n = pin_some(l, &args);
		if (n < 0) {
			longterm_stop(l);
			return n;
		}
		l->nr += (unsigned long)n;
	}
	return 0;
}

/* What the pins see, one page behind the other, to where *user points. */
static long longterm_read(struct longterm *l, const u64 *user)
{
	u64 to;

	if (!l->pages)
		return -EINVAL;
	if (copy_from_user(&to, user, sizeof(to)))
		return -EFAULT;
	for (unsigned long i = 0; i < l->nr; i++, to += PAGE_SIZE)
		if (copy_to_user((void *)to, page_address(l->pages[i]), PAGE_SIZE))
			return -EFAULT;
	return 0;
}

static long longterm_ioctl(struct longterm *l, unsigned int cmd, unsigned long arg)
{
	long ret = 0;

	mutex_lock(&l->lock);
	if (cmd == PIN_LONGTERM_TEST_START)
		ret = longterm_start(l, (const struct pin_longterm_test *)arg);
	else if (cmd == PIN_LONGTERM_TEST_READ)
		ret = longterm_read(l, (const u64 *)arg);
	else
		longterm_stop(l);
	mutex_unlock(&l->lock);
	return ret;
}

/* ---- the file ---- */

static int gup_test_open(struct inode *inode, struct file *file)
{
	struct longterm *l = kzalloc(sizeof(*l), GFP_KERNEL);

	if (!l)
		return -ENOMEM;
	mutex_init(&l->lock, LOCK_FILE);
	file->private = l;
	return 0;
}

static void gup_test_release(struct file *file)
{
	longterm_stop(file->private);
	kfree(file->private);
}

static long gup_test_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case GUP_FAST_BENCHMARK:
	case PIN_FAST_BENCHMARK:
	case PIN_LONGTERM_BENCHMARK:
	case GUP_BASIC_TEST:
	case PIN_BASIC_TEST:
	case DUMP_USER_PAGES_TEST:
		return run_test(cmd, (struct gup_test *)arg);
	case PIN_LONGTERM_TEST_START:
	case PIN_LONGTERM_TEST_STOP:
	case PIN_LONGTERM_TEST_READ:
		return longterm_ioctl(file->private, cmd, arg);
	default:
		return -EINVAL;
	}
}

const struct file_operations gup_test_fops = {
	.open = gup_test_open,
	.release = gup_test_release,
	.ioctl = gup_test_ioctl,
};
