/*
 * AMD FirePro S7150 model: the run list controller's scratch memories and the
 * halt bit of its virtualisation part, RLC-V (section 3.7).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "s7150.h"

/* The address register, advanced after an access to the data register */
static uint32_t *scratch(S7150Fn *f)
{
    S7150State *s = f->card;
    uint32_t *addr = &f->regs[R_RLC_GPU_IOV_SCRATCH_ADDR / 4];
    uint32_t *data = &s->rlcv_scratch[*addr % RLCV_SCRATCH_DWORDS];

    if (s->scratch_increments) {
        *addr = (*addr + 1) % RLCV_SCRATCH_DWORDS;
    }
    return data;
}

bool s7150_rlc_read(S7150Fn *f, uint32_t reg, uint32_t *val)
{
    switch (reg) {
    case R_RLC_GPM_SCRATCH_DATA:
        *val = f->regs[R_RLC_GPM_SCRATCH_ADDR / 4] == GPM_SCRATCH_LIST_LENGTH ?
               f->card->save_list_dwords : 0;
        return true;
    case R_RLC_GPU_IOV_SCRATCH_DATA:
        if (s7150_is_pf(f)) {
            *val = *scratch(f);
            return true;
        }
    }
    return false;
}

bool s7150_rlc_write(S7150Fn *f, uint32_t reg, uint32_t val)
{
    switch (reg) {
    case R_RLC_GPU_IOV_SCRATCH_ADDR:
        f->regs[reg / 4] = val % RLCV_SCRATCH_DWORDS;
        return true;
    case R_RLC_GPM_SCRATCH_DATA:
        return true;            /* firmware's own */
    case R_RLC_GPU_IOV_SCRATCH_DATA:
        if (s7150_is_pf(f)) {
            *scratch(f) = val;
            return true;
        }
    }
    return false;
}

bool s7150_rlcv_on(S7150State *s)
{
    return s->fn.regs[R_RLC_GPU_IOV_F32_CNTL / 4] & RLCV_F32_ENABLE;
}

void s7150_rlc_reset(S7150State *s)
{
    memset(s->rlcv_scratch, 0, sizeof(s->rlcv_scratch));
}
