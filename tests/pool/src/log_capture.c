/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A log backend that keeps the text, so that tests can look for a line in it.
 */

#include <string.h>

#include <zephyr/logging/log_backend.h>
#include <zephyr/logging/log_output.h>
#include <zephyr/sys/printk.h>

#include "kernel.h"

/* The beginning of the log; the rest is dropped. */
static char captured[2048];
static size_t length;
static bool panicked;

static int capture(uint8_t *data, size_t size, void *ctx)
{
	ARG_UNUSED(ctx);
	for (size_t i = 0; i < size; i++) {
		if (panicked) {
			printk("%c", data[i]);
		} else if (length < sizeof(captured) - 1) {
			captured[length++] = data[i];
		}
	}
	return size;
}

static uint8_t buffer[64];
LOG_OUTPUT_DEFINE(capture_output, capture, buffer, sizeof(buffer));

static void process(const struct log_backend *const backend, union log_msg_generic *msg)
{
	ARG_UNUSED(backend);
	log_output_msg_process(&capture_output, &msg->log, LOG_OUTPUT_FLAG_LEVEL);
}

static void panic(const struct log_backend *const backend)
{
	ARG_UNUSED(backend);
	panicked = true;
}

static const struct log_backend_api capture_api = {
	.process = process,
	.panic = panic,
};

LOG_BACKEND_DEFINE(capture_backend, capture_api, true);

bool test_log_contains(const char *text)
{
	return strstr(captured, text) != NULL;
}
