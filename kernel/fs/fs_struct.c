/* Working directory and umask, and the calls on them. */
#include "kernel/base/string.h"
#include "kernel/fs/namei.h"
#include "kernel/fs/permission.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/slab.h"

static struct fs_struct *fs_new(struct dentry *cwd, u32 umask)
{
	struct fs_struct *fs = kmalloc(sizeof(*fs), GFP_KERNEL);

	if (!fs)
		return NULL;
	atomic_set(&fs->refcount, 1);
	spin_lock_init(&fs->lock, LOCK_FS);
	fs->cwd = cwd;
	fs->umask = umask;
	return fs;
}

struct fs_struct *fs_alloc(void)
{
	struct fs_struct *fs = fs_new(root_dentry, 022);

	if (fs)
		path_get(root_dentry);
	return fs;
}

struct dentry *get_cwd_of(struct fs_struct *fs)
{
	struct dentry *cwd;

	spin_lock(&fs->lock);
	cwd = fs->cwd;
	path_get(cwd);
	spin_unlock(&fs->lock);
	return cwd;
}

struct fs_struct *fs_copy(struct fs_struct *from)
{
	struct fs_struct *to = fs_new(NULL, READ_ONCE(from->umask));

	if (!to)
		return NULL;
	to->cwd = get_cwd_of(from);
	return to;
}

void fs_put(struct fs_struct *fs)
{
	if (!atomic_dec_and_test(&fs->refcount))
		return;
	path_put(fs->cwd);
	kfree(fs);
}

u32 current_umask(void) { return READ_ONCE(current_task()->fs->umask); }

SYSCALL_DEFINE1(umask, int, mask)
{
	struct fs_struct *fs = current_task()->fs;
	u32 old;

	spin_lock(&fs->lock);
	old = fs->umask;
	WRITE_ONCE(fs->umask, (u32)mask & 0777);
	spin_unlock(&fs->lock);
	return old;
}

/* Takes the reference over. */
static void set_cwd(struct dentry *dentry)
{
	struct fs_struct *fs = current_task()->fs;
	struct dentry *old;

	spin_lock(&fs->lock);
	old = fs->cwd;
	fs->cwd = dentry;
	spin_unlock(&fs->lock);
	path_put(old);
}

SYSCALL_DEFINE1(chdir, const char *, path)
{
	struct dentry *dentry = user_path_lookup(AT_FDCWD, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY);

	int ret;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	ret = inode_permission(dentry->inode, MAY_EXEC);
	if (ret)
		path_put(dentry);
	else
		set_cwd(dentry);
	return ret;
}

SYSCALL_DEFINE1(fchdir, int, fd)
{
	struct fd f = fd_get(fd);
	long ret = -ENOTDIR;

	if (!f.file)
		return -EBADF;
	if (f.file->dentry && is_dir(f.file->inode))
		ret = inode_permission(f.file->inode, MAY_EXEC);
	if (!ret) {
		path_get(f.file->dentry);
		set_cwd(f.file->dentry);
	}
	fd_put(f);
	return ret;
}

/* The length with its NUL, as the system call has it. */
static long copy_cwd(char *user, unsigned long size, const struct dentry *cwd, char *buf)
{
	static const char prefix[] = "(unreachable)";	/* its file system has been taken off */
	const size_t prefix_len = sizeof(prefix) - 1;
	char *path;
	size_t len;

	if (d_unlinked(cwd))
		return -ENOENT;
	path = d_path(cwd, buf + prefix_len, PATH_MAX - prefix_len);
	if (IS_ERR(path))
		return PTR_ERR(path);
	if (READ_ONCE(cwd->sb->detached)) {
		path -= prefix_len;
		memcpy(path, prefix, prefix_len);
	}
	len = strlen(path) + 1;
	if (len > size)
		return -ERANGE;
	return copy_to_user(user, path, len) ? -EFAULT : (long)len;
}

SYSCALL_DEFINE2(getcwd, char *, user, unsigned long, size)
{
	char *buf = kmalloc(PATH_MAX, GFP_KERNEL);
	struct dentry *cwd;
	long ret;

	if (!buf)
		return -ENOMEM;
	cwd = path_lookup(AT_FDCWD, "", LOOKUP_EMPTY);
	ret = copy_cwd(user, size, cwd, buf);
	path_put(cwd);
	kfree(buf);
	return ret;
}
