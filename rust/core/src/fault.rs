//! What the machine does when its own memory contradicts itself.

/// Two parts of the machine do not fit: a job or pool was overwritten, or its memory reused while it was under way.
///
/// In one place, out of the way. On Zephyr a function in C says so and panics: Rust's way of panicking would bring 3,900
/// bytes, most of it formatting, into an image that has none.
#[cold]
#[inline(never)]
pub(crate) fn broken() -> ! {
    #[cfg(target_os = "none")]
    {
        extern "C" {
            fn taskpool_port_broken() -> !;
        }
        // SAFETY: it takes nothing and does not return.
        unsafe { taskpool_port_broken() }
    }
    #[cfg(not(target_os = "none"))]
    panic!("the task pool's memory is corrupted: a job or pool was overwritten, or reused while it was under way")
}
