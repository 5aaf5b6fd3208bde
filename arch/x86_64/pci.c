/*
 * The PCI bus, by configuration mechanism #1 (ports 0xcf8 and 0xcfc). Functions are found once at
 * boot, while the direct map can still take up their registers.
 */
#include "arch/pci.h"
#include "kernel/base/spinlock.h"
#include "machine/internal.h"

#define CONFIG_ADDRESS	0xcf8
#define CONFIG_DATA	0xcfc

#define PCI_VENDOR	0x00
#define PCI_COMMAND	0x04
#define PCI_STATUS	0x06
#define PCI_HEADER	0x0e
#define PCI_BAR(n)	(0x10 + 4 * (n))
#define PCI_SECONDARY	0x19		/* of a bridge: the bus behind it */
#define PCI_CAPABILITIES 0x34

#define COMMAND_MEMORY	BIT(1)
#define COMMAND_MASTER	BIT(2)
#define STATUS_CAPABILITIES BIT(4)
#define HEADER_MANY	0x80		/* functions 1-7 may exist */
#define HEADER_BRIDGE	1
#define BAR_IO		BIT(0)
#define BAR_64		BIT(2)

#define CAP_MSIX	0x11
#define MSIX_ENABLE	BIT(31)		/* of the word that the capability begins with */
#define MSIX_MASK_ALL	BIT(30)
#define MSI_ADDRESS	0xfee00000u	/* of the local APICs */

#define VENDOR_VIRTIO	0x1af4	/* what there are drivers for (kernel/dev/) */

#define MAX_FUNCTIONS	32
#define MAX_BUS_DEPTH	8

static struct pci_function functions[MAX_FUNCTIONS];
static unsigned int nr_functions;
static spinlock_t config_lock = SPINLOCK_INIT(LOCK_CONSOLE);

/* ---- configuration space ---- */

static u32 config_address(const struct pci_function *fn, unsigned int offset)
{
	return (u32)(BIT(31) | (u32)fn->bus << 16 | (u32)fn->slot << 11 |
		     (u32)fn->function << 8 | (offset & 0xfc));
}

u32 pci_read32(const struct pci_function *fn, unsigned int offset)
{
	unsigned long flags = spin_lock_irqsave(&config_lock);
	u32 value;

	outl(CONFIG_ADDRESS, config_address(fn, offset));
	value = inl(CONFIG_DATA);
	spin_unlock_irqrestore(&config_lock, flags);
	return value;
}

u16 pci_read16(const struct pci_function *fn, unsigned int offset)
{
	return (u16)(pci_read32(fn, offset) >> 8 * (offset & 2));
}

u8 pci_read8(const struct pci_function *fn, unsigned int offset)
{
	return (u8)(pci_read32(fn, offset) >> 8 * (offset & 3));
}

static void pci_write32(const struct pci_function *fn, unsigned int offset, u32 value)
{
	unsigned long flags = spin_lock_irqsave(&config_lock);

	outl(CONFIG_ADDRESS, config_address(fn, offset));
	outl(CONFIG_DATA, value);
	spin_unlock_irqrestore(&config_lock, flags);
}

/* A damaged list may lead round in circles: no more steps than there is room for capabilities. */
unsigned int pci_capability(const struct pci_function *fn, u8 kind, unsigned int after)
{
	unsigned int at = PCI_CAPABILITIES;
	bool passed = !after;

	if (!(pci_read16(fn, PCI_STATUS) & STATUS_CAPABILITIES))
		return 0;
	for (unsigned int steps = 0; steps < 48; steps++) {
		at = pci_read8(fn, at == PCI_CAPABILITIES ? at : at + 1) & ~3u;
		if (!at)
			break;
		if (passed && pci_read8(fn, at) == kind)
			return at;
		passed |= at == after;
	}
	return 0;
}

/* ---- finding functions ---- */

/*
 * What a base address register accepts of all ones tells the size. The function is off meanwhile.
 */
static u64 probe_bar(const struct pci_function *fn, unsigned int offset, u32 low, bool wide)
{
	u64 mask;

	pci_write32(fn, offset, ~0u);
	mask = pci_read32(fn, offset) & ~0xfu;
	pci_write32(fn, offset, low);
	if (wide) {
		u32 high = pci_read32(fn, offset + 4);

		pci_write32(fn, offset + 4, ~0u);
		mask |= (u64)pci_read32(fn, offset + 4) << 32;
		pci_write32(fn, offset + 4, high);
	} else {
		mask |= ~0ull << 32;
	}
	return mask & ~0xfull ? -(mask & ~0xfull) : 0;
}

static void read_bars(struct pci_function *fn)
{
	u32 command = pci_read32(fn, PCI_COMMAND) & 0xffff;

	pci_write32(fn, PCI_COMMAND, command & ~(u32)COMMAND_MEMORY);
	for (unsigned int i = 0; i < PCI_BARS; i++) {
		u32 low = pci_read32(fn, PCI_BAR(i));
		bool wide = low & BAR_64 && i + 1 < PCI_BARS;

		if (low & BAR_IO || !low)
			continue;
		fn->bar_size[i] = probe_bar(fn, PCI_BAR(i), low, wide);
		fn->bar[i] = low & ~0xfu;
		if (wide) {
			fn->bar[i] |= (u64)pci_read32(fn, PCI_BAR(i + 1)) << 32;
			i++;
		}
	}
	pci_write32(fn, PCI_COMMAND, command);
}

static void scan_bus(u8 bus, unsigned int depth);

/* One function, if there is one. Returns its header type; 0xff: nothing there. */
static u8 scan_function(u8 bus, u8 slot, u8 function, unsigned int depth)
{
	struct pci_function fn = { .bus = bus, .slot = slot, .function = function };
	u32 id = pci_read32(&fn, PCI_VENDOR);
	u8 header;

	if ((u16)id == 0xffff)
		return 0xff;
	header = pci_read8(&fn, PCI_HEADER);
	if ((header & ~HEADER_MANY) == HEADER_BRIDGE) {
		if (depth < MAX_BUS_DEPTH)
			scan_bus(pci_read8(&fn, PCI_SECONDARY), depth + 1);
	} else if (nr_functions < MAX_FUNCTIONS) {
		fn.vendor = (u16)id;
		fn.device = (u16)(id >> 16);
		functions[nr_functions++] = fn;
	}
	return header;
}

static void scan_bus(u8 bus, unsigned int depth)
{
	for (u8 slot = 0; slot < 32; slot++) {
		u8 header = scan_function(bus, slot, 0, depth);

		for (u8 function = 1; header != 0xff && header & HEADER_MANY && function < 8;
		     function++)
			scan_function(bus, slot, function, depth);
	}
}

/* Registers join the direct map. */
static void map_registers(struct pci_function *fn)
{
	read_bars(fn);
	for (unsigned int i = 0; i < PCI_BARS; i++) {
		if (fn->bar[i] && fn->bar_size[i])
			direct_map_add(fn->bar[i], fn->bar_size[i], true);
	}
}

void pci_init(void)
{
	scan_bus(0, 0);
	for (unsigned int i = 0; i < nr_functions; i++) {
		if (functions[i].vendor == VENDOR_VIRTIO)
			map_registers(&functions[i]);
	}
}

const struct pci_function *pci_find(u16 vendor, u16 device, unsigned int nth)
{
	for (unsigned int i = 0; i < nr_functions; i++) {
		if (functions[i].vendor == vendor && functions[i].device == device && !nth--)
			return &functions[i];
	}
	return NULL;
}

void *device_registers(phys_addr_t phys) { return phys_ptr(phys); }

/* ---- interrupts ---- */

void pci_enable(const struct pci_function *fn)
{
	u32 command = pci_read32(fn, PCI_COMMAND) & 0xffff;	/* status bits are cleared by 1 */

	pci_write32(fn, PCI_COMMAND, (u32)(command | COMMAND_MEMORY | COMMAND_MASTER));
}

static struct device_interrupt {
	void (*handler)(void *arg);
	void *arg;
} interrupts[NR_DEVICE_VECTORS];
static unsigned int nr_interrupts;

/* Called from trap_entry.S. */
void interrupt_device(struct pt_regs *regs, unsigned long error, unsigned int vector);

void interrupt_device(struct pt_regs *regs, unsigned long error, unsigned int vector)
{
	struct device_interrupt *interrupt = &interrupts[vector - VECTOR_DEVICE];

	lapic_eoi();
	interrupt->handler(interrupt->arg);
}

bool pci_set_interrupt(const struct pci_function *fn, void (*handler)(void *arg), void *arg)
{
	unsigned int cap = pci_capability(fn, CAP_MSIX, 0);
	u32 table = cap ? pci_read32(fn, cap + 4) : 0, *entry;

	if (!cap || (table & 7) >= PCI_BARS || !fn->bar[table & 7] ||
	    nr_interrupts == NR_DEVICE_VECTORS)
		return false;
	interrupts[nr_interrupts] = (struct device_interrupt){ handler, arg };
	entry = device_registers(fn->bar[table & 7] + (table & ~7u));
	device_write32(&entry[0], MSI_ADDRESS | (u32)percpus[0].apic_id << 12);
	device_write32(&entry[1], 0);
	device_write32(&entry[2], VECTOR_DEVICE + nr_interrupts++);
	device_write32(&entry[3], 0);
	pci_write32(fn, cap, (u32)((pci_read32(fn, cap) | MSIX_ENABLE) & ~MSIX_MASK_ALL));
	return true;
}
