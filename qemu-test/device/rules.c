/*
 * AMD FirePro S7150 model: texts of rules: "key=value,key,...", several rules
 * apart by ";". What the keys mean is up to who asks.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "rules.h"

static bool parse_rule(char *text, void *rule, S7150Assign *assign,
                       Error **errp)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    for (char **p = parts; *p; p++) {
        char *key = g_strstrip(*p), *value = strchr(key, '=');

        if (value) {
            *value++ = '\0';
        }
        if (*key && !assign(rule, key, value)) {
            error_setg(errp, "s7150: '%s%s%s' is not understood", key,
                       value ? "=" : "", value ? value : "");
            return false;
        }
    }
    return true;
}

/* Each rule is `size` bytes; returns how many there are, or -1. */
int s7150_rules(const char *text, void *rules, size_t size, const void *initial,
                S7150Assign *assign, Error **errp)
{
    g_auto(GStrv) parts = g_strsplit(text, ";", -1);
    int n = 0;

    for (char **p = parts; *p; p++) {
        if (!*g_strstrip(*p)) {
            continue;
        }
        if (n == S7150_RULES) {
            error_setg(errp, "s7150: more than %d rules", S7150_RULES);
            return -1;
        }
        memcpy((char *)rules + n * size, initial, size);
        if (!parse_rule(*p, (char *)rules + n * size, assign, errp)) {
            return -1;
        }
        n++;
    }
    return n;
}

void s7150_set_rules(const char *text, void *rules, unsigned *n, size_t size,
                     const void *initial, S7150Assign *assign, Error **errp)
{
    g_autofree void *fresh = g_malloc0_n(S7150_RULES, size);
    int count = s7150_rules(text, fresh, size, initial, assign, errp);

    if (count >= 0) {
        memcpy(rules, fresh, S7150_RULES * size);
        *n = count;
    }
}

bool s7150_rule_number(const char *text, int base, uint64_t limit,
                       uint64_t *out)
{
    return text && qemu_strtou64(text, NULL, base, out) == 0 && *out <= limit;
}

/* "PF" -1, "VF1".. 0.. */
bool s7150_rule_function(const char *text, int *vf)
{
    uint64_t n;

    if (text && g_str_equal(text, "PF")) {
        *vf = S7150_PF;
        return true;
    }
    if (!text || !g_str_has_prefix(text, "VF") ||
        !s7150_rule_number(text + 2, 10, S7150_MAX_VFS, &n) || !n) {
        return false;
    }
    *vf = n - 1;
    return true;
}
