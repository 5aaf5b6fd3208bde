/*
 * A radix tree: unsigned long -> pointer, 6 bits a level, as high as its largest index needs.
 * The caller brings the lock.
 */
#pragma once
#include "kernel/base/types.h"

struct radix_node;

struct radix_tree {
	struct radix_node *root;
	unsigned int height;	/* levels of nodes; 0: empty */
};

/* The item at index; NULL: none. */
void *radix_find(const struct radix_tree *tree, unsigned long index);
/* Stores item (not NULL) where nothing is. 0, -ENOMEM, -EEXIST. Does not sleep. */
int radix_insert(struct radix_tree *tree, unsigned long index, void *item);
/* Another item at index, where there is one. */
void radix_replace(struct radix_tree *tree, unsigned long index, void *item);
/* Takes out and returns what is at index; nodes that became empty are freed. */
void *radix_remove(struct radix_tree *tree, unsigned long index);
/* The first item at or after *index, which is set to its place; NULL: none. */
void *radix_next(const struct radix_tree *tree, unsigned long *index);
void radix_init_cache(void);
