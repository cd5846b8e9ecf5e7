/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* All that the interpreter needs of it is in shim.h. */
#include "../shim.h"
