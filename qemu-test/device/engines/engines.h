/*
 * AMD FirePro S7150 model: what the files of the engines share: the queues of
 * a function's command processor and SDMA engines, and where each is in its
 * ring and in the buffers that the ring has called.
 *
 * All that comes from rings, buffers, queue descriptors and page tables is a
 * guest's data: it is checked where it is used.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef S7150_ENGINES_H
#define S7150_ENGINES_H

#include "../s7150.h"

/* Hardware queues of the compute micro engines 1 and 2: 4 pipes of 8 each */
#define HQDS            64
#define HQD_REGS        ((R_CP_HQD_EOP_DONES - R_CP_MQD_BASE_ADDR) / 4 + 1)
#define VMIDS           16

enum { QUEUE_GFX, QUEUE_SDMA0, QUEUE_SDMA1, QUEUE_HQD0, QUEUES = QUEUE_HQD0 + HQDS };

/* As what a queue is counted, and named in rules of faults */
typedef enum QueueKind {
    KIND_GFX, KIND_KIQ, KIND_COMPUTE, KIND_SDMA0, KIND_SDMA1, KIND_MAX,
} QueueKind;

/* How deep a ring may call buffers: one, one from that, and one from that */
#define MAX_DEPTH       3

/* An indirect buffer that is being worked on; in dwords */
typedef struct Buffer {
    uint64_t addr;
    uint32_t at, len;
    uint32_t vmid;
} Buffer;

/*
 * Where an engine is. The ring itself is described by registers; `on` is for
 * hardware queues, which are mapped and unmapped.
 */
typedef struct Queue {
    bool on;
    bool broken;                /* met what it does not understand: it hangs */
    uint32_t rptr, wptr;        /* dwords */
    uint32_t depth;
    Buffer buffer[MAX_DEPTH];
} Queue;

#define NO_DOORBELL     (-1)

/* What the registers say of a queue */
typedef struct Ring {
    uint64_t base;
    uint32_t size;              /* dwords, a power of 2; 0: there is none */
    uint64_t report;            /* where the read pointer is written; 0: not */
    int64_t doorbell;           /* index of a dword; NO_DOORBELL */
    bool halted;
} Ring;

typedef struct QueueCount {
    uint64_t packets, buffers, fences, bytes;
    uint64_t suspended;         /* times that a world switch stopped its work */
} QueueCount;

struct S7150Engines {
    Queue queue[QUEUES];
    uint32_t hqd[HQDS][HQD_REGS];       /* the banks of SRBM_GFX_CNTL */
    QEMUTimer *timer;
    int64_t busy_until;         /* what has been carried out takes so long */
    bool in_turn;
    QueueCount count[KIND_MAX];
    uint64_t vm_faults;
};

/* What came of a packet */
typedef enum Step {
    STEP_DONE,
    STEP_WAIT,                  /* for memory or a register: look again */
    STEP_BAD,                   /* the engine hangs */
} Step;

/* A packet, in the host's byte order, and who carries it out */
typedef struct Packet {
    S7150Fn *f;
    Queue *queue;
    const uint32_t *p;          /* with its header */
    uint32_t len;
    uint32_t vmid;              /* whose addresses it uses; 0: the driver's */
    uint64_t bytes;             /* how much memory it moved */
} Packet;

static inline uint64_t engine_pair(uint32_t lo, uint32_t hi)
{
    return (uint64_t)hi << 32 | lo;
}

/* queues.c: what registers say, and what writing them does */
QueueKind engine_kind(S7150Fn *f, const Queue *q);
Ring engine_ring(S7150Fn *f, const Queue *q);
uint32_t engine_queue_id(S7150Fn *f, const Queue *q);
bool engine_polls(S7150Fn *f, const Queue *q);
void engine_poll(S7150Fn *f, Queue *q);
void engine_show(S7150Fn *f, const Queue *q);
void engine_map_queue(S7150Fn *f, uint32_t hqd, uint64_t mqd,
                      uint32_t doorbell);
void engine_unmap_queue(S7150Fn *f, uint32_t doorbell, bool all);

/* run.c */
void engine_kick(S7150Fn *f);
bool engine_call(Packet *k, uint64_t addr, uint32_t len, uint32_t vmid,
                 bool chain);
void engine_skip(Packet *k, uint32_t dwords);
bool engine_compare(uint32_t function, uint32_t value, uint32_t reference);

/* pm4.c, sdma.c: dwords of a packet of which n are at hand; 0: no such */
uint32_t pm4_length(const uint32_t *p, uint32_t n);
Step pm4_packet(Packet *k);
uint32_t sdma_length(const uint32_t *p, uint32_t n);
Step sdma_packet(Packet *k);

/* vm.c: memory as a VMID sees it */
bool engine_rw(S7150Fn *f, uint32_t vmid, uint64_t addr, void *buf,
               uint64_t len, bool write);
void engine_write32(S7150Fn *f, uint32_t vmid, uint64_t addr, uint32_t val);
void engine_write64(S7150Fn *f, uint32_t vmid, uint64_t addr, uint64_t val);
bool engine_read32(S7150Fn *f, uint32_t vmid, uint64_t addr, uint32_t *val);
void engine_copy(Packet *k, uint64_t to, uint64_t from, uint64_t len);
void engine_fill(Packet *k, uint64_t to, uint32_t pattern, uint64_t len);

#endif
