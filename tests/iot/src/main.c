/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include "common.h"

IotTaskPool_t pool;
atomic_t calls;
IotTaskPool_t seen_pool;
IotTaskPoolJob_t seen_job;
void *seen_context;

void count(IotTaskPool_t of, IotTaskPoolJob_t job, void *context)
{
	seen_pool = of;
	seen_job = job;
	seen_context = context;
	atomic_inc(&calls);
}

void linger(IotTaskPool_t of, IotTaskPoolJob_t job, void *context)
{
	count(of, job, context);
	k_msleep(20);
}

void settle(void)
{
	k_msleep(5);
}

IotTaskPoolJobStatus_t status_of(IotTaskPool_t of, IotTaskPoolJob_t job)
{
	IotTaskPoolJobStatus_t status = IOT_TASKPOOL_STATUS_UNDEFINED;

	expect(IotTaskPool_GetStatus(of, job, &status), IOT_TASKPOOL_SUCCESS);
	return status;
}

static void before(void *unused)
{
	static const IotTaskPoolInfo_t info = IOT_TASKPOOL_INFO_INITIALIZER_SMALL;

	ARG_UNUSED(unused);
	atomic_clear(&calls);
	expect(IotTaskPool_Create(&info, &pool), IOT_TASKPOOL_SUCCESS);
}

static void after(void *unused)
{
	IotTaskPoolError_t error = IotTaskPool_Destroy(pool);

	ARG_UNUSED(unused);
	if (error != IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS) {
		expect(error, IOT_TASKPOOL_SUCCESS);
	}
}

ZTEST_SUITE(iot, NULL, NULL, before, after, NULL);
