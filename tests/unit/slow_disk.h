/*
 * A file of one page on a device that is as slow as a test wants: it reads until the test ends it.
 */
#pragma once
#include "tests/unit/space.h"

extern struct slow_disk {
	struct address_space file;
	struct folio *reading;	/* locked, until slow_disk_done(); NULL: nothing */
	unsigned int asked;	/* how often it was to read */
} slow_disk;

/* What it can do, and how it begins to read. */
extern const struct address_space_ops slow_disk_ops;
int slow_disk_start_read(struct address_space *mapping, struct folio *folio);
/* A new file, mapped shared at addr: nothing of it has been read. */
void slow_disk_map(struct mm_struct *mm, unsigned long addr, int prot);
/* The device ends: the page's first word is 42, or it could not be read. */
void slow_disk_done(bool good);
/* No mapping is left: the file's page goes. */
void slow_disk_drop(void);
