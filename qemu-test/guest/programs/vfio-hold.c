/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * vfio-hold ADDRESS: opens a PCI device that is bound to vfio-pci, as a hypervisor does for a guest, says "open" and
 * keeps it open until its standard input ends or it is killed.
 */
#include <err.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char link[PATH_MAX], target[PATH_MAX], group_path[PATH_MAX];
	int container, group, device;
	ssize_t n;

	if (argc != 2)
		errx(2, "usage: vfio-hold ADDRESS");
	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/iommu_group", argv[1]);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		err(1, "%s", link);
	target[n] = 0;
	snprintf(group_path, sizeof(group_path), "/dev/vfio/%s", basename(target));

	container = open("/dev/vfio/vfio", O_RDWR);
	if (container < 0)
		err(1, "/dev/vfio/vfio");
	group = open(group_path, O_RDWR);
	if (group < 0)
		err(1, "%s", group_path);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		err(1, "VFIO_GROUP_SET_CONTAINER");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU))
		err(1, "VFIO_SET_IOMMU");
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, argv[1]);
	if (device < 0)
		err(1, "VFIO_GROUP_GET_DEVICE_FD");

	puts("open");
	fflush(stdout);
	while (read(0, link, sizeof(link)) > 0)
		;
	return 0;
}
