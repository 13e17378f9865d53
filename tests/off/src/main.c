/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * An application that has the module in its workspace and does not use it.
 */

#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#ifdef CONFIG_TASKPOOL
#error "CONFIG_TASKPOOL is on: it must be off by default"
#endif

int main(void)
{
	printk("off: the module is not in this image\n");
	return 0;
}
