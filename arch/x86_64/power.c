/* The end: power-off by ACPI, reset, QEMU's debug exit, and the status channel. */
#include "kernel/base/cmdline.h"
#include "kernel/base/string.h"
#include "kernel/panic.h"
#include "kernel/base/trace.h"
#include "machine/internal.h"

#define TRACE_PORT	0xe8	/* another one */
#define STATUS_PORT	0xe9	/* QEMU's debugcon; nothing on a PC */
#define DEBUG_EXIT_PORT	0xf4	/* QEMU's isa-debug-exit: status = value * 2 + 1 */
#define DEBUG_EXIT_DONE	0x10
#define DEBUG_EXIT_PANIC 0x11

#define SLP_EN		BIT(13)
#define SCI_EN		BIT(0)

static bool exit_debug, panic_exit;

static const char *set_exit(const char *value)
{
	if (!value || strcmp(value, "debug"))
		return "it is exit=debug or nothing";
	exit_debug = true;
	return NULL;
}
BOOT_OPTION("exit", "=debug", "end by QEMU's isa-debug-exit (status 33), not by switching off",
	    set_exit);

static const char *set_panic(const char *value)
{
	if (!value || strcmp(value, "exit"))
		return "it is panic=exit or nothing";
	panic_exit = true;
	return NULL;
}
BOOT_OPTION("panic", "=exit", "after a panic leave QEMU by isa-debug-exit (status 35)",
	    set_panic);

void trace_write(const void *data, size_t n)
{
	__asm__ __volatile__("rep outsb" : "+S"(data), "+c"(n) : "d"(TRACE_PORT) : "memory");
}

void status_write(const char *text)
{
	outsb(STATUS_PORT, text, strlen(text));
}

static void halt_forever(void) __noreturn;

static void halt_forever(void)
{
	for (;;) {
		irq_disable();
		halt();
	}
}

static bool acpi_listens(void)
{
	return inw(acpi_info.pm1a_control) & SCI_EN;
}

/* The firmware must have handed the registers to us before they listen. */
static void acpi_power_off(void)
{
	if (!acpi_info.has_s5 || !acpi_info.pm1a_control)
		return;
	if (acpi_info.smi_command && acpi_info.acpi_enable && !acpi_listens()) {
		outb(acpi_info.smi_command, acpi_info.acpi_enable);
		for (unsigned int i = 0; i < 1000000 && !acpi_listens(); i++)
			pause();
	}
	outw(acpi_info.pm1a_control, (u16)(acpi_info.sleep_type_a << 10 | SLP_EN));
	if (acpi_info.pm1b_control)
		outw(acpi_info.pm1b_control, (u16)(acpi_info.sleep_type_b << 10 | SLP_EN));
}

void machine_power_off(void)
{
	irq_disable();
	race_report();
	if (exit_debug)
		outl(DEBUG_EXIT_PORT, DEBUG_EXIT_DONE);
	if (acpi_read())
		acpi_power_off();
	halt_forever();
}

static void acpi_reset(void)
{
	if (!acpi_info.reset_address)
		return;
	if (acpi_info.reset_space)
		outb((u16)acpi_info.reset_address, acpi_info.reset_value);
	else
		*(volatile u8 *)phys_ptr(acpi_info.reset_address) = acpi_info.reset_value;
}

/* By ACPI, by the keyboard controller, and at last by a fault without handlers. */
void machine_reboot(void)
{
	struct {
		u16 limit;
		u64 base;
	} __packed no_idt = { 0, 0 };

	irq_disable();
	if (acpi_read())
		acpi_reset();
	outb(0x64, 0xfe);
	for (unsigned int i = 0; i < 1000000; i++)
		pause();	/* it takes its time */
	__asm__ __volatile__("lidt %0; int3" : : "m"(no_idt));
	halt_forever();
}

void machine_panic_end(void)
{
	status_write("panic\n");
	if (panic_exit)
		outl(DEBUG_EXIT_PORT, DEBUG_EXIT_PANIC);
	halt_forever();
}
