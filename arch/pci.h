/*
 * Devices on the PCI bus, as drivers (kernel/dev/) see them: configuration space, registers in
 * memory, one interrupt. PCI Local Bus Specification 3.0; MSI-X: section 6.8.2.
 */
#pragma once
#include "kernel/base/types.h"

#define PCI_BARS	6

struct pci_function {
	u8 bus, slot, function;
	u16 vendor, device;
	phys_addr_t bar[PCI_BARS];	/* registers in memory; 0: none */
	u64 bar_size[PCI_BARS];
};

/* The nth function (from 0) with those numbers; NULL: there are fewer. */
const struct pci_function *pci_find(u16 vendor, u16 device, unsigned int nth);
u8 pci_read8(const struct pci_function *fn, unsigned int offset);
u16 pci_read16(const struct pci_function *fn, unsigned int offset);
u32 pci_read32(const struct pci_function *fn, unsigned int offset);
/* The offset of the first capability of that kind behind `after` (0: of all); 0: none. */
unsigned int pci_capability(const struct pci_function *fn, u8 kind, unsigned int after);
/* The function may read and write memory, and its registers answer. */
void pci_enable(const struct pci_function *fn);
/*
 * Its MSI-X message number 0 calls handler(arg) on the first CPU, interrupts off. false: it has no
 * MSI-X, or there are no vectors left.
 */
bool pci_set_interrupt(const struct pci_function *fn, void (*handler)(void *arg), void *arg);

/* Device registers: accesses of exactly that width, in program order. */
void *device_registers(phys_addr_t phys);
static inline u8 device_read8(const void *reg) { return *(const volatile u8 *)reg; }
static inline u16 device_read16(const void *reg) { return *(const volatile u16 *)reg; }
static inline u32 device_read32(const void *reg) { return *(const volatile u32 *)reg; }
static inline void device_write8(void *reg, u8 value) { *(volatile u8 *)reg = value; }
static inline void device_write16(void *reg, u16 value) { *(volatile u16 *)reg = value; }
static inline void device_write32(void *reg, u32 value) { *(volatile u32 *)reg = value; }
