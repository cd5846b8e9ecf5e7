/*
 * AMD FirePro S7150 model: texts of rules, for the fault knobs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef S7150_RULES_H
#define S7150_RULES_H

#include "s7150.h"

/* Puts a key, and its value or NULL, into a rule; false: not understood. */
typedef bool S7150Assign(void *rule, const char *key, const char *value);

/*
 * Reads up to S7150_RULES rules of `size` bytes each, which begin as `initial`.
 * Returns how many there are, or -1.
 */
int s7150_rules(const char *text, void *rules, size_t size, const void *initial,
                S7150Assign *assign, Error **errp);

/* The same for rules that are kept: a text with a mistake changes nothing. */
void s7150_set_rules(const char *text, void *rules, unsigned *n, size_t size,
                     const void *initial, S7150Assign *assign, Error **errp);

/* A whole text as a number up to a limit */
bool s7150_rule_number(const char *text, int base, uint64_t limit,
                       uint64_t *out);

/* "PF" S7150_PF, "VF1".. 0.. */
bool s7150_rule_function(const char *text, int *vf);

/* fault_command.c */
void s7150_fault_set_command(S7150State *s, const char *text, Error **errp);

#endif
