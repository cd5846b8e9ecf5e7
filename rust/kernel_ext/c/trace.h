/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The tracepoints gim:*, for events.c and by it for trace.rs. Described in
 * Documentation/trace/events-gim.rst. Numbers of the enumerations are those of
 * the functional core (rust/core), in the order in which they are there.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM gim

#if !defined(GIM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define GIM_TRACE_H

#include <linux/device.h>
#include <linux/tracepoint.h>

TRACE_EVENT(world_switch,
	TP_PROTO(const struct device *dev, u8 from, u8 to, u64 idle_ns, u64 save_ns,
		 u64 load_ns, u64 run_ns, u64 total_ns),
	TP_ARGS(dev, from, to, idle_ns, save_ns, load_ns, run_ns, total_ns),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u8, from)
		__field(u8, to)
		__field(u64, idle_ns)
		__field(u64, save_ns)
		__field(u64, load_ns)
		__field(u64, run_ns)
		__field(u64, total_ns)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->from = from;
		__entry->to = to;
		__entry->idle_ns = idle_ns;
		__entry->save_ns = save_ns;
		__entry->load_ns = load_ns;
		__entry->run_ns = run_ns;
		__entry->total_ns = total_ns;
	),
	TP_printk("dev=%s from=%u to=%u idle_ns=%llu save_ns=%llu load_ns=%llu run_ns=%llu total_ns=%llu",
		  __get_str(dev), __entry->from, __entry->to, __entry->idle_ns,
		  __entry->save_ns, __entry->load_ns, __entry->run_ns,
		  __entry->total_ns)
);

TRACE_EVENT(command,
	TP_PROTO(const struct device *dev, u8 command, u8 vf, u8 result, u64 took_ns),
	TP_ARGS(dev, command, vf, result, took_ns),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u8, command)
		__field(u8, vf)
		__field(u8, result)
		__field(u64, took_ns)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->command = command;
		__entry->vf = vf;
		__entry->result = result;
		__entry->took_ns = took_ns;
	),
	TP_printk("dev=%s command=%s vf=%u result=%s took_ns=%llu",
		  __get_str(dev),
		  __print_symbolic(__entry->command,
				   { 1, "IDLE" }, { 2, "SAVE" }, { 3, "LOAD" },
				   { 4, "RUN" }, { 7, "INIT" },
				   { 8, "SAVE_RLCV" }, { 9, "LOAD_RLCV" }),
		  __entry->vf,
		  __print_symbolic(__entry->result,
				   { 0, "done" }, { 1, "gfx-hang" },
				   { 2, "sdma-hang" }, { 3, "timeout" },
				   { 4, "gone" }),
		  __entry->took_ns)
);

TRACE_EVENT(operation,
	TP_PROTO(const struct device *dev, u8 operation, u8 vf, bool done, u64 took_ns),
	TP_ARGS(dev, operation, vf, done, took_ns),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u8, operation)
		__field(u8, vf)
		__field(bool, done)
		__field(u64, took_ns)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->operation = operation;
		__entry->vf = vf;
		__entry->done = done;
		__entry->took_ns = took_ns;
	),
	TP_printk("dev=%s operation=%s vf=%u result=%s took_ns=%llu",
		  __get_str(dev),
		  __print_symbolic(__entry->operation,
				   { 0, "prepare" }, { 1, "clear" },
				   { 2, "fill" }, { 3, "resize" },
				   { 4, "save-rlcv" }, { 5, "flr" },
				   { 6, "restore-rlcv" }, { 7, "reset-gpu" },
				   { 8, "query-work" }, { 9, "hand-over" }),
		  __entry->vf, __entry->done ? "done" : "failed",
		  __entry->took_ns)
);

TRACE_EVENT(message,
	TP_PROTO(const struct device *dev, u8 vf, bool to_vf, u32 id),
	TP_ARGS(dev, vf, to_vf, id),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u8, vf)
		__field(bool, to_vf)
		__field(u32, id)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->vf = vf;
		__entry->to_vf = to_vf;
		__entry->id = id;
	),
	TP_printk("dev=%s vf=%u dir=%s id=%u", __get_str(dev), __entry->vf,
		  __entry->to_vf ? "to-vf" : "from-vf", __entry->id)
);

TRACE_EVENT(exclusive,
	TP_PROTO(const struct device *dev, u8 vf, bool granted, u64 held_ns),
	TP_ARGS(dev, vf, granted, held_ns),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u8, vf)
		__field(bool, granted)
		__field(u64, held_ns)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->vf = vf;
		__entry->granted = granted;
		__entry->held_ns = held_ns;
	),
	TP_printk("dev=%s vf=%u what=%s held_ns=%llu", __get_str(dev),
		  __entry->vf, __entry->granted ? "granted" : "ended",
		  __entry->held_ns)
);

TRACE_EVENT(reset,
	TP_PROTO(const struct device *dev, u8 vf, u8 reason),
	TP_ARGS(dev, vf, reason),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u8, vf)
		__field(u8, reason)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->vf = vf;
		__entry->reason = reason;
	),
	TP_printk("dev=%s vf=%u reason=%s", __get_str(dev), __entry->vf,
		  __print_symbolic(__entry->reason,
				   { 0, "idle" }, { 1, "save" }, { 2, "load" },
				   { 3, "run" }, { 4, "start" },
				   { 5, "exclusive_timeout" }, { 6, "guest" },
				   { 7, "user" }, { 8, "administrator" },
				   { 9, "gpu" }, { 10, "step" },
				   { 11, "vf-reset" }))
);

TRACE_EVENT(guard,
	TP_PROTO(const struct device *dev, u8 vf, u8 kind),
	TP_ARGS(dev, vf, kind),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u8, vf)
		__field(u8, kind)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->vf = vf;
		__entry->kind = kind;
	),
	TP_printk("dev=%s vf=%u kind=%s", __get_str(dev), __entry->vf,
		  __print_symbolic(__entry->kind,
				   { 0, "flr" }, { 1, "exclusive" },
				   { 2, "exclusive_timeout" },
				   { 3, "interrupt" }, { 4, "message" }))
);

TRACE_EVENT(state,
	TP_PROTO(const struct device *dev, u8 vf, u8 state),
	TP_ARGS(dev, vf, state),
	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u8, vf)
		__field(u8, state)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->vf = vf;
		__entry->state = state;
	),
	TP_printk("dev=%s vf=%u state=%s", __get_str(dev), __entry->vf,
		  __print_symbolic(__entry->state,
				   { 0, "disabled" }, { 1, "available" },
				   { 2, "starting" }, { 3, "exclusive" },
				   { 4, "running" }, { 5, "leaving" },
				   { 6, "resetting" }, { 7, "stopped" }))
);

#endif

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
