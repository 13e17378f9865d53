/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Jobs of both languages in one pool.
 */

#include "../../c/src/common.h"

/* Submits its job to the pool of C; answers one of taskpool_accepted. */
int rust_submit(void);
/* How often that has run. */
uint32_t rust_runs(void);

ZTEST(c, test_jobs_of_both_languages)
{
	static struct noted job;

	noted_init(&job, 1);
	zassert_equal(rust_submit(), TASKPOOL_NEW);
	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_equal(rust_runs(), 0);
	settle();
	zassert_equal(rust_runs(), 1);
	zassert_equal(atomic_get(&job.runs), 1);
}
