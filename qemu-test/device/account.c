/*
 * AMD FirePro S7150 model: what happened, as a log of accesses, as counters and
 * as times. Observes; never changes what the card does.
 *
 * A function runs from the end of its RUN (or LOAD_RLCV) until the IDLE, SAVE,
 * LOAD or INIT that ends it is written, or a reset stops it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "qobject/qjson.h"
#include "qobject/qstring.h"
#include "s7150.h"

static const char *const counter_name[CNT_MAX] = {
    [CNT_CONFIG_READ] = "config-reads",
    [CNT_CONFIG_WRITE] = "config-writes",
    [CNT_MMIO_READ] = "mmio-reads",
    [CNT_MMIO_WRITE] = "mmio-writes",
    [CNT_DOORBELL_READ] = "doorbell-reads",
    [CNT_DOORBELL_WRITE] = "doorbell-writes",
    [CNT_IO_READ] = "io-reads",
    [CNT_IO_WRITE] = "io-writes",
    [CNT_VF_CONFIG_READ] = "vf-config-reads",
    [CNT_VF_CONFIG_WRITE] = "vf-config-writes",
    [CNT_VF_MMIO_READ] = "vf-mmio-reads",
    [CNT_VF_MMIO_WRITE] = "vf-mmio-writes",
    [CNT_VF_DOORBELL_READ] = "vf-doorbell-reads",
    [CNT_VF_DOORBELL_WRITE] = "vf-doorbell-writes",
    [CNT_COMMAND] = "commands",
    [CNT_COMMAND_FAULT] = "command-faults",
    [CNT_IH_ENTRY] = "ih-entries",
    [CNT_IH_OVERFLOW] = "ih-overflows",
    [CNT_MSI] = "msis",
    [CNT_VF_FLR] = "vf-flrs",
    [CNT_PF_FLR] = "pf-flrs",
    [CNT_BUS_RESET] = "bus-resets",
};

static const char *const space_name[] = { "config", "mmio", "doorbell", "io" };

/* Log */

bool s7150_log_open(S7150State *s, Error **errp)
{
    if (!s->reglog_path || !*s->reglog_path) {
        return true;
    }
    s->reglog = fopen(s->reglog_path, "w");
    if (!s->reglog) {
        error_setg_errno(errp, errno, "s7150: cannot write %s", s->reglog_path);
        return false;
    }
    /* Writing each line by itself makes accesses 14 times slower. */
    setvbuf(s->reglog, NULL, _IOFBF, 256 * KiB);
    return true;
}

void s7150_log_flush(S7150State *s)
{
    if (s->reglog) {
        fflush(s->reglog);
    }
}

static void line(S7150State *s, const char *who)
{
    fprintf(s->reglog, "%07" PRIu64 " %" PRId64 " %s ", s->reglog_seq++,
            s7150_now(), who);
}

/* Something that happened inside the card: SEQ NS FUNCTION event TEXT */
void s7150_log(S7150State *s, const char *who, const char *fmt, ...)
{
    va_list ap;

    if (!s->reglog) {
        return;
    }
    line(s, who);
    fputs("event ", s->reglog);
    va_start(ap, fmt);
    vfprintf(s->reglog, fmt, ap);
    va_end(ap);
    fputc('\n', s->reglog);
}

static void log_access(S7150Fn *f, S7150Space space, bool write, unsigned size,
                       uint32_t offset, uint64_t value)
{
    S7150State *s = f->card;
    char buf[S7150_NAME_LEN];
    uint32_t index;

    line(s, f->name);
    fprintf(s->reglog, "%s %c%u %05x ", space_name[space], write ? 'W' : 'R',
            size, offset);
    switch (space) {
    case SPACE_CONFIG:
        fputs(s7150_config_name(offset, buf), s->reglog);
        break;
    case SPACE_DOORBELL:
        fprintf(s->reglog, "DOORBELL_%x", offset / 4);
        break;
    default:
        fputs(s7150_mmio_name(offset, buf), s->reglog);
        if (s7150_smc_reg(offset & ~3u, &index)) {
            fprintf(s->reglog, "[%08x]", f->regs[index / 4]);
        } else if ((offset & ~3u) == R_PCIE_DATA) {
            fprintf(s->reglog, "[%08x]", f->regs[R_PCIE_INDEX / 4]);
        }
    }
    fprintf(s->reglog, " %0*" PRIx64 "\n", (int)size * 2, value);
}

void s7150_access(S7150Fn *f, S7150Space space, bool write, unsigned size,
                  uint32_t offset, uint64_t value)
{
    static const S7150Counter pf[] = {
        CNT_CONFIG_READ, CNT_MMIO_READ, CNT_DOORBELL_READ, CNT_IO_READ,
    };
    static const S7150Counter vf[] = {
        CNT_VF_CONFIG_READ, CNT_VF_MMIO_READ, CNT_VF_DOORBELL_READ, CNT_MAX,
    };
    S7150State *s = f->card;

    s->counter[(s7150_is_pf(f) ? pf : vf)[space] + write]++;
    if (s7150_is_pf(f)) {
        if (space == SPACE_CONFIG && offset < PCIE_CONFIG_SPACE_SIZE) {
            (write ? s->config_writes : s->config_reads)[offset]++;
        } else if (space == SPACE_MMIO && offset < MMIO_SIZE) {
            (write ? s->reg_writes : s->reg_reads)[offset / 4]++;
        }
    }
    if (s->reglog) {
        log_access(f, space, write, size, offset, value);
    }
}

/* Times */

void s7150_account_run_start(S7150State *s, int64_t now)
{
    s->run_since = now;
    s->live = true;
    if (s->current != s->last_run) {
        s->switches++;
        s->last_run = s->current;
    }
}

void s7150_account_run_stop(S7150State *s, int64_t now)
{
    S7150Fn *f = s7150_function(s, s->current);

    if (f && s->live) {
        f->gpu_ns += now - s->run_since;
    }
    s->live = false;
}

void s7150_account_command(S7150State *s, int64_t end, uint8_t status)
{
    S7150Fn *f = s7150_function(s, s->fcn);

    s->log[s->log_count++ % S7150_COMMAND_LOG] = (S7150Command) {
        .start = s->command_start, .end = end, .op = s->op, .fcn = s->fcn,
        .status = status,
    };
    if (f && end >= 0) {
        f->command_ns += end - s->command_start;
    }
}

/* Life */

void s7150_account_init(S7150State *s)
{
    s->reg_reads = g_new0(uint64_t, MMIO_SIZE / 4);
    s->reg_writes = g_new0(uint64_t, MMIO_SIZE / 4);
    s->config_reads = g_new0(uint64_t, PCIE_CONFIG_SPACE_SIZE);
    s->config_writes = g_new0(uint64_t, PCIE_CONFIG_SPACE_SIZE);
    s->driver_error_log = g_queue_new();
    s->last_run = FCN_PF;
}

void s7150_account_exit(S7150State *s)
{
    g_clear_pointer(&s->reg_reads, g_free);
    g_clear_pointer(&s->reg_writes, g_free);
    g_clear_pointer(&s->config_reads, g_free);
    g_clear_pointer(&s->config_writes, g_free);
    if (s->driver_error_log) {
        g_queue_free_full(g_steal_pointer(&s->driver_error_log), g_free);
    }
    if (s->reglog) {
        fclose(s->reglog);
        s->reglog = NULL;
    }
}

static void reset_function(S7150Fn *f)
{
    f->gpu_ns = f->command_ns = 0;
    memset(f->commands, 0, sizeof(f->commands));
    s7150_engines_account_reset(f);
}

void s7150_account_reset(S7150State *s)
{
    memset(s->counter, 0, sizeof(s->counter));
    memset(s->reg_reads, 0, MMIO_SIZE / 4 * sizeof(uint64_t));
    memset(s->reg_writes, 0, MMIO_SIZE / 4 * sizeof(uint64_t));
    memset(s->config_reads, 0, PCIE_CONFIG_SPACE_SIZE * sizeof(uint64_t));
    memset(s->config_writes, 0, PCIE_CONFIG_SPACE_SIZE * sizeof(uint64_t));
    reset_function(&s->fn);
    for (int i = 0; i < s->total_vfs; i++) {
        reset_function(s7150_vf(s, i));
    }
    s->switches = 0;
    s->log_count = 0;
    s->run_since = s7150_now();
    s->counted_since = s->run_since;
    /* What is under way counts from now on. */
    s->command_start = s->run_since;
}

/* JSON */

char *s7150_json(QDict *dict)
{
    GString *text = qobject_to_json(QOBJECT(dict));

    qobject_unref(dict);
    return g_string_free(text, false);
}

char *s7150_json_counters(S7150State *s)
{
    QDict *d = qdict_new();

    for (int i = 0; i < CNT_MAX; i++) {
        qdict_put_int(d, counter_name[i], s->counter[i]);
    }
    qdict_put_int(d, "switches", s->switches);
    qdict_put_int(d, "ns", s7150_now() - s->counted_since);
    return s7150_json(d);
}

static void add_register(QDict *d, const char *name, uint64_t reads,
                         uint64_t writes)
{
    QDict *r = qdict_get_qdict(d, name);

    if (!r) {
        r = qdict_new();
        qdict_put(d, name, r);
    }
    qdict_put_int(r, "reads", qdict_get_try_int(r, "reads", 0) + reads);
    qdict_put_int(r, "writes", qdict_get_try_int(r, "writes", 0) + writes);
}

char *s7150_json_registers(S7150State *s)
{
    QDict *d = qdict_new();
    char buf[S7150_NAME_LEN];

    for (uint32_t i = 0; i < PCIE_CONFIG_SPACE_SIZE; i++) {
        if (s->config_reads[i] || s->config_writes[i]) {
            add_register(d, s7150_config_name(i, buf), s->config_reads[i],
                         s->config_writes[i]);
        }
    }
    for (uint32_t i = 0; i < MMIO_SIZE / 4; i++) {
        if (s->reg_reads[i] || s->reg_writes[i]) {
            add_register(d, s7150_mmio_name(i * 4, buf), s->reg_reads[i],
                         s->reg_writes[i]);
        }
    }
    return s7150_json(d);
}

static void each_function(S7150State *s, QDict *d,
                          void (*add)(QDict *d, S7150Fn *f))
{
    add(d, &s->fn);
    for (int i = 0; i < s->total_vfs; i++) {
        add(d, s7150_vf(s, i));
    }
}

static void add_commands(QDict *d, S7150Fn *f)
{
    QDict *c = qdict_new();

    for (int op = 0; op < CMD_MAX; op++) {
        if (f->commands[op]) {
            qdict_put_int(c, s7150_op_name[op], f->commands[op]);
        }
    }
    if (qdict_size(c)) {
        qdict_put(d, f->name, c);
    } else {
        qobject_unref(c);
    }
}

char *s7150_json_commands(S7150State *s)
{
    QDict *d = qdict_new();

    each_function(s, d, add_commands);
    return s7150_json(d);
}

static void add_gpu_time(QDict *d, S7150Fn *f)
{
    uint64_t now = s7150_running(f) ? s7150_now() - f->card->run_since : 0;

    qdict_put_int(d, f->name, f->gpu_ns + now);
}

char *s7150_json_gpu_time(S7150State *s)
{
    QDict *d = qdict_new();

    each_function(s, d, add_gpu_time);
    return s7150_json(d);
}

static void add_command_time(QDict *d, S7150Fn *f)
{
    S7150State *s = f->card;
    uint64_t now = s->executing && s7150_function(s, s->fcn) == f ?
                   s7150_now() - s->command_start : 0;

    qdict_put_int(d, f->name, f->command_ns + now);
}

char *s7150_json_command_time(S7150State *s)
{
    QDict *d = qdict_new();

    each_function(s, d, add_command_time);
    return s7150_json(d);
}

char *s7150_json_command_log(S7150State *s)
{
    QList *l = qlist_new();
    uint64_t first = s->log_count > S7150_COMMAND_LOG ?
                     s->log_count - S7150_COMMAND_LOG : 0;
    GString *text;

    for (uint64_t i = first; i < s->log_count; i++) {
        const S7150Command *c = &s->log[i % S7150_COMMAND_LOG];
        QDict *d = qdict_new();
        char buf[S7150_NAME_LEN];

        qdict_put_int(d, "start", c->start);
        qdict_put_int(d, "end", c->end);
        qdict_put_str(d, "function", s7150_function_name(c->fcn, buf));
        qdict_put_str(d, "op", s7150_op_name[c->op]);
        qdict_put_int(d, "status", c->status);
        qlist_append(l, d);
    }
    text = qobject_to_json(QOBJECT(l));
    qobject_unref(l);
    return g_string_free(text, false);
}
