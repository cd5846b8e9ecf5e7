/*
 * AMD FirePro S7150 model: the mailboxes of PF and VFs (sections 3.6 and 4.8).
 * Each VF has one; the PF sees the one that MAILBOX_INDEX selects.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "s7150.h"

/* Tells the PF or the VF that a message or an acknowledgement came. */
static void notify(S7150State *s, int vf, bool to_pf, bool ack)
{
    S7150Fn *f = to_pf ? &s->fn : s7150_vf(s, vf);
    uint32_t enabled = f->regs[R_MAILBOX_INT_CNTL / 4];

    if (!(enabled & (ack ? MAILBOX_ACK_INT_EN : MAILBOX_VALID_INT_EN)) ||
        (!to_pf && !s7150_vf_enabled(s, vf))) {
        return;
    }
    if (to_pf) {
        s7150_ih_push(f, ack ? IH_SRC_PF_MSG_ACK : IH_SRC_PF_MSG_VALID, vf, 0);
    } else {
        s7150_ih_push(f, ack ? IH_SRC_VF_MSG_ACK : IH_SRC_VF_MSG_VALID, 0, 0);
    }
}

static int bank(S7150Fn *f)
{
    int vf = s7150_is_pf(f) ? (int)(f->regs[R_MAILBOX_INDEX / 4] & 0xf)
                            : f->vf;

    return vf < f->card->total_vfs ? vf : -1;
}

static uint32_t control(const S7150Mailbox *m, int me, bool ack_readable)
{
    int other = !me;

    return (m->trn_valid[me] ? MAILBOX_TRN_MSG_VALID : 0) |
           (m->trn_ack[me] ? MAILBOX_TRN_MSG_ACK : 0) |
           (m->rcv_valid[other] ? MAILBOX_RCV_MSG_VALID : 0) |
           /* between the acknowledgement and the sender's answer to it */
           (ack_readable && m->trn_ack[other] ? MAILBOX_RCV_MSG_ACK : 0);
}

static void write_control(S7150State *s, int vf, int me, uint32_t val)
{
    S7150Mailbox *m = &s->mailbox[vf];
    int other = !me;
    bool to_pf = me == MBOX_VF;

    if ((val & MAILBOX_RCV_MSG_ACK) && m->rcv_valid[other]) {
        m->rcv_valid[other] = false;
        if (!s7150_fault_mailbox(s, vf, to_pf, true, false)) {
            m->trn_ack[other] = true;
            notify(s, vf, to_pf, true);
        }
    }
    if ((val & MAILBOX_TRN_MSG_VALID) && !m->trn_valid[me]) {
        m->trn_valid[me] = true;
        m->trn_ack[me] = false;
        if (!s7150_fault_mailbox(s, vf, to_pf, false, false)) {
            m->rcv_valid[me] = true;
            notify(s, vf, to_pf, false);
            if (s7150_fault_mailbox(s, vf, to_pf, false, true)) {
                notify(s, vf, to_pf, false);
            }
        }
    } else if (!(val & MAILBOX_TRN_MSG_VALID)) {
        m->trn_valid[me] = m->trn_ack[me] = m->rcv_valid[me] = false;
    }
}

bool s7150_mailbox_read(S7150Fn *f, uint32_t reg, uint32_t *val)
{
    int me = s7150_is_pf(f) ? MBOX_PF : MBOX_VF, vf = bank(f);
    S7150Mailbox *m;

    if (reg < R_MAILBOX_MSGBUF_TRN_DW0 || reg > R_MAILBOX_CONTROL) {
        return false;
    }
    *val = 0;
    if (vf < 0) {
        return true;
    }
    m = &f->card->mailbox[vf];
    if (reg == R_MAILBOX_CONTROL) {
        *val = control(m, me, f->card->rcv_ack_readable);
    } else if (reg >= R_MAILBOX_MSGBUF_RCV_DW0) {
        *val = m->dw[!me][(reg - R_MAILBOX_MSGBUF_RCV_DW0) / 4];
    } else {
        *val = m->dw[me][(reg - R_MAILBOX_MSGBUF_TRN_DW0) / 4];
    }
    return true;
}

bool s7150_mailbox_write(S7150Fn *f, uint32_t reg, uint32_t val)
{
    int me = s7150_is_pf(f) ? MBOX_PF : MBOX_VF, vf = bank(f);

    if (reg < R_MAILBOX_MSGBUF_TRN_DW0 || reg > R_MAILBOX_CONTROL) {
        return false;
    }
    if (vf < 0) {
        return true;
    }
    if (reg == R_MAILBOX_CONTROL) {
        write_control(f->card, vf, me, val);
    } else if (reg < R_MAILBOX_MSGBUF_RCV_DW0) {
        f->card->mailbox[vf].dw[me][(reg - R_MAILBOX_MSGBUF_TRN_DW0) / 4] = val;
    }
    return true;
}

void s7150_mailbox_reset(S7150State *s, int vf)
{
    memset(&s->mailbox[vf], 0, sizeof(S7150Mailbox));
}
