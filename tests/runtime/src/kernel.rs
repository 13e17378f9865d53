//! What the tests need of C, as safe functions, beside ../common/kernel.rs. The only other file with `unsafe`.

#[path = "../../common/kernel.rs"]
mod common;

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;

use taskpool::export::{CorePool, Ref};
use taskpool::Pool;

pub use common::*;

extern "C" {
    fn test_create(max_threads: u8, priority: c_int) -> c_int;
    fn test_destroy(discard: bool, ticks: i64) -> c_int;
    fn test_overwrite();
    fn test_is_overwritten() -> bool;
    fn test_pool() -> *mut c_void;
    static test_eperm: c_int;
    static test_eagain: c_int;
    static test_edeadlk: c_int;
}

/// What `taskpool_destroy` can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Destroyed,
    InInterrupt,
    TimedOut,
    OnWorker,
}

/// The pool that C makes of its memory, with `taskpool_create`.
pub struct Made;

impl Made {
    /// Makes it.
    pub fn create(max_threads: u8, priority: i32) -> Pool {
        // SAFETY: C checks its arguments; there is one memory, and tests come one after the other.
        assert_eq!(unsafe { test_create(max_threads, priority) }, 0);
        Self::pool()
    }

    /// The pool that is there.
    pub fn pool() -> Pool {
        // SAFETY: answers an address.
        let pool = NonNull::new(unsafe { test_pool() }).expect("it is static");
        // SAFETY: a pool is there until `destroy`; no test uses it after that.
        Pool::from_reference(unsafe { Ref::new(pool.cast::<CorePool>()) })
    }

    /// What `taskpool_destroy` answers, with a timeout in ticks; none is for ever.
    pub fn destroy(discard: bool, ticks: Option<i64>) -> Answer {
        // SAFETY: constants.
        let [eperm, eagain, edeadlk] = [unsafe { test_eperm }, unsafe { test_eagain }, unsafe { test_edeadlk }];
        // SAFETY: the memory is static.
        match unsafe { test_destroy(discard, ticks.unwrap_or(-1)) } {
            0 => Answer::Destroyed,
            error if error == eperm => Answer::InInterrupt,
            error if error == eagain => Answer::TimedOut,
            error if error == edeadlk => Answer::OnWorker,
            error => panic!("{error} is no answer"),
        }
    }

    /// Uses the memory for something else, after `destroy`.
    pub fn overwrite() {
        // SAFETY: the tests call it when there is no pool.
        unsafe { test_overwrite() }
    }

    /// Whether nobody has written there since.
    pub fn is_overwritten() -> bool {
        // SAFETY: it only looks.
        unsafe { test_is_overwritten() }
    }
}
