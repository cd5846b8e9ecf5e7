/*
 * AMD FirePro S7150 model: packets of the command processor: memory and
 * registers, waits, fences, buffers, queues. What draws or runs shaders is
 * left out: such packets are taken and have no effect.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "engines.h"

enum {
    PM4_NOP = 0x10, PM4_COND_EXEC = 0x22, PM4_INDIRECT_BUFFER_CONST = 0x33,
    PM4_WRITE_DATA = 0x37, PM4_WAIT_REG_MEM = 0x3c, PM4_INDIRECT_BUFFER = 0x3f,
    PM4_COPY_DATA = 0x40, PM4_EVENT_WRITE_EOP = 0x47, PM4_RELEASE_MEM = 0x49,
    PM4_DMA_DATA = 0x50, PM4_SET_CONFIG_REG = 0x68, PM4_SET_CONTEXT_REG = 0x69,
    PM4_SET_SH_REG = 0x76, PM4_SET_UCONFIG_REG = 0x79, PM4_MAP_QUEUES = 0xa2,
    PM4_UNMAP_QUEUES = 0xa3,
};

/* Where WRITE_DATA and COPY_DATA find or put their data */
enum { SEL_REGISTER = 0, SEL_MEMORY_SYNC = 1, SEL_TC_L2 = 2, SEL_MEMORY = 5,
       SEL_PREEMPTION_META = 8 };

/* DMA_DATA */
enum { DMA_ADDRESS = 0, DMA_GDS = 1, DMA_DATA = 2, DMA_ADDRESS_L2 = 3 };
#define DMA_SAS         BIT(26)         /* source: a register, not memory */
#define DMA_DAS         BIT(27)

/* Which registers a packet may set, in dwords */
static const struct {
    uint32_t op, start, end;
} set_packets[] = {
    { PM4_SET_CONFIG_REG, 0x2000, 0x2c00 },
    { PM4_SET_SH_REG, 0x2c00, 0x3000 },
    { PM4_SET_CONTEXT_REG, 0xa000, 0xa400 },
    { PM4_SET_UCONFIG_REG, 0xc000, 0x10000 },
};

static uint32_t op_of(uint32_t header)
{
    return extract32(header, 8, 8);
}

uint32_t pm4_length(const uint32_t *p, uint32_t n)
{
    uint32_t count = extract32(p[0], 16, 14);

    switch (p[0] >> 30) {
    case 0:                             /* registers; not used since long */
        return count + 2;
    case 2:                             /* a filler */
        return 1;
    case 3:
        return op_of(p[0]) == PM4_NOP && count == 0x3fff ? 1 : count + 2;
    default:
        return 0;
    }
}

/* How many dwords a packet must have to be looked at */
static uint32_t least(uint32_t op)
{
    switch (op) {
    case PM4_SET_CONFIG_REG:
    case PM4_SET_CONTEXT_REG:
    case PM4_SET_SH_REG:
    case PM4_SET_UCONFIG_REG:
        return 2;
    case PM4_UNMAP_QUEUES:
        return 3;
    case PM4_WRITE_DATA:
    case PM4_INDIRECT_BUFFER:
    case PM4_INDIRECT_BUFFER_CONST:
        return 4;
    case PM4_COND_EXEC:
    case PM4_MAP_QUEUES:
        return 5;
    case PM4_COPY_DATA:
    case PM4_EVENT_WRITE_EOP:
        return 6;
    case PM4_RELEASE_MEM:
    case PM4_WAIT_REG_MEM:
    case PM4_DMA_DATA:
        return 7;
    default:
        return 1;
    }
}

static void refuse(Packet *k)
{
    s7150_log(k->f->card, k->f->name, "pm4 %02x of VMID %u is privileged",
              op_of(k->p[0]), k->vmid);
}

static void write_data(Packet *k)
{
    const uint32_t *p = k->p;
    uint64_t addr = engine_pair(p[2], p[3]);
    uint32_t select = extract32(p[1], 8, 4), n = k->len - 4;
    bool one_address = p[1] & BIT(16);

    switch (select) {
    case SEL_REGISTER:
        if (k->vmid) {
            refuse(k);
            return;
        }
        for (uint32_t i = 0; i < n; i++) {
            s7150_reg_write(k->f, (p[2] + (one_address ? 0 : i)) * 4, p[4 + i]);
        }
        break;
    case SEL_MEMORY_SYNC:
    case SEL_TC_L2:
    case SEL_MEMORY:
        for (uint32_t i = 0; i < n; i++) {
            engine_write32(k->f, k->vmid, (addr & ~3ull) +
                           (one_address ? 0 : i) * 4ull, p[4 + i]);
        }
        k->bytes += n * 4ull;
        break;
    case SEL_PREEMPTION_META:
        break;          /* where the real part keeps what we keep elsewhere */
    }
}

static void copy_data(Packet *k)
{
    const uint32_t *p = k->p;
    uint32_t from = extract32(p[1], 0, 4), to = extract32(p[1], 8, 4);
    uint64_t data = engine_pair(p[2], p[3]), addr = engine_pair(p[4], p[5]);
    bool wide = p[1] & BIT(16);

    if (k->vmid && (from == SEL_REGISTER || to == SEL_REGISTER)) {
        refuse(k);
        return;
    }
    switch (from) {
    case SEL_REGISTER:
        data = s7150_reg_read(k->f, p[2] * 4);
        break;
    case SEL_MEMORY_SYNC:
    case SEL_TC_L2:
        addr = data;
        data = 0;
        engine_rw(k->f, k->vmid, addr, &data, wide ? 8 : 4, false);
        data = le64_to_cpu(data);
        addr = engine_pair(p[4], p[5]);
        break;
    }
    if (to == SEL_REGISTER) {
        s7150_reg_write(k->f, p[4] * 4, data);
    } else if (wide) {
        engine_write64(k->f, k->vmid, addr, data);
    } else {
        engine_write32(k->f, k->vmid, addr, data);
    }
}

/* select: what is written [31:29], whether an interrupt follows [25:24] */
static void fence(Packet *k, uint32_t select, uint64_t addr, uint64_t data)
{
    S7150Fn *f = k->f;

    switch (select >> 29) {
    case 0:
        break;
    case 1:
        engine_write32(f, k->vmid, addr & ~3ull, data);
        break;
    case 2:
        engine_write64(f, k->vmid, addr & ~3ull, data);
        break;
    default:
        engine_write64(f, k->vmid, addr & ~3ull, s7150_now() / 10);
    }
    f->engines->count[engine_kind(f, k->queue)].fences++;
    if (extract32(select, 24, 2)) {
        s7150_ih_push(f, IH_SRC_CP_EOP, 0,
                      engine_queue_id(f, k->queue) | k->vmid << 8);
    }
}

static Step wait_reg_mem(Packet *k)
{
    const uint32_t *p = k->p;
    bool memory = p[1] & BIT(4);
    uint32_t reg = p[2], value;

    if (!memory && extract32(p[1], 6, 2) == 1) {
        /* write, then wait for another register */
        s7150_reg_write(k->f, p[2] * 4, p[4]);
        reg = p[3];
    }
    if (!memory) {
        value = s7150_reg_read(k->f, reg * 4);
    } else if (!engine_read32(k->f, k->vmid, engine_pair(p[2] & ~3u, p[3]),
                              &value)) {
        return STEP_DONE;
    }
    return engine_compare(p[1] & 7, value & p[5], p[4]) ? STEP_DONE : STEP_WAIT;
}

static void dma_data(Packet *k)
{
    const uint32_t *p = k->p;
    uint32_t from = extract32(p[1], 29, 2), to = extract32(p[1], 20, 2);
    uint32_t len = extract32(p[6], 0, 21);
    uint64_t dst = engine_pair(p[4], p[5]);

    if (to == DMA_GDS || from == DMA_GDS || (p[6] & (DMA_SAS | DMA_DAS))) {
        refuse(k);
    } else if (from == DMA_DATA) {
        engine_fill(k, dst, p[2], len & ~3u);
    } else {
        engine_copy(k, dst, engine_pair(p[2], p[3]), len);
    }
}

static void set_registers(Packet *k)
{
    uint32_t op = op_of(k->p[0]);

    for (size_t s = 0; s < ARRAY_SIZE(set_packets); s++) {
        uint32_t first = set_packets[s].start + (k->p[1] & 0xffff);

        for (uint32_t i = 0; set_packets[s].op == op && i < k->len - 2; i++) {
            if (first + i < set_packets[s].end) {
                s7150_reg_write(k->f, (first + i) * 4, k->p[2 + i]);
            }
        }
    }
}

static Step indirect(Packet *k)
{
    const uint32_t *p = k->p;

    return engine_call(k, engine_pair(p[1] & ~3u, p[2] & 0xffff),
                       extract32(p[3], 0, 20), extract32(p[3], 24, 4),
                       p[3] & BIT(20)) ? STEP_DONE : STEP_BAD;
}

static void cond_exec(Packet *k)
{
    const uint32_t *p = k->p;
    uint32_t value;

    if (engine_read32(k->f, k->vmid, engine_pair(p[1] & ~3u, p[2]), &value) &&
        !value) {
        engine_skip(k, extract32(p[4], 0, 14));
    }
}

/* Only the KIQ is told to map and unmap; a process's buffers are not. */
static void queues(Packet *k)
{
    const uint32_t *p = k->p;

    if (k->vmid || engine_kind(k->f, k->queue) != KIND_KIQ) {
        refuse(k);
    } else if (op_of(p[0]) == PM4_MAP_QUEUES) {
        /* ME [31], pipe [30:29], queue [28:26] */
        engine_map_queue(k->f, p[2] >> 31 << 5 | extract32(p[2], 29, 2) << 3 |
                               extract32(p[2], 26, 3),
                         engine_pair(p[3], p[4]), extract32(p[2], 2, 21));
    } else {
        engine_unmap_queue(k->f, extract32(p[2], 2, 21),
                           extract32(p[1], 4, 2) == 2);
    }
}

Step pm4_packet(Packet *k)
{
    const uint32_t *p = k->p;
    uint32_t op = op_of(p[0]);

    if (p[0] >> 30 != 3 || k->len < least(op)) {
        return STEP_DONE;
    }
    switch (op) {
    case PM4_WRITE_DATA:
        write_data(k);
        break;
    case PM4_COPY_DATA:
        copy_data(k);
        break;
    case PM4_EVENT_WRITE_EOP:
        fence(k, p[3], engine_pair(p[2], p[3] & 0xffff),
              engine_pair(p[4], p[5]));
        break;
    case PM4_RELEASE_MEM:
        fence(k, p[2], engine_pair(p[3], p[4]),
              engine_pair(p[5], p[6]));
        break;
    case PM4_WAIT_REG_MEM:
        return wait_reg_mem(k);
    case PM4_DMA_DATA:
        dma_data(k);
        break;
    case PM4_SET_CONFIG_REG:
    case PM4_SET_CONTEXT_REG:
    case PM4_SET_SH_REG:
    case PM4_SET_UCONFIG_REG:
        set_registers(k);
        break;
    case PM4_INDIRECT_BUFFER:
    case PM4_INDIRECT_BUFFER_CONST:
        return indirect(k);
    case PM4_COND_EXEC:
        cond_exec(k);
        break;
    case PM4_MAP_QUEUES:
    case PM4_UNMAP_QUEUES:
        queues(k);
        break;
    }
    return STEP_DONE;
}
