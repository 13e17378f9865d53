//! The deferred jobs: a balanced search tree through the jobs, in the order of their deadlines.
//!
//! An AVL tree: below every node, one side is at most one level deeper than the other, and the node's
//! `deeper` says which. So n jobs are at most 1.44 log2(n) levels deep, and insert, remove and expire are O(log n) at worst, without a bound
//! on n and without memory of its own. Only an insertion compares deadlines; the earliest job is at hand.
//!
//! (G. M. Adelson-Velsky and E. M. Landis, 1962; Knuth has it in volume 3 of The Art of Computer Programming, 6.2.3.)

use super::Pool;
use crate::fault::broken;
use crate::job::{JobRef, State, KEPT};
use crate::lock::Token;

/// A side of a node: the index of its child there. Earlier jobs are on the left, which is 1 as a sign bit is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Side {
    Right,
    Left,
}

impl Side {
    #[inline(always)]
    fn left_if(left: bool) -> Self {
        if left {
            Side::Left
        } else {
            Side::Right
        }
    }

    #[inline(always)]
    fn other(self) -> Self {
        Self::left_if(self == Side::Right)
    }

    /// The side of `up` on which `node` hangs.
    #[inline(always)]
    fn of(token: &Token<'_>, node: JobRef, up: JobRef) -> Self {
        Self::left_if(child(token, up, Side::Right) != Some(node))
    }
}

#[inline(always)]
fn child(token: &Token<'_>, node: JobRef, side: Side) -> Option<JobRef> {
    node.links[side as usize].get(token)
}

/// Hangs `below` under a node, or nothing.
#[inline(always)]
fn hang(token: &Token<'_>, node: JobRef, side: Side, below: Option<JobRef>) {
    node.links[side as usize].set(token, below);
    if let Some(below) = below {
        below.up.set(token, Some(node));
    }
}

/// The side of `node` on which `job` belongs: jobs with earlier deadlines come first, then those submitted earlier.
#[inline(always)]
fn side_for(token: &Token<'_>, job: JobRef, node: JobRef) -> Side {
    // Deadlines are below 2^62, and two jobs with one deadline are never half the range of their numbers apart, which
    // wrap: so the sign of the difference tells. Word by word, as low words are rarely equal.
    let (l, r) = (job.deadline.get(token), node.deadline.get(token));
    let (low, borrow) = l.low.overflowing_sub(r.low);
    let high = l.high.wrapping_sub(r.high);
    let sign = if low != 0 {
        high.wrapping_sub(borrow.into())
    } else if high != 0 {
        high
    } else {
        job.number.get(token).wrapping_sub(node.number.get(token))
    };
    Side::left_if((sign as i32) < 0)
}

impl Pool {
    /// Puts a job among the timers. O(log n).
    #[inline(always)]
    pub(super) fn insert_timer(&self, token: &Token<'_>, job: JobRef) {
        for link in &job.links {
            link.set(token, None);
        }
        job.deeper.set(token, None);
        let Some(mut up) = self.root.get(token) else {
            job.up.set(token, None);
            self.root.set(token, Some(job));
            self.earliest.set(token, Some(job));
            return;
        };
        let side = loop {
            let side = side_for(token, job, up);
            match child(token, up, side) {
                Some(below) => up = below,
                None => break side,
            }
        };
        // The earliest one has nobody on its left, so only a job that comes there is earlier.
        if side == Side::Left && self.earliest.get(token) == Some(up) {
            self.earliest.set(token, Some(job));
        }
        hang(token, up, side, Some(job));
        self.grown(token, up, side);
    }

    /// Takes a job from anywhere among the timers. O(log n).
    #[inline(always)]
    pub(super) fn remove_timer(&self, token: &Token<'_>, job: JobRef) {
        // The node that leaves its place has a child on one side at most, its heir: the job itself, or the next in
        // order, which then takes the place of the job.
        let (left, right) = (child(token, job, Side::Left), child(token, job, Side::Right));
        let (mut leaves, mut heir) = (job, left.or(right));
        if left.is_some() && right.is_some() {
            let mut below = right;
            while let Some(earlier) = below {
                leaves = earlier;
                below = child(token, earlier, Side::Left);
            }
            heir = child(token, leaves, Side::Right);
        } else if self.earliest.get(token) == Some(job) {
            // What is on its right is a single node: the tree is balanced.
            self.earliest.set(token, right.or(job.up.get(token)));
        }
        if let Some((up, side)) = self.replace(token, leaves, heir) {
            self.shrunk(token, up, side);
        }
        if leaves != job {
            hang(token, leaves, Side::Left, child(token, job, Side::Left));
            hang(token, leaves, Side::Right, child(token, job, Side::Right));
            leaves.deeper.set(token, job.deeper.get(token));
            self.replace(token, job, Some(leaves));
        }
    }

    /// Puts `heir` where `node` hangs. Answers where that is.
    #[inline(always)]
    fn replace(&self, token: &Token<'_>, node: JobRef, heir: Option<JobRef>) -> Option<(JobRef, Side)> {
        let up = node.up.get(token);
        if let Some(heir) = heir {
            heir.up.set(token, up);
        }
        let Some(up) = up else {
            self.root.set(token, heir);
            return None;
        };
        let side = Side::of(token, node, up);
        up.links[side as usize].set(token, heir);
        Some((up, side))
    }

    /// A node has become one level deeper on one side. Says so to those above it, as far as it makes them deeper.
    #[inline(always)]
    fn grown(&self, token: &Token<'_>, mut node: JobRef, mut side: Side) {
        while node.deeper.get(token).is_none() {
            node.deeper.set(token, Some(side));
            let Some(up) = node.up.get(token) else {
                return;
            };
            side = Side::of(token, node, up);
            node = up;
        }
        if node.deeper.get(token) == Some(side) {
            self.level(token, node, side);
        } else {
            node.deeper.set(token, None);
        }
    }

    /// A node has become one level less deep on one side. Says so to those above it, as far as it makes them less deep.
    #[inline(always)]
    fn shrunk(&self, token: &Token<'_>, mut node: JobRef, mut side: Side) {
        loop {
            let top = match node.deeper.get(token) {
                None => {
                    node.deeper.set(token, Some(side.other()));
                    return;
                }
                Some(deeper) if deeper == side => {
                    node.deeper.set(token, None);
                    node
                }
                Some(deeper) => self.level(token, node, deeper),
            };
            if top.deeper.get(token).is_some() {
                return;
            }
            let Some(up) = top.up.get(token) else {
                return;
            };
            side = Side::of(token, top, up);
            node = up;
        }
    }

    /// Levels a node that is two levels deeper on one side. Answers the node that takes its place: which has less below it
    /// now if its sides are level.
    #[inline(never)]
    fn level(&self, token: &Token<'_>, node: JobRef, deep: Side) -> JobRef {
        let other = deep.other();
        let top = child(token, node, deep).unwrap_or_else(|| broken());
        let mut new_top = top;
        let (mut of_node, mut of_top) = (None, None);
        match top.deeper.get(token) {
            Some(side) if side == other => {
                new_top = child(token, top, other).unwrap_or_else(|| broken());
                match new_top.deeper.get(token) {
                    Some(side) if side == deep => of_node = Some(other),
                    Some(_) => of_top = Some(deep),
                    None => {}
                }
                new_top.deeper.set(token, None);
                // It goes above `top` first, and has no parent until it is above `node`.
                hang(token, top, other, child(token, new_top, deep));
                hang(token, new_top, deep, Some(top));
            }
            Some(_) => {}
            None => (of_node, of_top) = (Some(deep), Some(other)),
        }
        node.deeper.set(token, of_node);
        top.deeper.set(token, of_top);
        self.replace(token, node, Some(new_top));
        hang(token, node, deep, child(token, new_top, other));
        hang(token, new_top, other, Some(node));
        new_top
    }

    /// Walks the tree and counts; see [`Pool::check`].
    pub(super) fn check_timers(&self, token: &Token<'_>) -> u32 {
        let root = self.root.get(token);
        if let Some(root) = root {
            assert!(root.up.get(token).is_none(), "the root of the timers has a parent");
        }
        let mut walk = Walk {
            token,
            first: None,
            last: None,
            count: 0,
        };
        walk.node(root);
        assert!(
            self.earliest.get(token) == walk.first,
            "the first of the timers is not the earliest"
        );
        walk.count
    }
}

/// A walk over the tree that checks it.
struct Walk<'section> {
    token: &'section Token<'section>,
    first: Option<JobRef>,
    last: Option<JobRef>,
    count: u32,
}

impl Walk<'_> {
    /// Checks what hangs here, in order, and answers how deep it is.
    fn node(&mut self, node: Option<JobRef>) -> u8 {
        let Some(node) = node else {
            return 0;
        };
        let token = self.token;
        let (left, right) = (child(token, node, Side::Left), child(token, node, Side::Right));
        for child in [left, right].into_iter().flatten() {
            assert!(
                child.up.get(token) == Some(node),
                "a timer does not point back at its parent"
            );
        }
        assert!(
            node.state.get(token) == State::Deferred,
            "a job among the timers is not Deferred"
        );
        assert!(
            node.flags.get(token) & !KEPT == 0,
            "a deferred job has flags of a running one"
        );
        let left = self.node(left);
        if let Some(last) = self.last {
            assert!(
                side_for(token, last, node) == Side::Left,
                "two timers are in the wrong order"
            );
        }
        self.first = self.first.or(Some(node));
        self.last = Some(node);
        self.count += 1;
        let right = self.node(right);
        assert!(left.abs_diff(right) <= 1, "the sides of a timer are not level");
        let deeper = (left != right).then_some(Side::left_if(left > right));
        assert!(
            node.deeper.get(token) == deeper,
            "a timer names the wrong side as deeper"
        );
        left.max(right) + 1
    }
}
