/*
 * ACPI, as much of it as is needed to find processors, interrupt controllers and the PM timer, and
 * to switch off: RSDP -> RSDT or XSDT -> MADT ("APIC"), FADT ("FACP") -> DSDT, of which only _S5_
 * is looked for. Field offsets: ACPI specification 6.4, chapter 5.
 */
#include "kernel/base/string.h"
#include "machine/internal.h"

#define RSDP_SIZE	20	/* of revision 0; the first checksum covers it in all revisions */
#define SDT_HEADER	36
#define SDT_MAX_SIZE	(1u << 20)

struct sdt {
	char signature[4];
	u32 length;
	u8 rest[SDT_HEADER - 8];
	u8 data[];
} __packed;

struct acpi_info acpi_info;

static phys_addr_t root_table;	/* RSDT or XSDT */
static bool root_is_xsdt;

static bool checksum_ok(const void *table, size_t size)
{
	const u8 *p = table;
	u8 sum = 0;

	while (size--)
		sum = (u8)(sum + *p++);
	return sum == 0;
}

static u16 get16(const void *table, size_t offset)
{
	return *(const u16 *)((const u8 *)table + offset);
}

static u32 get32(const void *table, size_t offset)
{
	return *(const u32 *)((const u8 *)table + offset);
}

static u64 get64(const void *table, size_t offset)
{
	return *(const u64 *)((const u8 *)table + offset);
}

static u8 get8(const void *table, size_t offset)
{
	return *((const u8 *)table + offset);
}

bool acpi_set_rsdp(const void *rsdp)
{
	if (memcmp(rsdp, "RSD PTR ", 8) || !checksum_ok(rsdp, RSDP_SIZE))
		return false;
	root_is_xsdt = get8(rsdp, 15) >= 2 && get64(rsdp, 24);
	root_table = root_is_xsdt ? get64(rsdp, 24) : get32(rsdp, 16);
	return true;
}

static bool scan(phys_addr_t start, phys_addr_t end)
{
	for (; start < end; start += 16) {
		if (acpi_set_rsdp(phys_ptr(start))) {
			boot_info.rsdp = start;
			return true;
		}
	}
	return false;
}

void acpi_scan_rsdp(void)
{
	phys_addr_t ebda = (phys_addr_t)*(u16 *)phys_ptr(0x40e) << 4;

	if (ebda >= 0x80000 && ebda < 0xa0000 && scan(ebda, ebda + 1024))
		return;
	scan(0xe0000, 0x100000);
}

static const void *map_table(phys_addr_t phys, size_t size)
{
	return direct_map_ready ? direct_map_add(phys, size, false) : phys_ptr(phys);
}

/* The table at phys, or NULL if its length or checksum is wrong. */
static const struct sdt *get_table(phys_addr_t phys)
{
	const struct sdt *table;

	if (!phys)
		return NULL;
	table = map_table(phys, SDT_HEADER);
	if (table->length < SDT_HEADER || table->length > SDT_MAX_SIZE)
		return NULL;
	table = map_table(phys, table->length);
	return checksum_ok(table, table->length) ? table : NULL;
}

static const struct sdt *find_table(const char *signature)
{
	const struct sdt *root = get_table(root_table), *table;
	size_t entry = root_is_xsdt ? 8 : 4;

	if (!root)
		return NULL;
	for (size_t at = SDT_HEADER; at + entry <= root->length; at += entry) {
		table = get_table(root_is_xsdt ? get64(root, at) : get32(root, at));
		if (table && !memcmp(table->signature, signature, 4))
			return table;
	}
	return NULL;
}

/* ---- MADT ---- */

enum { MADT_LAPIC = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_LAPIC_ADDRESS = 5 };

#define ISA_SERIAL_IRQ	4

/* The first CPU is number 0, wherever the table has it. */
static void add_cpu(u8 apic_id)
{
	if (apic_id == acpi_info.apic_ids[0] || acpi_info.nr_cpus == NR_CPUS)
		return;
	acpi_info.apic_ids[acpi_info.nr_cpus++] = apic_id;
}

static void madt_entry(const u8 *e, u8 length)
{
	switch (e[0]) {
	case MADT_LAPIC:	/* id at 3; flags at 4: enabled */
		if (length >= 8 && e[4] & 1)
			add_cpu(e[3]);
		break;
	case MADT_IOAPIC:	/* the one that serves the ISA interrupts */
		if (length < 12 || (acpi_info.ioapic && get32(e, 8)))
			break;
		acpi_info.ioapic = get32(e, 4);
		acpi_info.ioapic_gsi_base = get32(e, 8);
		break;
	case MADT_OVERRIDE:
		if (length < 10 || e[3] != ISA_SERIAL_IRQ)
			break;
		acpi_info.serial_gsi = get32(e, 4);
		acpi_info.serial_flags = get16(e, 8);
		break;
	case MADT_LAPIC_ADDRESS:
		if (length >= 12)
			acpi_info.lapic = get64(e, 4);
		break;
	}
}

static void read_madt(const struct sdt *madt)
{
	acpi_info.lapic = get32(madt, 36);
	acpi_info.serial_gsi = ISA_SERIAL_IRQ;
	acpi_info.apic_ids[0] = (u8)(cpuid(1, 0).ebx >> 24);
	acpi_info.nr_cpus = 1;
	for (size_t at = 44; at + 2 <= madt->length; at += get8(madt, at + 1)) {
		u8 length = get8(madt, at + 1);

		if (length < 2 || at + length > madt->length)
			break;
		madt_entry((const u8 *)madt + at, length);
	}
}

/* ---- FADT ---- */

/* A small integer of AML: a prefix and one byte, or one of the constants Zero and One. */
static const u8 *aml_integer(const u8 *p, u16 *value)
{
	*value = *p == 0x0a ? p[1] : *p;
	return p + (*p == 0x0a ? 2 : 1);
}

/*
 * Name (_S5_, Package () { a, b, ... }): the values that switch off go into the PM1 control
 * registers.
 */
static void find_s5(const struct sdt *dsdt)
{
	const u8 *p, *end = (const u8 *)dsdt + dsdt->length - 12;

	for (p = dsdt->data; p < end; p++) {
		if (memcmp(p, "_S5_", 4) || p[4] != 0x12)
			continue;
		p += 5;
		p += 2 + (*p >> 6);	/* its length (1 to 4 bytes), number of elements */
		p = aml_integer(p, &acpi_info.sleep_type_a);
		aml_integer(p, &acpi_info.sleep_type_b);
		acpi_info.has_s5 = true;
		return;
	}
}

static void read_fadt(const struct sdt *fadt)
{
	const struct sdt *dsdt;

	if (fadt->length < 116)
		return;
	acpi_info.smi_command = (u16)get32(fadt, 48);
	acpi_info.acpi_enable = get8(fadt, 52);
	acpi_info.pm1a_control = (u16)get32(fadt, 64);
	acpi_info.pm1b_control = (u16)get32(fadt, 68);
	acpi_info.pm_timer_port = (u16)get32(fadt, 76);
	if (fadt->length >= 129 && get32(fadt, 112) & BIT(10)) {
		acpi_info.reset_space = get8(fadt, 116);
		acpi_info.reset_address = get64(fadt, 120);
		acpi_info.reset_value = get8(fadt, 128);
	}
	dsdt = get_table(fadt->length >= 148 && get64(fadt, 140) ? get64(fadt, 140)
								 : get32(fadt, 40));
	if (dsdt)
		find_s5(dsdt);
}

bool acpi_read(void)
{
	static bool read;
	const struct sdt *madt, *fadt;

	if (!read) {
		read = true;
		madt = find_table("APIC");
		fadt = find_table("FACP");
		if (madt)
			read_madt(madt);
		if (fadt)
			read_fadt(fadt);
	}
	return acpi_info.lapic && acpi_info.ioapic && acpi_info.pm_timer_port;
}
