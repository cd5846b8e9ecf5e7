/*
 * AMD FirePro S7150 model: packets of the command processor, as many as a
 * guest's driver needs to bring its rings up and to be told of fences. No
 * shaders, no drawing, no VMIDs but 0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "../s7150.h"

#define MAX_DEPTH 3

enum {
    PM4_NOP = 0x10, PM4_INDIRECT_BUFFER_CONST = 0x33, PM4_WRITE_DATA = 0x37,
    PM4_INDIRECT_BUFFER = 0x3f, PM4_COPY_DATA = 0x40,
    PM4_EVENT_WRITE_EOP = 0x47, PM4_RELEASE_MEM = 0x49,
    PM4_SET_UCONFIG_REG = 0x79, PM4_MAP_QUEUES = 0xa2, PM4_UNMAP_QUEUES = 0xa3,
};

static uint64_t pair(uint32_t lo, uint32_t hi)
{
    return (uint64_t)hi << 32 | lo;
}

/* How many dwords of body a packet must have to be looked at */
static uint32_t least(uint32_t op)
{
    switch (op) {
    case PM4_WRITE_DATA:
        return 3;
    case PM4_COPY_DATA:
    case PM4_EVENT_WRITE_EOP:
        return 5;
    case PM4_RELEASE_MEM:
        return 6;
    case PM4_INDIRECT_BUFFER:
    case PM4_INDIRECT_BUFFER_CONST:
        return 3;
    case PM4_MAP_QUEUES:
        return 4;
    case PM4_UNMAP_QUEUES:
        return 2;
    default:
        return 1;
    }
}

/* n: dwords of b */
static void write_data(S7150Fn *f, const uint32_t *b, uint32_t n)
{
    uint64_t addr = pair(b[1], b[2]);
    bool one_address = b[0] & BIT(16), reg = extract32(b[0], 8, 4) == 0;

    for (uint32_t i = 0; i + 3 < n; i++) {
        uint32_t k = one_address ? 0 : i;

        if (reg) {
            s7150_reg_write(f, (addr + k) * 4, b[3 + i]);
        } else {
            s7150_gpu_write32(f, (addr & ~3ull) + k * 4, b[3 + i]);
        }
    }
}

static void copy_data(S7150Fn *f, const uint32_t *b)
{
    uint64_t addr = pair(b[1], b[2]), data = 0;
    bool wide = b[0] & BIT(16);

    switch (b[0] & 0xf) {
    case 0:
        data = s7150_reg_read(f, addr * 4);
        break;
    case 1:
    case 2:
        s7150_gpu_rw(f, addr, &data, wide ? 8 : 4, false);
        data = le64_to_cpu(data);
        break;
    default:
        data = addr;
    }
    addr = pair(b[3], b[4]);
    if (extract32(b[0], 8, 4) == 0) {
        s7150_reg_write(f, addr * 4, data);
    } else if (wide) {
        s7150_gpu_write64(f, addr, data);
    } else {
        s7150_gpu_write32(f, addr, data);
    }
}

/* select: what is written [31:29], whether an interrupt follows [25:24] */
static void fence(S7150Fn *f, S7150Ring *r, uint32_t select, uint64_t addr,
                  uint64_t data)
{
    switch (select >> 29) {
    case 0:
        break;
    case 1:
        s7150_gpu_write32(f, addr & ~3ull, data);
        break;
    case 2:
        s7150_gpu_write64(f, addr & ~3ull, data);
        break;
    default:
        s7150_gpu_write64(f, addr & ~3ull, s7150_now() / 10);
    }
    if (extract32(select, 24, 2)) {
        s7150_ih_push(f, IH_SRC_CP_EOP, 0, r->id & 0x7f);
    }
}

static void indirect(S7150Fn *f, S7150Ring *r, const uint32_t *b, int depth)
{
    uint32_t len = b[2] & 0xfffff;
    g_autofree uint32_t *ib = NULL;

    if (!f->budget) {
        return;
    }
    if (!len || depth >= MAX_DEPTH || extract32(b[2], 24, 4)) {
        s7150_log(f->card, f->name, "pm4 buffer of VMID %u is not followed",
                  extract32(b[2], 24, 4));
        return;
    }
    ib = g_malloc0(len * 4ul);
    if (s7150_gpu_rw(f, pair(b[0] & ~3u, b[1] & 0xffff), ib, len * 4ull,
                     false)) {
        s7150_pm4(f, r, ib, len, depth + 1);
    }
}

static void map_queues(S7150Fn *f, const uint32_t *b)
{
    uint32_t hqd[0x34];
    uint32_t id = (b[1] >> 29 & 3) | (1 + (b[1] >> 31)) << 2 |
                  (b[1] >> 26 & 7) << 4;
    uint32_t *doorbell = &hqd[(R_CP_HQD_PQ_DOORBELL_CONTROL -
                               R_CP_MQD_BASE_ADDR) / 4];

    if (!s7150_gpu_rw(f, pair(b[2], b[3]) + 0x80 * 4, hqd, sizeof(hqd),
                      false)) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(hqd); i++) {
        hqd[i] = le32_to_cpu(hqd[i]);
    }
    *doorbell = deposit32(*doorbell, 2, 21, extract32(b[1], 2, 21));
    s7150_hqd_start(f, id, hqd);
}

static void unmap_queues(S7150Fn *f, const uint32_t *b)
{
    for (int i = 1; i < S7150_RINGS; i++) {
        if (f->ring[i].doorbell == extract32(b[1], 2, 21)) {
            f->ring[i].on = false;
        }
    }
}

/* b, n: the body of a packet */
static void packet(S7150Fn *f, S7150Ring *r, uint32_t op, const uint32_t *b,
                   uint32_t n, int depth)
{
    if (n < least(op)) {
        return;
    }
    switch (op) {
    case PM4_WRITE_DATA:
        write_data(f, b, n);
        break;
    case PM4_COPY_DATA:
        copy_data(f, b);
        break;
    case PM4_EVENT_WRITE_EOP:
        fence(f, r, b[2], pair(b[1], b[2] & 0xffff), pair(b[3], b[4]));
        break;
    case PM4_RELEASE_MEM:
        fence(f, r, b[1], pair(b[2], b[3]), pair(b[4], b[5]));
        break;
    case PM4_SET_UCONFIG_REG:
        for (uint32_t i = 0; i + 1 < n; i++) {
            s7150_reg_write(f, ((b[0] & 0xffff) + 0xc000 + i) * 4, b[1 + i]);
        }
        break;
    case PM4_INDIRECT_BUFFER:
    case PM4_INDIRECT_BUFFER_CONST:
        indirect(f, r, b, depth);
        break;
    case PM4_MAP_QUEUES:
        map_queues(f, b);
        break;
    case PM4_UNMAP_QUEUES:
        unmap_queues(f, b);
        break;
    }
}

/* p: little endian, as in the ring */
void s7150_pm4(S7150Fn *f, S7150Ring *r, const uint32_t *p, uint32_t n,
               int depth)
{
    g_autofree uint32_t *dw = NULL;

    if (!s7150_budget_take(f, n * 4ull)) {
        return;
    }
    dw = g_new(uint32_t, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        dw[i] = le32_to_cpu(p[i]);
    }
    for (uint32_t i = 0; i < n;) {
        uint32_t header = dw[i], op = header >> 8 & 0xff;
        uint32_t count = header >> 16 & 0x3fff, len = 1;

        if (header >> 30 == 0) {
            len = count + 2;
        } else if (header >> 30 == 3 && !(op == PM4_NOP && count == 0x3fff)) {
            len = count + 2;
            if (len > n - i) {
                s7150_log(f->card, f->name, "pm4 short packet %08x", header);
                return;
            }
            packet(f, r, op, dw + i + 1, len - 1, depth);
        }
        i += MIN(len, n - i);
    }
}
