#include "kernel/dev/virtio.h"
#include "kernel/base/atomic.h"
#include "kernel/base/bug.h"
#include "mm/buddy.h"

/* Capabilities of a virtio function: struct virtio_pci_cap. */
#define PCI_CAP_VENDOR		0x09
#define CAP_TYPE		3
#define CAP_BAR			4
#define CAP_OFFSET		8
#define CAP_LENGTH		12
#define CAP_NOTIFY_MULTIPLIER	16

enum { CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_DEVICE = 4 };

/* Offsets in the common registers: struct virtio_pci_common_cfg. */
#define DEVICE_FEATURE_SELECT	0x00
#define DEVICE_FEATURE		0x04
#define DRIVER_FEATURE_SELECT	0x08
#define DRIVER_FEATURE		0x0c
#define CONFIG_VECTOR		0x10
#define DEVICE_STATUS		0x14
#define QUEUE_SELECT		0x16
#define QUEUE_SIZE		0x18
#define QUEUE_VECTOR		0x1a
#define QUEUE_ENABLE		0x1c
#define QUEUE_NOTIFY_OFF	0x1e
#define QUEUE_DESC		0x20
#define QUEUE_DRIVER		0x28
#define QUEUE_DEVICE		0x30
#define COMMON_SIZE		0x38

#define STATUS_ACKNOWLEDGE	1
#define STATUS_DRIVER		2
#define STATUS_DRIVER_OK	4
#define STATUS_FEATURES_OK	8

#define NO_VECTOR		0xffff

/*
 * The registers that a capability of that type leads to, at least size bytes;
 * NULL: there are none.
 */
static void *find_registers(const struct pci_function *fn, u8 type, u32 size, unsigned int *cap)
{
	for (*cap = 0; (*cap = pci_capability(fn, PCI_CAP_VENDOR, *cap));) {
		u8 bar = pci_read8(fn, *cap + CAP_BAR);
		u32 offset = pci_read32(fn, *cap + CAP_OFFSET),
		    length = pci_read32(fn, *cap + CAP_LENGTH);

		if (pci_read8(fn, *cap + CAP_TYPE) == type && bar < PCI_BARS && fn->bar[bar] &&
		    length >= size && (u64)offset + length <= fn->bar_size[bar])
			return device_registers(fn->bar[bar] + offset);
	}
	return NULL;
}

/* ---- the device ---- */

static void add_status(struct virtio_device *dev, u8 bits)
{
	u8 *status = dev->common + DEVICE_STATUS;

	device_write8(status, device_read8(status) | bits);
}

static u64 offered_features(struct virtio_device *dev)
{
	u64 features = 0;

	for (u32 half = 0; half < 2; half++) {
		device_write32(dev->common + DEVICE_FEATURE_SELECT, half);
		features |= (u64)device_read32(dev->common + DEVICE_FEATURE) << 32 * half;
	}
	return features;
}

static bool accept_features(struct virtio_device *dev, u64 features)
{
	for (u32 half = 0; half < 2; half++) {
		device_write32(dev->common + DRIVER_FEATURE_SELECT, half);
		device_write32(dev->common + DRIVER_FEATURE, (u32)(features >> 32 * half));
	}
	add_status(dev, STATUS_FEATURES_OK);
	return device_read8(dev->common + DEVICE_STATUS) & STATUS_FEATURES_OK;
}

const char *virtio_open(struct virtio_device *dev, const struct pci_function *fn, u64 wanted,
			u64 *features)
{
	unsigned int cap;

	dev->fn = fn;
	dev->config = find_registers(fn, CAP_DEVICE, 8, &cap);
	dev->common = find_registers(fn, CAP_COMMON, COMMON_SIZE, &cap);
	dev->notify = find_registers(fn, CAP_NOTIFY, 2, &cap);
	if (!dev->common || !dev->notify || !dev->config)
		return "it does not speak virtio 1.0";
	dev->notify_multiplier = pci_read32(fn, cap + CAP_NOTIFY_MULTIPLIER);
	pci_enable(fn);
	device_write8(dev->common + DEVICE_STATUS, 0);
	while (device_read8(dev->common + DEVICE_STATUS))
		cpu_relax();
	add_status(dev, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	*features = offered_features(dev) & (wanted | VIRTIO_F_VERSION_1);
	if (!(*features & VIRTIO_F_VERSION_1) || !accept_features(dev, *features))
		return "it does not speak virtio 1.0";
	device_write16(dev->common + CONFIG_VECTOR, NO_VECTOR);
	return NULL;
}

void virtio_start(struct virtio_device *dev) { add_status(dev, STATUS_DRIVER_OK); }

/* ---- its queue ---- */

static void write_address(struct virtio_device *dev, unsigned int reg, const void *memory)
{
	u64 phys = (u64)ptr_frame(memory) << PAGE_SHIFT;

	device_write32(dev->common + reg, (u32)phys);
	device_write32(dev->common + reg + 4, (u32)(phys >> 32));
}

static void *queue_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL | GFP_ZERO);

	return page ? page_address(page) : NULL;
}

const char *virtqueue_open(struct virtio_device *dev, struct virtqueue *queue, u16 index,
			   void (*handler)(void *arg), void *arg)
{
	u16 offset;

	device_write16(dev->common + QUEUE_SELECT, index);
	queue->size = min((unsigned int)device_read16(dev->common + QUEUE_SIZE),
			  (unsigned int)VIRTQ_MAX);
	if (!queue->size || queue->size & (queue->size - 1))
		return "it has no queue";
	queue->index = index;
	queue->desc = queue_page();
	queue->avail = queue_page();
	queue->used = queue_page();
	if (!queue->desc || !queue->avail || !queue->used)
		return "there is no memory for its queue";
	if (!pci_set_interrupt(dev->fn, handler, arg))
		return "it has no MSI-X interrupt";
	device_write16(dev->common + QUEUE_SIZE, (u16)queue->size);
	device_write16(dev->common + QUEUE_VECTOR, 0);
	if (device_read16(dev->common + QUEUE_VECTOR) == NO_VECTOR)
		return "it refuses its interrupt";
	write_address(dev, QUEUE_DESC, queue->desc);
	write_address(dev, QUEUE_DRIVER, queue->avail);
	write_address(dev, QUEUE_DEVICE, queue->used);
	offset = device_read16(dev->common + QUEUE_NOTIFY_OFF);
	queue->doorbell = dev->notify + (size_t)offset * dev->notify_multiplier;
	device_write16(dev->common + QUEUE_ENABLE, 1);
	return NULL;
}

/* The entry before the index that makes it the device's, and that before the bell. */
void virtqueue_submit(struct virtqueue *queue, u16 head)
{
	u16 idx = queue->avail->idx;

	queue->avail->ring[idx & (queue->size - 1)] = head;
	smp_wmb();		/* pairs with the device's read of idx before the entry */
	WRITE_ONCE(queue->avail->idx, (u16)(idx + 1));
	smp_mb();		/* the bell is a device's register, idx is memory */
	device_write16(queue->doorbell, queue->index);
}

int virtqueue_take(struct virtqueue *queue)
{
	if (READ_ONCE(queue->used->idx) == queue->used_seen)
		return -1;
	smp_rmb();		/* pairs with the device's write of the entry before idx */
	return (int)queue->used->ring[queue->used_seen++ & (queue->size - 1)].id;
}
