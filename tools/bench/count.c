/*
 * count.c - a plugin for QEMU that counts how often each instruction ran in the timed parts of one
 * row of mmbench. Exact: each instruction adds one to a counter of its own as it is executed.
 *
 *	-plugin count.so,kernel=START-END,program=START-END,keep=ADDRESS,out=FILE (hexadecimal)
 *
 * The program's rdtsc instructions are the edges of timed parts: at each the counters are copied.
 * When the program comes by `keep`, the part between the last two was one of the wanted row.
 * FILE: a line `parts N`, then `ADDRESS COUNT` for each instruction; address 0 is all code in
 * neither range (the firmware, other programs).
 *
 * The declarations are those of QEMU's plugin interface, version 1 (qemu-plugin.h), which Debian's
 * packages of QEMU understand and do not ship the header of.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

#define INLINE_ADD_U64 0
#define NO_REGISTERS   0
#define EXPORT	       __attribute__((visibility("default")))

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
					   void (*fn)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*fn)(unsigned int, void *), int flags,
					    void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op,
						void *counter, uint64_t value);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*fn)(plugin_id, void *), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

EXPORT int qemu_plugin_version = 1;

/* Counters of the instructions met so far; they never move, since translated code adds to them. */
#define MAX_COUNTERS (1U << 18)

static uint64_t *counters, *at_edge[2], *sums;
static uint64_t *addresses;
static unsigned int used = 1; /* counter 0: everything else */

/* Which counter an address has, 0 if none yet. */
struct range {
	uint64_t start, end;
	unsigned int *counter;
};

static struct range kernel, program;
static uint64_t keep_address, parts;
static const char *out_name;

static struct range *range_of(uint64_t address)
{
	if (address >= kernel.start && address < kernel.end)
		return &kernel;
	if (address >= program.start && address < program.end)
		return &program;
	return NULL;
}

static uint64_t *counter_of(uint64_t address)
{
	struct range *range = range_of(address);
	unsigned int *slot = range ? &range->counter[address - range->start] : NULL;

	if (!slot)
		return &counters[0];
	if (!*slot && used < MAX_COUNTERS) {
		addresses[used] = address;
		*slot = used++;
	}
	return &counters[*slot];
}

/* Counters that are newer than a copy were zero when it was made, and are so in the copy. */
static void at_rdtsc(unsigned int cpu, void *data)
{
	uint64_t *older = at_edge[0];

	(void)cpu, (void)data;
	at_edge[0] = at_edge[1];
	at_edge[1] = older;
	memcpy(older, counters, used * sizeof(*counters));
}

static void at_keep(unsigned int cpu, void *data)
{
	(void)cpu, (void)data;
	parts++;
	for (unsigned int i = 0; i < used; i++)
		sums[i] += at_edge[1][i] - at_edge[0][i];
}

static void translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		const unsigned char *code = qemu_plugin_insn_data(insn);

		qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
							   counter_of(address), 1);
		if (range_of(address) == &program && code[0] == 0x0f && code[1] == 0x31)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at_rdtsc, NO_REGISTERS, NULL);
		if (address == keep_address)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at_keep, NO_REGISTERS, NULL);
	}
}

static void write_counts(plugin_id id, void *data)
{
	FILE *out = fopen(out_name, "w");

	(void)id, (void)data;
	if (!out) {
		perror(out_name);
		return;
	}
	fprintf(out, "parts %" PRIu64 "\n", parts);
	for (unsigned int i = 0; i < used; i++)
		if (sums[i])
			fprintf(out, "%" PRIx64 " %" PRIu64 "\n", addresses[i], sums[i]);
	fclose(out);
}

static void read_range(struct range *range, const char *text)
{
	char *end;

	range->start = strtoull(text, &end, 16);
	range->end = *end ? strtoull(end + 1, NULL, 16) : range->start;
	range->counter = calloc(range->end - range->start + 1, sizeof(*range->counter));
}

static int read_argument(char *arg)
{
	if (!strncmp(arg, "kernel=", 7))
		read_range(&kernel, arg + 7);
	else if (!strncmp(arg, "program=", 8))
		read_range(&program, arg + 8);
	else if (!strncmp(arg, "keep=", 5))
		keep_address = strtoull(arg + 5, NULL, 16);
	else if (!strncmp(arg, "out=", 4))
		out_name = strdup(arg + 4);
	else
		return -1;
	return 0;
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (read_argument(argv[i])) {
			fprintf(stderr, "count.so: unknown argument %s\n", argv[i]);
			return -1;
		}
	}
	counters = calloc(MAX_COUNTERS, sizeof(*counters));
	at_edge[0] = calloc(MAX_COUNTERS, sizeof(*counters));
	at_edge[1] = calloc(MAX_COUNTERS, sizeof(*counters));
	sums = calloc(MAX_COUNTERS, sizeof(*sums));
	addresses = calloc(MAX_COUNTERS, sizeof(*addresses));
	if (!out_name || !counters || !at_edge[0] || !at_edge[1] || !sums || !addresses ||
	    !kernel.counter || !program.counter) {
		fprintf(stderr, "count.so: arguments or memory are missing\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, write_counts, NULL);
	return 0;
}
