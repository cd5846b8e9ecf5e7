// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Does wrong when it is loaded, in the way its parameter says: the test bed has to notice each of them. */

#include <linux/bug.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/string.h>

static char *how = "";
module_param(how, charp, 0444);
MODULE_PARM_DESC(how, "warn, oops, spin (without interrupts, for ever) or refuse; nothing otherwise");

static int __init misbehave_init(void)
{
	/* The compiler must not see that it is always NULL. */
	int *volatile nothing = NULL;

	if (!strcmp(how, "warn"))
		WARN(1, "misbehave: asked to warn\n");
	if (!strcmp(how, "oops"))
		pr_info("misbehave: found %d\n", *nothing);
	if (!strcmp(how, "spin")) {
		local_irq_disable();
		for (;;)
			cpu_relax();
	}
	if (!strcmp(how, "refuse")) {
		pr_err("misbehave: there is no such card\n");
		return -ENODEV;
	}
	return 0;
}

static void __exit misbehave_exit(void)
{
}

module_init(misbehave_init);
module_exit(misbehave_exit);
MODULE_DESCRIPTION("Does wrong on demand");
MODULE_LICENSE("Dual MIT/GPL");
