/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What reaches memory from a VF: its interrupt ring and MSI, and DMA on request. See vf.h. */
#include <err.h>
#include <poll.h>
#include <unistd.h>

#include "vf.h"

/* Registers, byte offsets (sections 3.5 and 3.6 of the hardware reference) */
#define IH_RB_CNTL 0x38c0
#define IH_RB_BASE 0x38c4
#define IH_RB_RPTR 0x38c8
#define IH_RB_WPTR 0x38cc
#define IH_RB_WPTR_ADDR_HI 0x38d0
#define IH_RB_WPTR_ADDR_LO 0x38d4
#define MAILBOX_INT_CNTL 0x5344

/* Enabled, 1024 dwords, write-back, interrupts, to be armed by the read pointer */
#define IH_ON (1u << 0 | 10u << 1 | 1u << 8 | 1u << 17 | 1u << 21)
#define RING_LEN 4096
#define ENTRY_LEN 16
/* Where the VF has them; below what the IOMMU keeps for MSIs */
#define RING_AT 0x10000000

/* Test registers of the model (qemu-test/device/debug.c) */
#define DBG_DMA_LO 0x3ff10
#define DBG_DMA_HI 0x3ff14
#define DBG_DMA_DATA 0x3ff18
#define DBG_DMA_GO 0x3ff1c
#define DBG_DMA_RESULT 0x3ff20

const char *vf_make_ring(struct vf_io *v)
{
	if (!v->through_vfio)
		return "not-vfio";
	/* The ring, then the page with the write pointer's copy. */
	v->ring = vfio_dma_memory(&v->vfio, RING_AT, 2 * RING_LEN);
	v->rptr = 0;
	v->msi = vfio_msi(&v->vfio);
	vf_write(v, IH_RB_CNTL, 0);
	vf_write(v, IH_RB_BASE, RING_AT >> 8);
	vf_write(v, IH_RB_WPTR_ADDR_HI, 0);
	vf_write(v, IH_RB_WPTR_ADDR_LO, RING_AT + RING_LEN);
	vf_write(v, IH_RB_WPTR, 0);
	vf_write(v, IH_RB_CNTL, IH_ON);
	vf_write(v, IH_RB_RPTR, 0);
	vf_write(v, MAILBOX_INT_CNTL, 3);
	return "ok";
}

const char *vf_wait_interrupt(struct vf_io *v, uint32_t source)
{
	struct pollfd msi = { .fd = v->msi, .events = POLLIN };
	bool found = false;
	uint64_t count;

	if (!v->ring)
		return "no-ring";
	while (!found) {
		if (poll(&msi, 1, PATIENCE_MS) != 1)
			return "no-msi";
		if (read(v->msi, &count, sizeof(count)) != sizeof(count))
			err(1, "eventfd");
		while (v->rptr != v->ring[RING_LEN / 4]) {
			found |= (v->ring[v->rptr / 4] & 0xff) == source;
			v->rptr = (v->rptr + ENTRY_LEN) % RING_LEN;
		}
		vf_write(v, IH_RB_RPTR, v->rptr);
	}
	return "ok";
}

const char *vf_dma(struct vf_io *v, uint64_t address)
{
	vf_write(v, DBG_DMA_LO, address);
	vf_write(v, DBG_DMA_HI, address >> 32);
	vf_write(v, DBG_DMA_DATA, 0xfeedf00d);
	vf_write(v, DBG_DMA_GO, 1);
	return vf_read(v, DBG_DMA_RESULT) ? "refused" : "ok";
}
