//! Where a job was submitted: the file and the line of a call.
//!
//! A call in Rust has a `Location` in flash that the compiler makes, whose layout is Rust's own; one in C a [`Site`] that
//! `taskpool.h` makes. A job keeps a pointer to either in one word, the lowest bit of which says to which.

#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
pub use kept::{By, Site};
#[cfg(not(CONFIG_TASKPOOL_SUBMIT_SITE))]
pub use unknown::By;

#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
mod kept {
    use core::fmt;
    use core::mem::offset_of;
    use core::panic::Location;
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    use core::ptr;
    use core::ptr::NonNull;
    use core::{slice, str};

    use crate::job::JobRef;
    use crate::port::Port;
    use crate::shell::Shell;

    /// The file and the line of a call that has submitted a job. A copy; the file's name stays for ever.
    #[derive(Clone, Copy)]
    #[repr(C)]
    pub struct Site {
        /// Null only in `UNKNOWN`, which nobody outside of the core sees.
        file: *const u8,
        length: u32,
        line: u32,
    }

    // SAFETY: nobody writes it, and the name is a text that stays for ever.
    unsafe impl Sync for Site {}
    // SAFETY: as above.
    unsafe impl Send for Site {}

    impl Site {
        /// In place of one that nobody knows.
        #[cfg(CONFIG_TASKPOOL_BUDGETS)]
        pub(crate) const UNKNOWN: Site = Site {
            file: ptr::null(),
            length: 0,
            line: 0,
        };

        pub(crate) fn known(self) -> Option<Site> {
            (!self.file.is_null()).then_some(self)
        }

        /// The file, as its compiler was given it; a question mark, if C has given a name that is not UTF-8.
        pub fn file(&self) -> &'static str {
            // SAFETY: so many bytes of a text that stays for ever, Rust's or C's; `known` has seen that there is one.
            let name = unsafe { slice::from_raw_parts(self.file, self.length as usize) };
            str::from_utf8(name).unwrap_or("?")
        }

        /// The line, from 1 on.
        pub const fn line(&self) -> u32 {
            self.line
        }

        /// Where C looks and writes, and the size: `file`, `length`, `line`.
        #[doc(hidden)]
        pub const OF_C: [usize; 4] = [
            offset_of!(Site, file),
            offset_of!(Site, length),
            offset_of!(Site, line),
            size_of::<Site>(),
        ];
    }

    impl From<&'static Location<'static>> for Site {
        fn from(location: &'static Location<'static>) -> Self {
            let file = location.file();
            Site {
                file: file.as_ptr(),
                // No path has 4 GiB.
                length: file.len() as u32,
                line: location.line(),
            }
        }
    }

    impl PartialEq for Site {
        fn eq(&self, other: &Self) -> bool {
            (self.file(), self.line) == (other.file(), other.line)
        }
    }

    impl Eq for Site {}

    impl fmt::Display for Site {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}:{}", self.file(), self.line)
        }
    }

    impl fmt::Debug for Site {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self.known() {
                Some(_) => write!(f, "Site({self})"),
                None => f.write_str("Site(unknown)"),
            }
        }
    }

    /// Who submits: one word.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[repr(transparent)]
    pub struct By(Option<NonNull<()>>);

    // SAFETY: what it points at is in flash, or as good as that.
    unsafe impl Sync for By {}
    // SAFETY: as above.
    unsafe impl Send for By {}

    /// Set in a pointer to a [`Site`] of C.
    const OF_C: usize = 1;

    const _: () = assert!(align_of::<Location<'static>>() > OF_C && align_of::<Site>() > OF_C);

    impl By {
        /// Nobody knows who.
        pub const NOBODY: By = By(None);

        /// Whoever has called the function that calls this, and whatever that is marked with.
        #[track_caller]
        #[inline(always)]
        pub const fn caller() -> Self {
            let location: *const Location<'static> = Location::caller();
            By(NonNull::new(location.cast::<()>().cast_mut()))
        }

        /// A call in C, if it says where it is.
        #[inline(always)]
        pub fn c(site: Option<&'static Site>) -> Self {
            By(site.map(|site| NonNull::from(site).cast().map_addr(|address| address | OF_C)))
        }

        /// Where that was.
        pub fn site(self) -> Option<Site> {
            let place = self.0?;
            let tagged = place.addr().get() & OF_C != 0;
            if tagged {
                let place = place.as_ptr().map_addr(|address| address & !OF_C).cast::<Site>();
                // SAFETY: with the bit, it was made by `c`, from a site that stays.
                return Some(unsafe { *place });
            }
            // SAFETY: without, by `caller`, from a location that stays.
            Some(unsafe { place.cast::<Location<'static>>().as_ref() }.into())
        }
    }

    impl Default for By {
        fn default() -> Self {
            By::NOBODY
        }
    }

    impl<P: Port> Shell<P> {
        /// Where the job was submitted last, of those calls that were accepted. Callable everywhere; one lock section, O(1).
        pub fn submitted_at(job: JobRef) -> Option<Site> {
            Self::look(|token| job.by(token)).site()
        }
    }
}

#[cfg(not(CONFIG_TASKPOOL_SUBMIT_SITE))]
mod unknown {
    /// Nobody keeps who submits.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct By(());

    impl By {
        /// Nobody keeps who.
        pub const NOBODY: By = By(());

        /// Whoever it is.
        #[inline(always)]
        pub const fn caller() -> Self {
            By(())
        }
    }
}
