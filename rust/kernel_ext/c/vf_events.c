// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Exports what vf_events.rs defines, which Rust modules cannot do themselves. */
#include <linux/export.h>

#include "vf_events.h"

EXPORT_SYMBOL_GPL(gim_vf_event);
