/*
 * The tree of names. Directories' lock (inode->lock) decides who may change a directory's entries;
 * dcache_lock only keeps each change of the tree whole, so that walks need no other lock.
 */
#include "kernel/base/string.h"
#include "kernel/fs/internal.h"
#include "kernel/uapi/errno.h"
#include "mm/slab.h"

static struct kmem_cache *dentry_cache;

spinlock_t dcache_lock = SPINLOCK_INIT(LOCK_DCACHE);
struct dentry *root_dentry;

static int name_cmp(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, min(a_len, b_len));

	return order ? order : a_len < b_len ? -1 : a_len > b_len;
}

static int dentry_cmp(const struct dentry *a, const struct dentry *b)
{
	return name_cmp(a->name, a->name_len, b->name, b->name_len);
}

RB_GENERATE_STATIC(dentry_tree, dentry, link, dentry_cmp)

/* ---- making and freeing ---- */

static struct dentry *dentry_alloc(const char *name, size_t len)
{
	struct dentry *dentry;
	char *copy;

	dentry = kmem_cache_alloc(dentry_cache, GFP_KERNEL | GFP_ZERO);
	if (!dentry)
		return NULL;
	copy = len < SHORT_NAME ? dentry->short_name : kmalloc(len + 1, GFP_KERNEL);
	if (!copy) {
		kmem_cache_free(dentry_cache, dentry);
		return NULL;
	}
	memcpy(copy, name, len);
	copy[len] = '\0';
	dentry->name = copy;
	dentry->name_len = (u8)len;
	atomic_set(&dentry->refcount, 1);
	RB_INIT(&dentry->names);
	TAILQ_INIT(&dentry->children);
	dentry->last_offset = 1; /* "." and ".." are 0 and 1 */
	return dentry;
}

struct dentry *d_alloc(struct dentry *parent, const char *name, size_t len)
{
	struct dentry *dentry = dentry_alloc(name, len);

	if (!dentry)
		return NULL;
	dget(parent);
	dentry->parent = parent;
	dentry->sb = parent->sb;
	return dentry;
}

struct dentry *d_make_root(struct inode *inode)
{
	struct dentry *dentry = inode ? dentry_alloc("/", 1) : NULL;

	if (!dentry) {
		if (inode)
			inode_put(inode);
		return NULL;
	}
	dentry->parent = dentry;
	dentry->sb = inode->sb;
	dentry->inode = inode;
	return dentry;
}

struct dentry *d_alloc_pseudo(struct inode *inode, const char *name, size_t len)
{
	struct dentry *dentry = dentry_alloc(name, len);

	if (!dentry)
		return NULL;
	inode_get(inode);
	dentry->parent = dentry;
	dentry->pseudo = true;
	dentry->sb = inode->sb;
	dentry->inode = inode;
	return dentry;
}

void d_instantiate(struct dentry *dentry, struct inode *inode)
{
	DEBUG_BUG_ON(dentry->inode);
	dentry->inode = inode;
}

static void free_name(struct dentry *dentry)
{
	if (dentry->name != dentry->short_name)
		kfree(dentry->name);
}

void dput(struct dentry *dentry)
{
	struct dentry *parent;

	/* Each name keeps its directory: with the last below it goes the next above. */
	while (dentry && atomic_dec_and_test(&dentry->refcount)) {
		DEBUG_BUG_ON(dentry->linked);
		parent = dentry->parent;
		if (dentry->inode)
			inode_put(dentry->inode);
		free_name(dentry);
		if (parent == dentry)
			parent = NULL;
		kmem_cache_free(dentry_cache, dentry);
		dentry = parent;
	}
}

void path_get(struct dentry *dentry)
{
	dget(dentry);
	sb_get(dentry->sb);
}

void path_put(struct dentry *dentry)
{
	struct super_block *sb = dentry->sb;

	dput(dentry);
	sb_put(sb);
}

/* ---- the tree ---- */

static void link_locked(struct dentry *dentry)
{
	struct dentry *dir = dentry->parent;

	dentry->offset = ++dir->last_offset;
	dentry->linked = true;
	dentry->removed = false;
	RB_INSERT(dentry_tree, &dir->names, dentry);
	TAILQ_INSERT_TAIL(&dir->children, dentry, order);
}

static void unlink_locked(struct dentry *dentry)
{
	RB_REMOVE(dentry_tree, &dentry->parent->names, dentry);
	TAILQ_REMOVE(&dentry->parent->children, dentry, order);
	dentry->linked = false;
	dentry->removed = true;
}

void d_add(struct dentry *dentry)
{
	dget(dentry);
	spin_lock(&dcache_lock);
	link_locked(dentry);
	spin_unlock(&dcache_lock);
}

void d_drop(struct dentry *dentry)
{
	spin_lock(&dcache_lock);
	unlink_locked(dentry);
	spin_unlock(&dcache_lock);
	dput(dentry);
}

/* Gives dentry the name and the place of `to`, which is in no tree; the names change owners. */
static void take_identity(struct dentry *dentry, struct dentry *to)
{
	char short_name[SHORT_NAME];
	const char *name = dentry->name;
	struct dentry *parent = dentry->parent;
	u8 len = dentry->name_len;

	memcpy(short_name, dentry->short_name, SHORT_NAME);
	memcpy(dentry->short_name, to->short_name, SHORT_NAME);
	memcpy(to->short_name, short_name, SHORT_NAME);
	dentry->name = to->name == to->short_name ? dentry->short_name : to->name;
	to->name = name == dentry->short_name ? to->short_name : name;
	dentry->name_len = to->name_len;
	to->name_len = len;
	dentry->parent = to->parent;
	to->parent = parent;
}

void d_move(struct dentry *dentry, struct dentry *to)
{
	bool replaced;

	spin_lock(&dcache_lock);
	replaced = to->linked;
	unlink_locked(dentry);
	if (replaced)
		unlink_locked(to);
	take_identity(dentry, to);
	link_locked(dentry);
	spin_unlock(&dcache_lock);
	if (replaced)
		dput(to);
}

void d_exchange(struct dentry *a, struct dentry *b)
{
	spin_lock(&dcache_lock);
	unlink_locked(a);
	unlink_locked(b);
	take_identity(a, b);
	link_locked(a);
	link_locked(b);
	spin_unlock(&dcache_lock);
}

struct dentry *d_find(const struct dentry *dir, const char *name, size_t len)
{
	struct dentry *at = RB_ROOT(&dir->names);

	while (at) {
		int order = name_cmp(name, len, at->name, at->name_len);

		if (!order)
			break;
		at = order < 0 ? RB_LEFT(at, link) : RB_RIGHT(at, link);
	}
	return at;
}

struct dentry *d_lookup(const struct dentry *dir, const char *name, size_t len)
{
	struct dentry *dentry;

	spin_lock(&dcache_lock);
	dentry = d_find(dir, name, len);
	if (dentry)
		dget(dentry);
	spin_unlock(&dcache_lock);
	return dentry;
}

bool d_empty(const struct dentry *dir)
{
	bool empty;

	spin_lock(&dcache_lock);
	empty = TAILQ_EMPTY(&dir->children);
	spin_unlock(&dcache_lock);
	return empty;
}

bool d_is_ancestor(const struct dentry *a, const struct dentry *b)
{
	while (b != a && b->parent != b)
		b = b->parent;
	return b == a;
}

/* Takes all names of a file system apart, from the leaves on; nobody walks there any more. */
void d_shrink_tree(struct dentry *root)
{
	struct dentry *at = root, *parent;

	while (at != root || !TAILQ_EMPTY(&root->children)) {
		if (!TAILQ_EMPTY(&at->children)) {
			at = TAILQ_FIRST(&at->children);
			continue;
		}
		parent = at->parent;
		d_drop(at);
		at = parent;
	}
}

void d_mark_tree(struct dentry *root)
{
	struct dentry *child;

	root->from_archive = true;
	TAILQ_FOREACH(child, &root->children, order)
		d_mark_tree(child);
}

void d_discard_unmarked(struct dentry *root)
{
	struct dentry *child, *next;

	TAILQ_FOREACH_SAFE(child, &root->children, order, next) {
		if (child->from_archive) {
			d_discard_unmarked(child);
			continue;
		}
		d_shrink_tree(child);
		d_drop(child);
	}
}

/* ---- paths of dentries ---- */

static bool prepend(char **at, const char *start, const char *text, size_t len)
{
	if ((size_t)(*at - start) < len)
		return false;
	*at -= len;
	memcpy(*at, text, len);
	return true;
}

static bool prepend_path(const struct dentry *dentry, char **at, const char *start)
{
	const char *end = *at;

	for (;;) {
		while (dentry == dentry->parent && dentry->sb->mountpoint)
			dentry = dentry->sb->mountpoint;
		if (dentry == dentry->parent)
			break;
		if (!prepend(at, start, dentry->name, dentry->name_len) ||
		    !prepend(at, start, "/", 1))
			return false;
		dentry = dentry->parent;
	}
	return *at != end || prepend(at, start, "/", 1);
}

char *d_path(const struct dentry *dentry, char *buf, size_t size)
{
	static const char deleted[] = " (deleted)";
	char *at = buf + size;
	bool fits;

	spin_lock(&dcache_lock);
	fits = prepend(&at, buf, "", 1);
	if (fits && d_unlinked(dentry))
		fits = prepend(&at, buf, deleted, sizeof(deleted) - 1);
	if (fits && dentry->pseudo)
		fits = prepend(&at, buf, dentry->name, dentry->name_len);
	else
		fits = fits && prepend_path(dentry, &at, buf);
	spin_unlock(&dcache_lock);
	return fits ? at : ERR_PTR(-ENAMETOOLONG);
}

void dcache_init(void) { dentry_cache = kmem_cache_create("dentry", sizeof(struct dentry), 0); }
