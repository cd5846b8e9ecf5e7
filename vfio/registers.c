// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * gim-vfio-pci: the VF's register BAR without what a guest must not reach: resets, power, microcode. Whether the hardware
 * keeps a VF off these is not known. They read zero, and writes have no effect. Pages with such registers cannot be
 * mapped and are reached through read() and write() only; so is the page with MM_INDEX and MM_DATA, through which all
 * registers can be reached, and all that lies beyond the registers, which may repeat them.
 */
#include <linux/align.h>
#include <linux/uaccess.h>

#include "gim_vfio_pci.h"

#define REGISTERS VFIO_PCI_BAR5_REGION_INDEX
/* Bytes of registers (section 1.2 of the hardware reference); the BAR is larger */
#define REGISTERS_LEN 0x40000

/* Indirect access (section 3.2): the index is a register's offset, or one of video memory if bit 31 is set */
#define MM_INDEX 0x0
#define MM_DATA 0x4
#define MM_INDEX_VRAM BIT(31)

struct register_range {
	u32 first, end;
};

/* The list of section 3.12 */
static const struct register_range hidden_ranges[] = {
	{ 0x5200, 0x5228 },
	/* SWRST_*: resets of the PCIe core */
	{ 0x5284, 0x52b4 },
	/* CPM_CONTROL */
	{ 0x52e0, 0x52e4 },
	/* BACO_CNTL: power */
	{ 0x5394, 0x5398 },
	{ 0x5840, 0x5844 },
	/* Microcode ports, RLC-V */
	{ 0x3e000, 0x3f000 },
};

static bool is_hidden(u64 offset)
{
	int i;

	if (offset >= REGISTERS_LEN)
		return true;
	for (i = 0; i < ARRAY_SIZE(hidden_ranges); i++)
		if (offset >= hidden_ranges[i].first && offset < hidden_ranges[i].end)
			return true;
	return false;
}

/* Whether a page, by its number in the BAR, cannot be mapped */
static bool is_trapped(u64 page)
{
	u64 first = page << PAGE_SHIFT, end = first + PAGE_SIZE;
	int i;

	if (first <= MM_DATA || end > REGISTERS_LEN)
		return true;
	for (i = 0; i < ARRAY_SIZE(hidden_ranges); i++)
		if (first < hidden_ranges[i].end && hidden_ranges[i].first < end)
			return true;
	return false;
}

int gim_vfio_region_info_caps(struct vfio_device *vdev, struct vfio_region_info *info, struct vfio_info_cap *caps)
{
	/* Each hidden range, MM_INDEX and the end of the registers end at most one area. */
	DEFINE_RAW_FLEX(struct vfio_region_info_cap_sparse_mmap, sparse, areas, ARRAY_SIZE(hidden_ranges) + 2);
	bool open = false;
	u64 page;
	int ret;

	ret = vfio_pci_ioctl_get_region_info(vdev, info, caps);
	if (ret || info->index != REGISTERS || !(info->flags & VFIO_REGION_INFO_FLAG_MMAP))
		return ret;
	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	for (page = 0; page < REGISTERS_LEN >> PAGE_SHIFT; page++) {
		if (is_trapped(page)) {
			open = false;
			continue;
		}
		if (!open) {
			sparse->areas[sparse->nr_areas++].offset = page << PAGE_SHIFT;
			open = true;
		}
		sparse->areas[sparse->nr_areas - 1].size += PAGE_SIZE;
	}
	return vfio_info_add_capability(caps, &sparse->header, struct_size(sparse, areas, sparse->nr_areas));
}

int gim_vfio_registers_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	u64 page = vma->vm_pgoff & (VFIO_PCI_OFFSET_MASK >> PAGE_SHIFT), end = page + vma_pages(vma);

	/* The first page beyond the registers ends a search that would be long. */
	for (; page < end; page++)
		if (is_trapped(page))
			return -EINVAL;
	return vfio_pci_core_mmap(vdev, vma);
}

/* Whether an access to MM_DATA would now be one to what a guest must not reach; or an error */
static int data_is_hidden(struct vfio_pci_core_device *core)
{
	void __iomem *io = vfio_pci_core_get_iomap(core, REGISTERS);
	u32 index, offset;
	int ret;

	if (IS_ERR(io))
		return PTR_ERR(io);
	ret = vfio_pci_core_ioread32(core, true, &index, io + MM_INDEX);
	if (ret)
		return ret;
	if (index & MM_INDEX_VRAM)
		return false;
	offset = ALIGN_DOWN(index, 4);
	return offset == MM_DATA || is_hidden(offset);
}

/* An access to what lies within one dword */
static ssize_t dword_rw(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *ppos, bool write)
{
	u64 offset = *ppos & VFIO_PCI_OFFSET_MASK;
	int hidden = is_hidden(offset);

	if (ALIGN_DOWN(offset, 4) == MM_DATA) {
		hidden = data_is_hidden(&to_gim(vdev)->core);
		if (hidden < 0)
			return hidden;
	}
	if (!hidden)
		return write ? vfio_pci_core_write(vdev, buf, count, ppos) : vfio_pci_core_read(vdev, buf, count, ppos);
	if (!write && clear_user(buf, count))
		return -EFAULT;
	*ppos += count;
	return count;
}

ssize_t gim_vfio_registers_rw(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *ppos, bool write)
{
	struct gim_vfio_device *gim = to_gim(vdev);
	u64 offset = *ppos & VFIO_PCI_OFFSET_MASK, len = pci_resource_len(gim->core.pdev, REGISTERS);
	ssize_t done = 0;

	if (offset >= len)
		return -EINVAL;
	count = min_t(u64, count, len - offset);
	guard(mutex)(&gim->index_lock);
	while (count) {
		size_t piece = min_t(size_t, count, 4 - (*ppos & 3));
		ssize_t ret = dword_rw(vdev, buf + done, piece, ppos, write);

		if (ret <= 0)
			return done ?: ret;
		done += ret;
		count -= ret;
	}
	return done;
}
