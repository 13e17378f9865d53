//! Scopes, on a real kernel.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use taskpool::{Job, NotSpawned, Outcome, Pool, ScopeError, Shutdown, Timeout};

use crate::kernel::in_interrupt;
use crate::{cache, one, other, CONFIG};

#[no_mangle]
extern "C" fn scope_lets_closures_borrow() {
    let (mut left, mut right) = ([3, 1, 2], [9, 7, 8]);
    let spawned = one().scope(|scope| {
        let left = scope.spawn(|| left.sort_unstable()).is_ok();
        let right = scope.spawn(|| right.sort_unstable()).is_ok();
        assert_eq!(cache().used, 2);
        (left, right)
    });
    assert_eq!(spawned, Ok((true, true)));
    assert_eq!((left, right), ([1, 2, 3], [7, 8, 9]));
    assert_eq!(cache().used, 0, "all slots came back");
}

#[no_mangle]
extern "C" fn scope_without_a_slot_hands_back() {
    let runs = AtomicU32::new(0);
    let handed_back = one().scope(|scope| {
        let mut handed_back = 0;
        for _ in 0..CONFIG.cache_jobs + 2 {
            if let Err(error) = scope.spawn(|| _ = runs.fetch_add(1, SeqCst)) {
                assert_eq!(error.why, NotSpawned::NoSlot);
                (error.closure)();
                handed_back += 1;
            }
        }
        handed_back
    });
    assert_eq!(handed_back, Ok(2));
    assert_eq!(runs.load(SeqCst), u32::from(CONFIG.cache_jobs) + 2);
}

static SUM: AtomicU32 = AtomicU32::new(0);

fn add_in(pool: Pool) {
    let parts = [1, 2, 3];
    let sum = AtomicU32::new(0);
    let answer = pool.scope(|scope| {
        for part in &parts {
            assert!(scope.spawn(|| _ = sum.fetch_add(*part, SeqCst)).is_ok());
        }
    });
    assert_eq!(answer, Ok(()));
    SUM.fetch_add(sum.into_inner(), SeqCst);
}

/// The pool has one worker, which the scope's owner keeps.
#[no_mangle]
extern "C" fn scope_on_a_worker_of_its_pool_goes_through() {
    static OWN: Job = Job::new(|ctx| add_in(Pool::of(ctx)));
    static OTHER: Job = Job::new(|_| add_in(other()));

    SUM.store(0, SeqCst);
    assert!(one().submit(&OWN).is_ok());
    assert_eq!(OWN.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(SUM.load(SeqCst), 6);
    assert!(one().submit(&OTHER).is_ok());
    assert_eq!(OTHER.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(SUM.load(SeqCst), 12);
}

#[no_mangle]
extern "C" fn scope_is_refused() {
    let in_an_interrupt = in_interrupt(|| one().scope(|_| panic!("nothing is called")));
    assert_eq!(in_an_interrupt, Err::<(), _>(ScopeError::InInterrupt));
    let answer = one().scope(|scope| {
        assert!(scope.spawn(|| panic!("it is discarded")).is_ok());
        assert_eq!(one().shutdown(Shutdown::Discard, Timeout::Forever), Ok(()));
        assert_eq!(
            scope.spawn(|| ()).map_err(|error| error.why),
            Err(NotSpawned::NotRunning)
        );
    });
    assert_eq!(answer, Err(ScopeError::Discarded));
    assert_eq!(one().restart(), Ok(()));
}
