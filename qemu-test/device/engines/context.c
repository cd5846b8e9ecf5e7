/*
 * AMD FirePro S7150 model: what of the engines a world switch saves into the
 * context save area and takes from there: where each queue is. Write pointers
 * are not among it, as a guest may move them at any time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "engines.h"

typedef struct QEMU_PACKED SavedQueue {
    uint32_t rptr, depth, broken;
    struct QEMU_PACKED {
        uint64_t addr;
        uint32_t at, len, vmid;
    } buffer[MAX_DEPTH];
} SavedQueue;

size_t s7150_engines_context_size(void)
{
    return sizeof(SavedQueue) * QUEUES;
}

/* What is saved is nowhere else from then on. */
void s7150_engines_save(S7150Fn *f, void *to)
{
    SavedQueue *saved = to;

    for (int i = 0; i < QUEUES; i++) {
        Queue *q = &f->engines->queue[i];

        saved[i] = (SavedQueue) {
            .rptr = cpu_to_le32(q->rptr), .depth = cpu_to_le32(q->depth),
            .broken = cpu_to_le32(q->broken),
        };
        for (uint32_t k = 0; k < q->depth; k++) {
            saved[i].buffer[k].addr = cpu_to_le64(q->buffer[k].addr);
            saved[i].buffer[k].at = cpu_to_le32(q->buffer[k].at);
            saved[i].buffer[k].len = cpu_to_le32(q->buffer[k].len);
            saved[i].buffer[k].vmid = cpu_to_le32(q->buffer[k].vmid);
        }
        *q = (Queue) { .on = q->on, .wptr = q->wptr };
    }
}

/* The area has been checked to be as it was saved. */
void s7150_engines_load(S7150Fn *f, const void *from)
{
    const SavedQueue *saved = from;

    for (int i = 0; i < QUEUES; i++) {
        Queue *q = &f->engines->queue[i];

        q->rptr = le32_to_cpu(saved[i].rptr);
        q->depth = MIN(le32_to_cpu(saved[i].depth), MAX_DEPTH);
        q->broken = le32_to_cpu(saved[i].broken);
        for (uint32_t k = 0; k < q->depth; k++) {
            q->buffer[k] = (Buffer) {
                .addr = le64_to_cpu(saved[i].buffer[k].addr),
                .at = le32_to_cpu(saved[i].buffer[k].at),
                .len = le32_to_cpu(saved[i].buffer[k].len),
                .vmid = le32_to_cpu(saved[i].buffer[k].vmid) % VMIDS,
            };
        }
    }
}
