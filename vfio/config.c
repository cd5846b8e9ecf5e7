// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * gim-vfio-pci: the VF's configuration space. A VF's command register has no bits for I/O and memory. vfio-pci-core shows
 * the guest the memory bit as the guest wrote it, but not the I/O bit; drivers that insist on reading it back need that too.
 */
#include <linux/uaccess.h>

#include "gim_vfio_pci.h"

ssize_t gim_vfio_config_read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *ppos)
{
	struct vfio_pci_core_device *core = &to_gim(vdev)->core;
	loff_t pos = *ppos & VFIO_PCI_OFFSET_MASK;
	size_t register_offset, copy_count;
	loff_t copy_offset;
	ssize_t done;
	__le16 cmd = 0;

	done = vfio_pci_core_read(vdev, buf, count, ppos);
	if (done <= 0)
		return done;
	if (!(le16_to_cpup((__le16 *)&core->vconfig[PCI_COMMAND]) & PCI_COMMAND_IO))
		return done;
	if (!vfio_pci_core_range_intersect_range(pos, done, PCI_COMMAND, sizeof(cmd), &copy_offset, &copy_count,
						 &register_offset))
		return done;
	if (copy_from_user((void *)&cmd + register_offset, buf + copy_offset, copy_count))
		return -EFAULT;
	cmd |= cpu_to_le16(PCI_COMMAND_IO);
	if (copy_to_user(buf + copy_offset, (void *)&cmd + register_offset, copy_count))
		return -EFAULT;
	return done;
}
