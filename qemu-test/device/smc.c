/*
 * AMD FirePro S7150 model: what is behind the 16 SMC_IND_INDEX/DATA pairs: the
 * SMC's memory and registers, the VBIOS flash, and the SMC's message port
 * (sections 3.2 to 3.4). No firmware runs here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "s7150.h"

static uint32_t get(S7150State *s, uint32_t addr)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(s->smc,
                                                GUINT_TO_POINTER(addr)));
}

static void set(S7150State *s, uint32_t addr, uint32_t val)
{
    if (val) {
        g_hash_table_insert(s->smc, GUINT_TO_POINTER(addr),
                            GUINT_TO_POINTER(val));
    } else {
        /* A driver cannot make the table grow by writing zeros. */
        g_hash_table_remove(s->smc, GUINT_TO_POINTER(addr));
    }
}

/* Whether a register is a DATA register, and which INDEX goes with it */
bool s7150_smc_reg(uint32_t reg, uint32_t *index_reg)
{
    if ((reg >= R_SMC_IND_INDEX_0 && reg < R_SMC_IND_INDEX_0 + 64 &&
         ((reg - R_SMC_IND_INDEX_0) & 4)) ||
        (reg >= R_SMC_IND_INDEX_8 && reg < R_SMC_IND_INDEX_8 + 64 &&
         ((reg - R_SMC_IND_INDEX_8) & 4))) {
        *index_reg = reg - 4;
        return true;
    }
    return false;
}

uint32_t s7150_smc_read(S7150State *s, uint32_t addr)
{
    uint32_t v = 0xffffffff;

    switch (addr) {
    case SMC_ROM_INDEX:
        return s->rom_index;
    case SMC_ROM_DATA:
        if (s->rom_index <= FLASH_SIZE - 4) {
            v = ldl_le_p(s->flash + s->rom_index);
        }
        s->rom_index += 4;
        return v;
    }
    return s7150_sensor_read(s, addr & ~3u, &v) ? v : get(s, addr & ~3u);
}

/* The SMC is let out of its reset: its firmware starts, whatever it is. */
static void start(S7150State *s)
{
    set(s, SMC_PC_C, SMC_PC_C_RUNNING);
    set(s, SMC_SOFT_REGS_POINTER, SMC_SOFT_REGS);
    set(s, SMC_FIRMWARE_FLAGS, SMC_FIRMWARE_INTERRUPTS);
    set(s, SMC_SMU_STATUS, SMC_SMU_STATUS_DONE_PASS);
    set(s, SMC_RCU_UC_EVENTS, SMC_RCU_BOOT_SEQ_DONE |
                              SMC_RCU_INTERRUPTS_ENABLED);
    /* The timers that the PF's driver unmasks at probe */
    set(s, SMC_CG_INTERRUPT_STATUS, BIT(10) | BIT(11));
}

void s7150_smc_write(S7150State *s, uint32_t addr, uint32_t val)
{
    switch (addr) {
    case SMC_ROM_INDEX:
        s->rom_index = val & ~3u;
        return;
    case SMC_ROM_DATA:
    case SMC_PC_C:
        return;                 /* read only */
    case SMC_SYSCON_RESET_CNTL:
        if ((get(s, addr) & SMC_SYSCON_RST_REG) &&
            !(val & SMC_SYSCON_RST_REG)) {
            start(s);
        } else if (val & SMC_SYSCON_RST_REG) {
            set(s, SMC_PC_C, 0);
        }
        break;
    }
    set(s, addr & ~3u, val);
}

/* A write of SMC_MESSAGE_0. Every message is answered at once, or never. */
void s7150_smc_message(S7150Fn *f, uint32_t val)
{
    S7150State *s = f->card;
    uint32_t arg = f->regs[R_SMC_MSG_ARG_0 / 4], status;

    s7150_log(s, f->name, "smc message=%x arg=%x", val & 0xffff, arg);
    if (s7150_is_pf(f)) {
        if (!s->sensors.response) {
            return;
        }
        f->regs[R_SMC_RESP_0 / 4] = s->sensors.response;
        if (s->sensors.response != SMC_RESP_OK) {
            return;
        }
        s7150_sensor_message(s, val & 0xffff, &f->regs[R_SMC_MSG_ARG_0 / 4]);
    }
    f->regs[R_SMC_RESP_0 / 4] = SMC_RESP_OK;
    switch (val & 0xffff) {
    case SMC_MSG_DRAM_ADDR_HI:
        f->ucodes = deposit64(f->ucodes, 32, 32, arg);
        break;
    case SMC_MSG_DRAM_ADDR_LO:
        f->ucodes = deposit64(f->ucodes, 0, 32, arg);
        break;
    case SMC_MSG_LOAD_UCODES:
        if (!s7150_is_pf(f) && s->engines) {
            arg = s7150_firmware_load(f, f->ucodes, arg);
        }
        status = get(s, SMC_SOFT_REGS_POINTER) + SMC_UCODE_LOAD_STATUS -
                 SMC_SOFT_REGS;
        set(s, status, get(s, status) | arg);
        break;
    }
}

bool s7150_smc_init(S7150State *s, Error **errp)
{
    s->smc = g_hash_table_new(NULL, NULL);
    s->flash = g_malloc(FLASH_SIZE);
    memset(s->flash, 0xff, FLASH_SIZE);
    if (s->vbios && *s->vbios) {
        g_autofree char *data = NULL;
        g_autoptr(GError) err = NULL;
        gsize len;

        if (!g_file_get_contents(s->vbios, &data, &len, &err)) {
            error_setg(errp, "s7150: %s", err->message);
            return false;
        }
        if (len > FLASH_SIZE) {
            error_setg(errp, "s7150: %s is larger than the flash, which has "
                       "%" PRIu64 " bytes", s->vbios, (uint64_t)FLASH_SIZE);
            return false;
        }
        memcpy(s->flash, data, len);
    }
    return true;
}

void s7150_smc_exit(S7150State *s)
{
    g_clear_pointer(&s->flash, g_free);
    g_clear_pointer(&s->smc, g_hash_table_unref);
}

void s7150_smc_reset(S7150State *s, bool posted)
{
    s->rom_index = 0;
    g_hash_table_remove_all(s->smc);
    s7150_sensor_reset(s);
    if (posted) {
        start(s);
    } else {
        set(s, SMC_SYSCON_RESET_CNTL, SMC_SYSCON_RST_REG);
        set(s, SMC_RCU_UC_EVENTS, SMC_RCU_BOOT_SEQ_DONE);
    }
}
