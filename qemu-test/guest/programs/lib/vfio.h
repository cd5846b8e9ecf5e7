/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A PCI device that is bound to vfio-pci or a variant of it, opened as a hypervisor does for a guest: a container, and
 * so an address space for its DMA, of its own.
 */
#ifndef LIB_VFIO_H
#define LIB_VFIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The region that is the configuration space; BARs are 0 to 5 */
#define VFIO_CONFIG 7

struct vfio {
	int container, device;
};

/* Opens the device with this address (0000:01:02.0), or ends the program. */
struct vfio vfio_open(const char *address);

/* Offset of a region in the device's file; *size in bytes, 0 if there is none. */
uint64_t vfio_region(const struct vfio *v, unsigned region, size_t *size);

/*
 * Maps as much as vfio allows of the first `len` bytes of a BAR, and sets the bits of `pages` for the pages that are
 * mapped; the rest is reserved and must not be touched.
 */
void *vfio_map(const struct vfio *v, unsigned bar, size_t len, uint64_t *pages);

/* Reads or writes `len` bytes of a region through the device's file; false if it refuses. */
bool vfio_read(const struct vfio *v, unsigned region, uint64_t offset, void *data, size_t len);
bool vfio_write(const struct vfio *v, unsigned region, uint64_t offset, const void *data, size_t len);

/* Whether the page of a BAR with this offset can be mapped, whatever vfio_map() has found. */
bool vfio_maps_page(const struct vfio *v, unsigned bar, uint64_t offset);

/* Whether the kernel agrees to write to a register for an eventfd. */
bool vfio_ioeventfd(const struct vfio *v, unsigned bar, uint64_t offset);

/* Gives the device memory of `len` bytes, which it reaches at `iova` from now on. */
void *vfio_dma_memory(const struct vfio *v, uint64_t iova, size_t len);

/* Switches the MSI on; returns an eventfd that counts it. */
int vfio_msi(const struct vfio *v);

/* Resets the function; false if it fails. */
bool vfio_reset(const struct vfio *v);

#endif
