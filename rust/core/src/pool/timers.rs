//! The deferred jobs: a leftist heap through the jobs, `a` to the left child, `b` to the right, `up` to the parent.
//!
//! Every node's right side is the short one: `rank` counts the nodes down the right spine to a missing child, it is at
//! most log2(n + 1), and nothing here walks further than two right spines and a rank upward. So insert, remove and
//! expire are O(log n) at worst, without a bound on n and without memory of its own.
//!
//! (C. A. Crane's leftist tree, 1972, as Knuth describes it in volume 3 of The Art of Computer Programming, 5.2.3;
//! parent links make it take any node out.)

use super::Pool;
use crate::job::{JobRef, State};
use crate::lock::Token;

/// Whether `left` is due before `right`: the earlier deadline first, then the earlier submission.
#[inline(always)]
fn before(token: &Token<'_>, left: JobRef, right: JobRef) -> bool {
    let (l, r) = (left.deadline.get(token).get(), right.deadline.get(token).get());
    // The number of the submission wraps; two jobs with one deadline are never half its range apart.
    l < r || (l == r && (left.order.get(token).wrapping_sub(right.order.get(token)) as i32) < 0)
}

#[inline(always)]
fn rank(token: &Token<'_>, node: Option<JobRef>) -> u8 {
    node.map_or(0, |node| node.rank.get(token))
}

impl Pool {
    /// Puts a job among the timers. O(log n).
    pub(super) fn insert_timer(&self, token: &Token<'_>, job: JobRef) {
        job.a.set(token, None);
        job.b.set(token, None);
        job.up.set(token, None);
        job.rank.set(token, 1);
        // The root has no parent, so the merged heap hangs where the old one did.
        let root = self.root.get(token);
        self.merge(token, None, None, root, Some(job));
    }

    /// Takes a job from anywhere among the timers. O(log n).
    pub(super) fn remove_timer(&self, token: &Token<'_>, job: JobRef) {
        let parent = job.up.get(token);
        self.merge(token, parent, Some(job), job.a.get(token), job.b.get(token));
    }

    /// Merges the heaps `left` and `right` and hangs the result below `parent`, in the place of `old`.
    fn merge(
        &self,
        token: &Token<'_>,
        parent: Option<JobRef>,
        old: Option<JobRef>,
        mut left: Option<JobRef>,
        mut right: Option<JobRef>,
    ) {
        // Down both right spines: the earlier node stays, the other heap goes down its right side.
        let mut last: Option<JobRef> = None;
        let rest = loop {
            let (Some(l), Some(r)) = (left, right) else {
                break left.or(right);
            };
            let (first, other) = if before(token, r, l) { (r, l) } else { (l, r) };
            match last {
                Some(last) => {
                    last.b.set(token, Some(first));
                    first.up.set(token, Some(last));
                }
                None => self.hang(token, parent, old, Some(first)),
            }
            last = Some(first);
            left = first.b.get(token);
            right = Some(other);
        };
        match last {
            Some(last) => {
                last.b.set(token, rest);
                if let Some(rest) = rest {
                    rest.up.set(token, Some(last));
                }
            }
            None => self.hang(token, parent, old, rest),
        }
        // Up again: every node passed has a new right side. Above `parent`, stop where the rank stays the same.
        let mut node = last.or(parent);
        let mut merged = last.is_some();
        while let Some(n) = node {
            if node == parent {
                merged = false;
            }
            let (l, r) = (n.a.get(token), n.b.get(token));
            let (left_rank, right_rank) = (rank(token, l), rank(token, r));
            let shorter = if left_rank < right_rank {
                n.a.set(token, r);
                n.b.set(token, l);
                left_rank
            } else {
                right_rank
            };
            if !merged && n.rank.get(token) == shorter + 1 {
                break;
            }
            n.rank.set(token, shorter + 1);
            node = n.up.get(token);
        }
    }

    /// Hangs `node` below `parent` in the place of `old`, or makes it the root.
    #[inline]
    fn hang(&self, token: &Token<'_>, parent: Option<JobRef>, old: Option<JobRef>, node: Option<JobRef>) {
        match parent {
            None => self.root.set(token, node),
            Some(parent) if parent.a.get(token) == old => parent.a.set(token, node),
            Some(parent) => parent.b.set(token, node),
        }
        if let Some(node) = node {
            node.up.set(token, parent);
        }
    }

    /// Walks the heap and counts; see [`Pool::check`].
    pub(super) fn check_timers(&self, token: &Token<'_>) -> u32 {
        let (mut count, mut from, mut node) = (0, None, self.root.get(token));
        if let Some(root) = node {
            assert!(root.up.get(token).is_none(), "the earliest timer has a parent");
        }
        // In order without a stack: come from the parent, from the left child, from the right child.
        while let Some(n) = node {
            let (up, left, right) = (n.up.get(token), n.a.get(token), n.b.get(token));
            let next = if from == up {
                check_node(token, n);
                count += 1;
                left.or(right).or(up)
            } else if from == left && from.is_some() {
                right.or(up)
            } else {
                up
            };
            from = node;
            node = next;
        }
        count
    }
}

fn check_node(token: &Token<'_>, node: JobRef) {
    assert!(
        node.state.get(token) == State::Deferred,
        "a job among the timers is not Deferred"
    );
    assert!(node.flags.get(token) == 0, "a deferred job has flags of a running one");
    let (left, right) = (node.a.get(token), node.b.get(token));
    for child in [left, right].into_iter().flatten() {
        assert!(
            child.up.get(token) == Some(node),
            "a timer does not point back at its parent"
        );
        assert!(before(token, node, child), "a timer is later than one below it");
    }
    assert!(
        rank(token, left) >= rank(token, right),
        "a timer's right side is the longer one"
    );
    assert!(
        node.rank.get(token) == rank(token, right) + 1,
        "a timer has the wrong rank"
    );
}
