/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A pool, and callbacks that count.
 */

#ifndef TESTS_IOT_COMMON_H_
#define TESTS_IOT_COMMON_H_

#include <zephyr/irq_offload.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <iot_taskpool.h>

/* One worker, less urgent than the test. Made before each case, and destroyed after it, if the case has not. */
extern IotTaskPool_t pool;

/* What the callbacks have seen since the case began. */
extern atomic_t calls;
extern IotTaskPool_t seen_pool;
extern IotTaskPoolJob_t seen_job;
extern void *seen_context;

/* Counts, and notes what it is given. */
void count(IotTaskPool_t pool, IotTaskPoolJob_t job, void *context);

/* Counts, and takes 20 ms. */
void linger(IotTaskPool_t pool, IotTaskPoolJob_t job, void *context);

/* Until what was scheduled has run. */
void settle(void);

IotTaskPoolJobStatus_t status_of(IotTaskPool_t pool, IotTaskPoolJob_t job);

#define expect(answer_, error_)                                                                                        \
	do {                                                                                                           \
		IotTaskPoolError_t got = (answer_);                                                                    \
                                                                                                                       \
		zassert_equal(got, (error_), "%s", IotTaskPool_strerror(got));                                         \
	} while (0)

#endif /* TESTS_IOT_COMMON_H_ */
