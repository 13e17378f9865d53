/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A Rust panic or a kernel error ends the run at once, with the line that test runners read.
 */

#include <zephyr/fatal.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log_ctrl.h>
#include <zephyr/sys/printk.h>

void k_sys_fatal_error_handler(unsigned int reason, const struct arch_esf *esf)
{
	ARG_UNUSED(esf);

	/* What was logged last says which error it was. */
	LOG_PANIC();
	printk("PROJECT EXECUTION FAILED\n");
	/* Ends the program on native_sim, and stops the CPU on QEMU. */
	k_fatal_halt(reason);
}
