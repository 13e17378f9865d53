//! What the quick start needs of Zephyr: a console, a data-ready line, and the image.

use core::cell::UnsafeCell;
use core::fmt;
use core::mem::MaybeUninit;

use taskpool::{Duration, OnEnd};
use taskpool_zephyr::Semaphore;
use zephyr_sys::{k_msleep, k_ticks_t, k_timeout_t, k_timer, k_timer_init, k_timer_start, k_timer_stop};

/// The end of the last job.
pub(crate) static ENDED: OnEnd<Semaphore> = OnEnd::new(Semaphore::new());

pub(crate) fn print(line: fmt::Arguments<'_>) {
    zephyr::printkln!("{}", line);
}

// Where the linker put the image's read-only data. On native_sim the host's linker names only the program's text.
extern "C" {
    #[cfg_attr(target_arch = "x86_64", link_name = "__executable_start")]
    static __rodata_region_start: u8;
    #[cfg_attr(target_arch = "x86_64", link_name = "etext")]
    static __rodata_region_end: u8;
}

/// The image's own read-only data.
pub(crate) fn image() -> &'static [u8] {
    let start = &raw const __rodata_region_start;
    let length = (&raw const __rodata_region_end).addr() - start.addr();
    // SAFETY: the linker puts both ends around initialised memory that nobody writes.
    unsafe { core::slice::from_raw_parts(start, length) }
}

/// A kernel timer that plays the sensor's data-ready line; its function runs in the clock interrupt.
struct Line(UnsafeCell<MaybeUninit<k_timer>>);

// SAFETY: `data_ready_on` runs once, before anybody else uses the timer; the kernel locks it from then on.
unsafe impl Sync for Line {}

static LINE: Line = Line(UnsafeCell::new(MaybeUninit::uninit()));

unsafe extern "C" fn data_ready(_: *mut k_timer) {
    crate::story::data_ready();
}

pub(crate) fn data_ready_on(period: Duration) {
    let timer = LINE.0.get().cast();
    let period = k_timeout_t {
        ticks: period.as_ticks() as k_ticks_t,
    };
    // SAFETY: a static that nothing uses yet.
    unsafe { k_timer_init(timer, Some(data_ready), None) };
    // SAFETY: initialised above.
    unsafe { k_timer_start(timer, period, period) };
}

pub(crate) fn data_ready_off() {
    // SAFETY: `data_ready_on` has initialised it.
    unsafe { k_timer_stop(LINE.0.get().cast()) };
}

pub(crate) fn sleep_1_ms() {
    // SAFETY: called by `main`, a thread.
    unsafe { k_msleep(1) };
}
