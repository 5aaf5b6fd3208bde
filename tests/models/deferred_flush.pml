/*
 * Write permission is removed from an entry, and the flush is put off to the end of the operation:
 * fork and mprotect (mm/fork.c, mm/mprotect.c) beside a write fault that copies the page
 * (mm/fault.c) and a third CPU whose TLB still has the entry writable.
 *
 * No store is lost: what the third CPU has written is in the page that is mapped in the end. The
 * mmap lock does it: the fault waits until the flush is over. (Where both hold it for reading, as
 * userfaultfd's write protection does, a copy has to flush first if a flush is pending.)
 *
 * variants: NO_LOCK NO_FLUSH FLUSH_AFTER_UNLOCK
 */
bool locked;			/* mmap_lock held for writing by CPU 0 */
bool writable = true;		/* the entry */
byte frame;			/* which page it leads to */
byte page[2];			/* contents: 1 once CPU 2 has stored */
bool tlb_valid = true, tlb_writable = true;
byte tlb_frame;
bool stored, faulted, protected, flushed;

/* CPU 0: change_protection(), or copy_mappings(). */
active proctype protector()
{
	atomic { !locked -> locked = true };
	writable = false;
	protected = true;
#ifdef FLUSH_AFTER_UNLOCK
	locked = false;
	tlb_valid = false;
#else
#ifndef NO_FLUSH
	tlb_valid = false;
#endif
	locked = false;
#endif
	flushed = true
}

/*
 * CPU 1: a write fault at the same address: do_wp_page(). The copy is made outside
 * the table's lock.
 */
active proctype fault()
{
#ifndef NO_LOCK
	atomic { protected && !locked };
#endif
	if
	:: !writable -> page[1] = page[0];
		atomic { tlb_valid = false; frame = 1; writable = true }
	:: else
	fi;
	faulted = true
}

/* CPU 2: a program's store, by what the TLB has, or by a walk that fills it. */
active proctype store()
{
	if
	:: atomic { tlb_valid && tlb_writable -> page[tlb_frame] = 1; stored = true }
	:: atomic { writable ->
		tlb_valid = true; tlb_frame = frame; page[frame] = 1; stored = true }
	:: true			/* not at all */
	fi
}

active proctype check()
{
end:	atomic { faulted && flushed && stored -> assert(page[frame] == 1) }
}
