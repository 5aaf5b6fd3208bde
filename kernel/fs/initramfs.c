/*
 * The initramfs: concatenated cpio "newc" archives that the loader left in memory, as a tree of
 * files. The archive stays where it is; a file's pages are copied from it when somebody reads or
 * maps them.
 */
#include "kernel/base/string.h"
#include "kernel/fs/inode.h"
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

/*
 * All inodes, for the leak check; and the last ones with several names, to find their other names'
 * inode.
 */
struct inode_list {
	struct inode_list *next;
	struct inode inode;
	u32 link_ino, link_major, link_minor;	/* of the archive; 0: one name only */
};

static struct inode_list *inodes;
static u64 next_ino = 1;

/*
 * Held for reading while a file's mapping gets its first reference; for writing while pages are
 * let go.
 */
static struct rwsem drop_lock;

static void __noreturn damaged(const struct archive *archive, const char *what)
{
	boot_stop("The initramfs is damaged: %s at byte %zu.", what,
		  (size_t)(archive->at - archive->start));
}

/* ---- contents ---- */

static int initramfs_read_folio(struct address_space *mapping, struct folio *folio)
{
	const struct inode *inode = mapping->host;
	u64 pos = (u64)folio->page.index << PAGE_SHIFT;

	if (pos < inode->size)
		memcpy(folio_address(folio), inode->data + pos, min(inode->size - pos, PAGE_SIZE));
	return 0;
}

static const struct address_space_ops initramfs_mapping_ops = { .read_folio =
									initramfs_read_folio };

struct inode *inode_create(u32 mode)
{
	struct inode_list *entry = kzalloc(sizeof(*entry), GFP_KERNEL);

	if (!entry)
		boot_stop("There is not enough memory for the files in the initramfs.");
	entry->next = inodes;
	inodes = entry;
	entry->inode.ino = next_ino++;
	entry->inode.mode = mode;
	entry->inode.nlink = 1;
	return &entry->inode;
}

/* ---- reading an archive ---- */

static u32 hex(const struct archive *archive, const char field[8])
{
	u32 value = 0;

	for (int i = 0; i < 8; i++) {
		char c = field[i];
		int digit = c >= '0' && c <= '9' ? c - '0' :
			    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
			    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (digit < 0)
			damaged(archive, "a field that is no hexadecimal number");
		value = value << 4 | (u32)digit;
	}
	return value;
}

static void decode(const struct archive *archive, const struct cpio_header *h, struct member *m)
{
	*m = (struct member){
		.ino = hex(archive, h->ino), .mode = hex(archive, h->mode),
		.uid = hex(archive, h->uid), .gid = hex(archive, h->gid),
		.nlink = hex(archive, h->nlink), .mtime = hex(archive, h->mtime),
		.size = hex(archive, h->filesize),
		.dev_major = hex(archive, h->devmajor), .dev_minor = hex(archive, h->devminor),
		.rdev_major = hex(archive, h->rdevmajor), .rdev_minor = hex(archive, h->rdevminor),
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

/* Another name of a file of the same archive: its inode. The contents stand with the last name. */
static struct inode_list *find_linked(const struct member *m)
{
	struct inode_list *entry;

	for (entry = inodes; entry; entry = entry->next) {
		if (entry->link_ino == m->ino && entry->link_major == m->dev_major &&
		    entry->link_minor == m->dev_minor)
			return entry;
	}
	return NULL;
}

static void forget_links(void)
{
	for (struct inode_list *entry = inodes; entry; entry = entry->next)
		entry->link_ino = 0;
}

static struct inode *member_inode(const struct member *m)
{
	bool linked = m->nlink > 1 && m->ino && (m->mode & S_IFMT) != S_IFDIR;
	struct inode_list *entry = linked ? find_linked(m) : NULL;
	struct inode *inode;

	if (entry) {
		inode = &entry->inode;
		inode->nlink++;
	} else {
		inode = inode_create(m->mode);
		entry = container_of(inode, struct inode_list, inode);
	}
	if (linked) {
		entry->link_ino = m->ino;
		entry->link_major = m->dev_major;
		entry->link_minor = m->dev_minor;
	}
	inode->uid = m->uid;
	inode->gid = m->gid;
	inode->mtime = m->mtime;
	inode->rdev_major = m->rdev_major;
	inode->rdev_minor = m->rdev_minor;
	if (m->size || !inode->data) {
		inode->data = m->data;
		inode->size = m->size;
	}
	return inode;
}

/* The directory of that name below dir, made if the archive does not list it. */
static struct dentry *enter_dir(const struct archive *archive, struct dentry *dir,
				const char *name, size_t len)
{
	struct dentry *child = dentry_child(dir, name, len);
	struct inode *inode;

	if (!child) {
		inode = inode_create(S_IFDIR | 0755);
		inode->nlink = 2;
		child = dentry_add(dir, name, len, inode);
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
		return;		/* the root itself */
	if (end - name > NAME_MAX)
		damaged(archive, "a name that is too long");
	old = dentry_child(dir, name, (size_t)(end - name));
	if ((m->mode & S_IFMT) == S_IFDIR) {
		dir = enter_dir(archive, dir, name, (size_t)(end - name));
		dir->inode->mode = m->mode;
		dir->inode->mtime = m->mtime;
	} else if (old && is_dir(old->inode)) {
		damaged(archive, "a file with the name of a directory");
	} else {
		dentry_add(dir, name, (size_t)(end - name), member_inode(m));
	}
}

/* Sizes are final: the page cache may serve them. */
static void start_mappings(void)
{
	for (struct inode_list *entry = inodes; entry; entry = entry->next) {
		struct inode *inode = &entry->inode;

		if (!is_regular(inode))
			continue;
		mapping_init(&inode->mapping, &initramfs_mapping_ops, inode, inode->size);
		inode->mapping.read_only = true;
	}
}

static void add_device(struct dentry *dir, const char *name, u32 major, u32 minor)
{
	struct inode *inode = inode_create(S_IFCHR | 0666);

	inode->rdev_major = major;
	inode->rdev_minor = minor;
	dentry_add(dir, name, strlen(name), inode);
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
	add_device(dev, "tty", 5, 0);
	add_device(dev, "console", 5, 1);
}

static void make_root(void)
{
	root_dentry = kzalloc(sizeof(*root_dentry) + 1, GFP_KERNEL);
	if (!root_dentry)
		boot_stop("There is not enough memory for the root directory.");
	root_dentry->parent = root_dentry;
	root_dentry->inode = inode_create(S_IFDIR | 0755);
	root_dentry->inode->nlink = 2;
}

void initramfs_init(const u8 *data, size_t size)
{
	struct archive archive = { .start = data, .at = data, .end = data + size };
	struct member m;
	bool complete = true;

	rwsem_init(&drop_lock, LOCK_INODE);
	make_root();
	if (!size)
		boot_stop(
			"There is no initramfs: give the kernel one (-initrd, GRUB module2).");
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
	start_mappings();
}

/* ---- letting go ---- */

struct address_space *inode_mapping_get(struct inode *inode)
{
	down_read(&drop_lock);
	mapping_get(&inode->mapping);
	up_read(&drop_lock);
	return &inode->mapping;
}

/* What only speed keeps: pages of files that nobody has open or mapped. */
static void drop_unused_pages(void)
{
	down_write(&drop_lock);
	for (struct inode_list *entry = inodes; entry; entry = entry->next) {
		struct address_space *mapping = &entry->inode.mapping;

		if (is_regular(&entry->inode) && mapping->nr_pages &&
		    atomic_read(&mapping->refcount) == 1)
			filemap_drop_all(mapping);
	}
	up_write(&drop_lock);
}

unsigned long initramfs_cached_pages(void)
{
	unsigned long pages = 0;

	for (const struct inode_list *entry = inodes; entry; entry = entry->next)
		pages += READ_ONCE(entry->inode.mapping.nr_pages);
	return pages;
}

void initramfs_quiesce_init(void) { quiesce_register(drop_unused_pages); }
