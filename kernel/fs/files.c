/* Tables of file descriptors, and the references to open files (kernel/fs/files.h). */
#include "kernel/fs/files.h"
#include "kernel/fs/async.h"
#include "kernel/fs/internal.h"
#include "kernel/base/file.h"
#include "kernel/base/string.h"
#include "kernel/fs/locks.h"
#include "kernel/net/garbage.h"
#include "kernel/syscall.h"
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/slab.h"

static struct kmem_cache *file_cache, *files_cache;

void files_init(void)
{
	file_cache = kmem_cache_create("file", sizeof(struct file), 0);
	files_cache = kmem_cache_create("files", sizeof(struct files), 0);
}

struct file *file_alloc(const struct file_operations *ops, unsigned int flags)
{
	struct file *file = kmem_cache_alloc(file_cache, GFP_KERNEL | GFP_ZERO);

	if (!file)
		return NULL;
	file->ops = ops;
	file->flags = flags;
	atomic_set(&file->refcount, 1);
	mutex_init(&file->pos_lock, LOCK_FILE);
	return file;
}

void file_put(struct file *file)
{
	if (!atomic_dec_and_test(&file->refcount))
		return;
	if (unlikely(!LIST_EMPTY(&file->epoll_items)))
		epoll_forget_file(file);
	if (file->inode) {		/* else it was never opened */
		locks_remove_file(file);
		if (unlikely(file->async))
			file_drop_async(file);
		if (file->ops->release)
			file->ops->release(file);
		if (file->fmode & FMODE_WRITER) {
			put_write_access(file->inode);
			sb_drop_write(file->inode->sb);
		}
		inode_put(file->inode);
	}
	if (file->dentry)
		path_put(file->dentry);
	kmem_cache_free(file_cache, file);
}

void vma_file_get(struct file *file) { file_get(file); }
void vma_file_put(struct file *file) { file_put(file); }

int file_report_error(struct file *file, int err)
{
	int lost = errseq_check_and_advance(&file->f_mapping->wb_err, &file->f_wb_err);

	return err ? err : lost;
}

/* ---- tables ---- */

static bool bit_test(const u64 *map, unsigned int n) { return map[n / 64] >> (n % 64) & 1; }
static void bit_set(u64 *map, unsigned int n) { map[n / 64] |= 1ull << (n % 64); }
static void bit_clear(u64 *map, unsigned int n) { map[n / 64] &= ~(1ull << (n % 64)); }

struct files *files_alloc(void)
{
	struct files *files = kmem_cache_alloc(files_cache, GFP_KERNEL | GFP_ZERO);

	if (!files)
		return NULL;
	atomic_set(&files->refcount, 1);
	spin_lock_init(&files->lock, LOCK_TASKS);
	files->capacity = FIRST_FILES;
	files->file = files->first;
	return files;
}

static void free_array(struct files *files, struct file **array)
{
	if (array != files->first)
		kfree(array);
}

/*
 * Makes room for number n (< MAX_FILES). Called and returns with the lock held, which it drops
 * meanwhile.
 */
static int files_grow(struct files *files, unsigned int n)
{
	while (n >= files->capacity) {
		unsigned int capacity = files->capacity * 2;
		struct file **array, **old = NULL;

		spin_unlock(&files->lock);
		array = kzalloc(capacity * sizeof(*array), GFP_KERNEL);
		spin_lock(&files->lock);
		if (!array)
			return -ENOMEM;
		if (capacity > files->capacity) {
			old = files->file;
			memcpy(array, old, files->capacity * sizeof(*array));
			files->capacity = capacity;
			WRITE_ONCE(files->file, array);
			array = old;
		}
		/* Somebody else made it grow meanwhile: array is ours, else the old one. */
		free_array(files, array);
	}
	return 0;
}

/*
 * A reference for each file of the copy's table. from->lock held; to is large enough and not yet
 * shared.
 */
static void copy_entries(struct files *to, const struct files *from)
{
	for (unsigned int word = 0; word < from->capacity / 64; word++) {
		for (u64 left = from->open[word]; left; left &= left - 1) {
			unsigned int n = word * 64 + (unsigned int)__builtin_ctzll(left);

			/* A number that another thread has only reserved is free in the copy. */
			if (!from->file[n])
				continue;
			file_get(from->file[n]);
			to->file[n] = from->file[n];
			bit_set(to->open, n);
		}
		to->cloexec[word] = from->cloexec[word];
	}
}

struct files *files_copy(struct files *from)
{
	struct files *to = files_alloc();
	int ret = 0;

	if (!to)
		return NULL;
	spin_lock(&to->lock);
	do {
		ret = files_grow(to, READ_ONCE(from->capacity) - 1);
		if (ret)
			break;
		spin_lock_nested(&from->lock, LOCK_NESTED);
		if (from->capacity <= to->capacity) {
			copy_entries(to, from);
			spin_unlock(&from->lock);
			break;
		}
		spin_unlock(&from->lock);
	} while (true);
	spin_unlock(&to->lock);
	if (!ret)
		return to;
	files_put(to);
	return NULL;
}

void files_put(struct files *files)
{
	if (!atomic_dec_and_test(&files->refcount))
		return;
	for (unsigned int word = 0; word < files->capacity / 64; word++) {
		for (u64 left = files->open[word]; left; left &= left - 1) {
			struct file *file =
				files->file[word * 64 + (unsigned int)__builtin_ctzll(left)];

			locks_remove_posix(file, files);
			file_put(file);
		}
	}
	free_array(files, files->file);
	kmem_cache_free(files_cache, files);
	collect_garbage();
}

struct files *files_unshare(struct files *files)
{
	return atomic_read(&files->refcount) == 1 ? files_get(files) : files_copy(files);
}

void files_close_on_exec(struct files *files)
{
	for (unsigned int word = 0; word < FILE_WORDS; word++) {
		for (u64 left = files->cloexec[word] & files->open[word]; left; left &= left - 1)
			fd_close((int)(word * 64 + (unsigned int)__builtin_ctzll(left)));
	}
}

/* ---- descriptors ---- */

struct fd fd_get(int fd)
{
	struct files *files = current_task()->files;
	struct fd result = { NULL, false };
	unsigned int n = (unsigned int)fd;

	if (likely(atomic_read(&files->refcount) == 1)) {
		if (n < files->capacity)
			result.file = files->file[n];
		return result;
	}
	spin_lock(&files->lock);
	if (n < files->capacity && files->file[n]) {
		result.file = files->file[n];
		result.counted = true;
		file_get(result.file);
	}
	spin_unlock(&files->lock);
	return result;
}

bool fd_leads_to(int fd, const struct file *file)
{
	struct files *files = current_task()->files;
	bool same;

	spin_lock(&files->lock);
	same = (unsigned int)fd < files->capacity && files->file[fd] == file;
	spin_unlock(&files->lock);
	return same;
}

struct file *files_lookup(struct files *files, int fd)
{
	unsigned int n = (unsigned int)fd;
	struct file *file = NULL;

	spin_lock_nested(&files->lock, LOCK_NESTED);
	if (n < files->capacity)
		file = files->file[n];
	if (file)
		file_get(file);
	spin_unlock(&files->lock);
	return file;
}

int files_next(struct files *files, int from)
{
	unsigned int n = (unsigned int)from;

	spin_lock_nested(&files->lock, LOCK_NESTED);
	while (n < files->capacity && !files->file[n])
		n++;
	if (n >= files->capacity)
		n = ~0u;
	spin_unlock(&files->lock);
	return (int)n;
}

struct fd fd_get_io(int fd)
{
	struct fd f = fd_get(fd);

	if (likely(!f.file || !(f.file->fmode & FMODE_PATH)))
		return f;
	fd_put(f);
	return (struct fd){ NULL, false };
}

unsigned int max_files(void)
{
	u64 limit = READ_ONCE(current_process()->rlimits[RLIMIT_NOFILE].rlim_cur);

	return limit < MAX_FILES ? (unsigned int)limit : MAX_FILES;
}

/* The lowest number from `from` on that is free; MAX_FILES: there is none. Locked. */
static unsigned int lowest_free(const struct files *files, unsigned int from)
{
	for (unsigned int word = from / 64; word < FILE_WORDS; word++) {
		u64 free = ~files->open[word];

		if (word == from / 64)
			free &= ~0ull << (from % 64);
		if (free)
			return word * 64 + (unsigned int)__builtin_ctzll(free);
	}
	return MAX_FILES;
}

static void mark(struct files *files, unsigned int n, bool cloexec)
{
	bit_set(files->open, n);
	if (cloexec)
		bit_set(files->cloexec, n);
	else
		bit_clear(files->cloexec, n);
}

int fd_reserve(unsigned int from, bool cloexec)
{
	struct files *files = current_task()->files;
	unsigned int n;
	int ret;

	spin_lock(&files->lock);
	do {
		n = lowest_free(files, from);
		if (n >= max_files())
			ret = -EMFILE;
		else
			ret = files_grow(files, n);
		/* The lock was dropped if it grew: the number may be taken. */
	} while (!ret && bit_test(files->open, n));
	if (!ret) {
		mark(files, n, cloexec);
		ret = (int)n;
	}
	spin_unlock(&files->lock);
	return ret;
}

void fd_install(int fd, struct file *file)
{
	struct files *files = current_task()->files;

	spin_lock(&files->lock);
	files->file[fd] = file;
	spin_unlock(&files->lock);
}

void fd_cancel(int fd)
{
	struct files *files = current_task()->files;

	spin_lock(&files->lock);
	bit_clear(files->open, (unsigned int)fd);
	spin_unlock(&files->lock);
}

int fd_new(struct file *file, bool cloexec)
{
	int fd = fd_reserve(0, cloexec);

	if (fd < 0)
		file_put(file);
	else
		fd_install(fd, file);
	return fd;
}

/* Two numbers, which the program knows before they are open. */
static long reserve_pair(int fds[2], int *user_fds, bool cloexec)
{
	fds[0] = fd_reserve(0, cloexec);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = fd_reserve(0, cloexec);
	if (fds[1] < 0) {
		fd_cancel(fds[0]);
		return fds[1];
	}
	if (copy_to_user(user_fds, fds, 2 * sizeof(fds[0]))) {
		fd_cancel(fds[0]);
		fd_cancel(fds[1]);
		return -EFAULT;
	}
	return 0;
}

long fd_new_pair(struct file *ends[2], int *user_fds, bool cloexec)
{
	int fds[2];
	long ret = reserve_pair(fds, user_fds, cloexec);

	for (unsigned int i = 0; i < 2; i++) {
		if (ret)
			file_put(ends[i]);
		else
			fd_install(fds[i], ends[i]);
	}
	return ret;
}

long fd_close(int fd)
{
	struct files *files = current_task()->files;
	unsigned int n = (unsigned int)fd;
	struct file *file = NULL;

	spin_lock(&files->lock);
	if (n < files->capacity)
		file = files->file[n];
	if (file) {
		files->file[n] = NULL;
		bit_clear(files->open, n);
	}
	spin_unlock(&files->lock);
	if (!file)
		return -EBADF;
	locks_remove_posix(file, files);
	file_put(file);
	return 0;
}

/* ---- the calls ---- */

SYSCALL_DEFINE1(close, int, fd) { return fd_close(fd); }

long dup_from(int fd, unsigned int from, bool cloexec)
{
	struct fd old = fd_get(fd);
	int new;

	if (!old.file)
		return -EBADF;
	new = fd_reserve(from, cloexec);
	if (new >= 0) {
		file_get(old.file);
		fd_install(new, old.file);
	}
	fd_put(old);
	return new;
}

SYSCALL_DEFINE1(dup, int, fd) { return dup_from(fd, 0, false); }

/* Puts a reference of file at number n, and closes what was there. */
static long dup_to(struct file *file, unsigned int n, bool cloexec)
{
	struct files *files = current_task()->files;
	struct file *before = NULL;
	int ret;

	spin_lock(&files->lock);
	ret = files_grow(files, n);
	if (!ret && bit_test(files->open, n) && !files->file[n])
		ret = -EBUSY;	/* another thread is about to open it */
	if (!ret) {
		before = files->file[n];
		file_get(file);
		files->file[n] = file;
		mark(files, n, cloexec);
	}
	spin_unlock(&files->lock);
	if (before) {
		locks_remove_posix(before, files);
		file_put(before);
	}
	return ret ? ret : (long)n;
}

static long do_dup3(int from, int to, bool cloexec)
{
	struct fd old;
	long ret;

	if (to < 0 || (unsigned int)to >= max_files())
		return -EBADF;
	old = fd_get(from);
	ret = old.file ? dup_to(old.file, (unsigned int)to, cloexec) : -EBADF;
	fd_put(old);
	return ret;
}

SYSCALL_DEFINE2(dup2, int, from, int, to)
{
	if (from == to) {
		struct fd fd = fd_get(from);
		long ret = fd.file ? to : -EBADF;

		fd_put(fd);
		return ret;
	}
	return do_dup3(from, to, false);
}

SYSCALL_DEFINE3(dup3, int, from, int, to, int, flags)
{
	if (flags & ~O_CLOEXEC || from == to)
		return -EINVAL;
	return do_dup3(from, to, flags & O_CLOEXEC);
}

/*
 * Sets or reads the close-on-exec mark of a descriptor below the capacity. Another thread may have
 * closed it since it was looked up: without its file there is nothing to mark.
 */
long fd_cloexec(int fd, bool set, bool value)
{
	struct files *files = current_task()->files;
	long ret = -EBADF;

	spin_lock(&files->lock);
	if (files->file[fd]) {
		ret = !set && bit_test(files->cloexec, (unsigned int)fd) ? FD_CLOEXEC : 0;
		if (set)
			mark(files, (unsigned int)fd, value);
	}
	spin_unlock(&files->lock);
	return ret;
}

/* From now on the calling thread has a table of its own. 0, -ENOMEM. */
static int unshare_files(void)
{
	struct task *task = current_task();
	struct files *old = task->files, *own = files_unshare(old);

	if (!own)
		return -ENOMEM;
	spin_lock(&tasks_lock);
	task->files = own;
	spin_unlock(&tasks_lock);
	files_put(old);
	return 0;
}

SYSCALL_DEFINE3(close_range, unsigned int, first, unsigned int, last, unsigned int, flags)
{
	struct files *files;

	if (flags & ~(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE) || first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE && unshare_files())
		return -ENOMEM;
	files = current_task()->files;
	for (unsigned int n = first; n <= last && n < READ_ONCE(files->capacity); n++) {
		if (flags & CLOSE_RANGE_CLOEXEC)
			fd_cloexec((int)n, true, true);
		else
			fd_close((int)n);
	}
	return 0;
}
