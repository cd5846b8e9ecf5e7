/*
 * AMD FirePro S7150 model: names and numbers of its registers, nothing else.
 *
 * Offsets are bytes. Names are AMD's; the numbers are those of the hardware
 * reference, sections 1 to 3, and for the engines those of AMD's headers of the
 * chip's blocks, as Linux has them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef S7150_REGS_H
#define S7150_REGS_H

#include "qemu/bitops.h"

/* What kind of register a name in the table below stands for. */
#define S7150_RW 0
#define S7150_RO 1              /* writes by the PF's driver are recorded */

/*
 * Registers of BAR5: X(name, byte offset, kind). In ascending order, as names
 * are found by bisection. Families of equal registers follow in
 * S7150_MMIO_FAMILIES.
 */
#define S7150_MMIO_REGS(X)                                 \
    X(MM_INDEX,                      0x00000, RW)          \
    X(MM_DATA,                       0x00004, RW)          \
    X(MM_INDEX_HI,                   0x00018, RW)          \
    X(PCIE_INDEX_2,                  0x00030, RW)          \
    X(PCIE_DATA_2,                   0x00034, RW)          \
    X(PCIE_INDEX,                    0x00038, RW)          \
    X(PCIE_DATA,                     0x0003c, RW)          \
    X(SMC_IND_ACCESS_CNTL,           0x00248, RW)          \
    X(SMC_MESSAGE_0,                 0x00250, RW)          \
    X(SMC_RESP_0,                    0x00254, RW)          \
    X(SMC_MSG_ARG_0,                 0x00290, RW)          \
    X(SMU_ACTIVE_FCN_ID,             0x00708, RO)          \
    X(SRBM_GFX_CNTL,                 0x00e44, RW)          \
    X(SRBM_STATUS2,                  0x00e4c, RO)          \
    X(SRBM_STATUS,                   0x00e50, RO)          \
    X(SRBM_SOFT_RESET,               0x00e60, RW)          \
    X(VM_CONTEXT0_CNTL,              0x01410, RW)          \
    X(VM_CONTEXT1_CNTL,              0x01414, RW)          \
    X(VM_INVALIDATE_REQUEST,         0x01478, RW)          \
    X(VM_INVALIDATE_RESPONSE,        0x0147c, RW)          \
    X(VM_CONTEXT0_PAGE_TABLE_START,  0x0155c, RW)          \
    X(VM_CONTEXT1_PAGE_TABLE_START,  0x01560, RW)          \
    X(VM_CONTEXT0_PAGE_TABLE_END,    0x0157c, RW)          \
    X(VM_CONTEXT1_PAGE_TABLE_END,    0x01580, RW)          \
    X(MC_SHARED_CHMAP,               0x02004, RW)          \
    X(MC_VM_FB_LOCATION,             0x02024, RW)          \
    X(MC_VM_MX_L1_TLB_CNTL,          0x02064, RW)          \
    X(MC_VM_FB_OFFSET,               0x02068, RW)          \
    X(MC_ARB_GECC2,                  0x02724, RW)          \
    X(MC_ARB_RAMCFG,                 0x02760, RW)          \
    X(MC_SEQ_MISC0,                  0x02a00, RW)          \
    X(HDP_HOST_PATH_CNTL,            0x02c00, RW)          \
    X(HDP_NONSURFACE_BASE,           0x02c04, RW)          \
    X(HDP_NONSURFACE_INFO,           0x02c08, RW)          \
    X(HDP_NONSURFACE_SIZE,           0x02c0c, RW)          \
    X(IH_RB_CNTL,                    0x038c0, RW)          \
    X(IH_RB_BASE,                    0x038c4, RW)          \
    X(IH_RB_RPTR,                    0x038c8, RW)          \
    X(IH_RB_WPTR,                    0x038cc, RW)          \
    X(IH_RB_WPTR_ADDR_HI,            0x038d0, RW)          \
    X(IH_RB_WPTR_ADDR_LO,            0x038d4, RW)          \
    X(IH_CNTL,                       0x038d8, RW)          \
    X(IH_STATUS,                     0x038e0, RO)          \
    X(IH_DEBUG,                      0x038f0, RW)          \
    X(IH_DOORBELL_RPTR,              0x03908, RW)          \
    X(IH_ACTIVE_FCN_ID,              0x0390c, RO)          \
    X(PCIE_EFUSE4,                   0x03f0c, RW)          \
    X(MAILBOX_INDEX,                 0x05318, RW)          \
    X(MAILBOX_MSGBUF_TRN_DW0,        0x05320, RW)          \
    X(MAILBOX_MSGBUF_TRN_DW1,        0x05324, RW)          \
    X(MAILBOX_MSGBUF_TRN_DW2,        0x05328, RW)          \
    X(MAILBOX_MSGBUF_TRN_DW3,        0x0532c, RW)          \
    X(MAILBOX_MSGBUF_RCV_DW0,        0x05330, RO)          \
    X(MAILBOX_MSGBUF_RCV_DW1,        0x05334, RO)          \
    X(MAILBOX_MSGBUF_RCV_DW2,        0x05338, RO)          \
    X(MAILBOX_MSGBUF_RCV_DW3,        0x0533c, RO)          \
    X(MAILBOX_CONTROL,               0x05340, RW)          \
    X(MAILBOX_INT_CNTL,              0x05344, RW)          \
    X(BIF_VIRT_RESET_REQ,            0x05348, RO)          \
    X(VM_INIT_STATUS,                0x0534c, RW)          \
    X(BIF_GPUIOV_RESET_NOTIFICATION, 0x05354, RO)          \
    X(BIF_GPUIOV_VM_INIT_STATUS,     0x05358, RW)          \
    X(BIF_GPUIOV_FB_TOTAL_FB_INFO,   0x05360, RO)          \
    X(CC_BIF_BX_STRAP0,              0x05384, RW)          \
    X(BIF_DOORBELL_APER_EN,          0x05404, RW)          \
    X(BIF_IOV_FUNC_IDENTIFIER,       0x0540c, RO)          \
    X(CONFIG_MEMSIZE,                0x05428, RW)          \
    X(INTERRUPT_CNTL,                0x05468, RW)          \
    X(INTERRUPT_CNTL2,               0x0546c, RW)          \
    X(HDP_MEM_COHERENCY_FLUSH_CNTL,  0x05480, RW)          \
    X(BIF_FB_EN,                     0x05490, RW)          \
    X(HDP_REG_COHERENCY_FLUSH_CNTL,  0x054a0, RW)          \
    X(GPU_HDP_FLUSH_REQ,             0x054dc, RW)          \
    X(GPU_HDP_FLUSH_DONE,            0x054e0, RW)          \
    X(GRBM_STATUS2,                  0x08008, RO)          \
    X(GRBM_STATUS,                   0x08010, RO)          \
    X(GRBM_SOFT_RESET,               0x08020, RW)          \
    X(CP_CPF_STATUS,                 0x0821c, RO)          \
    X(CP_CPF_BUSY_STAT,              0x08220, RO)          \
    X(CP_MEC_CNTL,                   0x08234, RW)          \
    X(CP_STAT,                       0x08680, RO)          \
    X(CP_ME_CNTL,                    0x086d8, RW)          \
    X(CP_RB2_RPTR,                   0x086f8, RO)          \
    X(CP_RB1_RPTR,                   0x086fc, RO)          \
    X(CP_RB0_RPTR,                   0x08700, RO)          \
    X(CP_RB0_BASE,                   0x0c100, RW)          \
    X(CP_RB0_CNTL,                   0x0c104, RW)          \
    X(CP_RB0_RPTR_ADDR,              0x0c10c, RW)          \
    X(CP_RB0_RPTR_ADDR_HI,           0x0c110, RW)          \
    X(CP_RB0_WPTR,                   0x0c114, RW)          \
    X(CP_RB_WPTR_POLL_ADDR_LO,       0x0c118, RW)          \
    X(CP_RB_WPTR_POLL_ADDR_HI,       0x0c11c, RW)          \
    X(CP_RB_DOORBELL_CONTROL,        0x0c164, RW)          \
    X(CP_RB1_WPTR,                   0x0c190, RW)          \
    X(CP_RB2_WPTR,                   0x0c1a4, RW)          \
    X(CP_RB0_BASE_HI,                0x0c2c4, RW)          \
    X(CP_CPC_IC_BASE_LO,             0x0c2e4, RW)          \
    X(CP_CPC_IC_BASE_HI,             0x0c2e8, RW)          \
    X(CP_CPC_IC_BASE_CNTL,           0x0c2ec, RW)          \
    X(CP_MQD_BASE_ADDR,              0x0c914, RW)          \
    X(CP_MQD_BASE_ADDR_HI,           0x0c918, RW)          \
    X(CP_HQD_ACTIVE,                 0x0c91c, RW)          \
    X(CP_HQD_PQ_BASE,                0x0c934, RW)          \
    X(CP_HQD_PQ_BASE_HI,             0x0c938, RW)          \
    X(CP_HQD_PQ_RPTR,                0x0c93c, RW)          \
    X(CP_HQD_PQ_RPTR_REPORT_ADDR,    0x0c940, RW)          \
    X(CP_HQD_PQ_RPTR_REPORT_ADDR_HI, 0x0c944, RW)          \
    X(CP_HQD_PQ_WPTR_POLL_ADDR,      0x0c948, RW)          \
    X(CP_HQD_PQ_WPTR_POLL_ADDR_HI,   0x0c94c, RW)          \
    X(CP_HQD_PQ_DOORBELL_CONTROL,    0x0c950, RW)          \
    X(CP_HQD_PQ_WPTR,                0x0c954, RW)          \
    X(CP_HQD_PQ_CONTROL,             0x0c958, RW)          \
    X(CP_HQD_DEQUEUE_REQUEST,        0x0c974, RW)          \
    X(CP_HQD_EOP_DONES,              0x0c9e8, RW)          \
    X(SDMA0_STATUS_REG,              0x0d034, RO)          \
    X(SDMA0_F32_CNTL,                0x0d048, RW)          \
    X(SDMA0_GFX_RB_CNTL,             0x0d200, RW)          \
    X(SDMA0_GFX_RB_BASE,             0x0d204, RW)          \
    X(SDMA0_GFX_RB_BASE_HI,          0x0d208, RW)          \
    X(SDMA0_GFX_RB_RPTR,             0x0d20c, RW)          \
    X(SDMA0_GFX_RB_WPTR,             0x0d210, RW)          \
    X(SDMA0_GFX_RB_WPTR_POLL_CNTL,   0x0d214, RW)          \
    X(SDMA0_GFX_RB_WPTR_POLL_ADDR_HI, 0x0d218, RW)         \
    X(SDMA0_GFX_RB_WPTR_POLL_ADDR_LO, 0x0d21c, RW)         \
    X(SDMA0_GFX_RB_RPTR_ADDR_HI,     0x0d220, RW)          \
    X(SDMA0_GFX_RB_RPTR_ADDR_LO,     0x0d224, RW)          \
    X(SDMA0_GFX_IB_OFFSET,           0x0d230, RW)          \
    X(SDMA0_GFX_DOORBELL,            0x0d248, RW)          \
    X(SDMA1_STATUS_REG,              0x0d834, RO)          \
    X(SDMA1_F32_CNTL,                0x0d848, RW)          \
    X(SDMA1_GFX_RB_CNTL,             0x0da00, RW)          \
    X(SDMA1_GFX_RB_BASE,             0x0da04, RW)          \
    X(SDMA1_GFX_RB_BASE_HI,          0x0da08, RW)          \
    X(SDMA1_GFX_RB_RPTR,             0x0da0c, RW)          \
    X(SDMA1_GFX_RB_WPTR,             0x0da10, RW)          \
    X(SDMA1_GFX_RB_WPTR_POLL_CNTL,   0x0da14, RW)          \
    X(SDMA1_GFX_RB_WPTR_POLL_ADDR_HI, 0x0da18, RW)         \
    X(SDMA1_GFX_RB_WPTR_POLL_ADDR_LO, 0x0da1c, RW)         \
    X(SDMA1_GFX_RB_RPTR_ADDR_HI,     0x0da20, RW)          \
    X(SDMA1_GFX_RB_RPTR_ADDR_LO,     0x0da24, RW)          \
    X(SDMA1_GFX_IB_OFFSET,           0x0da30, RW)          \
    X(SDMA1_GFX_DOORBELL,            0x0da48, RW)          \
    X(SCRATCH_REG0,                  0x30100, RW)          \
    X(CP_DMA_PIO_CONTROL,            0x3018c, RW)          \
    X(CP_DMA_PIO_SRC_ADDR,           0x30190, RW)          \
    X(CP_DMA_PIO_SRC_ADDR_HI,        0x30194, RW)          \
    X(CP_DMA_PIO_DST_ADDR,           0x30198, RW)          \
    X(CP_DMA_PIO_DST_ADDR_HI,        0x3019c, RW)          \
    X(CP_DMA_CNTL,                   0x30228, RW)          \
    X(CP_RB_OFFSET,                  0x30244, RW)          \
    X(CP_IB1_BUFSZ,                  0x30338, RW)          \
    X(CP_IB2_BUFSZ,                  0x30344, RW)          \
    X(CP_DMA_PIO_COMMAND,            0x303a0, RW)          \
    X(RLC_CNTL,                      0x3b000, RW)          \
    X(RLC_STAT,                      0x3b010, RO)          \
    X(RLC_GPM_STAT,                  0x3b100, RO)          \
    X(RLC_GPM_THREAD_ENABLE,         0x3b114, RW)          \
    X(RLC_CGCG_CGLS_CTRL,            0x3b124, RW)          \
    X(RLC_GPM_SCRATCH_ADDR,          0x3b1b0, RW)          \
    X(RLC_GPM_SCRATCH_DATA,          0x3b1b4, RW)          \
    X(RLC_SRM_CNTL,                  0x3b200, RW)          \
    X(RLC_CP_SCHEDULERS,             0x3b2a8, RW)          \
    X(RLC_GPU_IOV_VF_ENABLE,         0x3ec00, RO)          \
    X(RLC_GPU_IOV_CFG_REG1,          0x3ec04, RW)          \
    X(RLC_GPU_IOV_CFG_REG2,          0x3ec08, RO)          \
    X(RLC_GPU_IOV_CFG_REG6,          0x3ec18, RW)          \
    X(RLC_GPU_IOV_CFG_REG8,          0x3ec20, RO)          \
    X(RLC_GPU_IOV_CFG_REG9,          0x3ec84, RO)          \
    X(RLC_GPU_IOV_ACTIVE_FCN_ID,     0x3ed00, RO)          \
    X(RLC_GPU_IOV_UCODE_ADDR,        0x3ed08, RW)          \
    X(RLC_GPU_IOV_UCODE_DATA,        0x3ed0c, RW)          \
    X(RLC_GPU_IOV_SCRATCH_ADDR,      0x3ed10, RW)          \
    X(RLC_GPU_IOV_SCRATCH_DATA,      0x3ed14, RW)          \
    X(RLC_GPU_IOV_F32_CNTL,          0x3ed18, RW)          \
    X(RLC_GPU_IOV_F32_RESET,         0x3ed1c, RW)          \
    X(RLC_GPU_IOV_SDMA0_STATUS,      0x3ed20, RO)          \
    X(RLC_GPU_IOV_SDMA1_STATUS,      0x3ed24, RO)          \
    X(RLC_GPU_IOV_SMU_RESPONSE,      0x3ed28, RO)          \
    X(RLC_GPU_IOV_VIRT_RESET_REQ,    0x3ed30, RO)          \
    X(RLC_GPU_IOV_RLC_RESPONSE,      0x3ed34, RO)          \
    X(RLC_GPU_IOV_INT_DISABLE,       0x3ed38, RW)          \
    X(RLC_GPU_IOV_INT_FORCE,         0x3ed3c, RW)          \
    X(RLC_GPU_IOV_SDMA0_BUSY_STATUS, 0x3ed40, RO)          \
    X(RLC_GPU_IOV_SDMA1_BUSY_STATUS, 0x3ed44, RO)          \
    X(RLC_GPU_IOV_SCH_0,             0x3ed48, RW)          \
    X(RLC_GPU_IOV_SCH_1,             0x3ed4c, RW)          \
    X(RLC_GPU_IOV_SCH_2,             0x3ed50, RW)          \
    X(RLC_GPU_IOV_SCH_3,             0x3ed54, RW)

/* X(name, first byte offset, distance, how many) */
#define S7150_MMIO_FAMILIES(X)                             \
    X(SMC_IND_INDEX_0,               0x00200, 8, 8)        \
    X(SMC_IND_DATA_0,                0x00204, 8, 8)        \
    X(SMC_IND_INDEX_8,               0x00698, 8, 8)        \
    X(SMC_IND_DATA_8,                0x0069c, 8, 8)        \
    X(VM_CONTEXT8_PAGE_TABLE_BASE,   0x01438, 4, 8)        \
    X(VM_CONTEXT0_PAGE_TABLE_BASE,   0x0153c, 4, 8)        \
    X(BIOS_SCRATCH_0,                0x01724, 4, 16)       \
    X(SQ_LB_DATA_0,                  0x08e64, 4, 4)        \
    X(MC_VM_FB_SIZE_OFFSET_VF0,      0x3e600, 4, 16)       \
    X(RLC_GPU_IOV_CFG_REG10,         0x3ec88, 4, 6)

#define S7150_REG_ENUM(name, offset, ...) R_##name = offset,
enum {
    S7150_MMIO_REGS(S7150_REG_ENUM)
    S7150_MMIO_FAMILIES(S7150_REG_ENUM)
};
#undef S7150_REG_ENUM

/*
 * Configuration space of the real part, section 1.3. Capabilities first.
 */
#define CFG_VNDR            0x048
#define CFG_PM              0x050
#define CFG_EXP             0x058
#define CFG_MSI             0x0a0
#define CFG_VSEC            0x100
#define CFG_SERIAL          0x140
#define CFG_AER             0x150
#define CFG_REBAR           0x200
#define CFG_ARI             0x328
#define CFG_SRIOV           0x330
#define CFG_GPUIOV          0x400

/* The subsystem ids can be written here. */
#define VNDR_ADAPTER_ID_W   0x04

/* Registers of the GPU-IOV capability, from its start (section 2.2). */
#define GPUIOV_SRIOV_SHADOW 0x08
#define GPUIOV_CMD_CONTROL  0x0c
#define GPUIOV_FCN_ID       0x0d
#define GPUIOV_NXT_FCN_ID   0x0e
#define GPUIOV_CMD_STATUS   0x10
#define GPUIOV_RESET_CTL    0x14
#define GPUIOV_RESET_NOTIFY 0x18
#define GPUIOV_VM_INIT      0x1c
#define GPUIOV_CNTXT        0x20
#define GPUIOV_FB_AVAIL     0x24
#define GPUIOV_FB_CONSUMED  0x26
#define GPUIOV_VM_BUSY      0x28
#define GPUIOV_VF0_FB       0x2c
#define GPUIOV_LEN          0x6c
#define GPUIOV_VSEC_ID      0x0002

#define CMD_CONTROL_TYPE    0x0f
#define CMD_CONTROL_EXECUTE 0x10
#define CMD_CONTROL_INTR_EN 0x20

#define FCN_PF              0x00
#define FCN_VF0             0x80

/* Section 2.3 */
enum {
    CMD_IDLE = 1, CMD_SAVE, CMD_LOAD, CMD_RUN, CMD_CONTEXT_SWITCH,
    CMD_AUTO_HW_SWITCH, CMD_INIT, CMD_SAVE_RLCV, CMD_LOAD_RLCV, CMD_MAX,
};

/* Section 2.4 */
#define STATUS_DONE         0x00
#define STATUS_GFX_HANG     0x0e
#define STATUS_SDMA_HANG    0x0f

/* Bits of registers of BAR5 */
#define MM_INDEX_APER_VRAM          BIT(31)
#define IOV_FUNC_IDENTIFIER_VF      (BIT(31) | BIT(0))
#define IOV_FUNC_IDENTIFIER_IOV_EN  BIT(31)
#define BIOS_SCRATCH_7              (R_BIOS_SCRATCH_0 + 7 * 4)
#define BIOS_SCRATCH_7_INIT_DONE    BIT(9)
#define IH_RB_ENABLE                BIT(0)
#define IH_WPTR_WRITEBACK_ENABLE    BIT(8)
#define IH_ENABLE_INTR              BIT(17)
#define IH_RPTR_REARM               BIT(21)
#define IH_WPTR_OVERFLOW_CLEAR      BIT(31)
#define IH_WPTR_RB_OVERFLOW         BIT(0)
#define IH_PTR_OFFSET               0x3fffcu
#define IH_DEBUG_OVERFLOW_ENABLE    BIT(1)
#define IH_DOORBELL_RPTR_ENABLE     BIT(28)
#define MAILBOX_TRN_MSG_VALID       BIT(0)
#define MAILBOX_TRN_MSG_ACK         BIT(1)
#define MAILBOX_RCV_MSG_VALID       BIT(8)
#define MAILBOX_RCV_MSG_ACK         BIT(9)
#define MAILBOX_VALID_INT_EN        BIT(0)
#define MAILBOX_ACK_INT_EN          BIT(1)
#define CP_DMA_SRC_IS_DATA          BIT(30)
#define CP_ME_CNTL_HALT             (BIT(24) | BIT(26) | BIT(28))
#define CP_MEC_CNTL_ME2_HALT        BIT(28)
#define CP_MEC_CNTL_ME1_HALT        BIT(30)
#define CP_RB_RPTR_WR_ENA           BIT(31)
#define CP_DOORBELL_EN              BIT(30)
#define RLC_CP_SCHEDULERS_VALID     BIT(7)
#define SDMA_RB_ENABLE              BIT(0)
#define SDMA_DOORBELL_ENABLE        BIT(28)
#define SDMA_F32_HALT               BIT(0)
#define SDMA_POLL_ENABLE            BIT(0)
#define VM_CONTEXT_ENABLE           BIT(0)
#define VM_CONTEXT_FAULT_INT_EN     BIT(12)     /* of invalid entries */
#define RLCV_F32_ENABLE             BIT(0)
#define RLCV_SCRATCH_DWORDS         512
#define GPM_SCRATCH_LIST_LENGTH     0x5f
#define RLC_GPM_STAT_IDLE           0x17
#define GRBM_STATUS_IDLE            0x3028
#define GRBM_STATUS_GUI_ACTIVE      BIT(31)
#define CP_DMA_PIO_FIFO_EMPTY       BIT(28)
#define IH_STATUS_IDLE              BIT(0)
#define CP_STAT_BUSY                BIT(31)
#define SDMA_STATUS_IDLE            BIT(0)

/* Registers behind PCIE_INDEX (sections 1.5 and 3.10) */
#define PCIE_STRAP8                 0x01500008
#define PCIE_STRAP8_ARI_MODE        0x00600000
#define PCIE_STRAP8_PF_BUS_PLUS_1   0x00200000
#define PCIE_STRAP8_POWER_ON        0x00200004
#define PCIE_STRAP_MISC             0x014000c0
#define PCIE_STRAP_MISC_FLR_EN      BIT(30)
#define PCIE_SWRST_EP_CONTROL_0     0x0140010c
#define SWRST_EP_FLR0_RESET_EN      BIT(16)
#define SWRST_EP_FLR_KEEP_CFG       0x00f00000

/* Registers and memory behind SMC_IND_INDEX (sections 3.3 and 3.4) */
#define SMC_ROM_INDEX               0xc0600010
#define SMC_ROM_DATA                0xc0600014
#define SMC_CG_INTERRUPT_STATUS     0xc0200048
#define SMC_SRAM_SIZE               0x40000
#define SMC_SOFT_REGS_POINTER       0x20030
#define SMC_SOFT_REGS               0x3fbe8
#define SMC_UCODE_LOAD_STATUS       (SMC_SOFT_REGS + 0x6c)
#define SMC_FIRMWARE_FLAGS          0x3f800
#define SMC_FIRMWARE_INTERRUPTS     BIT(0)
#define SMC_RCU_UC_EVENTS           0xc0000004
#define SMC_RCU_BOOT_SEQ_DONE       BIT(7)
#define SMC_RCU_INTERRUPTS_ENABLED  BIT(16)
#define SMC_SYSCON_RESET_CNTL       0x80000000
#define SMC_SYSCON_RST_REG          BIT(0)
#define SMC_SMU_STATUS              0xe0003088
#define SMC_SMU_STATUS_DONE_PASS    (BIT(0) | BIT(1))
#define SMC_PC_C                    0x80000370
#define SMC_PC_C_RUNNING            0x20100
#define SMC_MSG_DRAM_ADDR_HI        0x250
#define SMC_MSG_DRAM_ADDR_LO        0x251
#define SMC_MSG_LOAD_UCODES         0x254
#define SMC_RESP_OK                 1

/* What the SMC measures (section 3.11) */
#define SMC_EFUSE_0                 0xc0100000
#define SMC_PROFILE_INDEX           0xc0200014
#define SMC_PWR_SVI2_STATUS         0xc0200294
#define SMC_CG_MULT_THERMAL_CTRL    0xc0300010
#define SMC_TMON0_RDIL0             0xc0300100
#define SMC_TMON0_RDIR0             0xc0300140
#define SMC_TMON1_RDIL0             0xc0300180
#define SMC_TMON1_RDIR0             0xc03001c0
#define SMC_TMON_VALID              BIT(11)
#define SMC_GRAPHICS_ACTIVITY       0x3fc24
#define SMC_PM_STATUS_95            0x3ff7c
#define SMC_MSG_PM_STATUS_LOG_START 0x170
#define SMC_MSG_PM_STATUS_LOG_SAMPLE 0x171
#define SMC_MSG_GET_SCLK            0x200

/* Interrupt sources (section 3.5) */
#define IH_SRC_VF_MSG_VALID         0x87    /* in the VF's ring */
#define IH_SRC_PF_MSG_ACK           0x88    /* in the PF's ring */
#define IH_SRC_PF_MSG_VALID         0x89
#define IH_SRC_VF_MSG_ACK           0x8a
#define IH_SRC_VM_INVALID           0x92
#define IH_SRC_VM_PROTECTION        0x93
#define IH_SRC_CP_EOP               0xb5
#define IH_SRC_SDMA_TRAP            0xe0

/* The name of a register; `buf` holds those that have none. */
#define S7150_NAME_LEN 48
const char *s7150_mmio_name(uint32_t offset, char buf[S7150_NAME_LEN]);
const char *s7150_config_name(uint32_t offset, char buf[S7150_NAME_LEN]);
bool s7150_mmio_known(uint32_t offset);
bool s7150_mmio_read_only(uint32_t offset);
/* The offset of a register by its name or its number in hex; -1: no such. */
int64_t s7150_mmio_find(const char *name);
int64_t s7150_config_find(const char *name);

#endif
