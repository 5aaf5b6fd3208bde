/*
 * Interrupt controllers: each CPU's local APIC (timer, IPIs) and the IOAPIC, which here serves the
 * serial line alone. Registers: SDM volume 3, chapter 11; 82093AA data sheet.
 */
#include "machine/internal.h"

#define LAPIC_ID	0x20
#define LAPIC_TPR	0x80
#define LAPIC_EOI	0xb0
#define LAPIC_SPURIOUS	0xf0
#define LAPIC_ICR_LOW	0x300
#define LAPIC_ICR_HIGH	0x310
#define LAPIC_LVT_TIMER	0x320
#define LAPIC_LVT_LINT0	0x350
#define LAPIC_LVT_LINT1	0x360
#define LAPIC_LVT_ERROR	0x370
#define LAPIC_TIMER_INIT 0x380
#define LAPIC_TIMER_NOW	0x390
#define LAPIC_TIMER_DIVIDE 0x3e0

#define LAPIC_ENABLE	0x100
#define LVT_MASKED	0x10000
#define LVT_NMI		0x400
#define DIVIDE_BY_16	3
#define ICR_PENDING	0x1000

#define APIC_BASE_ENABLE BIT(11)

#define IOAPIC_SELECT	0x00
#define IOAPIC_WINDOW	0x10
#define IOAPIC_REDIRECT(pin) (0x10 + 2 * (pin))
#define REDIRECT_LOW	BIT(13)		/* active low */
#define REDIRECT_LEVEL	BIT(15)

static u32 lapic_read(u32 reg) { return *(volatile u32 *)phys_ptr(acpi_info.lapic + reg); }

static void lapic_write(u32 reg, u32 value)
{
	*(volatile u32 *)phys_ptr(acpi_info.lapic + reg) = value;
}

/* The old controllers are there, and one of them sends the timer's interrupt as vector 8. */
void pic_disable(void)
{
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}

void lapic_init(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE);
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT1, LVT_NMI);
	lapic_write(LAPIC_LVT_ERROR, LVT_MASKED);
	lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_16);
	lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER);	/* one shot */
	lapic_write(LAPIC_SPURIOUS, LAPIC_ENABLE | VECTOR_SPURIOUS);
}

void lapic_eoi(void) { lapic_write(LAPIC_EOI, 0); }

u8 lapic_id(void) { return (u8)(lapic_read(LAPIC_ID) >> 24); }

/* 0 stops it. */
void lapic_timer_start(u32 count) { lapic_write(LAPIC_TIMER_INIT, count); }

u32 lapic_timer_count(void) { return lapic_read(LAPIC_TIMER_NOW); }

/* An interrupt between the two writes could send one of its own. */
void lapic_send(u8 apic_id, u32 command)
{
	unsigned long flags = irq_save();

	while (lapic_read(LAPIC_ICR_LOW) & ICR_PENDING)
		;
	lapic_write(LAPIC_ICR_HIGH, (u32)apic_id << 24);
	lapic_write(LAPIC_ICR_LOW, command);
	irq_restore(flags);
}

static void ioapic_write(u32 reg, u32 value)
{
	*(volatile u32 *)phys_ptr(acpi_info.ioapic + IOAPIC_SELECT) = reg;
	*(volatile u32 *)phys_ptr(acpi_info.ioapic + IOAPIC_WINDOW) = value;
}

/*
 * The serial line's interrupt goes to the first CPU. ISA interrupts are edge-triggered and active
 * high.
 */
void ioapic_init(void)
{
	u32 pin = acpi_info.serial_gsi - acpi_info.ioapic_gsi_base;
	u32 low = VECTOR_SERIAL;

	if ((acpi_info.serial_flags & 3) == 3)
		low |= REDIRECT_LOW;
	if ((acpi_info.serial_flags >> 2 & 3) == 3)
		low |= REDIRECT_LEVEL;
	ioapic_write(IOAPIC_REDIRECT(pin) + 1, (u32)lapic_id() << 24);
	ioapic_write(IOAPIC_REDIRECT(pin), low);
}
