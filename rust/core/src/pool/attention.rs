//! What a worker has to look at before it takes a job.

/// A set of reasons; mostly empty, which is one comparison in the common case of a worker's step.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Attention(u8);

impl Attention {
    pub(crate) const NOTHING: Self = Attention(0);
    /// Jobs are due that the clock interrupt may not move. Then nothing is armed for them, and the ready queue has jobs:
    /// whoever takes one out moves a due one in.
    pub(crate) const OVERDUE: Self = Attention(1);
    /// Beside `OVERDUE`: no worker has seen it yet.
    pub(crate) const UNSEEN: Self = Attention(2);
    /// The pool is held: its workers take nothing.
    pub(crate) const HELD: Self = Attention(4);
    /// It has more workers than its maximum, which was lowered: borrowed ones leave.
    pub(crate) const SHRINKS: Self = Attention(8);
    /// It is being shut down.
    pub(crate) const CLOSES: Self = Attention(16);
    /// Beside `CLOSES`: what is queued is discarded, too.
    pub(crate) const DISCARDS: Self = Attention(32);
    /// It was shut down, to the end.
    pub(crate) const CLOSED: Self = Attention(64);
    /// The time of ready jobs may be up before they are taken. Until the ready queue is empty.
    pub(crate) const LIMITED: Self = Attention(128);

    #[inline(always)]
    pub(crate) const fn with(self, more: Self) -> Self {
        Attention(self.0 | more.0)
    }

    #[inline(always)]
    pub(crate) const fn without(self, less: Self) -> Self {
        Attention(self.0 & !less.0)
    }

    #[inline(always)]
    pub(crate) const fn has(self, one: Self) -> bool {
        self.0 & one.0 != 0
    }
}
