/*
 * The accesses of a schedule, word by word, with the moment of each CPU at which they were
 * made. What a CPU did again later, in the same way and to the same bytes, stands for what
 * it did before: who comes after the later one comes after both. So the lists stay short,
 * and nothing is forgotten.
 */
#include <string.h>
#include "arch/sim/datarace.h"
#include "arch/sim/actor.h"
#include "arch/sim/footprint.h"
#include "arch/sim/object.h"
#include "arch/sim/sim.h"
#include "arch/sim/snapshot.h"
#include "kernel/base/printk.h"

#define MAX_ACCESSES (1u << 20)
#define MAX_WORDS    (4u << 20)

static struct seen_access {
	u32 next, moment;
	struct place place;
	u8 cpu, who, kind, bytes; /* bytes: a bit for each of the word */
} accesses[MAX_ACCESSES];
static unsigned int nr_accesses;

/* The newest access; of an older schedule: none. */
static struct list {
	u32 schedule, first;
} words[MAX_WORDS], pages[MAX_WORDS / SNAPSHOT_WORDS_PER_PAGE];
static u32 schedule_number;
static unsigned int ignored;

struct race_found race_found;

void datarace_begin(void)
{
	schedule_number++;
	nr_accesses = 1; /* 0 ends a list */
	ignored = 0;
	race_found = (struct race_found){ { 0 }, 0 };
}

void datarace_ignore_begin(void) { ignored++; }
void datarace_ignore_end(void) { ignored--; }
bool datarace_watching(void) { return clocks_on && !ignored && exploring(); }

__attribute__((no_sanitize("address"))) struct place place_of(const void *pc, const void *frame)
{
	const unsigned long *of_caller = *(unsigned long *const *)frame;

	return (struct place){ (u32)(unsigned long)pc, of_caller ? (u32)of_caller[1] : 0 };
}

/* ---- a pair ---- */

static bool writes(enum access_kind kind) { return kind & 1; }
static bool plain(enum access_kind kind) { return kind < MARKED_READ; }

static bool races(const struct seen_access *a, const struct seen_access *b)
{
	return a->cpu != b->cpu && a->bytes & b->bytes && (writes(a->kind) || writes(b->kind)) &&
	       (plain(a->kind) || plain(b->kind)) && a->moment > clock_now[b->cpu].at[a->cpu];
}

static const char *const did[] = { "read it", "wrote it", "read it (announced)",
				   "wrote it (announced)" };
static const char *const does[] = { "reads it", "writes it", "reads it (announced)",
				    "writes it (announced)" };

/* Of the function that returns to pc: for its callers. */
static const unsigned long *frame_of(u32 pc)
{
	const unsigned long *frame = __builtin_frame_address(0);

	while (frame && (u32)frame[1] != pc)
		frame = (const unsigned long *)frame[0];
	return frame ? (const unsigned long *)frame[0] : NULL;
}

static void __noreturn report(const struct seen_access *earlier, const struct seen_access *later,
			      const volatile void *at)
{
	char text[400];
	size_t n = scnprintf(text, sizeof(text), "data race, ");

	n += object_name(at, text + n, sizeof(text) - n);
	n += scnprintf(text + n, sizeof(text) - n, ": ");
	n += decider_name(earlier->who, text + n, sizeof(text) - n);
	n += scnprintf(text + n, sizeof(text) - n, " %s, ", did[earlier->kind]);
	n += decider_name(later->who, text + n, sizeof(text) - n);
	scnprintf(text + n, sizeof(text) - n, " %s, and nothing orders the two",
		  does[later->kind]);
	race_found = (struct race_found){ earlier->place, (unsigned long)at };
	note_failed_at(later->place.pc, frame_of(later->place.pc));
	explore_fail_here(text);
}

/* ---- lists ---- */

static u32 *first_of(struct list *list)
{
	if (list->schedule != schedule_number)
		*list = (struct list){ schedule_number, 0 };
	return &list->first;
}

static void check_list(struct list *list, const struct seen_access *a, const volatile void *at)
{
	for (u32 i = *first_of(list); i; i = accesses[i].next)
		if (races(&accesses[i], a))
			report(&accesses[i], a, at);
}

static bool stands_for(const struct seen_access *newer, const struct seen_access *a)
{
	return a->cpu == newer->cpu && a->kind == newer->kind && !(a->bytes & ~newer->bytes);
}

static void add_to_list(struct list *list, const struct seen_access *a)
{
	u32 *first = first_of(list), next;

	for (u32 *link = first; *link; link = &accesses[*link].next) {
		if (!stands_for(a, &accesses[*link]))
			continue;
		next = accesses[*link].next;
		accesses[*link] = *a;
		accesses[*link].next = next;
		return;
	}
	BUG_MSG(nr_accesses == MAX_ACCESSES, "a schedule with more than %u accesses",
		MAX_ACCESSES);
	accesses[nr_accesses] = *a;
	accesses[nr_accesses].next = *first;
	*first = nr_accesses++;
}

static void access_word(u32 word, const struct seen_access *a, const volatile void *at)
{
	check_list(&pages[word / SNAPSHOT_WORDS_PER_PAGE], a, at);
	check_list(&words[word], a, at);
	add_to_list(&words[word], a);
}

static void access_page(u32 word, const struct seen_access *a, const volatile u8 *at)
{
	struct list *page = &pages[word / SNAPSHOT_WORDS_PER_PAGE];

	check_list(page, a, at);
	for (unsigned int i = 0; i < SNAPSHOT_WORDS_PER_PAGE; i++)
		if (words[word + i].schedule == schedule_number)
			check_list(&words[word + i], a, at + 4 * i);
	add_to_list(page, a);
}

/* Of the word that at lies in: the bytes from at up to end. */
static u8 bytes_of_word(unsigned long at, unsigned long end)
{
	unsigned long word = ALIGN_DOWN(at, 4ul);
	unsigned int below = (unsigned int)(at - word),
		     above = end - word < 4 ? (unsigned int)(end - word) : 4;

	return (u8)((0xf << below) & ~(~0u << above));
}

void datarace_access(const volatile void *start, size_t size, enum access_kind kind,
		     struct place place)
{
	unsigned long at = (unsigned long)start, end = at + size;
	struct seen_access a = { .place = place, .cpu = (u8)this_cpu(), .kind = (u8)kind };
	u32 word;

	if (!datarace_watching() || !snapshot_word(start))
		return;
	a.who = (u8)explore_who();
	a.moment = clock_now[a.cpu].at[a.cpu];
	while (at < end) {
		word = snapshot_word((const void *)at);
		if (!(at & (PAGE_SIZE - 1)) && end - at >= PAGE_SIZE) {
			access_page(word, &a, (const volatile u8 *)at);
			at += PAGE_SIZE;
			continue;
		}
		a.bytes = bytes_of_word(at, end);
		access_word(word, &a, (const volatile void *)at);
		at = ALIGN_DOWN(at, 4ul) + 4;
	}
}

/* ---- announced ones ---- */

void announced_load(const volatile void *obj, size_t size, bool acquire, struct place place)
{
	if (!datarace_watching())
		return;
	clock_load(obj, acquire);
	datarace_access(obj, size, MARKED_READ, place);
}

void announced_store(const volatile void *obj, size_t size, bool release, struct place place)
{
	if (!datarace_watching())
		return;
	datarace_access(obj, size, MARKED_WRITE, place);
	clock_store(obj, release);
}

void announced_change(const volatile void *obj, size_t size, struct place place)
{
	if (!datarace_watching())
		return;
	datarace_access(obj, size, MARKED_WRITE, place);
	clock_rmw(obj);
}
