/*
 * AMD FirePro S7150 (Tonga, 1002:6929) SR-IOV model: the state of a card and of
 * its functions, and what the model's files offer one another.
 *
 * Nothing is global: each card owns all of its state, so that a machine may
 * have several. "Section n" is of the hardware reference.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef S7150_H
#define S7150_H

#include "qemu/units.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "hw/pci/pci_device.h"
#include "hw/qdev-properties.h"
#include "qobject/qdict.h"
#include "regs.h"

#define TYPE_S7150          "s7150"
#define TYPE_S7150_VF       "s7150-vf"

#define S7150_VENDOR        0x1002
#define S7150_DEVICE_PF     0x6929
#define S7150_DEVICE_VF     0x692f
#define S7150_SUBSYSTEM     0x030c
#define S7150_MAX_VFS       16
#define S7150_FUNCTIONS     (1 + S7150_MAX_VFS)
#define S7150_PF            (-1)        /* S7150Fn.vf of the PF */

#define BAR_FB              0
#define BAR_DOORBELL        2
#define BAR_IO              4
#define BAR_MMIO            5

#define MMIO_SIZE           (256 * KiB)
#define VF_MMIO_SIZE        (4 * MiB)
#define DOORBELL_SIZE       (2 * MiB)
#define VF_DOORBELL_SIZE    (4 * MiB)
#define IO_SIZE             256
#define ROM_BAR_SIZE        (128 * KiB)
#define FLASH_SIZE          (512 * KiB)
#define VF_FB_UNIT          (16 * MiB)
#define CNTXT_UNIT          (256 * KiB)
#define FB_BASE_PF          0xf4000000ull       /* MC address >> 8 */

OBJECT_DECLARE_SIMPLE_TYPE(S7150State, S7150)
typedef struct S7150VFState S7150VFState;
DECLARE_INSTANCE_CHECKER(S7150VFState, S7150_VF, TYPE_S7150_VF)

/* What is counted, in the order of the names in account.c */
typedef enum S7150Counter {
    CNT_CONFIG_READ, CNT_CONFIG_WRITE, CNT_MMIO_READ, CNT_MMIO_WRITE,
    CNT_DOORBELL_READ, CNT_DOORBELL_WRITE, CNT_IO_READ, CNT_IO_WRITE,
    CNT_VF_CONFIG_READ, CNT_VF_CONFIG_WRITE, CNT_VF_MMIO_READ,
    CNT_VF_MMIO_WRITE, CNT_VF_DOORBELL_READ, CNT_VF_DOORBELL_WRITE,
    CNT_COMMAND, CNT_COMMAND_FAULT, CNT_IH_ENTRY, CNT_IH_OVERFLOW, CNT_MSI,
    CNT_VF_FLR, CNT_PF_FLR, CNT_BUS_RESET, CNT_MAX,
} S7150Counter;

typedef enum S7150Space {
    SPACE_CONFIG, SPACE_MMIO, SPACE_DOORBELL, SPACE_IO,
} S7150Space;

/* Section 2.6 */
typedef enum S7150Phase {
    PHASE_FREE, PHASE_INITED, PHASE_LOADED, PHASE_RUNNING, PHASE_IDLE,
} S7150Phase;

typedef enum S7150Reset {
    RESET_POWER,                /* the machine's: the firmware posts the card */
    RESET_BUS,                  /* leaves the card unposted */
    RESET_FLR,
    RESET_VF_ENABLE,            /* VF Enable was set or cleared */
} S7150Reset;

/* What the engines of a function are doing (engines/engines.h) */
typedef struct S7150Engines S7150Engines;

/* Work that a VF's test program has queued (work.c), in ns of GPU time */
typedef struct S7150Work {
    uint64_t queued, done;
    uint64_t completed;         /* how many units */
    uint32_t refused;
    uint64_t since;             /* when what runs began to run */
    uint32_t head, tail;
    uint64_t unit[64];          /* what is left of each unit */
} S7150Work;

/* What PF and VFs have in common */
typedef struct S7150Fn {
    PCIDevice *pdev;
    S7150State *card;
    int vf;                     /* S7150_PF or 0..15 */
    char name[8];               /* "PF", "VF1".. */
    MemoryRegion fb;            /* BAR0: ones, and the window on top */
    MemoryRegion fb_window;
    MemoryRegion doorbell;
    MemoryRegion mmio;
    uint32_t *regs;             /* the function's own copy of BAR5 */
    bool ih_armed;              /* an MSI may be sent */
    bool ih_overflow;
    bool flr_seen;              /* since the last INIT or LOAD_RLCV */
    bool spoilt;                /* what was loaded was damaged */
    bool fb_reported;           /* the error in its framebuffer range */
    int64_t flr_until;          /* ms; configuration space answers ones */
    uint32_t flr_count;
    S7150Engines *engines;
    uint64_t ucodes;            /* where the table of its firmware is */
    QEMUTimer *work_timer;
    S7150Work work;
    uint64_t gpu_ns, command_ns;
    uint64_t commands[CMD_MAX];
} S7150Fn;

/* One VF's mailbox; index of the arrays: who sends */
enum { MBOX_PF, MBOX_VF };
typedef struct S7150Mailbox {
    uint32_t dw[2][4];
    bool trn_valid[2], trn_ack[2], rcv_valid[2];
} S7150Mailbox;

#define S7150_COMMAND_LOG 1024
typedef struct S7150Command {
    int64_t start, end;         /* virtual ns; end -1: never ended */
    uint8_t op, fcn, status;
} S7150Command;

/* Rules that make the card misbehave (faults.c) */
#define S7150_RULES 8
typedef struct S7150CommandRule {
    int op;                     /* 0: any */
    int function;               /* function id; -1: any */
    uint8_t status;
    bool never, until_flr, until_reset, delay;
    int64_t after_ns, lag_ns;
    uint64_t skip, count;       /* count 0: for ever */
} S7150CommandRule;

typedef struct S7150RegisterRule {
    int vf;
    uint32_t offset, value;
    uint64_t count;             /* 0: for ever */
} S7150RegisterRule;

typedef struct S7150MailboxRule {
    bool ack, duplicate;        /* else: the message */
    bool to_pf, to_vf;
    int vf;                     /* -1: any */
    uint64_t count;             /* 0: for ever */
} S7150MailboxRule;

typedef struct S7150RingRule {
    int vf, kind;               /* a QueueKind */
    bool until_flr;
} S7150RingRule;

typedef struct S7150Faults {
    char *command_text, *gone_text, *ih_text, *config_write_text;
    char *register_text, *mailbox_text, *vram_text, *ih_wptr_text;
    char *ring_text;
    S7150CommandRule command[S7150_RULES];
    S7150RegisterRule reg[S7150_RULES];
    S7150MailboxRule mailbox[S7150_RULES];
    uint32_t config_write[S7150_RULES];
    S7150RingRule ring[S7150_RULES];
    unsigned n_command, n_register, n_mailbox, n_config_write, n_ring;
    bool gone;
    uint64_t gone_after;        /* accesses until the card is gone; 0: off */
    QEMUTimer *back_timer;
    bool msi_lost, ack_lost, flr, bus_reset;
    uint32_t flr_ms, bus_reset_ms;
    bool wptr_stuck, wptr_forged;   /* the copy of the ring's write pointer */
    uint32_t wptr;
} S7150Faults;

/* What the SMC measures (sensors.c), as its registers have it */
typedef struct S7150Sensors {
    uint32_t temp, temp_sel, vid1, vid2, power, sclk, activity, sclk_index;
    bool temp_valid, svi2_busy;
    uint8_t response;           /* to all messages; 0: none */
    bool logging;
    uint32_t pm_status;         /* the power that was last sampled */
} S7150Sensors;

struct S7150State {
    PCIDevice parent_obj;

    S7150Fn fn;
    MemoryRegion vram;
    MemoryRegion io;
    uint8_t *flash;
    uint32_t rom_index;
    GHashTable *smc;            /* address -> value */
    GHashTable *pcie;
    uint32_t rlcv_scratch[RLCV_SCRATCH_DWORDS];
    S7150Mailbox mailbox[S7150_MAX_VFS];
    S7150Sensors sensors;

    /* command engine */
    QEMUTimer *command_timer;
    QEMUTimer *lag_timer;
    S7150Phase phase;
    uint8_t current;            /* function id, if phase is not free */
    uint32_t slots;             /* valid save slots: BIT(0) PF, BIT(1 + n) */
    bool live;                  /* the current function's engines run */
    bool executing, stuck;
    uint8_t op, fcn, result;
    bool interrupt;
    int64_t lag_ns;
    int64_t command_start;
    int64_t run_since;
    uint64_t save_generation;

    /* accounts */
    int64_t counted_since;
    uint64_t counter[CNT_MAX];
    uint64_t *reg_reads, *reg_writes;           /* by dword of BAR5 */
    uint64_t *config_reads, *config_writes;     /* by byte */
    uint64_t switches;
    uint8_t last_run;
    S7150Command log[S7150_COMMAND_LOG];
    uint64_t log_count;
    uint64_t driver_errors;
    GQueue *driver_error_log;

    FILE *reglog;
    uint64_t reglog_seq;

    S7150Faults fault;

    /* properties, fixed when the card is made */
    char *reglog_path, *vbios, *vram_file;
    uint32_t total_fb_mb;
    bool posted, legacy, vga_class, with_flr, with_gpuiov, with_msi, with_ari;
    bool debug_regs;
    uint64_t vram_size, fb_bar_size, vf_fb_bar_size;
    uint16_t total_vfs;

    /* properties that may change at any time */
    uint32_t latency_us;
    uint32_t op_latency_us[CMD_MAX];    /* UINT32_MAX: as latency_us */
    uint32_t save_list_dwords;
    uint8_t illegal_status;
    bool strict, engines, vf_mmio_block, flr_clears_mailbox, flr_shows;
    bool overflow_clear_level, rcv_ack_readable, strap_moves_vfs;
    bool flr_needs_rlcv, scratch_increments, status_4_bits;
    bool errors_keep_execute, csa_pf_last;
    uint8_t vf_mmio_beyond;     /* S7150Beyond */
    uint8_t flr_resets_rlcv;    /* S7150FlrRlcv */
};

struct S7150VFState {
    PCIDevice parent_obj;
    S7150Fn fn;
};

static inline int64_t s7150_now(void)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static inline bool s7150_is_pf(const S7150Fn *f)
{
    return f->vf == S7150_PF;
}

static inline uint8_t *s7150_cap(S7150State *s)
{
    return PCI_DEVICE(s)->config + CFG_GPUIOV;
}

/* account.c: the log of accesses, counters and times */
void s7150_log(S7150State *s, const char *who, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);
bool s7150_log_open(S7150State *s, Error **errp);
void s7150_log_flush(S7150State *s);
void s7150_access(S7150Fn *f, S7150Space space, bool write, unsigned size,
                  uint32_t offset, uint64_t value);
void s7150_account_init(S7150State *s);
void s7150_account_exit(S7150State *s);
void s7150_account_reset(S7150State *s);
void s7150_account_command(S7150State *s, int64_t end, uint8_t status);
void s7150_account_run_start(S7150State *s, int64_t now);
void s7150_account_run_stop(S7150State *s, int64_t now);
char *s7150_json_counters(S7150State *s);
char *s7150_json_registers(S7150State *s);
char *s7150_json_commands(S7150State *s);
char *s7150_json_gpu_time(S7150State *s);
char *s7150_json_command_time(S7150State *s);
char *s7150_json_command_log(S7150State *s);

/* errors.c: the record of what the PF's driver does wrong */
void s7150_driver_error(S7150State *s, const char *fmt, ...)
    G_GNUC_PRINTF(2, 3);
char *s7150_driver_error_text(S7150State *s);
void s7150_driver_errors_clear(S7150State *s);

/* config.c: configuration space of PF and VFs */
uint32_t s7150_config_read(PCIDevice *d, uint32_t addr, int len);
void s7150_config_write(PCIDevice *d, uint32_t addr, uint32_t val, int len);
uint32_t s7150_vf_config_read(PCIDevice *d, uint32_t addr, int len);
void s7150_vf_config_write(PCIDevice *d, uint32_t addr, uint32_t val, int len);

/* caps.c: capabilities */
bool s7150_common_caps(S7150State *s, PCIDevice *d, Error **errp);
bool s7150_pf_caps(S7150State *s, Error **errp);

/* gpuiov.c, order.c: the GPU-IOV capability and the command engine */
extern const char *const s7150_phase_name[];
extern const char *const s7150_op_name[CMD_MAX];
S7150Fn *s7150_vf(S7150State *s, int vf);
S7150Fn *s7150_function(S7150State *s, uint8_t fcn);
bool s7150_vf_enabled(S7150State *s, int vf);
const char *s7150_function_name(uint8_t fcn, char buf[S7150_NAME_LEN]);
bool s7150_running(S7150Fn *f);
void s7150_gpuiov_write(S7150State *s, uint32_t off, uint32_t val, int len);
bool s7150_gpuiov_mirror_read(S7150State *s, uint32_t reg, uint32_t *val);
bool s7150_gpuiov_mirror_write(S7150State *s, uint32_t reg, uint32_t val);
void s7150_gpuiov_show_vfs(S7150State *s);
void s7150_gpuiov_init(S7150State *s);
void s7150_gpuiov_exit(S7150State *s);
void s7150_gpuiov_reset(S7150State *s);
void s7150_gpuiov_vf_flr(S7150Fn *f);
void s7150_gpuiov_vfs_gone(S7150State *s);
typedef enum S7150Verdict {
    ORDER_LEGAL, ORDER_REDUNDANT, ORDER_ILLEGAL, ORDER_NO_FUNCTION,
} S7150Verdict;
S7150Verdict s7150_order_check(S7150State *s, uint8_t op, uint8_t fcn);
bool s7150_order_stops(S7150State *s, uint8_t op, uint8_t fcn);
void s7150_order_apply(S7150State *s, uint8_t op, uint8_t fcn);
char *s7150_json_gpu(S7150State *s);

/* fb.c: context save area and the VFs' framebuffer ranges */
uint64_t s7150_vf_fb_base(S7150State *s, int vf);
uint64_t s7150_vf_fb_size(S7150State *s, int vf);
void s7150_fb_changed(S7150State *s);
void s7150_fb_check_write(S7150State *s, int vf);
void s7150_cntxt_changed(S7150State *s);
void s7150_fb_check_use(S7150State *s, uint8_t fcn);
void s7150_fb_update_window(S7150Fn *f);
void s7150_csa_save(S7150State *s, uint8_t fcn);
bool s7150_csa_load(S7150State *s, uint8_t fcn);

/* ih.c: interrupt ring and MSI */
void s7150_ih_write_back(S7150Fn *f);
void s7150_ih_push(S7150Fn *f, uint32_t source, uint32_t data, uint32_t ring);
void s7150_ih_rptr(S7150Fn *f, uint32_t rptr);
uint32_t s7150_ih_wptr(S7150Fn *f);
void s7150_ih_cntl(S7150Fn *f, uint32_t val);
void s7150_msi(S7150Fn *f);

/* mailbox.c */
bool s7150_mailbox_read(S7150Fn *f, uint32_t reg, uint32_t *val);
bool s7150_mailbox_write(S7150Fn *f, uint32_t reg, uint32_t val);
void s7150_mailbox_reset(S7150State *s, int vf);

/* smc.c, pcie_straps.c, rlc.c: what is behind index and data registers */
bool s7150_smc_reg(uint32_t reg, uint32_t *index_reg);
uint32_t s7150_smc_read(S7150State *s, uint32_t addr);
void s7150_smc_write(S7150State *s, uint32_t addr, uint32_t val);
void s7150_smc_message(S7150Fn *f, uint32_t val);
bool s7150_smc_init(S7150State *s, Error **errp);
void s7150_smc_exit(S7150State *s);
void s7150_smc_reset(S7150State *s, bool posted);
uint32_t s7150_pcie_read(S7150State *s, uint32_t addr);
void s7150_pcie_write(S7150State *s, uint32_t addr, uint32_t val);
void s7150_pcie_init(S7150State *s);
void s7150_pcie_exit(S7150State *s);
void s7150_pcie_reset(S7150State *s);
bool s7150_rlc_read(S7150Fn *f, uint32_t reg, uint32_t *val);
bool s7150_rlc_write(S7150Fn *f, uint32_t reg, uint32_t val);
void s7150_rlc_reset(S7150State *s);
bool s7150_rlcv_on(S7150State *s);

/* sensors.c: what the SMC measures */
bool s7150_sensor_read(S7150State *s, uint32_t addr, uint32_t *val);
void s7150_sensor_message(S7150State *s, uint32_t message, uint32_t *arg);
void s7150_sensor_reset(S7150State *s);

/* vram.c: memory and the ways to it */
bool s7150_vram_init(S7150State *s, Error **errp);
void s7150_vram_bar(S7150Fn *f);
void s7150_vram_update_pf_window(S7150State *s);
bool s7150_vram_read(S7150State *s, uint64_t off, void *buf, uint64_t len);
bool s7150_vram_write(S7150State *s, uint64_t off, const void *buf,
                      uint64_t len);
bool s7150_vram_indirect(S7150Fn *f, bool write, uint32_t *val);
void s7150_cp_dma(S7150Fn *f, uint32_t command);

/* mmio.c: the BARs with registers */
extern const MemoryRegionOps s7150_mmio_ops;
extern const MemoryRegionOps s7150_doorbell_ops;
extern const MemoryRegionOps s7150_io_ops;
uint32_t s7150_reg_read(S7150Fn *f, uint32_t reg);
void s7150_reg_write(S7150Fn *f, uint32_t reg, uint32_t val);

/* vf.c: functions, their resets */
bool s7150_posted(S7150State *s);
void s7150_fn_init(S7150Fn *f, S7150State *s, PCIDevice *d, int vf);
void s7150_fn_exit(S7150Fn *f);
void s7150_show_reset(S7150State *s, int vf, bool on);
void s7150_fn_reset(S7150Fn *f, S7150Reset kind);
void s7150_vf_class_init(ObjectClass *klass, void *data);

/* debug.c: test registers at the end of BAR5 */
bool s7150_debug_read(S7150Fn *f, uint32_t reg, uint32_t *val);
void s7150_debug_write(S7150Fn *f, uint32_t reg, uint32_t val);

/* faults.c: what makes the card misbehave */
void s7150_fault_init(S7150State *s);
void s7150_fault_exit(S7150State *s);
void s7150_fault_add_properties(ObjectClass *klass);
bool s7150_fault_gone(S7150State *s);           /* counts an access */
void s7150_fault_bus_reset(S7150State *s);
S7150CommandRule *s7150_fault_command(S7150State *s, uint8_t op, uint8_t fcn);
void s7150_fault_command_flr(S7150State *s, uint8_t fcn, bool reset);
bool s7150_fault_register(S7150Fn *f, uint32_t reg, uint32_t *val);
bool s7150_fault_config_write(S7150State *s, uint32_t addr, int len);
bool s7150_fault_mailbox(S7150State *s, int vf, bool to_pf, bool ack,
                         bool duplicate);

/* props.c, state.c: properties */
extern const Property s7150_properties[];
extern const size_t s7150_properties_count;
void s7150_add_properties(ObjectClass *klass);
void s7150_settings_init(S7150State *s);
char *s7150_json_state(S7150State *s);
char *s7150_json(QDict *dict);

/* work.c: units of GPU work of test programs on VFs */
bool s7150_work_doorbell(S7150Fn *f, uint32_t offset, uint32_t val);
bool s7150_work_read(S7150Fn *f, uint32_t offset, uint32_t *val);
void s7150_work_start(S7150Fn *f, int64_t now);
void s7150_work_stop(S7150Fn *f, int64_t now);
void s7150_work_init(S7150Fn *f);
void s7150_work_exit(S7150Fn *f);
void s7150_work_reset(S7150Fn *f);
char *s7150_json_work(S7150State *s);

/* engines/: command processor and SDMA for a guest's real driver */
void s7150_engines_init(S7150Fn *f);
void s7150_engines_exit(S7150Fn *f);
void s7150_engines_reset(S7150Fn *f);
void s7150_engines_fresh(S7150Fn *f);
void s7150_engines_start(S7150Fn *f);
void s7150_engines_stop(S7150Fn *f);
size_t s7150_engines_context_size(void);
void s7150_engines_save(S7150Fn *f, void *to);
void s7150_engines_load(S7150Fn *f, const void *from);
void s7150_engines_account_reset(S7150Fn *f);
char *s7150_json_engine_work(S7150State *s);
uint32_t s7150_firmware_load(S7150Fn *f, uint64_t toc, uint32_t wanted);
bool s7150_engine_reg_read(S7150Fn *f, uint32_t reg, uint32_t *val);
bool s7150_engine_reg_write(S7150Fn *f, uint32_t reg, uint32_t val);
void s7150_engine_written(S7150Fn *f, uint32_t reg, uint32_t val);
bool s7150_engine_doorbell(S7150Fn *f, uint32_t index, uint32_t val);
void s7150_gpu_write32(S7150Fn *f, uint64_t mc, uint32_t val);
void s7150_fault_set_ring(S7150State *s, const char *text, Error **errp);
bool s7150_fault_ring(S7150Fn *f, int kind);
void s7150_fault_ring_flr(S7150Fn *f);

#endif
