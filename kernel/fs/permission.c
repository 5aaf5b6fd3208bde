/* Who may do what with files: permission.h. */
#include "kernel/fs/permission.h"
#include "kernel/process/task.h"
#include "kernel/uapi/errno.h"

/* Before there are processes, all is allowed. */
static const struct cred *current_cred(void)
{
	const struct process *process = current_process();

	return process ? &process->cred : NULL;
}

bool fs_capable(void)
{
	const struct cred *cred = current_cred();

	return !cred || !cred->uid.fs;
}

static bool in_group(const struct cred *cred, u32 own, u32 gid)
{
	if (gid == own)
		return true;
	for (unsigned int i = 0; i < cred->ngroups; i++) {
		if (cred->groups[i] == gid)
			return true;
	}
	return false;
}

/* In the group, or privileged. */
static bool in_group_or_capable(u32 gid)
{
	const struct cred *cred = current_cred();

	return fs_capable() || in_group(cred, cred->gid.fs, gid);
}

/* ---- modes ---- */

/* The three bits that count for that user and group: the first class that fits. */
static u32 class_bits(const struct inode *inode, const struct cred *cred, u32 uid, u32 gid)
{
	u32 mode = READ_ONCE(inode->mode);

	if (inode->uid == uid)
		return mode >> 6;
	return in_group(cred, gid, inode->gid) ? mode >> 3 : mode;
}

/* Root reads and writes everything, and runs what somebody may run. */
static bool root_may(const struct inode *inode, int mask)
{
	return is_dir(inode) || !(mask & MAY_EXEC) || inode->mode & 0111;
}

static int permission(const struct inode *inode, int mask, const struct cred *cred, u32 uid,
		      u32 gid)
{
	bool contents = is_regular(inode) || is_dir(inode) || is_link(inode);
	bool allowed;

	if (mask & MAY_WRITE && contents && sb_readonly(inode->sb))
		return -EROFS;
	if (!cred || !uid)
		allowed = root_may(inode, mask);
	else
		allowed = !((u32)mask & ~class_bits(inode, cred, uid, gid));
	if (!allowed && is_dir(inode) && inode->op->also_allowed)
		allowed = inode->op->also_allowed(inode);
	return allowed ? 0 : -EACCES;
}

int inode_permission(const struct inode *inode, int mask)
{
	const struct cred *cred = current_cred();

	return permission(inode, mask, cred, cred ? cred->uid.fs : 0, cred ? cred->gid.fs : 0);
}

int inode_permission_real(const struct inode *inode, int mask)
{
	const struct cred *cred = current_cred();

	return permission(inode, mask, cred, cred->uid.real, cred->gid.real);
}

bool inode_owner_or_capable(const struct inode *inode)
{
	return fs_capable() || current_cred()->uid.fs == inode->uid;
}

/* ---- names ---- */

int may_create(const struct inode *dir) { return inode_permission(dir, MAY_WRITE | MAY_EXEC); }

int may_delete(const struct inode *dir, const struct inode *victim)
{
	int ret = inode_permission(dir, MAY_WRITE | MAY_EXEC);

	if (ret || !(dir->mode & S_ISVTX) || inode_owner_or_capable(dir) ||
	    inode_owner_or_capable(victim))
		return ret;
	return -EPERM;
}

int may_link(const struct inode *inode)
{
	u32 mode = READ_ONCE(inode->mode);

	if (inode_owner_or_capable(inode))
		return 0;
	if (!is_regular(inode) || mode & S_ISUID || is_setgid(mode) ||
	    inode_permission(inode, MAY_READ | MAY_WRITE) == -EACCES)
		return -EPERM;
	return 0;
}

void inode_init_owner(struct inode *inode, const struct inode *dir)
{
	const struct cred *cred = current_cred();

	if (!cred)
		return;
	inode->uid = cred->uid.fs;
	inode->gid = cred->gid.fs;
	if (!dir || !(dir->mode & S_ISGID))
		return;
	inode->gid = dir->gid;
	if (is_dir(inode))
		inode->mode |= S_ISGID;
	else if (is_setgid(inode->mode) && !in_group_or_capable(dir->gid))
		inode->mode &= ~(u32)S_ISGID;
}

/* ---- attributes ---- */

static int may_chown(const struct inode *inode, const struct iattr *attr)
{
	bool owner = !fs_capable() && current_cred()->uid.fs == inode->uid;

	if (fs_capable())
		return 0;
	if (attr->valid & ATTR_UID && !(owner && attr->uid == inode->uid))
		return -EPERM;
	if (attr->valid & ATTR_GID &&
	    !(owner && (attr->gid == inode->gid || in_group_or_capable(attr->gid))))
		return -EPERM;
	return 0;
}

/* To now, those who may write to the file may set both; otherwise its owner. */
static int may_set_times(const struct inode *inode, const struct iattr *attr)
{
	if (!(attr->valid & (ATTR_ATIME | ATTR_MTIME)) || inode_owner_or_capable(inode))
		return 0;
	return attr->valid & ATTR_TOUCH ? inode_permission(inode, MAY_WRITE) : -EPERM;
}

/* The set-ID bits that a file loses when it gets another owner. */
static u32 chown_drops(const struct inode *inode)
{
	bool group = inode->mode & S_IXGRP || !in_group_or_capable(inode->gid);

	return inode->mode & (S_ISUID | (group ? S_ISGID : 0));
}

/* ... and when somebody without privileges writes to it. */
static u32 write_drops(const struct inode *inode)
{
	if (fs_capable() || !is_regular(inode))
		return 0;
	return inode->mode & (S_ISUID | (inode->mode & S_IXGRP ? S_ISGID : 0));
}

int setattr_prepare(const struct inode *inode, struct iattr *attr)
{
	u32 drops = attr->valid & ATTR_OWNER && !is_dir(inode) ? chown_drops(inode) : 0;
	int ret = may_chown(inode, attr);

	if (drops && !(attr->valid & ATTR_MODE)) {
		attr->valid |= ATTR_MODE;
		attr->mode = inode->mode & ~drops;
	}
	if (!ret && attr->valid & ATTR_MODE && !inode_owner_or_capable(inode))
		ret = -EPERM;
	if (!ret && attr->valid & ATTR_MODE &&
	    !in_group_or_capable(attr->valid & ATTR_GID ? attr->gid : inode->gid))
		attr->mode &= ~(u32)S_ISGID;
	if (!ret)
		ret = may_set_times(inode, attr);
	if (!ret && attr->valid & ATTR_SIZE && write_drops(inode)) {
		attr->valid |= ATTR_MODE;
		attr->mode = inode->mode & ~write_drops(inode);
	}
	return ret;
}

void inode_remove_privs(struct inode *inode)
{
	u32 drops = write_drops(inode);

	if (unlikely(drops))
		WRITE_ONCE(inode->mode, inode->mode & ~drops);
}
