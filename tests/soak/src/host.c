/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Built with the host's headers, outside Zephyr.
 */

#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Real time, in milliseconds. */
uint64_t soak_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The memory of the process that is in use, in KiB: data, and the stacks of the threads, which are the host's. */
uint64_t soak_resident_kib(void)
{
	unsigned long size;
	unsigned long resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file != NULL) {
		if (fscanf(file, "%lu %lu", &size, &resident) != 2) {
			resident = 0;
		}
		fclose(file);
	}
	return (uint64_t)resident * sysconf(_SC_PAGESIZE) / 1024;
}
