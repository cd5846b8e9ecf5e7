/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* See vfio.h. The interface is that of <linux/vfio.h>. */
#include <err.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vfio.h"

#define PAGE 4096

struct vfio vfio_open(const char *address)
{
	char link[PATH_MAX], target[PATH_MAX], group_path[PATH_MAX];
	struct vfio v;
	ssize_t n;
	int group;

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/iommu_group", address);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		err(1, "%s", link);
	target[n] = 0;
	snprintf(group_path, sizeof(group_path), "/dev/vfio/%s", basename(target));

	v.container = open("/dev/vfio/vfio", O_RDWR);
	if (v.container < 0)
		err(1, "/dev/vfio/vfio");
	group = open(group_path, O_RDWR);
	if (group < 0)
		err(1, "%s", group_path);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &v.container))
		err(1, "VFIO_GROUP_SET_CONTAINER");
	if (ioctl(v.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		err(1, "VFIO_SET_IOMMU");
	v.device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address);
	if (v.device < 0)
		err(1, "VFIO_GROUP_GET_DEVICE_FD");
	return v;
}

/* What vfio says of a region, with room for its capabilities; to be freed. */
static struct vfio_region_info *info(const struct vfio *v, unsigned region)
{
	struct vfio_region_info *i = calloc(1, PAGE);

	if (!i)
		err(1, "no memory");
	i->argsz = PAGE;
	i->index = region;
	if (ioctl(v->device, VFIO_DEVICE_GET_REGION_INFO, i))
		err(1, "VFIO_DEVICE_GET_REGION_INFO of region %u", region);
	return i;
}

uint64_t vfio_region(const struct vfio *v, unsigned region, size_t *size)
{
	struct vfio_region_info *i = info(v, region);
	uint64_t offset = i->offset;

	*size = i->size;
	free(i);
	return offset;
}

/* Maps one area, as far as it is within `len`. */
static void map_area(const struct vfio *v, const struct vfio_region_info *i, char *base, uint64_t *pages, size_t len,
		     uint64_t offset, uint64_t size)
{
	if (offset >= len)
		return;
	if (size > len - offset)
		size = len - offset;
	if (mmap(base + offset, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, v->device, i->offset + offset) ==
	    MAP_FAILED)
		err(1, "mmap of region %u", i->index);
	for (uint64_t page = offset / PAGE; page < (offset + size) / PAGE; page++)
		pages[page / 64] |= 1ull << page % 64;
}

void *vfio_map(const struct vfio *v, unsigned bar, size_t len, uint64_t *pages)
{
	struct vfio_region_info *i = info(v, bar);
	char *base = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool sparse = false;

	if (base == MAP_FAILED)
		err(1, "mmap");
	memset(pages, 0, (len / PAGE + 63) / 64 * sizeof(*pages));
	for (uint32_t at = i->flags & VFIO_REGION_INFO_FLAG_CAPS ? i->cap_offset : 0; at;) {
		struct vfio_info_cap_header *h = (void *)((char *)i + at);

		if (h->id == VFIO_REGION_INFO_CAP_SPARSE_MMAP) {
			struct vfio_region_info_cap_sparse_mmap *s = (void *)h;

			sparse = true;
			for (uint32_t n = 0; n < s->nr_areas; n++)
				map_area(v, i, base, pages, len, s->areas[n].offset, s->areas[n].size);
		}
		at = h->next;
	}
	if (!sparse && (i->flags & VFIO_REGION_INFO_FLAG_MMAP))
		map_area(v, i, base, pages, len, 0, i->size);
	free(i);
	return base;
}

bool vfio_read(const struct vfio *v, unsigned region, uint64_t offset, void *data, size_t len)
{
	size_t size;
	uint64_t base = vfio_region(v, region, &size);

	return pread(v->device, data, len, base + offset) == (ssize_t)len;
}

bool vfio_write(const struct vfio *v, unsigned region, uint64_t offset, const void *data, size_t len)
{
	size_t size;
	uint64_t base = vfio_region(v, region, &size);

	return pwrite(v->device, data, len, base + offset) == (ssize_t)len;
}

bool vfio_maps_page(const struct vfio *v, unsigned bar, uint64_t offset)
{
	size_t size;
	uint64_t base = vfio_region(v, bar, &size);
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, v->device, base + offset / PAGE * PAGE);

	if (p == MAP_FAILED)
		return false;
	munmap(p, PAGE);
	return true;
}

bool vfio_ioeventfd(const struct vfio *v, unsigned bar, uint64_t offset)
{
	size_t size;
	struct vfio_device_ioeventfd request = {
		.argsz = sizeof(request),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.offset = vfio_region(v, bar, &size) + offset,
		.fd = eventfd(0, 0),
	};
	bool done = !ioctl(v->device, VFIO_DEVICE_IOEVENTFD, &request);

	close(request.fd);
	return done;
}

void *vfio_dma_memory(const struct vfio *v, uint64_t iova, size_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory,
		.iova = iova,
		.size = len,
	};

	if (memory == MAP_FAILED)
		err(1, "mmap");
	if (ioctl(v->container, VFIO_IOMMU_MAP_DMA, &map))
		err(1, "VFIO_IOMMU_MAP_DMA");
	return memory;
}

int vfio_msi(const struct vfio *v)
{
	union {
		struct vfio_irq_set set;
		char room[sizeof(struct vfio_irq_set) + sizeof(int)];
	} irq = {
		.set = {
			.argsz = sizeof(irq),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = VFIO_PCI_MSI_IRQ_INDEX,
			.count = 1,
		},
	};
	int fd = eventfd(0, 0);

	if (fd < 0)
		err(1, "eventfd");
	memcpy(irq.set.data, &fd, sizeof(fd));
	if (ioctl(v->device, VFIO_DEVICE_SET_IRQS, &irq.set))
		err(1, "VFIO_DEVICE_SET_IRQS");
	return fd;
}

bool vfio_reset(const struct vfio *v)
{
	return !ioctl(v->device, VFIO_DEVICE_RESET);
}
