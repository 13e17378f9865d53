//! The memory of spawned jobs: the cache's slots, and who leaves one last.
//!
//! A spawned job has two owners: its submission, until its outcome has been told, and its handle. Each leaves once, in
//! a lock section. Whoever finds the other one gone drops what is left and gives the memory back, after that section.
//! What is in the memory, `spawn.rs` knows.

use core::cell::UnsafeCell;
use core::mem::{offset_of, MaybeUninit};
use core::ptr::NonNull;

#[cfg(CONFIG_TASKPOOL_WAIT)]
use super::WAITED;
use super::{Code, Completion, CompletionRef, Ctx, Header, JobRef, Outcome, WaiterRef, Waiting};
use crate::lock::{Locked, Token};
use crate::reference::Ref;

/// A reference to a spawned job; see [`Ref`] for what it promises: here until the last owner has left.
pub(crate) type SpawnedRef = Ref<Spawned>;

/// What the memory of a spawned job begins with. Behind it is room for the closure, and then for the result.
///
/// In a free slot it stays as it was, but for `header.up`: the next free one.
#[repr(C, align(8))]
pub(crate) struct Spawned {
    header: Header,
    completion: Completion,
    free: unsafe fn(SpawnedRef),
    owners: Locked<u8>,
}

// What the README states.
const _: () = assert!(
    size_of::<usize>() != 4
        || size_of::<Spawned>() == (8 + size_of::<Completion>() + size_of::<Header>()).next_multiple_of(8)
);

/// The submission: there until its outcome has been told.
pub(crate) const SUBMISSION: u8 = 1;
/// The handle: there until it is dropped, or has taken the result.
pub(crate) const HANDLE: u8 = 2;
/// What a submission leaves behind whose closure has run.
pub(crate) const RESULT: u8 = 4;
/// What a handle leaves behind that has taken the result.
pub(crate) const TAKEN: u8 = 8;

/// What an owner finds who leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Left {
    /// The other one is there, and sees to the rest.
    Other,
    /// Nobody is there any more: drop the result, if there is one, and give the memory back.
    Nobody { result: bool },
}

impl Spawned {
    /// Makes a job in `memory`, which has both owners.
    ///
    /// # Safety
    ///
    /// `memory` has room for a `Spawned`, and nobody else uses it until the last owner has left. The pointer covers
    /// what lies behind that, too. `run`, `complete` and `free` fit what the caller puts there.
    pub(crate) unsafe fn begin(
        memory: NonNull<Spawned>,
        run: unsafe fn(&Ctx<'_>, JobRef) -> Code,
        complete: unsafe fn(CompletionRef, Outcome),
        free: unsafe fn(SpawnedRef),
    ) -> SpawnedRef {
        // SAFETY: the field lies within the memory.
        let completion = unsafe { memory.byte_add(offset_of!(Spawned, completion)) }.cast();
        let mut header = Header::new(run);
        // SAFETY: written below, and there for as long as the job; `SpawnedRef::of` knows the way back.
        header.completion = Some(unsafe { Ref::new(completion) });
        let whole = Spawned {
            header,
            completion: Completion::new(complete),
            free,
            owners: Locked::new(SUBMISSION | HANDLE),
        };
        // SAFETY: this function's promise.
        unsafe { memory.write(whole) };
        // SAFETY: it has just been written, and this function's promise.
        unsafe { Ref::new(memory) }
    }
}

impl SpawnedRef {
    /// The job, as the pool sees it.
    #[inline(always)]
    pub(crate) fn job(self) -> JobRef {
        // SAFETY: `Header` is the first field (`repr(C)`).
        unsafe { self.cast() }
    }

    /// The next one in the list of its scope.
    pub(crate) fn next(self, token: &Token<'_>) -> Option<SpawnedRef> {
        // SAFETY: `set_next` puts nothing but spawned jobs there, and neither does the cache.
        self.header
            .up
            .get(token)
            .map(|next| unsafe { SpawnedRef::of_job(next) })
    }

    /// Puts the job before others: of its scope, while it is never deferred, or of the free slots.
    pub(crate) fn set_next(self, token: &Token<'_>, next: Option<SpawnedRef>) {
        self.header.up.set(token, next.map(SpawnedRef::job));
    }

    /// The way back from the job.
    ///
    /// # Safety
    ///
    /// `job` is that of a `Spawned`.
    #[inline(always)]
    pub(crate) unsafe fn of_job(job: JobRef) -> Self {
        // SAFETY: this function's promise; see `job`.
        unsafe { job.cast() }
    }

    /// The way back from the completion.
    ///
    /// # Safety
    ///
    /// `completion` is that of a `Spawned`.
    #[inline(always)]
    pub(crate) unsafe fn of(completion: CompletionRef) -> Self {
        // SAFETY: this function's promise: the place is within a `Spawned`, whose memory the pointer covers.
        let whole = unsafe { completion.as_ptr().byte_sub(offset_of!(Spawned, completion)) };
        // SAFETY: it was made from a pointer that is not null.
        let whole = unsafe { NonNull::new_unchecked(whole.cast()) };
        // SAFETY: as `Spawned::begin` made it.
        unsafe { Ref::new(whole) }
    }

    /// Begins to wait until the submission has left, which is after its closure was dropped; its end alone does not say
    /// that. Answers its outcome if it has.
    pub(crate) fn wait_begin(self, token: &Token<'_>, waiter: WaiterRef) -> Waiting {
        match self.job().outcome(token) {
            Some(outcome) if self.owners.get(token) & SUBMISSION == 0 => Waiting::Over(outcome),
            _ => {
                self.job().wait_on(token, waiter);
                Waiting::Begun
            }
        }
    }

    /// Who has waited until the submission left, which it has.
    pub(crate) fn let_go(self, _token: &Token<'_>) -> Option<WaiterRef> {
        #[cfg(CONFIG_TASKPOOL_WAIT)]
        if self.header.flags.get(_token) & WAITED != 0 {
            // The job is over, and nobody submits it again.
            let outcome = self.job().outcome(_token)?;
            return self.job().let_go(_token, outcome, false);
        }
        None
    }

    /// One of the owners leaves, and what it leaves behind.
    pub(crate) fn leave(self, token: &Token<'_>, owner: u8, behind: u8) -> Left {
        let before = self.owners.get(token);
        debug_assert!(before & owner != 0, "an owner leaves a spawned job twice");
        let owners = before & !owner | behind;
        self.owners.set(token, owners);
        match owners & (SUBMISSION | HANDLE) {
            0 => Left::Nobody {
                result: owners & (RESULT | TAKEN) == RESULT,
            },
            _ => Left::Other,
        }
    }

    /// Gives the memory back.
    ///
    /// # Safety
    ///
    /// The last owner calls it, once, or whoever had the submission refused; what was behind it is gone.
    pub(crate) unsafe fn free(self) {
        // SAFETY: `Spawned::begin` was given a function that fits; this function's promise.
        unsafe { (self.free)(self) }
    }
}

/// A slot of the cache.
#[repr(C, align(8))]
struct Slot<const SIZE: usize> {
    head: Spawned,
    room: [u8; SIZE],
}

/// The memory of a cache: so many slots, with room for closures and results of so many bytes. All of it zero.
#[repr(C)]
pub struct Slots<const COUNT: usize, const SIZE: usize> {
    memory: UnsafeCell<MaybeUninit<[Slot<SIZE>; COUNT]>>,
    #[cfg(CONFIG_TASKPOOL_C_API)]
    users: [Locked<u16>; COUNT],
}

// SAFETY: only what `Cache` hands out touches the memory, each slot by one owner at a time.
unsafe impl<const COUNT: usize, const SIZE: usize> Sync for Slots<COUNT, SIZE> {}

impl<const COUNT: usize, const SIZE: usize> Slots<COUNT, SIZE> {
    /// From one slot to the next, in bytes; the first one is where all of it begins.
    #[doc(hidden)]
    pub const PITCH: usize = size_of::<Slot<SIZE>>();

    /// Slots that nobody has used.
    pub const fn new() -> Self {
        Slots {
            memory: UnsafeCell::new(MaybeUninit::zeroed()),
            #[cfg(CONFIG_TASKPOOL_C_API)]
            users: [const { Locked::new(0) }; COUNT],
        }
    }
}

impl<const COUNT: usize, const SIZE: usize> Default for Slots<COUNT, SIZE> {
    fn default() -> Self {
        Self::new()
    }
}

/// Which slots are free. It is ready from link time on: nothing has to run first.
pub struct Cache {
    slots: NonNull<Spawned>,
    /// From one slot to the next, in bytes.
    pitch: u16,
    count: u8,
    used: Locked<u8>,
    /// The most that were ever used at once. The slots behind them never were, since a free one is taken first.
    most: Locked<u8>,
    /// Those that were given back, the last one first.
    free: Locked<Option<SpawnedRef>>,
    /// Of each slot: who has it by a number, as C does; 0 for nobody.
    #[cfg(CONFIG_TASKPOOL_C_API)]
    users: &'static [Locked<u16>],
    /// The last of them.
    #[cfg(CONFIG_TASKPOOL_C_API)]
    user: Locked<u16>,
}

// SAFETY: `slots` is only where a slot's pointer is made from; the rest is `Sync`.
unsafe impl Sync for Cache {}
// SAFETY: as above; the memory belongs to no thread.
unsafe impl Send for Cache {}

/// How full the cache is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheUse {
    /// Slots in all.
    pub slots: u8,
    /// Slots that are used now.
    pub used: u8,
    /// The most that were ever used at once.
    pub most: u8,
}

impl Cache {
    /// The cache of these slots, which must have no other.
    ///
    /// # Panics
    ///
    /// With more than 255 slots, or more than 64 KiB for one. In a constant that is a build error.
    pub const fn new<const COUNT: usize, const SIZE: usize>(slots: &'static Slots<COUNT, SIZE>) -> Self {
        let pitch = size_of::<Slot<SIZE>>();
        assert!(COUNT <= 255, "a cache has at most 255 slots");
        assert!(pitch <= 0xffff, "a slot of the cache is too big");
        let first = NonNull::new(slots.memory.get()).expect("a reference is not null");
        Cache {
            slots: first.cast(),
            pitch: pitch as u16,
            count: COUNT as u8,
            used: Locked::new(0),
            most: Locked::new(0),
            free: Locked::new(None),
            #[cfg(CONFIG_TASKPOOL_C_API)]
            users: &slots.users,
            #[cfg(CONFIG_TASKPOOL_C_API)]
            user: Locked::new(0),
        }
    }

    /// Takes a slot: memory for a [`Spawned`] and what lies behind it, which the caller has to itself.
    pub(crate) fn take(&self, token: &Token<'_>) -> Option<NonNull<Spawned>> {
        let slot = match self.free.get(token) {
            Some(free) => {
                // SAFETY: `give_back` puts nothing but spawned jobs into the list.
                let next = free
                    .header
                    .up
                    .get(token)
                    .map(|next| unsafe { SpawnedRef::of_job(next) });
                self.free.set(token, next);
                NonNull::new(free.as_ptr())?
            }
            None => {
                let fresh = self.most.get(token);
                if fresh == self.count {
                    return None;
                }
                self.most.set(token, fresh + 1);
                // SAFETY: there are `count` slots, `pitch` bytes each.
                unsafe { self.slots.byte_add(usize::from(self.pitch) * usize::from(fresh)) }
            }
        };
        self.used.set(token, self.used.get(token) + 1);
        Some(slot)
    }

    /// Takes a slot back.
    pub(crate) fn give_back(&self, token: &Token<'_>, slot: SpawnedRef) {
        slot.header.up.set(token, self.free.get(token).map(SpawnedRef::job));
        self.free.set(token, Some(slot));
        self.used.set(token, self.used.get(token) - 1);
    }

    /// A number for the handle of a job that was spawned in a slot: not 0, and not one that the slot had before, until
    /// 65,535 others were given.
    #[cfg(CONFIG_TASKPOOL_C_API)]
    pub(crate) fn number(&self, token: &Token<'_>, spawned: SpawnedRef) -> u32 {
        let slot = (spawned.as_ptr() as usize - self.slots.as_ptr() as usize) / usize::from(self.pitch);
        let user = self.user.get(token).checked_add(1).unwrap_or(1);
        self.user.set(token, user);
        self.users[slot].set(token, user);
        u32::from(user) << 8 | slot as u32
    }

    /// The job of a number, if its handle is still there.
    #[cfg(CONFIG_TASKPOOL_C_API)]
    pub(crate) fn numbered(&self, token: &Token<'_>, number: u32) -> Option<SpawnedRef> {
        let slot = (number & 0xff) as usize;
        let user = self.users.get(slot)?.get(token);
        if user == 0 || u32::from(user) != number >> 8 {
            return None;
        }
        // SAFETY: there is such a slot, and as it has a user, there is a spawned job in it.
        let place = unsafe { self.slots.byte_add(usize::from(self.pitch) * slot) };
        // SAFETY: as above; the handle is there, so it stays.
        Some(unsafe { Ref::new(place) })
    }

    /// The handle of this number leaves: nobody finds the job by it any more.
    #[cfg(CONFIG_TASKPOOL_C_API)]
    pub(crate) fn forget(&self, token: &Token<'_>, number: u32) {
        if let Some(user) = self.users.get((number & 0xff) as usize) {
            user.set(token, 0);
        }
    }

    /// How full it is.
    pub(crate) fn usage(&self, token: &Token<'_>) -> CacheUse {
        CacheUse {
            slots: self.count,
            used: self.used.get(token),
            most: self.most.get(token),
        }
    }

    /// Checks that every slot which has been used is used now or in the list of the free ones.
    pub(crate) fn check(&self, token: &Token<'_>) -> CacheUse {
        let usage = self.usage(token);
        let (mut free, mut link) = (0, self.free.get(token));
        while let Some(slot) = link {
            free += 1;
            assert!(free <= usage.most, "the cache's list of free slots is a ring");
            // SAFETY: as in `take`.
            link = slot
                .header
                .up
                .get(token)
                .map(|next| unsafe { SpawnedRef::of_job(next) });
        }
        assert!(free + usage.used == usage.most, "the cache has lost a slot");
        usage
    }
}
