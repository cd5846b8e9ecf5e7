/*
 * AMD FirePro S7150 model: the record of what the PF's driver does wrong.
 * Only records; what the card does about it is decided by who calls.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "s7150.h"

/* As many texts are kept; the count goes on. */
#define KEPT 256

void s7150_driver_error(S7150State *s, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    s->driver_errors++;
    s7150_log(s, "PF", "driver-error %s", text);
    if (g_queue_get_length(s->driver_error_log) < KEPT) {
        g_queue_push_tail(s->driver_error_log,
                          g_strdup_printf("%" PRId64 " us: %s",
                                          s7150_now() / 1000, text));
    }
}

char *s7150_driver_error_text(S7150State *s)
{
    GString *out = g_string_new(NULL);

    for (GList *l = s->driver_error_log->head; l; l = l->next) {
        g_string_append_printf(out, "%s\n", (const char *)l->data);
    }
    if (s->driver_errors > KEPT) {
        g_string_append_printf(out, "... and %" PRIu64 " more\n",
                               s->driver_errors - KEPT);
    }
    return g_string_free(out, false);
}

void s7150_driver_errors_clear(S7150State *s)
{
    s->driver_errors = 0;
    g_queue_clear_full(s->driver_error_log, g_free);
}
