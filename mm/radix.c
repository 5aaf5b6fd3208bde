/* A radix tree of 64 slots a node: see radix.h. */
#include "mm/radix.h"
#include "kernel/uapi/errno.h"
#include "mm/slab.h"

#define RADIX_BITS	6
#define RADIX_SLOTS	(1u << RADIX_BITS)

struct radix_node {
	void *slot[RADIX_SLOTS];	/* nodes; items at the lowest level */
	unsigned int used;
};

static struct kmem_cache *node_cache;

void radix_init_cache(void)
{
	node_cache = kmem_cache_create("radix_node", sizeof(struct radix_node), 0);
}

/* Which slot of a node at that height (1: lowest) leads to index. */
static unsigned int slot_of(unsigned long index, unsigned int height)
{
	return index >> (RADIX_BITS * (height - 1)) & (RADIX_SLOTS - 1);
}

static bool reaches(const struct radix_tree *tree, unsigned long index)
{
	unsigned int bits = RADIX_BITS * tree->height;

	return bits >= 64 || index >> bits == 0;
}

void *radix_find(const struct radix_tree *tree, unsigned long index)
{
	void *at = tree->root;

	if (!tree->root || !reaches(tree, index))
		return NULL;
	for (unsigned int height = tree->height; height && at; height--)
		at = ((struct radix_node *)at)->slot[slot_of(index, height)];
	return at;
}

/* A node on top: the old tree becomes the part for small indices. */
static int grow(struct radix_tree *tree)
{
	struct radix_node *node = kmem_cache_alloc(node_cache, GFP_ATOMIC | GFP_ZERO);

	if (!node)
		return -ENOMEM;
	node->slot[0] = tree->root;
	node->used = tree->root ? 1 : 0;
	tree->root = node;
	tree->height++;
	return 0;
}

/* A top that leads only to its first slot is not needed; nor is one that leads nowhere. */
static void shrink(struct radix_tree *tree)
{
	struct radix_node *top = tree->root;

	while (top && (!top->used || (top->used == 1 && tree->height > 1 && top->slot[0]))) {
		tree->root = tree->height > 1 ? top->slot[0] : NULL;
		tree->height = tree->root ? tree->height - 1 : 0;
		kmem_cache_free(node_cache, top);
		top = tree->root;
	}
}

/* Frees the empty nodes on the way to index, from below, and then at the top. */
static void prune(struct radix_tree *tree, unsigned long index)
{
	struct radix_node *path[64 / RADIX_BITS + 2], *node = tree->root;
	unsigned int height = tree->height, lowest = height + 1;

	for (; node && height && reaches(tree, index); height--) {
		path[height] = node;
		lowest = height;
		node = height > 1 ? node->slot[slot_of(index, height)] : NULL;
	}
	for (height = lowest; height < tree->height && !path[height]->used; height++) {
		kmem_cache_free(node_cache, path[height]);
		path[height + 1]->slot[slot_of(index, height + 1)] = NULL;
		path[height + 1]->used--;
	}
	shrink(tree);
}

int radix_insert(struct radix_tree *tree, unsigned long index, void *item)
{
	struct radix_node *node, *below;

	while (!tree->root || !reaches(tree, index))
		if (grow(tree))
			goto no_memory;
	node = tree->root;
	for (unsigned int height = tree->height; height > 1; height--) {
		below = node->slot[slot_of(index, height)];
		if (!below) {
			below = kmem_cache_alloc(node_cache, GFP_ATOMIC | GFP_ZERO);
			if (!below)
				goto no_memory;
			node->slot[slot_of(index, height)] = below;
			node->used++;
		}
		node = below;
	}
	if (node->slot[slot_of(index, 1)])
		return -EEXIST;
	node->slot[slot_of(index, 1)] = item;
	node->used++;
	return 0;
no_memory:
	prune(tree, index);
	return -ENOMEM;
}

/* The lowest node on the way to index, where there is an item. */
static struct radix_node *lowest_node(const struct radix_tree *tree, unsigned long index)
{
	struct radix_node *node = tree->root;

	for (unsigned int height = tree->height; height > 1; height--)
		node = node->slot[slot_of(index, height)];
	return node;
}

void radix_replace(struct radix_tree *tree, unsigned long index, void *item)
{
	lowest_node(tree, index)->slot[slot_of(index, 1)] = item;
}

void *radix_remove(struct radix_tree *tree, unsigned long index)
{
	void *item = radix_find(tree, index);
	struct radix_node *node;

	if (!item)
		return NULL;
	node = lowest_node(tree, index);
	node->slot[slot_of(index, 1)] = NULL;
	node->used--;
	prune(tree, index);
	return item;
}

void *radix_next(const struct radix_tree *tree, unsigned long *index)
{
	void *at;
	unsigned int height;

	while (tree->root && reaches(tree, *index)) {
		at = tree->root;
		for (height = tree->height; height; height--) {
			void *below = ((struct radix_node *)at)->slot[slot_of(*index, height)];

			if (!below)
				break;
			at = below;
		}
		if (!height)
			return at;
		/* Nothing below this slot: on to the next one of its level. */
		*index = ((*index >> (RADIX_BITS * (height - 1))) + 1)
			 << (RADIX_BITS * (height - 1));
		if (!*index)
			return NULL;
	}
	return NULL;
}
