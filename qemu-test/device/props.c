/*
 * AMD FirePro S7150 model: its properties: those that are fixed when a card is
 * made, and those that may be read or written at any time over QMP. README.md
 * lists them; fault knobs are in faults.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/visitor.h"
#include "qom/object.h"
#include "s7150.h"

const Property s7150_properties[] = {
    DEFINE_PROP_STRING("reglog", S7150State, reglog_path),
    DEFINE_PROP_STRING("vbios", S7150State, vbios),
    DEFINE_PROP_UINT32("total-fb-mb", S7150State, total_fb_mb, 8190),
    DEFINE_PROP_BOOL("posted", S7150State, posted, true),
    DEFINE_PROP_SIZE("vram-size", S7150State, vram_size, 8 * GiB),
    DEFINE_PROP_STRING("vram-file", S7150State, vram_file),
    DEFINE_PROP_SIZE("fb-bar-size", S7150State, fb_bar_size, 256 * MiB),
    DEFINE_PROP_SIZE("vf-fb-bar-size", S7150State, vf_fb_bar_size, 256 * MiB),
    DEFINE_PROP_UINT16("total-vfs", S7150State, total_vfs, S7150_MAX_VFS),
    DEFINE_PROP_UINT16("vfs", S7150State, total_vfs, S7150_MAX_VFS),
    DEFINE_PROP_BOOL("legacy-endpoint", S7150State, legacy, true),
    DEFINE_PROP_BOOL("vga-class", S7150State, vga_class, true),
    DEFINE_PROP_BOOL("flr", S7150State, with_flr, true),
    DEFINE_PROP_BOOL("gpu-iov", S7150State, with_gpuiov, true),
    DEFINE_PROP_BOOL("msi", S7150State, with_msi, true),
    DEFINE_PROP_BOOL("ari", S7150State, with_ari, true),
    DEFINE_PROP_BOOL("debug-regs", S7150State, debug_regs, false),
};
const size_t s7150_properties_count = ARRAY_SIZE(s7150_properties);

/* Settings */

typedef enum { SET_BOOL, SET_U8, SET_U32, SET_NAME } SettingType;

typedef struct Setting {
    const char *name;
    SettingType type;
    size_t offset;
    uint32_t initial;
    const char *const *names;   /* of a SET_NAME */
} Setting;

static const char *const beyond_names[] = { "zeros", "ones", "repeat", NULL };
static const char *const rlcv_names[] = { "strap", "always", "never", NULL };

#define CARD(f) offsetof(S7150State, f)
#define LATENCY(name, op) \
    { "latency-" name "-us", SET_U32, CARD(op_latency_us[op]), UINT32_MAX }

static const Setting settings[] = {
    { "command-latency-us", SET_U32, CARD(latency_us), 50 },
    LATENCY("idle", CMD_IDLE), LATENCY("save", CMD_SAVE),
    LATENCY("load", CMD_LOAD), LATENCY("run", CMD_RUN),
    LATENCY("init", CMD_INIT), LATENCY("save-rlcv", CMD_SAVE_RLCV),
    LATENCY("load-rlcv", CMD_LOAD_RLCV),
    { "save-list-dwords", SET_U32, CARD(save_list_dwords), 0x300 },
    { "illegal-status", SET_U8, CARD(illegal_status), 0 },
    { "strict", SET_BOOL, CARD(strict), false },
    { "engines", SET_BOOL, CARD(engines), false },
    { "vf-mmio-block", SET_BOOL, CARD(vf_mmio_block), false },
    { "vf-mmio-beyond", SET_NAME, CARD(vf_mmio_beyond), 0, beyond_names },
    { "flr-clears-mailbox", SET_BOOL, CARD(flr_clears_mailbox), false },
    { "flr-shows", SET_BOOL, CARD(flr_shows), true },
    { "flr-needs-rlcv", SET_BOOL, CARD(flr_needs_rlcv), false },
    { "flr-resets-rlcv", SET_NAME, CARD(flr_resets_rlcv), 0, rlcv_names },
    { "ih-overflow-clear-level", SET_BOOL, CARD(overflow_clear_level), false },
    { "mailbox-rcv-ack-readable", SET_BOOL, CARD(rcv_ack_readable), false },
    { "strap-moves-vfs", SET_BOOL, CARD(strap_moves_vfs), false },
    { "scratch-increments", SET_BOOL, CARD(scratch_increments), true },
    { "status-4-bits", SET_BOOL, CARD(status_4_bits), false },
    { "errors-keep-execute", SET_BOOL, CARD(errors_keep_execute), false },
    { "csa-pf-last", SET_BOOL, CARD(csa_pf_last), false },
    { "smc-temp", SET_U32, CARD(sensors.temp), 55 * 4 },
    { "smc-temp-sel", SET_U32, CARD(sensors.temp_sel), 0 },
    { "smc-temp-valid", SET_BOOL, CARD(sensors.temp_valid), true },
    { "smc-vid1", SET_U32, CARD(sensors.vid1), 0xff },
    { "smc-vid2", SET_U32, CARD(sensors.vid2), 80 },
    { "smc-svi2-busy", SET_BOOL, CARD(sensors.svi2_busy), false },
    { "smc-power", SET_U32, CARD(sensors.power), 62 * 256 + 128 },
    { "smc-sclk", SET_U32, CARD(sensors.sclk), 92000 },
    { "smc-sclk-index", SET_U32, CARD(sensors.sclk_index), 5 },
    { "smc-activity", SET_U32, CARD(sensors.activity), 35 * 256 },
    { "smc-response", SET_U8, CARD(sensors.response), SMC_RESP_OK },
    { "fault-msi-lost", SET_BOOL, CARD(fault.msi_lost), false },
    { "fault-ack-lost", SET_BOOL, CARD(fault.ack_lost), false },
    { "fault-flr", SET_BOOL, CARD(fault.flr), false },
    { "fault-flr-ms", SET_U32, CARD(fault.flr_ms), 0 },
    { "fault-bus-reset", SET_BOOL, CARD(fault.bus_reset), false },
    { "fault-bus-reset-ms", SET_U32, CARD(fault.bus_reset_ms), 0 },
};

static void *field(Object *obj, const Setting *p)
{
    return (char *)S7150(obj) + p->offset;
}

static void get_setting(Object *obj, Visitor *v, const char *name, void *opaque,
                        Error **errp)
{
    const Setting *p = opaque;
    void *at = field(obj, p);
    uint32_t word;
    char *text;

    switch (p->type) {
    case SET_BOOL:
        visit_type_bool(v, name, at, errp);
        break;
    case SET_U8:
        visit_type_uint8(v, name, at, errp);
        break;
    case SET_U32:
        word = *(uint32_t *)at;
        visit_type_uint32(v, name, &word, errp);
        break;
    case SET_NAME:
        text = (char *)p->names[*(uint8_t *)at];
        visit_type_str(v, name, &text, errp);
        break;
    }
}

static void set_setting(Object *obj, Visitor *v, const char *name, void *opaque,
                        Error **errp)
{
    const Setting *p = opaque;
    void *at = field(obj, p);
    g_autofree char *text = NULL;

    switch (p->type) {
    case SET_BOOL:
        visit_type_bool(v, name, at, errp);
        break;
    case SET_U8:
        visit_type_uint8(v, name, at, errp);
        break;
    case SET_U32:
        visit_type_uint32(v, name, at, errp);
        break;
    case SET_NAME:
        if (!visit_type_str(v, name, &text, errp)) {
            return;
        }
        for (uint8_t i = 0; p->names[i]; i++) {
            if (g_str_equal(p->names[i], text)) {
                *(uint8_t *)at = i;
                return;
            }
        }
        error_setg(errp, "s7150: %s cannot be '%s'", name, text);
        break;
    }
}

static const char *type_name(const Setting *p)
{
    static const char *const names[] = { "bool", "uint8", "uint32", "string" };

    return names[p->type];
}

void s7150_settings_init(S7150State *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
        const Setting *p = &settings[i];
        void *at = field(OBJECT(s), p);

        switch (p->type) {
        case SET_BOOL:
            *(bool *)at = p->initial;
            break;
        case SET_U8:
        case SET_NAME:
            *(uint8_t *)at = p->initial;
            break;
        case SET_U32:
            *(uint32_t *)at = p->initial;
            break;
        }
    }
}

/* Texts that can be read */

typedef struct Text {
    const char *name;
    char *(*get)(S7150State *s);
} Text;

static const Text texts[] = {
    { "driver-error-log", s7150_driver_error_text },
    { "counters", s7150_json_counters },
    { "register-counts", s7150_json_registers },
    { "commands", s7150_json_commands },
    { "command-log", s7150_json_command_log },
    { "gpu-time", s7150_json_gpu_time },
    { "command-time", s7150_json_command_time },
    { "gpu", s7150_json_gpu },
    { "state", s7150_json_state },
    { "work", s7150_json_work },
    { "engine-work", s7150_json_engine_work },
};

static void get_text(Object *obj, Visitor *v, const char *name, void *opaque,
                     Error **errp)
{
    const Text *p = opaque;
    g_autofree char *text = NULL;

    if (!qdev_is_realized(DEVICE(obj))) {
        text = g_strdup("");
    } else {
        text = p->get(S7150(obj));
    }
    visit_type_str(v, name, &text, errp);
}

/* Things to do: written as true, read as false */

typedef struct Action {
    const char *name;
    void (*act)(S7150State *s);
} Action;

static const Action actions[] = {
    { "reglog-flush", s7150_log_flush },
    { "driver-errors-clear", s7150_driver_errors_clear },
    { "counters-reset", s7150_account_reset },
};

static void get_action(Object *obj, Visitor *v, const char *name, void *opaque,
                       Error **errp)
{
    bool done = false;

    visit_type_bool(v, name, &done, errp);
}

static void set_action(Object *obj, Visitor *v, const char *name, void *opaque,
                       Error **errp)
{
    const Action *p = opaque;
    bool act;

    if (visit_type_bool(v, name, &act, errp) && act &&
        qdev_is_realized(DEVICE(obj))) {
        p->act(S7150(obj));
    }
}

static void get_driver_errors(Object *obj, Visitor *v, const char *name,
                              void *opaque, Error **errp)
{
    visit_type_uint64(v, name, &S7150(obj)->driver_errors, errp);
}

static void get_switches(Object *obj, Visitor *v, const char *name,
                         void *opaque, Error **errp)
{
    visit_type_uint64(v, name, &S7150(obj)->switches, errp);
}

void s7150_add_properties(ObjectClass *klass)
{
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
        object_class_property_add(klass, settings[i].name,
                                  type_name(&settings[i]), get_setting,
                                  set_setting, NULL, (void *)&settings[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        object_class_property_add(klass, texts[i].name, "string", get_text,
                                  NULL, NULL, (void *)&texts[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        object_class_property_add(klass, actions[i].name, "bool", get_action,
                                  set_action, NULL, (void *)&actions[i]);
    }
    object_class_property_add(klass, "driver-errors", "uint64",
                              get_driver_errors, NULL, NULL, NULL);
    object_class_property_add(klass, "switches", "uint64", get_switches, NULL,
                              NULL, NULL);
}
