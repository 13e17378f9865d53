/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * An interrupt after a given number of instructions: the first general-purpose timer of the LM3S6965, which counts
 * the emulator's clock, in which each instruction takes 64 ns.
 */

#include <zephyr/init.h>
#include <zephyr/irq.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/util.h>

#include <cmsis_core.h>

#include "sweep.h"

#define GPTM_BASE  0x40030000
#define GPTM_TAMR  0x04
#define GPTM_CTL   0x0c
#define GPTM_IMR   0x18
#define GPTM_ICR   0x24
#define GPTM_TAILR 0x28
#define GPTM_IRQ   19

#define GPTM(offset) (*(volatile uint32_t *)(GPTM_BASE + (offset)))
#define RCGC1        (*(volatile uint32_t *)0x400fe104)

#define RCGC1_TIMER0 BIT(16)
#define TAMR_ONESHOT 1
#define TIMEOUT_A    BIT(0)

/* About so many instructions around the clock interrupt are swept, too. */
#define INSTRUCTIONS_BEFORE_CLOCK 48
#define INSTRUCTIONS_AFTER_CLOCK  16

static struct sweep_hit hit;
volatile uint32_t sweep_fired;
static volatile bool clock_came;

/*
 * Arms the timer and goes on with the last `nops` NOPs before the caller: from the store to the caller's next
 * instruction it takes the same time in every trial, whatever `cycles` is.
 */
__attribute__((naked)) __noinline __aligned(8) void sweep_arm(uint32_t cycles, uint32_t nops)
{
	__asm__ volatile("ldr r2, =" STRINGIFY(GPTM_BASE) "\n\t"
			 "str r0, [r2, #" STRINGIFY(GPTM_TAILR) "]\n\t"
			 "ldr r3, =sweep_before_end\n\t"
			 "sub r3, r3, r1, lsl #1\n\t"
			 "orr r3, r3, #1\n\t"
			 "movs r0, #1\n\t"
			 "str r0, [r2, #" STRINGIFY(GPTM_CTL) "]\n\t"
			 ".global sweep_before_begin\n"
			 "sweep_before_begin:\n\t"
			 "bx r3\n\t"
			 ".rept " STRINGIFY(SWEEP_NOPS_BEFORE) "\n\t"
			 "nop\n\t"
			 ".endr\n\t"
			 ".global sweep_before_end\n"
			 "sweep_before_end:\n\t"
			 "bx lr\n\t"
			 ".ltorg\n\t");
}

/* Where operations return to. Waits for the interrupt. */
__attribute__((naked)) __noinline __aligned(8) void sweep_after(void)
{
	__asm__ volatile(".global sweep_after_begin\n"
			 "sweep_after_begin:\n\t"
			 ".rept " STRINGIFY(SWEEP_NOPS_AFTER) "\n\t"
			 "nop\n\t"
			 ".endr\n\t"
			 "ldr r2, =sweep_fired\n"
			 "1:\n\t"
			 "ldr r0, [r2]\n\t"
			 "cmp r0, #0\n\t"
			 "beq 1b\n\t"
			 ".global sweep_after_end\n"
			 "sweep_after_end:\n\t"
			 "bx lr\n\t"
			 ".ltorg\n\t");
}

/*
 * Arms the timer after `nops` (0 or 1) NOPs, and returns after `instructions` more, but for a constant. The odd ones
 * come first, so that it is always the same instruction that is so many before the end.
 */
static __attribute__((naked)) __noinline __aligned(8) void arm_and_spend(uint32_t cycles, uint32_t nops,
									 uint32_t instructions)
{
	__asm__ volatile("ldr r3, =" STRINGIFY(GPTM_BASE) "\n\t"
			 "str r0, [r3, #" STRINGIFY(GPTM_TAILR) "]\n\t"
			 "and r12, r2, #3\n\t"
			 "lsrs r2, r2, #2\n\t"
			 "ldr r0, =1f\n\t"
			 "sub r0, r0, r1, lsl #1\n\t"
			 "orr r0, r0, #1\n\t"
			 "movs r1, #1\n\t"
			 "bx r0\n\t"
			 "nop\n"
			 "1:\n\t"
			 "str r1, [r3, #" STRINGIFY(GPTM_CTL) "]\n\t"
			 ".global sweep_spend_begin\n"
			 "sweep_spend_begin:\n\t"
			 "ldr r0, =2f\n\t"
			 "sub r0, r0, r12, lsl #1\n\t"
			 "orr r0, r0, #1\n\t"
			 "bx r0\n\t"
			 "nop\n\t"
			 "nop\n\t"
			 "nop\n"
			 "2:\n\t"
			 "nop\n\t"
			 "nop\n\t"
			 "subs r2, #1\n\t"
			 "bne 2b\n\t"
			 ".global sweep_spend_end\n"
			 "sweep_spend_end:\n\t"
			 "bx lr\n\t"
			 ".ltorg\n\t");
}

uint32_t sweep_clock(uint32_t instructions)
{
	/*
	 * The clock interrupt comes `load` cycles after the kernel has programmed it. On the way from there to here,
	 * which is always the same one, `since` of them have passed. So many instructions are left, but for a constant:
	 */
	uint32_t load = SysTick->LOAD + 1;
	uint32_t since = load - SysTick->VAL;
	uint32_t left = DIV_ROUND_UP(load * 5, 4) - since * 5 / 4;
	/* src/offset.rs says where cycles and instructions meet. Here, a NOP before the arming makes up for it. */
	uint32_t after = left - INSTRUCTIONS_BEFORE_CLOCK + instructions;
	uint32_t extra = after % 5 == 1;

	arm_and_spend((after + extra) * 4 / 5, 1 - extra, left + INSTRUCTIONS_AFTER_CLOCK + extra);
	return since;
}

/* `sp`: the stack pointer at the entry of the interrupt's function. */
static __used void timer_expired(const uint32_t *sp)
{
	const uint32_t *frame = NULL;

	GPTM(GPTM_ICR) = TIMEOUT_A;
	/* The kernel's wrapper has pushed the exception's return address, and perhaps a register to keep 8 bytes. */
	for (int i = 0; i < 6 && frame == NULL; i++) {
		if ((sp[i] & 0xffffff00) == 0xffffff00) {
			hit.nested = (sp[i] & BIT(3)) == 0;
			frame = (sp[i] & BIT(2)) != 0 ? (const uint32_t *)__get_PSP() : &sp[i + 1];
		}
	}
	if (frame == NULL) {
		printk("the exception frame is not where it should be\n");
		k_panic();
	}
	hit.pc = frame[6];
	hit.clock = clock_came || (SCB->ICSR & SCB_ICSR_PENDSTSET_Msk) != 0;
	sweep_action();
	sweep_fired = 1;
}

static __attribute__((naked)) void timer_isr(const void *unused)
{
	__asm__ volatile("mov r0, sp\n\t"
			 "b timer_expired\n\t");
}

/*
 * Zephyr gives the clock interrupt the highest priority. Its driver relies on that: interrupted, it would tell a wrong
 * time. Here it comes below the timer, so that the timer interrupts the expiry of deadlines, and only that: the rest of
 * the clock interrupt is masked. The linker passes both functions through here (CMakeLists.txt).
 */
static unsigned int clock_key;

void __real_sys_clock_isr(void);
void __real_z_taskpool_expired(struct k_timer *timer);

void __wrap_sys_clock_isr(void)
{
	clock_came = true;
	clock_key = irq_lock();
	__real_sys_clock_isr();
	irq_unlock(clock_key);
}

void __wrap_z_taskpool_expired(struct k_timer *timer)
{
	irq_unlock(clock_key);
	__real_z_taskpool_expired(timer);
	(void)irq_lock();
}

void sweep_prepare(void)
{
	sweep_fired = 0;
}

void sweep_forget_clock(void)
{
	clock_came = false;
}

struct sweep_hit sweep_hit(void)
{
	return hit;
}

static int init(void)
{
	RCGC1 |= RCGC1_TIMER0;
	GPTM(GPTM_TAMR) = TAMR_ONESHOT;
	GPTM(GPTM_IMR) = TIMEOUT_A;
	IRQ_CONNECT(GPTM_IRQ, 0, timer_isr, NULL, 0);
	irq_enable(GPTM_IRQ);
	NVIC_SetPriority(SysTick_IRQn, _IRQ_PRIO_OFFSET + 1);
	return 0;
}

SYS_INIT(init, APPLICATION, CONFIG_APPLICATION_INIT_PRIORITY);
