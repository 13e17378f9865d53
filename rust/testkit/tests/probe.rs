//! probe
use taskpool_testkit::{Step, World, W};
#[test]
fn probe() {
    let world = World::new(1);
    let lender = world.pool(1, 2);
    let pool = world.pool(1, 2);
    let busy = [world.job("b1"), world.job("b2")];
    for j in busy { world.submit(lender, j).unwrap(); }
    let long = world.job("long");
    world.submit(pool, long).unwrap();
    // lender's own worker and the reserve take b1, b2
    for w in 0..3 { println!("{w} {:?}", world.step(W(w))); }
    let due = [world.job("d1"), world.job("d2"), world.job("d3")];
    for j in due { world.submit_at(pool, j, 10).unwrap(); }
    world.advance(10);
    println!("{:?}", world.snapshot(pool));
    world.cancel(due[0]); world.cancel(due[1]);
    println!("{:?} reserve {}", world.snapshot(pool), world.reserve());
    // lender's workers become free, "long" still runs
    for _ in 0..10 { for w in 0..2 { println!("{w} {:?}", world.step(W(w))); } }
    println!("{:?} reserve {}", world.snapshot(pool), world.reserve());
    let _ = Step::Looks;
}
