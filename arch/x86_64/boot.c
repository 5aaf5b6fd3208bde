/*
 * What the loader left us, in one form: the tags of multiboot2 (GRUB) or the start info of PVH
 * (QEMU). Both lie below 4 GiB, in memory that is nobody's once this is read.
 */
#include "kernel/base/cmdline.h"
#include "kernel/base/string.h"
#include "machine/internal.h"

#define E820_RAM	1

struct boot_info boot_info;

extern u64 boot_loader_info;
extern u32 boot_multiboot2;

/* ---- the memory map ---- */

static void region_delete(unsigned int i)
{
	boot_info.nr_regions--;
	for (; i < boot_info.nr_regions; i++)
		boot_info.regions[i] = boot_info.regions[i + 1];
}

/*
 * Inserts in order; regions beyond the last place are lost, which costs memory and nothing else.
 */
static void region_insert(phys_addr_t start, phys_addr_t end)
{
	unsigned int i;

	if (start >= end || boot_info.nr_regions == MAX_MEM_REGIONS)
		return;
	for (i = boot_info.nr_regions; i > 0 && boot_info.regions[i - 1].start > start; i--)
		boot_info.regions[i] = boot_info.regions[i - 1];
	boot_info.regions[i] = (struct mem_region){ start, end };
	boot_info.nr_regions++;
}

/* Takes [start, end) out of what is usable. */
static void region_remove(phys_addr_t start, phys_addr_t end)
{
	unsigned int i = 0;

	while (i < boot_info.nr_regions) {
		struct mem_region r = boot_info.regions[i];

		if (r.end <= start || r.start >= end) {
			i++;
			continue;
		}
		region_delete(i);
		region_insert(r.start, min(r.end, start));
		region_insert(max(r.start, end), r.end);
		i = 0;
	}
}

/*
 * Whole pages: inwards if usable, outwards if not. What overlaps is joined by removing it first.
 */
static void memory_map_entry(u64 start, u64 size, bool usable)
{
	u64 end = start + size < start ? ~0ul : start + size;

	if (usable) {
		start = ALIGN_UP(start, PAGE_SIZE);
		end = ALIGN_DOWN(min(end, VMALLOC_START - DIRECT_MAP_BASE), PAGE_SIZE);
		region_remove(start, end);
		region_insert(start, end);
	} else {
		end = end > ~0ul - PAGE_SIZE ? end : ALIGN_UP(end, PAGE_SIZE);
		region_remove(ALIGN_DOWN(start, PAGE_SIZE), end);
	}
}

/* Both formats start with address and length. What is not RAM wins, so it comes last. */
static void memory_map(const u8 *entries, unsigned int n, size_t entry_size, size_t type_offset)
{
	for (int usable = 1; usable >= 0; usable--) {
		for (unsigned int i = 0; i < n; i++) {
			const u8 *e = entries + i * entry_size;
			u32 type = *(const u32 *)(e + type_offset);

			if ((type == E820_RAM) == usable)
				memory_map_entry(*(const u64 *)e, *(const u64 *)(e + 8), usable);
		}
	}
}

/* ---- command line, modules ---- */

static void take_command_line(const char *line)
{
	size_t n = strnlen(line, sizeof(boot_info.cmdline));

	if (n == sizeof(boot_info.cmdline))
		boot_stop("The boot command line is longer than %zu characters.", n - 1);
	memcpy(boot_info.cmdline, line, n + 1);
}

/* The first module is the initramfs. */
static void take_module(phys_addr_t start, phys_addr_t end)
{
	if (boot_info.initrd_end || end <= start)
		return;
	boot_info.initrd_start = start;
	boot_info.initrd_end = end;
}

/* ---- multiboot2 ---- */

struct mb2_tag {
	u32 type, size;
	u8 data[];
};

enum {
	MB2_END = 0,
	MB2_CMDLINE = 1,
	MB2_MODULE = 3,
	MB2_MMAP = 6,
	MB2_FRAMEBUFFER = 8,
	MB2_RSDP1 = 14,
	MB2_RSDP2 = 15,
};

#define MB2_FRAMEBUFFER_TEXT	2

static void multiboot2_tag(const struct mb2_tag *tag)
{
	const u32 *words = (const u32 *)tag->data;

	switch (tag->type) {
	case MB2_CMDLINE:
		take_command_line((const char *)tag->data);
		break;
	case MB2_MODULE:
		take_module(words[0], words[1]);
		break;
	case MB2_MMAP:	/* entry size, version, entries: address, length, type */
		if (words[0] >= 20)
			memory_map(tag->data + 8, (tag->size - 16) / words[0], words[0], 16);
		break;
	case MB2_FRAMEBUFFER:	/* u64 address; u32 pitch, width, height; u8 depth, type */
		boot_info.vga_text = tag->data[21] == MB2_FRAMEBUFFER_TEXT;
		break;
	case MB2_RSDP1:
	case MB2_RSDP2:
		if (!boot_info.rsdp && acpi_set_rsdp(tag->data))
			boot_info.rsdp = ((unsigned long)tag->data) - DIRECT_MAP_BASE;
		break;
	}
}

static void multiboot2_info(const u8 *info)
{
	const struct mb2_tag *tag = (const struct mb2_tag *)(info + 8);

	boot_info.loader = "GRUB";
	while (tag->type != MB2_END) {
		multiboot2_tag(tag);
		tag = (const struct mb2_tag *)((const u8 *)tag + ALIGN_UP(tag->size, 8));
	}
}

/* ---- PVH ---- */

struct hvm_start_info {
	u32 magic, version, flags, nr_modules;
	u64 modules, cmdline, rsdp;
	u64 memmap;
	u32 memmap_entries, reserved;
};

#define PVH_MEMMAP_ENTRY	24	/* u64 address, size; u32 type, reserved */

#define VGA_CRTC	0x3d4
#define VGA_CURSOR_LOW	15
#define VGA_GRAPHICS	0x3ce
#define VGA_GRAPHICS_MISC 6	/* bit 0: not a text mode */

/* PVH does not say whether there is a screen; its registers do. */
static bool probe_vga_text(void)
{
	outb(VGA_CRTC, VGA_CURSOR_LOW);
	outb(VGA_CRTC + 1, 0x55);
	if (inb(VGA_CRTC + 1) != 0x55)
		return false;
	outb(VGA_GRAPHICS, VGA_GRAPHICS_MISC);
	return !(inb(VGA_GRAPHICS + 1) & 1);
}

static void pvh_info(const struct hvm_start_info *info)
{
	const u64 *module = phys_ptr(info->modules);

	boot_info.loader = "PVH";
	if (info->cmdline)
		take_command_line(phys_ptr(info->cmdline));
	if (info->nr_modules)
		take_module(module[0], module[0] + module[1]);
	if (info->version < 1 || !info->memmap_entries)
		boot_stop("The loader gives no memory map (PVH version %u).", info->version);
	memory_map(phys_ptr(info->memmap), info->memmap_entries, PVH_MEMMAP_ENTRY, 16);
	if (info->rsdp && acpi_set_rsdp(phys_ptr(info->rsdp)))
		boot_info.rsdp = info->rsdp;
	boot_info.vga_text = probe_vga_text();
}

void boot_info_init(void)
{
	const void *info = phys_ptr(boot_var(boot_loader_info));

	boot_info.kernel_start = (phys_addr_t)(unsigned long)image_start;
	boot_info.kernel_end = image_phys(image_end);
	if (boot_var(boot_multiboot2))
		multiboot2_info(info);
	else
		pvh_info(info);
	if (!boot_info.nr_regions)
		boot_stop("The loader's memory map names no usable memory.");
	/* What lies there is no kernel any more; with luck it is only variables not used yet. */
	if (boot_info.initrd_start < boot_info.kernel_end &&
	    boot_info.kernel_start < boot_info.initrd_end)
		boot_stop("There is not enough memory: the loader put the initramfs over the kernel.");
	if (!boot_info.rsdp)
		acpi_scan_rsdp();
}

static const char *set_nola57(const char *value)
{
	return value ? "it takes no value" : NULL;
}
/* boot/entry32.S looks for it before there is paging; here it is only known. */
BOOT_OPTION("nola57", "", "use 4-level paging though the processor has 5 levels", set_nola57);
