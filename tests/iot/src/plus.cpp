/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The same headers in C++.
 */

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <iot_taskpool.h>

namespace
{

class Counter
{
public:
	IotTaskPoolError_t create()
	{
		return IotTaskPool_CreateJob(count, this, &storage, &job);
	}

	IotTaskPoolJob_t job = IOT_TASKPOOL_JOB_INITIALIZER;
	int calls = 0;

private:
	static void count(IotTaskPool_t, IotTaskPoolJob_t, void *self)
	{
		static_cast<Counter *>(self)->calls++;
	}

	IotTaskPoolJobStorage_t storage = IOT_TASKPOOL_JOB_STORAGE_INITIALIZER;
};

Counter counter;

/* Every initializer of a pool. */
const IotTaskPoolInfo_t infos[] = {
	IOT_TASKPOOL_INFO_INITIALIZER_SMALL,  IOT_TASKPOOL_INFO_INITIALIZER_MEDIUM, IOT_TASKPOOL_INFO_INITIALIZER_LARGE,
	IOT_TASKPOOL_INFO_INITIALIZER_XLARGE, IOT_TASKPOOL_INFO_INITIALIZER,
};

} /* namespace */

ZTEST(iot, test_plus_plus)
{
	static const uint32_t most[] = {1, 2, 3, 4, 2};
	IotTaskPoolJobStatus_t status = IOT_TASKPOOL_STATUS_UNDEFINED;
	IotTaskPool_t plus = IOT_TASKPOOL_INITIALIZER;

	for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
		zassert_equal(infos[i].maxThreads, most[i]);
		zassert_equal(infos[i].stackSize, 0);
		zassert_equal(infos[i].priority, -1);
	}
	zassert_equal(IotTaskPool_Create(&infos[4], &plus), IOT_TASKPOOL_SUCCESS);
	zassert_equal(counter.create(), IOT_TASKPOOL_SUCCESS);
	zassert_equal(IotTaskPool_Schedule(plus, counter.job, IOT_TASKPOOL_JOB_HIGH_PRIORITY), IOT_TASKPOOL_SUCCESS);
	zassert_equal(IotTaskPool_GetStatus(plus, counter.job, &status), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status, IOT_TASKPOOL_STATUS_SCHEDULED);
	k_msleep(5);
	zassert_equal(counter.calls, 1);
	zassert_equal(IotTaskPool_Destroy(plus), IOT_TASKPOOL_SUCCESS);
	zassert_str_equal(IotTaskPool_strerror(IOT_TASKPOOL_SUCCESS), "SUCCESS");
	zassert_not_null(IOT_SYSTEM_TASKPOOL);
}
