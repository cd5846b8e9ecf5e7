/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What gim offers to other modules: the driver of its VFs tells it what becomes of them. See vf_events.rs.
 *
 * gim can be unloaded and loaded anew while guests have VFs, so that who calls this gets it with symbol_get() each time.
 */
#ifndef GIM_VF_EVENTS_H
#define GIM_VF_EVENTS_H

struct pci_dev;

/* What the user of a VF has done with it; numbers are also in vf_events.rs. */
enum gim_vf_event {
	/* Somebody has it from now on */
	GIM_VF_OPENED = 0,
	/* Nobody has it any more, and it was reset if it can be */
	GIM_VF_CLOSED = 1,
	/* It was reset (FLR) */
	GIM_VF_RESET = 2,
};

/*
 * Tells gim of something that became of VF `vf` (from 0) of the physical function `pf`. Does not wait for what follows;
 * may sleep. Returns 0, -ENODEV if gim does not have `pf`, or -EINVAL if there is no such VF or event.
 */
int gim_vf_event(struct pci_dev *pf, unsigned int vf, unsigned int event);

#endif
