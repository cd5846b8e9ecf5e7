/*
 * A plugin for QEMU's code generator that counts the guest's instructions, and tells those of one kernel module from the
 * kernel's own. It may not change what the guest does. For guests with one CPU.
 *
 * The reader (instructions.py) and this share a file: struct block. The reader writes the first part and then a new
 * generation; the rest is brought up to date whenever the CPU has nothing more to do. With places=on it also tells where
 * instructions were.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "qemu/qemu-plugin.h"

#define RANGES 4
#define PLACES 65536

struct range {
    uint64_t begin, end;
};

struct count {
    uint64_t times, all, ours;
};

struct block {
    /* From the reader */
    uint64_t generation;
    struct range text[RANGES];
    /* Where a device's interrupt begins and ends, and what wakes a thread */
    uint64_t interrupt, interrupt_end, wake_thread;

    /* To the reader */
    uint64_t understood;
    /* All since the start; times: how often the CPU had nothing more to do */
    struct count total;
    /* From one time to the next, where any of ours were among it and no program ran */
    struct count busy;
    /* From begin to end of a device's interrupt that is ours: ours ran in it, or it woke a thread */
    struct count interrupts;
    /* Where the instructions of `busy` were: by blocks of code, as QEMU translates them; one may be there several times */
    uint64_t places;
    struct place {
        uint64_t address, length, executed, since_halt;
    } place[PLACES];
};

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static struct block *block;
static qemu_plugin_id_t self;
static qemu_plugin_u64 all, ours, programs;
static struct count idle, interrupt;
static uint64_t idle_programs;
static bool in_interrupt, woke_thread, with_places;

static struct count now(void)
{
    return (struct count) { 0, qemu_plugin_u64_sum(all), qemu_plugin_u64_sum(ours) };
}

static void add(struct count *sum, const struct count *from, const struct count *to)
{
    sum->times++;
    sum->all += to->all - from->all;
    sum->ours += to->ours - from->ours;
}

static void start(qemu_plugin_id_t id);

static void on_halt(unsigned int cpu, void *opaque)
{
    struct count to = now();
    uint64_t to_programs = qemu_plugin_u64_sum(programs);

    bool is_busy = to.ours != idle.ours && to_programs == idle_programs;

    add(&block->total, &idle, &to);
    if (is_busy) {
        add(&block->busy, &idle, &to);
    }
    for (uint64_t i = 0; i < block->places; i++) {
        block->place[i].executed += is_busy ? block->place[i].since_halt : 0;
        block->place[i].since_halt = 0;
    }
    idle = to;
    idle_programs = to_programs;
    if (block->generation != block->understood) {
        block->understood = block->generation;
        /* All code is translated anew, with other callbacks. */
        memset(block->place, 0, block->places * sizeof(block->place[0]));
        block->places = 0;
        qemu_plugin_reset(self, start);
    }
}

static void on_interrupt(unsigned int cpu, void *opaque)
{
    interrupt = now();
    in_interrupt = true;
    woke_thread = false;
}

static void on_wake_thread(unsigned int cpu, void *opaque)
{
    woke_thread = true;
}

static void on_interrupt_end(unsigned int cpu, void *opaque)
{
    struct count to = now();

    if (in_interrupt && (woke_thread || to.ours != interrupt.ours)) {
        add(&block->interrupts, &interrupt, &to);
    }
    in_interrupt = false;
}

static void on_block(unsigned int cpu, void *place)
{
    struct place *p = place;

    p->since_halt += p->length;
}

static bool is_ours(uint64_t address)
{
    for (int i = 0; i < RANGES; i++) {
        if (address - block->text[i].begin < block->text[i].end - block->text[i].begin) {
            return true;
        }
    }
    return false;
}

static bool is_halt(const struct qemu_plugin_insn *insn)
{
    uint8_t opcode = 0;

    return qemu_plugin_insn_size(insn) == 1 && qemu_plugin_insn_data(insn, &opcode, 1) == 1 && opcode == 0xf4;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);

    if (with_places && block->places < PLACES) {
        struct place *p = &block->place[block->places++];

        p->address = qemu_plugin_tb_vaddr(tb);
        p->length = n;
        qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, p);
    }
    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        qemu_plugin_vcpu_udata_cb_t hook =
            address == block->interrupt ? on_interrupt :
            address == block->interrupt_end ? on_interrupt_end :
            address == block->wake_thread ? on_wake_thread :
            is_halt(insn) ? on_halt : NULL;

        qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, QEMU_PLUGIN_INLINE_ADD_U64, all, 1);
        if (!(address >> 63)) {
            qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, QEMU_PLUGIN_INLINE_ADD_U64, programs, 1);
        }
        if (is_ours(address)) {
            qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, QEMU_PLUGIN_INLINE_ADD_U64, ours, 1);
        }
        if (hook) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, hook, QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
    }
}

static void start(qemu_plugin_id_t id)
{
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    int fd;

    if (argc < 1 || strncmp(argv[0], "counts=", 7)) {
        fprintf(stderr, "instructions.so: counts=FILE[,places=on] is missing\n");
        return 1;
    }
    with_places = argc > 1 && !strcmp(argv[1], "places=on");
    fd = open(argv[0] + 7, O_RDWR);
    block = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*block), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (block == MAP_FAILED) {
        perror(argv[0] + 7);
        return 1;
    }
    close(fd);
    self = id;
    all = qemu_plugin_scoreboard_u64(qemu_plugin_scoreboard_new(sizeof(uint64_t)));
    ours = qemu_plugin_scoreboard_u64(qemu_plugin_scoreboard_new(sizeof(uint64_t)));
    programs = qemu_plugin_scoreboard_u64(qemu_plugin_scoreboard_new(sizeof(uint64_t)));
    start(id);
    return 0;
}
