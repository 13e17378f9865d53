/*
 * SPDX-License-Identifier: Apache-2.0
 */

#ifndef CHURN_H_
#define CHURN_H_

#include <stdint.h>

#include <taskpool/taskpool.h>

/* Pools that are made and destroyed on two CPUs, while their timers fire. */
void churn(uint32_t rounds);

/* Rust. */
void churn_fill(struct taskpool *pool, uint32_t thread, uint32_t random);
void churn_cancel(uint32_t random);
void churn_audit(uint32_t books[4]);

#endif /* CHURN_H_ */
