/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Two CPUs at one pool, and at several, and at pools that come and go.
 */

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include "churn.h"
#include "load.h"

BUILD_ASSERT(CONFIG_MP_MAX_NUM_CPUS == 2, "the books have room for two");

/* Each of the load's threads interrupts its CPU by itself. */
void load_source(uint32_t seed)
{
	ARG_UNUSED(seed);
}

ZTEST(smp, test_one_pool)
{
	zassert_equal(arch_num_cpus(), 2, "this needs two CPUs");
	load_rounds(1, false);
}

ZTEST(smp, test_all_pools)
{
	load_rounds(3, false);
}

ZTEST(smp, test_control)
{
	load_rounds(3, true);
}

ZTEST(smp, test_pools_that_come_and_go)
{
	churn(30 * CONFIG_LOAD_ROUNDS);
}

ZTEST_SUITE(smp, NULL, NULL, NULL, NULL, NULL);
