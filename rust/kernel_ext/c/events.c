// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The tracepoints themselves, and the functions by which trace.rs calls those
 * that are on. Tracepoints cannot be defined but in C.
 */
#include <linux/module.h>

#define CREATE_TRACE_POINTS
#define CREATE_RUST_TRACE_POINTS
#include "trace.h"
