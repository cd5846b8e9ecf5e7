/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* gim-vfio-pci: what its parts know of each other. */
#ifndef GIM_VFIO_PCI_H
#define GIM_VFIO_PCI_H

#include <linux/mutex.h>
#include <linux/vfio_pci_core.h>

struct gim_vfio_device {
	struct vfio_pci_core_device core;
	/* MM_INDEX stays what it is between a look at it and an access to MM_DATA */
	struct mutex index_lock;
};

static inline struct gim_vfio_device *to_gim(struct vfio_device *vdev)
{
	return container_of(vdev, struct gim_vfio_device, core.vdev);
}

/* config.c */
ssize_t gim_vfio_config_read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *ppos);

/* registers.c */
int gim_vfio_region_info_caps(struct vfio_device *vdev, struct vfio_region_info *info, struct vfio_info_cap *caps);
int gim_vfio_registers_mmap(struct vfio_device *vdev, struct vm_area_struct *vma);
ssize_t gim_vfio_registers_rw(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *ppos, bool write);

#endif
