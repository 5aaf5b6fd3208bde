/*
 * virtio 1.0 devices on PCI: finding one, agreeing on features, and one split virtqueue
 * (specification, chapters 2.6, 3.1 and 4.1).
 */
#pragma once
#include "arch/pci.h"

#define VIRTIO_VENDOR		0x1af4
#define VIRTIO_MODERN(type)	(0x1040 + (type))

#define VIRTIO_F_VERSION_1	BIT(32)

#define VIRTQ_DESC_NEXT		1	/* the chain goes on at `next` */
#define VIRTQ_DESC_WRITE	2	/* the device writes it */

struct virtq_desc {
	u64 addr;			/* physical */
	u32 len;
	u16 flags, next;
};

struct virtq_avail {
	u16 flags, idx;
	u16 ring[];
};

struct virtq_used {
	u16 flags, idx;
	struct { u32 id, len; } ring[];
};

/* Its three parts have a page each, so that no more than 256 descriptors fit. */
#define VIRTQ_MAX	256

struct virtqueue {
	unsigned int size;		/* a power of two */
	struct virtq_desc *desc;
	struct virtq_avail *avail;
	struct virtq_used *used;
	u16 used_seen;			/* entries of used->ring that we have taken */
	void *doorbell;
	u16 index;
};

struct virtio_device {
	const struct pci_function *fn;
	void *common, *notify, *config;	/* registers; config is the device type's own */
	u32 notify_multiplier;
};

/*
 * Resets the device and agrees on VERSION_1 and those of `wanted` that it offers, into *features.
 * NULL, or what is wrong with it. The device does nothing before virtio_start().
 */
const char *virtio_open(struct virtio_device *dev, const struct pci_function *fn, u64 wanted,
			u64 *features);
/*
 * Queue number `index`, which calls handler(arg) when the device has used something.
 * NULL, or what is wrong.
 */
const char *virtqueue_open(struct virtio_device *dev, struct virtqueue *queue, u16 index,
			   void (*handler)(void *arg), void *arg);
void virtio_start(struct virtio_device *dev);

/* Gives the device the chain that begins at a descriptor, and rings. */
void virtqueue_submit(struct virtqueue *queue, u16 head);
/* The first descriptor of a chain that the device is done with; -1: none now. */
int virtqueue_take(struct virtqueue *queue);
