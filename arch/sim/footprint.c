/*
 * What steps touch, and which objects are shared. Two steps depend on each other if they touch the
 * same object and their order can be told from it. Only objects that two actors touch are points;
 * which those are is found out while searching.
 */
#include <string.h>
#include "arch/sim/footprint.h"
#include "arch/sim/snapshot.h"
#include "kernel/base/bug.h"

static bool every_point, grew;

bool items_depend(u32 a, u32 b)
{
	u32 how_a = a & 3, how_b = b & 3;

	if (!(how_a | how_b) || (how_a == ACCESS_ADD && how_b == ACCESS_ADD))
		return false;
	if ((a | b) & ACCESS_PAGE)
		return a >> 14 == b >> 14;
	return a >> 4 == b >> 4;
}

bool depends(const struct footprint *a, const struct footprint *b)
{
	if (a->any || b->any)
		return true;
	for (unsigned int i = 0; i < a->nr; i++)
		for (unsigned int j = 0; j < b->nr; j++)
			if (items_depend(a->item[i], b->item[j]))
				return true;
	return false;
}

void footprint_add(struct footprint *fp, u32 item)
{
	for (unsigned int i = 0; i < fp->nr; i++)
		if (fp->item[i] == item)
			return;
	if (fp->nr == MAX_ITEMS)
		fp->any = true;
	else
		fp->item[fp->nr++] = item;
}

/* ---- which objects are shared: found out while searching ---- */

#define MAX_WORDS    (4u << 20)
#define SEEN_READ    0x100
#define SEEN_WRITE   0x200
#define SEEN_ADD     0x400
#define IS_SHARED    0x800
static u16 seen[MAX_WORDS];
static u16 seen_page[MAX_WORDS / SNAPSHOT_WORDS_PER_PAGE];

static bool conflict(u16 s)
{
	return s & 0xff & ((s & 0xff) - 1) &&
	       (s & SEEN_WRITE || (s & (SEEN_ADD | SEEN_READ)) == (SEEN_ADD | SEEN_READ));
}

static void update(u32 word)
{
	u16 s = seen[word] | seen_page[word / SNAPSHOT_WORDS_PER_PAGE];

	if (!(seen[word] & IS_SHARED) && conflict(s)) {
		seen[word] |= IS_SHARED;
		grew = true;
	}
}

static u16 mark_of(u32 item, unsigned int who)
{
	static const u16 marks[] = {
		[ACCESS_READ] = SEEN_READ, [ACCESS_WRITE] = SEEN_WRITE, [ACCESS_ADD] = SEEN_ADD
	};

	return (u16)(marks[item & 3] | 1u << who);
}

void mark_seen(u32 item, unsigned int who)
{
	u32 word = item >> 4, first = ALIGN_DOWN(word, (u32)SNAPSHOT_WORDS_PER_PAGE);
	u16 *s = item & ACCESS_PAGE ? &seen_page[word / SNAPSHOT_WORDS_PER_PAGE] : &seen[word];
	u16 mark = mark_of(item, who);

	if ((*s & mark) == mark)
		return;
	*s |= mark;
	if (!(item & ACCESS_PAGE)) {
		update(word);
		return;
	}
	for (word = first; word < first + SNAPSHOT_WORDS_PER_PAGE; word++)
		if (seen[word])
			update(word);
}

void explore_reset(void)
{
	memset(seen, 0, sizeof(seen));
	memset(seen_page, 0, sizeof(seen_page));
}

u32 item_of(const volatile void *obj, int how)
{
	u32 word = snapshot_word(obj);

	BUG_MSG(word >= MAX_WORDS, "the state has more than %u words", MAX_WORDS);
	return word << 4 | (how & (ACCESS_PAGE | 3));
}

bool every_object(void) { return every_point; }
bool item_known_shared(u32 item) { return seen[item >> 4] & IS_SHARED; }

bool is_shared(u32 item)
{
	return every_point || item_known_shared(item);
}

void sharing_begin(bool every)
{
	every_point = every;
	grew = false;
}

bool sharing_grew(void)
{
	bool result = grew && !every_point;

	grew = false;
	return result;
}
