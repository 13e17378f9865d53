//! A work item of Zephyr's work queues as a completion.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering};

use taskpool::{Complete, Outcome, Room, Told};
use zephyr_sys::{k_work, k_work_init, k_work_q, k_work_submit, k_work_submit_to_queue, zr_irq_lock, zr_irq_unlock};

/// Calls a function in the thread of a work queue: the system's, or one of the application's.
///
/// ```ignore
/// static SHOW: Work = Work::new(|told| show(told.outcome));
/// static FETCHED: OnEnd<&Work> = OnEnd::new(&SHOW);
/// static FETCH: Job = Job::with_completion(fetch, &FETCHED);
/// ```
///
/// No outcome is lost. It is kept here before the item is submitted; one that is queued already calls once, for all outcomes
/// that came until then ([`Told::count`]). Where the work queue takes nothing, as it was not started, drains or is plugged,
/// [`refused`](Work::refused) counts that, and the outcome stays for the next call, or for [`take`](Work::take).
///
/// It is told from any thread and interrupt, in one lock section, O(1), and what `k_work_submit_to_queue` takes.
#[repr(C)]
pub struct Work {
    /// The first field: `handle` goes back from it to the whole.
    item: UnsafeCell<MaybeUninit<k_work>>,
    initialised: AtomicBool,
    room: Room,
    /// The system's, if there is none.
    queue: Option<Queue>,
    call: fn(Told),
}

#[derive(Clone, Copy)]
struct Queue(*mut k_work_q);

// SAFETY: the kernel allows every context to submit to a work queue, and `in_queue` was promised one that stays.
unsafe impl Send for Queue {}
// SAFETY: as above.
unsafe impl Sync for Queue {}
// SAFETY: `get` sees to it that the item is initialised once; then only the kernel touches it, under its own lock.
unsafe impl Sync for Work {}

impl Work {
    /// Calls `call` in the system's work queue.
    pub const fn new(call: fn(Told)) -> Self {
        Work {
            item: UnsafeCell::new(MaybeUninit::uninit()),
            initialised: AtomicBool::new(false),
            room: Room::new(),
            queue: None,
            call,
        }
    }

    /// Calls `call` in this work queue.
    ///
    /// # Safety
    ///
    /// `queue` is zero or initialised, and stays for ever.
    pub const unsafe fn in_queue(queue: *mut k_work_q, call: fn(Told)) -> Self {
        let mut work = Self::new(call);
        work.queue = Some(Queue(queue));
        work
    }

    /// What has ended and was not called for, if anything has. From any thread and interrupt. One lock section, O(1).
    pub fn take(&self) -> Option<Told> {
        self.room.take()
    }

    /// How many outcomes came while the work queue took nothing, since the boot. From any thread and interrupt. One lock
    /// section, O(1).
    pub fn refused(&self) -> u32 {
        self.room.refused()
    }

    /// The item, initialised by the first caller. From the whole, which `handle` needs.
    fn get(&'static self) -> *mut k_work {
        let pointer = (&raw const *self).cast_mut().cast::<k_work>();
        if !self.initialised.load(Ordering::Acquire) {
            // SAFETY: callable everywhere; on several CPUs it takes the kernel's global lock.
            let key = unsafe { zr_irq_lock() };
            if !self.initialised.load(Ordering::Relaxed) {
                // SAFETY: room for an item that nobody uses yet; the lock lets one caller in.
                unsafe { k_work_init(pointer, Some(handle)) };
                self.initialised.store(true, Ordering::Release);
            }
            // SAFETY: the key of this lock.
            unsafe { zr_irq_unlock(key) };
        }
        pointer
    }
}

/// What the work queue calls.
///
/// # Safety
///
/// `item` is that of a `Work` that stays for ever.
unsafe extern "C" fn handle(item: *mut k_work) {
    // SAFETY: this function's promise; the item is the first field, and the pointer was made from the whole.
    let work = unsafe { &*item.cast::<Work>() };
    if let Some(told) = work.room.take() {
        (work.call)(told);
    }
}

/// Of a reference that stays: the work queue keeps the item beyond the call.
impl Complete for &'static Work {
    fn complete(&self, outcome: Outcome) {
        self.room.put(outcome);
        let answer = match self.queue {
            // SAFETY: an initialised item that stays; the system's work queue is started at boot.
            None => unsafe { k_work_submit(self.get()) },
            // SAFETY: as above; `in_queue` was promised a queue.
            Some(Queue(queue)) => unsafe { k_work_submit_to_queue(queue, self.get()) },
        };
        if answer < 0 {
            self.room.refuse();
        }
    }
}
