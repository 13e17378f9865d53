//! What C does with groups.

use core::ffi::c_int;
use core::ptr::NonNull;

use taskpool_core::{Group, GroupRef, GroupSnapshot, Ref};

use super::{misuse, Refusal, System};

/// `struct taskpool_group_usage`.
#[repr(C)]
pub(super) struct CGroupUsage {
    limit: u16,
    pub(super) active: u16,
    pub(super) held: u32,
}

fn group_of(group: Option<NonNull<Group>>) -> Option<GroupRef> {
    // SAFETY: what is not null is a `struct taskpool_group`, which is this struct and is there for as long as a job names it.
    group.map(|group| unsafe { Ref::new(group) })
}

#[no_mangle]
extern "C" fn taskpool_group_set_limit(group: Option<NonNull<Group>>, limit: u32) -> c_int {
    let set = |group| System::set_limit(group, u16::try_from(limit).unwrap_or(0));
    match group_of(group).map(set) {
        Some(Ok(())) => 0,
        _ => misuse(Refusal::BadArgument, c"taskpool_group_set_limit"),
    }
}

#[no_mangle]
extern "C" fn taskpool_group_usage(group: Option<NonNull<Group>>, usage: Option<NonNull<CGroupUsage>>) -> c_int {
    let (Some(group), Some(place)) = (group_of(group), usage) else {
        return misuse(Refusal::BadArgument, c"taskpool_group_usage");
    };
    let GroupSnapshot {
        limit, active, held, ..
    } = System::group(group);
    // SAFETY: what C passes and is not null has room for it.
    unsafe { place.write(CGroupUsage { limit, active, held }) };
    0
}
