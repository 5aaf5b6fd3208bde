/*
 * The initramfs: concatenated cpio "newc" archives that the loader left in memory, unpacked into
 * the root file system, a tmpfs. The archive stays where it is; a file's pages are copied from it
 * when somebody reads or maps them (tmpfs_back()).
 */
#include "kernel/base/string.h"
#include "kernel/dev/async_fault.h"
#include "kernel/dev/block.h"
#include "kernel/fs/blkdev.h"
#include "kernel/fs/internal.h"
#include "kernel/fs/tmpfs.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "mm/leak.h"
#include "mm/slab.h"

/* An archive member's header: ASCII hexadecimal fields (cpio(5), "New ASCII Format"). */
struct cpio_header {
	char magic[6];
	char ino[8], mode[8], uid[8], gid[8], nlink[8], mtime[8], filesize[8];
	char devmajor[8], devminor[8], rdevmajor[8], rdevminor[8], namesize[8], check[8];
};

/* One member, decoded. */
struct member {
	u32 ino, mode, uid, gid, nlink, mtime, size, rdev_major, rdev_minor, dev_major, dev_minor;
	const char *name;
	size_t name_len;
	const u8 *data;
};

/* Where in the archive we are. */
struct archive {
	const u8 *start, *at, *end;
};

/* Files of an archive that have several names, to find the inode that the others lead to. */
struct linked {
	struct linked *next;
	struct inode *inode;   /* counted by its name */
	u32 ino, major, minor; /* of the archive */
};

static struct linked *linked_files;

static void __noreturn damaged(const struct archive *archive, const char *what)
{
	boot_stop("The initramfs is damaged: %s at byte %zu.", what,
		  (size_t)(archive->at - archive->start));
}

/* ---- reading an archive ---- */

static u32 hex(const struct archive *archive, const char field[8])
{
	u32 value = 0;

	for (int i = 0; i < 8; i++) {
		char c = field[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			damaged(archive, "a field that is no hexadecimal number");
		value = value << 4 | (u32)digit;
	}
	return value;
}

static void decode(const struct archive *archive, const struct cpio_header *h, struct member *m)
{
	*m = (struct member){
		.ino = hex(archive, h->ino),
		.mode = hex(archive, h->mode),
		.uid = hex(archive, h->uid),
		.gid = hex(archive, h->gid),
		.nlink = hex(archive, h->nlink),
		.mtime = hex(archive, h->mtime),
		.size = hex(archive, h->filesize),
		.dev_major = hex(archive, h->devmajor),
		.dev_minor = hex(archive, h->devminor),
		.rdev_major = hex(archive, h->rdevmajor),
		.rdev_minor = hex(archive, h->rdevminor),
		.name_len = hex(archive, h->namesize),
	};
}

/* Header and name, then the contents, each padded to 4 bytes. False at the end of all archives. */
static bool next_member(struct archive *archive, struct member *m)
{
	const struct cpio_header *h;
	size_t left, skip;

	/* Archives are padded with zeros, and another may follow. */
	while (archive->at < archive->end && !*archive->at)
		archive->at++;
	left = (size_t)(archive->end - archive->at);
	if (!left)
		return false;
	if (left < sizeof(*h))
		damaged(archive, "it ends in the middle of a header");
	h = (const struct cpio_header *)archive->at;
	if (memcmp(h->magic, "070701", 6) && memcmp(h->magic, "070702", 6))
		damaged(archive, "no cpio header (format newc)");
	decode(archive, h, m);
	skip = ALIGN_UP(sizeof(*h) + m->name_len, 4);
	if (m->name_len < 1 || m->name_len > PATH_MAX || skip > left)
		damaged(archive, "a name that is too long");
	m->name = (const char *)(h + 1);
	if (m->name[--m->name_len] || memchr(m->name, 0, m->name_len))
		damaged(archive, "a name without its end");
	m->data = archive->at + skip;
	if (m->size > left - skip)
		damaged(archive, "it ends in the middle of a file");
	archive->at += min(skip + ALIGN_UP((size_t)m->size, 4), left);
	return true;
}

static bool is_trailer(const struct member *m)
{
	return m->name_len == 10 && !memcmp(m->name, "TRAILER!!!", 10);
}

/* ---- building the tree ---- */

static void __noreturn no_memory(void)
{
	boot_stop("There is not enough memory for the files in the initramfs.");
}

static struct inode *new_inode(u32 mode)
{
	struct inode *inode = tmpfs_inode_alloc(root_dentry->sb, mode);

	if (IS_ERR(inode))
		no_memory();
	return inode;
}

/* Gives dir an entry, in place of one of that name. Takes the inode's reference over. */
static struct dentry *add_entry(struct dentry *dir, const char *name, size_t len,
				struct inode *inode)
{
	struct dentry *old = d_find(dir, name, len), *dentry = d_alloc(dir, name, len);

	if (!dentry)
		no_memory();
	if (old) {
		inode_add_links(old->inode, -1);
		d_drop(old);
	}
	d_instantiate(dentry, inode);
	d_add(dentry);
	dput(dentry);
	return dentry;
}

/* Another name of a file of the same archive: its inode. The contents stand with the last name. */
static struct inode *find_linked(const struct member *m)
{
	struct linked *at;

	for (at = linked_files; at; at = at->next) {
		if (at->ino == m->ino && at->major == m->dev_major && at->minor == m->dev_minor)
			return at->inode;
	}
	return NULL;
}

static void note_linked(const struct member *m, struct inode *inode)
{
	struct linked *new = kmalloc(sizeof(*new), GFP_KERNEL);

	if (!new)
		no_memory();
	*new = (struct linked){ linked_files, inode, m->ino, m->dev_major, m->dev_minor };
	inode_get(inode);
	linked_files = new;
}

static void forget_links(void)
{
	struct linked *at, *next;

	for (at = linked_files; at; at = next) {
		next = at->next;
		inode_put(at->inode);
		kfree(at);
	}
	linked_files = NULL;
}

static void set_attributes(struct inode *inode, const struct member *m)
{
	inode->mode = m->mode & (S_IFMT | 07777);
	inode->uid = m->uid;
	inode->gid = m->gid;
	inode->atime = inode->mtime = inode->ctime = m->mtime * NSEC_PER_SEC;
}

static void set_link(struct inode *inode, const void *text, size_t len)
{
	char *target = kmalloc(len + 1, GFP_KERNEL);

	if (!target)
		no_memory();
	memcpy(target, text, len);
	target[len] = '\0';
	inode->link = target;
	inode->mapping.size = len;
}

static struct inode *member_inode(const struct member *m)
{
	bool linked = m->nlink > 1 && m->ino && (m->mode & S_IFMT) != S_IFDIR;
	struct inode *inode = linked ? find_linked(m) : NULL;

	if (inode) {
		inode_add_links(inode, 1);
		inode_get(inode);
	} else {
		inode = new_inode(m->mode);
		if (is_link(inode))
			set_link(inode, m->data, m->size);
		else
			init_special_inode(inode, m->mode, m->rdev_major, m->rdev_minor);
		if (linked)
			note_linked(m, inode);
	}
	set_attributes(inode, m);
	if (is_regular(inode) && m->size)
		tmpfs_back(inode, m->data, m->size);
	return inode;
}

/* The directory of that name below dir, made if the archive does not list it. */
static struct dentry *enter_dir(const struct archive *archive, struct dentry *dir,
				const char *name, size_t len)
{
	struct dentry *child = d_find(dir, name, len);

	if (!child) {
		child = add_entry(dir, name, len, new_inode(S_IFDIR | 0755));
		dir->inode->nlink++;
	}
	if (!is_dir(child->inode))
		damaged(archive, "a file that is used as a directory");
	return child;
}

static void add_member(const struct archive *archive, const struct member *m)
{
	const char *name = m->name, *end = name + m->name_len, *slash;
	struct dentry *dir = root_dentry, *old;

	while ((slash = memchr(name, '/', (size_t)(end - name)))) {
		size_t len = (size_t)(slash - name);

		if (len && !(len == 1 && *name == '.'))
			dir = enter_dir(archive, dir, name, len);
		name = slash + 1;
	}
	if (name == end || (end - name == 1 && *name == '.'))
		return; /* the root itself */
	if (end - name > NAME_MAX)
		damaged(archive, "a name that is too long");
	old = d_find(dir, name, (size_t)(end - name));
	if ((m->mode & S_IFMT) == S_IFDIR) {
		dir = enter_dir(archive, dir, name, (size_t)(end - name));
		set_attributes(dir->inode, m);
	} else if (old && is_dir(old->inode)) {
		/*
		 * A link to where another archive has its files (bin -> usr/bin):
		 * the directory stays.
		 */
		if ((m->mode & S_IFMT) != S_IFLNK)
			damaged(archive, "a file with the name of a directory");
	} else {
		add_entry(dir, name, (size_t)(end - name), member_inode(m));
	}
}

static void add_node(struct dentry *dir, const char *name, u32 mode, u32 major, u32 minor)
{
	struct inode *inode = new_inode(mode);

	init_special_inode(inode, mode, major, minor);
	add_entry(dir, name, strlen(name), inode);
}

static void add_device(struct dentry *dir, const char *name, u32 major, u32 minor)
{
	add_node(dir, name, S_IFCHR | 0666, major, minor);
}

static void add_link(struct dentry *dir, const char *name, const char *target)
{
	struct inode *inode = new_inode(S_IFLNK | 0777);

	set_link(inode, target, strlen(target));
	add_entry(dir, name, strlen(name), inode);
}

/* What udev makes elsewhere: shells open these for <(...), and programs for "-". */
static void add_descriptor_links(struct dentry *dev)
{
	add_link(dev, "fd", "/proc/self/fd");
	add_link(dev, "stdin", "/proc/self/fd/0");
	add_link(dev, "stdout", "/proc/self/fd/1");
	add_link(dev, "stderr", "/proc/self/fd/2");
}

static void add_devices(void)
{
	const struct archive none = { 0 };
	struct dentry *dev = enter_dir(&none, root_dentry, "dev", 3);

	add_device(dev, "null", 1, 3);
	add_device(dev, "zero", 1, 5);
	add_device(dev, "full", 1, 7);
	add_device(dev, "random", 1, 8);
	add_device(dev, "urandom", 1, 9);
	add_node(dev, "kmsg", S_IFCHR | 0644, 1, 11); /* what the log says, root says */
	add_device(dev, "tty", 5, 0);
	add_device(dev, "ttyS0", 4, 64);
	add_device(dev, "console", 5, 1);
	add_device(dev, "async_fault", ASYNC_FAULT_MAJOR, ASYNC_FAULT_MINOR);
	if (disk_sectors())
		add_node(dev, "vda", S_IFBLK | 0660, VDA_MAJOR, VDA_MINOR);
	add_descriptor_links(dev);
	enter_dir(&none, dev, "shm", 3)->inode->mode = S_IFDIR | 01777;
}

/* Where programs look for the system's own files. */
static void mount_system(void)
{
	const struct archive none = { 0 };

	enter_dir(&none, root_dentry, "proc", 4);
	enter_dir(&none, root_dentry, "sys", 3);
	if (do_mount("proc", "/proc", "proc", 0, NULL) ||
	    do_mount("sysfs", "/sys", "sysfs", 0, NULL))
		boot_stop("There is not enough memory to mount /proc and /sys.");
}

void initramfs_init(const u8 *data, size_t size)
{
	struct archive archive = { .start = data, .at = data, .end = data + size };
	struct member m;
	bool complete = true;

	mount_root(&tmpfs_type);
	root_dentry->inode->mode = S_IFDIR | 0755;
	if (!size)
		boot_stop("There is no initramfs: give the kernel one (-initrd, GRUB module2).");
	while (next_member(&archive, &m)) {
		complete = is_trailer(&m);
		if (complete)
			forget_links();
		else
			add_member(&archive, &m);
	}
	if (!complete)
		damaged(&archive, "it ends without a trailer");
	add_devices();
	mount_system();
	d_mark_tree(root_dentry);
	quiesce_register(tmpfs_drop_clean);
}

void initramfs_discard_rest(void)
{
	umount_all();
	d_discard_unmarked(root_dentry);
	tmpfs_discard_pages();
	blkdev_discard_pages();
}
