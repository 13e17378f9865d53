//! Pools that are made at run time.

use core::ffi::CStr;
use core::fmt;

use crate::{port, CreateError, Pool};

/// Memory for a pool that is made at run time, in a `static`.
///
/// ```
/// use taskpool::{CreateError, Job, PoolMemory, Shutdown, Timeout};
///
/// static SPARE: PoolMemory = PoolMemory::new();
/// static UPDATE: Job = Job::new(|_| println!("update"));
///
/// let pool = SPARE.create(c"update", 2, 10)?;
/// pool.submit(&UPDATE)?;
/// assert_eq!(SPARE.create(c"net", 1, 7), Err(CreateError::InUse));
/// pool.shutdown(Shutdown::Drain, Timeout::Forever)?;
///
/// let pool = SPARE.create(c"net", 1, 7)?;
/// # pool.shutdown(Shutdown::Drain, Timeout::Forever)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It stays a pool's for ever, so a handle of the pool that was there before is answered `NotRunning`, or, once there
/// is a new one, names that. (C has `taskpool_destroy`, after which the memory can be used for something else.) On
/// 32-bit machines it takes 168 bytes, more than C's 144, as Rust does not know how large a kernel timer is; and what
/// other options than `CONFIG_TASKPOOL_CONTROL` add to each pool.
pub struct PoolMemory(port::Memory);

impl PoolMemory {
    /// Memory without a pool. In a `static` it takes nothing at run time.
    pub const fn new() -> Self {
        PoolMemory(port::Memory::new())
    }

    /// Makes a pool: of memory that has none, or whose pool has been [shut down](Pool::shutdown) to the end. It has no
    /// worker of its own. It borrows up to `max_threads` (1 to 127) from the reserve, of
    /// `CONFIG_TASKPOOL_RESERVE_THREADS` workers, and gives each back when nothing is ready; when the reserve has none
    /// left, it stands in its line. `priority` is the Zephyr thread priority of its workers while they work for it, and
    /// `name` is for the log.
    ///
    /// From threads only, on Zephyr from the init level `APPLICATION` on. One lock section, and another one where pools
    /// that start are logged; both O(1).
    ///
    /// # Errors
    ///
    /// [`CreateError::InUse`], [`CreateError::OutOfRange`], [`CreateError::NoSuchPriority`] (on the host: none that fits
    /// in 8 bits), [`CreateError::TooEarly`], [`CreateError::InInterrupt`]. Nothing has changed then.
    pub fn create(&'static self, name: &'static CStr, max_threads: u8, priority: i32) -> Result<Pool, CreateError> {
        self.0.create(name, max_threads, priority)
    }
}

impl Default for PoolMemory {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PoolMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolMemory").finish_non_exhaustive()
    }
}
