/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * vfio-hold ADDRESS: opens a PCI device that is bound to vfio-pci, as a hypervisor does for a guest, says "open" and
 * keeps it open until its standard input ends or it is killed.
 */
#include <err.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/vfio.h"

int main(int argc, char **argv)
{
	char buffer[64];

	if (argc != 2)
		errx(2, "usage: vfio-hold ADDRESS");
	vfio_open(argv[1]);
	puts("open");
	fflush(stdout);
	while (read(0, buffer, sizeof(buffer)) > 0)
		;
	return 0;
}
