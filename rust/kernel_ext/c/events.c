// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The tracepoints themselves, and a function for each that trace.rs calls.
 * Tracepoints cannot be defined but in C. Rust could look at a tracepoint's key
 * itself, but only with a file that the headers of distributions lack.
 */
#include <linux/module.h>

#define CREATE_TRACE_POINTS
#include "trace.h"

#undef CREATE_TRACE_POINTS
#undef TRACE_EVENT
#define TRACE_EVENT(name, proto, args, ...)		\
	void gim_trace_##name(proto);			\
	void gim_trace_##name(proto)			\
	{						\
		trace_##name(args);			\
	}
#define TRACE_HEADER_MULTI_READ
#include "trace.h"
