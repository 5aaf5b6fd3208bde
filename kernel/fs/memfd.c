/* memfd_create(): files of tmpfs without a name, and seals. */
#include "kernel/base/string.h"
#include "kernel/fs/files.h"
#include "kernel/fs/internal.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/tmpfs.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/memfd.h"
#include "mm/slab.h"

#define NAME_PREFIX "memfd:"

static struct super_block *memfd_sb;

void memfd_init(void) { memfd_sb = kern_mount(&tmpfs_type); }

static struct file *memfd_open(const char *name, unsigned int flags)
{
	u32 mode = S_IFREG | (flags & MFD_NOEXEC_SEAL ? 0666 : 0777);
	struct dentry *dentry = d_alloc(memfd_sb->root, name, strlen(name));
	struct inode *inode;
	struct file *file;

	if (!dentry)
		return ERR_PTR(-ENOMEM);
	dentry->removed = true;
	inode = tmpfs_inode_alloc(memfd_sb, mode);
	if (IS_ERR(inode)) {
		dput(dentry);
		return (struct file *)inode;
	}
	inode_add_links(inode, -1);
	inode->seals = flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL) ? 0 : F_SEAL_SEAL;
	if (flags & MFD_NOEXEC_SEAL)
		inode->seals |= F_SEAL_EXEC;
	d_instantiate(dentry, inode);
	file = dentry_open(dentry, O_RDWR);
	if (!IS_ERR(file)) {	/* as on Linux it may be run by its own descriptor */
		file->fmode &= ~FMODE_WRITER;
		put_write_access(inode);
		sb_drop_write(memfd_sb);
	}
	dput(dentry);
	return file;
}

static long name_from_user(char *name, const char *user_name)
{
	long len;

	memcpy(name, NAME_PREFIX, sizeof(NAME_PREFIX));
	len = strncpy_from_user(name + strlen(NAME_PREFIX), user_name,
				NAME_MAX - (long)strlen(NAME_PREFIX) + 1);
	return len == -ENAMETOOLONG ? -EINVAL : len;
}

SYSCALL_DEFINE2(memfd_create, const char *, user_name, unsigned int, flags)
{
	char name[NAME_MAX + 1];
	struct file *file;
	long ret;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC | MFD_NOEXEC_SEAL) ||
	    (flags & (MFD_EXEC | MFD_NOEXEC_SEAL)) == (MFD_EXEC | MFD_NOEXEC_SEAL))
		return -EINVAL; /* there are no huge pages for it */
	ret = name_from_user(name, user_name);
	if (ret < 0)
		return ret;
	file = memfd_open(name, flags);
	return IS_ERR(file) ? PTR_ERR(file) : fd_new(file, flags & MFD_CLOEXEC);
}

/* ---- seals ---- */

#define ALL_SEALS \
	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | \
	 F_SEAL_EXEC)

/* inode->lock held for writing: no write is under way. */
static int add_seals(struct inode *inode, unsigned int seals)
{
	int ret = 0;

	if (inode->seals & F_SEAL_SEAL)
		return -EPERM;
	if (seals & F_SEAL_EXEC && inode->mode & 0111)
		seals |= F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
	if (seals & F_SEAL_WRITE && !(inode->seals & F_SEAL_WRITE))
		ret = mapping_deny_writable(&inode->mapping);
	if (!ret)
		WRITE_ONCE(inode->seals, inode->seals | seals);
	return ret;
}

long fcntl_seals(struct file *file, int cmd, unsigned long arg)
{
	struct inode *inode = file->inode;
	int ret;

	if (cmd == F_GET_SEALS)
		return inode->sealable ? (long)READ_ONCE(inode->seals) : -EINVAL;
	if (!file_writable(file))
		return -EPERM;
	if (arg & ~(unsigned long)ALL_SEALS || !inode->sealable)
		return -EINVAL;
	down_write(&inode->lock);
	ret = add_seals(inode, (unsigned int)arg);
	up_write(&inode->lock);
	return ret;
}
