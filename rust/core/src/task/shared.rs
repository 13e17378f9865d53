//! A value that runs and others share, as what a task does is.

use crate::lock::Locked;
use crate::port::Port;
use crate::shell::Shell;

/// A value that everybody may read and replace, a run included, and that nobody holds meanwhile.
#[repr(transparent)]
pub struct Shared<T: Copy>(Locked<T>);

impl<T: Copy> Shared<T> {
    /// This value.
    pub const fn new(value: T) -> Self {
        Shared(Locked::new(value))
    }
}

/// Each is callable everywhere: one lock section, O(1).
impl<P: Port> Shell<P> {
    /// What it is.
    pub fn read<T: Copy>(shared: &Shared<T>) -> T {
        Self::look(|token| shared.0.get(token))
    }

    /// Makes it another one. Answers what it was.
    pub fn replace<T: Copy>(shared: &Shared<T>, value: T) -> T {
        Self::look(|token| {
            let before = shared.0.get(token);
            shared.0.set(token, value);
            before
        })
    }
}
