/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * As much of the kernel as amdgpu's interpreter needs, for a user-space program. Written for this test: nothing is
 * copied from the kernel. Delays and complaints go to the trace (main.c).
 */
#ifndef GIM_SHIM_H
#define GIM_SHIM_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef uint16_t __le16;
typedef uint32_t __le32;

/* Whatever the interpreter complains about must be in the trace: our interpreter has to say something there too. */
void shim_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void shim_delay(unsigned int us);

#define pr_info(...) shim_complain(__VA_ARGS__)
/* Said of what is past the scratch memory, where both interpreters read 0, and of what ends in a failure. */
#define DRM_ERROR(...) do { if (0) printf(__VA_ARGS__); } while (0)
#define drm_info(dev, ...) do { (void)(dev); } while (0)
/* Debug output, and the beep, which is none of the card's. */
#define printk(...) do { if (0) printf(__VA_ARGS__); } while (0)
#define KERN_DEBUG ""
#define scnprintf(buffer, size, ...) shim_print(buffer, size, __VA_ARGS__)
int shim_print(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define GFP_KERNEL 0
#define kzalloc(size, flags) calloc(1, size)
#define kcalloc(n, size, flags) calloc(n, size)
#define kzalloc_obj(object) ((__typeof__(object) *)calloc(1, sizeof(object)))
#define kfree(pointer) free(pointer)

struct mutex { int unused; };
#define mutex_lock(mutex) ((void)(mutex))
#define mutex_unlock(mutex) ((void)(mutex))

/* Time stands still, so that the time limit on loops is never met. */
#define jiffies 0ul
#define time_after(a, b) ((long)((b) - (a)) < 0)
#define jiffies_to_msecs(j) ((unsigned int)(j))
#define udelay(us) shim_delay(us)
#define mdelay(ms) shim_delay((ms) * 1000u)
#define msleep(ms) shim_delay((ms) * 1000u)
#define drm_can_sleep() true

#define cpu_to_le32(x) (x)
#define le16_to_cpu(x) (x)
#define le32_to_cpu(x) (x)
static inline u32 get_unaligned_le32(const void *at)
{
	u32 value;

	memcpy(&value, at, sizeof(value));
	return value;
}

#define __counted_by(member)
#define lower_32_bits(x) ((u32)(x))
#define upper_32_bits(x) ((u32)((x) >> 32))
#define do_div(n, base) ({ u32 rem_ = (n) % (base); (n) /= (base); rem_; })
#define min(a, b) ((a) < (b) ? (a) : (b))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define OPTIMIZER_HIDE_VAR(v) __asm__("" : "+r"(v))
#define str_yes_no(x) ((x) ? "yes" : "no")
#define strscpy(to, from, ...) shim_copy(to, from, sizeof(to))
static inline void shim_copy(void *to, const void *from, size_t size)
{
	snprintf(to, size, "%s", (const char *)from);
}

#endif
