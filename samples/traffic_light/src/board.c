/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The hardware of the crossing, which two kernel timers play: their functions run in the clock interrupt.
 */

#include <zephyr/kernel.h>

/* In Rust. */
void button_pressed(void);
void conversion_ended(uint32_t reading);

static void press(struct k_timer *button)
{
	ARG_UNUSED(button);
	button_pressed();
}

static K_TIMER_DEFINE(button, press, NULL);

/* From now on somebody impatient presses the button, every 250 ms. */
void board_button_on(void)
{
	k_timer_start(&button, K_MSEC(250), K_MSEC(250));
}

void board_button_off(void)
{
	k_timer_stop(&button);
}

static void convert(struct k_timer *adc)
{
	static uint32_t brightness = 390;

	ARG_UNUSED(adc);
	/* The day breaks. */
	brightness += 10;
	conversion_ended(brightness);
}

static K_TIMER_DEFINE(adc, convert, NULL);

/* Starts a conversion of the light sensor, which takes 5 ms. */
void board_start_conversion(void)
{
	k_timer_start(&adc, K_MSEC(5), K_NO_WAIT);
}
