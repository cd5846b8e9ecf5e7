/*
 * AMD FirePro S7150 model: the registers behind PCIE_INDEX/DATA, of which the
 * straps have effects (sections 1.5 and 3.10).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "s7150.h"

#define OFFSET_PF_BUS           0x0010
#define OFFSET_PF_BUS_PLUS_1    0x0100

uint32_t s7150_pcie_read(S7150State *s, uint32_t addr)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(s->pcie,
                                                GUINT_TO_POINTER(addr)));
}

/* Where the VFs are, for the software that looks: QEMU's stay where they are */
static void show_vf_offset(S7150State *s)
{
    bool next = s->strap_moves_vfs && s7150_pcie_read(s, PCIE_STRAP8) &
                                      PCIE_STRAP8_ARI_MODE;

    pci_set_word(PCI_DEVICE(s)->config + CFG_SRIOV + PCI_SRIOV_VF_OFFSET,
                 next ? OFFSET_PF_BUS_PLUS_1 : OFFSET_PF_BUS);
}

void s7150_pcie_write(S7150State *s, uint32_t addr, uint32_t val)
{
    g_hash_table_insert(s->pcie, GUINT_TO_POINTER(addr), GUINT_TO_POINTER(val));
    if (addr == PCIE_STRAP8) {
        show_vf_offset(s);
    }
}

void s7150_pcie_init(S7150State *s)
{
    s->pcie = g_hash_table_new(NULL, NULL);
}

void s7150_pcie_exit(S7150State *s)
{
    g_clear_pointer(&s->pcie, g_hash_table_unref);
}

void s7150_pcie_reset(S7150State *s)
{
    g_hash_table_remove_all(s->pcie);
    s7150_pcie_write(s, PCIE_STRAP8, PCIE_STRAP8_POWER_ON);
}
