// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * gim-vfio-pci: gives VFs of the AMD FirePro S7150 to user space, on top of vfio-pci-core. Differs from vfio-pci in that
 * gim is told when a VF is opened, closed and reset, that guests read back the I/O-enable bit (config.c), and that they do
 * not reach some registers (registers.c).
 */
#include <linux/module.h>
#include <linux/uaccess.h>

#include "../rust/kernel_ext/c/vf_events.h"
#include "gim_vfio_pci.h"

/* gim may be away, or not have the PF: it leaves VFs that are in use, and looks itself when it comes back. */
static void tell_gim(struct pci_dev *vf, enum gim_vf_event event)
{
	typeof(&gim_vf_event) tell = symbol_get(gim_vf_event);

	if (!tell)
		return;
	tell(pci_physfn(vf), pci_iov_vf_id(vf), event);
	symbol_put(gim_vf_event);
}

static int gim_vfio_open_device(struct vfio_device *vdev)
{
	struct vfio_pci_core_device *core = &to_gim(vdev)->core;
	int ret;

	ret = vfio_pci_core_enable(core);
	if (ret)
		return ret;
	vfio_pci_core_finish_enable(core);
	tell_gim(core->pdev, GIM_VF_OPENED);
	return 0;
}

static void gim_vfio_close_device(struct vfio_device *vdev)
{
	vfio_pci_core_close_device(vdev);
	tell_gim(to_gim(vdev)->core.pdev, GIM_VF_CLOSED);
}

static ssize_t gim_vfio_read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *ppos)
{
	switch (VFIO_PCI_OFFSET_TO_INDEX(*ppos)) {
	case VFIO_PCI_CONFIG_REGION_INDEX:
		return gim_vfio_config_read(vdev, buf, count, ppos);
	case VFIO_PCI_BAR5_REGION_INDEX:
		return gim_vfio_registers_rw(vdev, buf, count, ppos, false);
	default:
		return vfio_pci_core_read(vdev, buf, count, ppos);
	}
}

static ssize_t gim_vfio_write(struct vfio_device *vdev, const char __user *buf, size_t count, loff_t *ppos)
{
	if (VFIO_PCI_OFFSET_TO_INDEX(*ppos) == VFIO_PCI_BAR5_REGION_INDEX)
		return gim_vfio_registers_rw(vdev, (char __user *)buf, count, ppos, true);
	return vfio_pci_core_write(vdev, buf, count, ppos);
}

static int gim_vfio_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	if (vma->vm_pgoff >> (VFIO_PCI_OFFSET_SHIFT - PAGE_SHIFT) == VFIO_PCI_BAR5_REGION_INDEX)
		return gim_vfio_registers_mmap(vdev, vma);
	return vfio_pci_core_mmap(vdev, vma);
}

/* The kernel's own writes on behalf of an eventfd would go past gim_vfio_write(). */
static bool is_ioeventfd_for_registers(unsigned long arg)
{
	struct vfio_device_ioeventfd ioeventfd;

	return !copy_from_user(&ioeventfd, (void __user *)arg, offsetofend(struct vfio_device_ioeventfd, offset)) &&
	       VFIO_PCI_OFFSET_TO_INDEX(ioeventfd.offset) == VFIO_PCI_BAR5_REGION_INDEX;
}

static long gim_vfio_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	if (cmd == VFIO_DEVICE_IOEVENTFD && is_ioeventfd_for_registers(arg))
		return -EINVAL;
	return vfio_pci_core_ioctl(vdev, cmd, arg);
}

static int gim_vfio_init_dev(struct vfio_device *vdev)
{
	mutex_init(&to_gim(vdev)->index_lock);
	return vfio_pci_core_init_dev(vdev);
}

static void gim_vfio_release_dev(struct vfio_device *vdev)
{
	mutex_destroy(&to_gim(vdev)->index_lock);
	vfio_pci_core_release_dev(vdev);
}

/* Other devices would write to registers past gim_vfio_write(): vdev->pci_ops, which exports BARs to them, stays empty. */
static const struct vfio_device_ops gim_vfio_ops = {
	.name = "gim-vfio-pci",
	.init = gim_vfio_init_dev,
	.release = gim_vfio_release_dev,
	.open_device = gim_vfio_open_device,
	.close_device = gim_vfio_close_device,
	.ioctl = gim_vfio_ioctl,
	.get_region_info_caps = gim_vfio_region_info_caps,
	.device_feature = vfio_pci_core_ioctl_feature,
	.read = gim_vfio_read,
	.write = gim_vfio_write,
	.mmap = gim_vfio_mmap,
	.request = vfio_pci_core_request,
	.match = vfio_pci_core_match,
	.match_token_uuid = vfio_pci_core_match_token_uuid,
	.bind_iommufd = vfio_iommufd_physical_bind,
	.unbind_iommufd = vfio_iommufd_physical_unbind,
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
};

static int gim_vfio_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct gim_vfio_device *gim;
	int ret;

	if (!pdev->is_virtfn)
		return -ENODEV;
	gim = vfio_alloc_device(gim_vfio_device, core.vdev, &pdev->dev, &gim_vfio_ops);
	if (IS_ERR(gim))
		return PTR_ERR(gim);
	dev_set_drvdata(&pdev->dev, &gim->core);
	ret = vfio_pci_core_register_device(&gim->core);
	if (ret)
		vfio_put_device(&gim->core.vdev);
	return ret;
}

static void gim_vfio_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	vfio_pci_core_unregister_device(core);
	vfio_put_device(&core->vdev);
}

/* The PCI core calls this after each reset but the one at the end, which closing stands for. */
static void gim_vfio_reset_done(struct pci_dev *pdev)
{
	tell_gim(pdev, GIM_VF_RESET);
}

static const struct pci_error_handlers gim_vfio_err_handlers = {
	.reset_done = gim_vfio_reset_done,
	.error_detected = vfio_pci_core_aer_err_detected,
};

/* VFs of the S7150 (section 1.1 of the hardware reference) */
static const struct pci_device_id gim_vfio_table[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_VENDOR_ID_ATI, 0x692f) },
	{}
};
MODULE_DEVICE_TABLE(pci, gim_vfio_table);

static struct pci_driver gim_vfio_driver = {
	.name = "gim-vfio-pci",
	.id_table = gim_vfio_table,
	.probe = gim_vfio_probe,
	.remove = gim_vfio_remove,
	.err_handler = &gim_vfio_err_handlers,
	.driver_managed_dma = true,
};
module_pci_driver(gim_vfio_driver);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_AUTHOR("The gim developers");
MODULE_DESCRIPTION("VFIO driver of the VFs of the AMD FirePro S7150");
