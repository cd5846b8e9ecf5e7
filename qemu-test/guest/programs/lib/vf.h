/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A VF of an emulated S7150 as its guest's driver has it: registers and doorbells, reached through sysfs or through
 * vfio, and the guest's side of the mailbox protocol, as in amdgpu.
 */
#ifndef LIB_VF_H
#define LIB_VF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfio.h"

#define VF_MMIO_BAR 5
#define VF_MMIO_LEN 0x40000
#define VF_MMIO_PAGES (VF_MMIO_LEN / 4096)

/* Messages and replies (section 4.8 of the hardware reference) */
enum { REQ_INIT = 1, REL_INIT, REQ_FINI, REL_FINI, REQ_RESET, TEXT = 255 };
enum { READY = 1 };

/* amdgpu's limit for each wait */
#define PATIENCE_MS 12000

struct vf_io {
	volatile uint32_t *mmio, *doorbell, *fb;
	/* Bytes of the aperture */
	size_t fb_len;
	/* Which pages of mmio are mapped; the others go through vfio's file */
	uint64_t pages[VF_MMIO_PAGES / 64];
	bool through_vfio;
	struct vfio vfio;
	/* The interrupt ring, once there is one, and how far it is read */
	volatile uint32_t *ring;
	uint32_t rptr;
	int msi;
};

/* Opens a function by its folder in sysfs, false if there is none, or by its address through vfio. Ends the program if
 * it is none of an emulated S7150. */
bool vf_open_sysfs(struct vf_io *v, const char *folder);
void vf_open_vfio(struct vf_io *v, const char *address);

uint64_t vf_now_us(void);
/* Whether a register is mapped; if not, it is reached through vfio's file. */
bool vf_is_mapped(struct vf_io *v, uint32_t offset);
uint32_t vf_read(struct vf_io *v, uint32_t offset);
void vf_write(struct vf_io *v, uint32_t offset, uint32_t value);

/* These come to "ok", or to a word that says how they failed. */
const char *vf_send(struct vf_io *v, uint32_t message);
const char *vf_request(struct vf_io *v, uint32_t message);
/* Messages that are taken back at once, for so long: whoever looks for one finds nothing, but was interrupted. */
const char *vf_storm(struct vf_io *v, unsigned long ms);
const char *vf_text(struct vf_io *v, const char *words);
/* A request and its release, with what amdgpu does between them. */
const char *vf_both(struct vf_io *v, uint32_t ask, uint32_t release);
void vf_work(struct vf_io *v, uint32_t us);
const char *vf_wait_work(struct vf_io *v, unsigned ms);

/* Whether the framebuffer reads zero behind the VBIOS, as far as it is looked at: a dword every `step` bytes. */
bool vf_reads_zero(struct vf_io *v, size_t step);

/* Through vfio only. */

/* Sets up an interrupt ring in memory of its own, with interrupts of the mailbox. */
const char *vf_make_ring(struct vf_io *v);
/* Waits until the ring has got an entry with this source, told by MSI. */
const char *vf_wait_interrupt(struct vf_io *v, uint32_t source);
/* Has the function write a dword to this bus address (debug-regs); "refused" if the IOMMU does not let it. */
const char *vf_dma(struct vf_io *v, uint64_t address);

#endif
