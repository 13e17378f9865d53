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
    l < r || (l == r && (left.number.get(token).wrapping_sub(right.number.get(token)) as i32) < 0)
}

#[inline(always)]
fn rank(token: &Token<'_>, node: Option<JobRef>) -> u8 {
    node.map_or(0, |node| node.rank.get(token))
}

/// Puts the longer side of a node to the left and counts its rank anew. Answers whether that changed.
#[inline(always)]
fn level(token: &Token<'_>, node: JobRef) -> bool {
    let (left, right) = (node.a.get(token), node.b.get(token));
    let (left_rank, mut shorter) = (rank(token, left), rank(token, right));
    if left_rank < shorter {
        node.a.set(token, right);
        node.b.set(token, left);
        shorter = left_rank;
    }
    let changed = node.rank.get(token) != shorter + 1;
    node.rank.set(token, shorter + 1);
    changed
}

/// Levels a node one of whose sides has changed, and those above it, as far as ranks change: a rank upward at most.
#[inline]
fn level_up(token: &Token<'_>, mut node: Option<JobRef>) {
    while let Some(n) = node {
        if !level(token, n) {
            break;
        }
        node = n.up.get(token);
    }
}

/// Merges two heaps and answers the root, whose parent the caller sets. Out of line: most removals need no merge.
#[inline(never)]
fn merge(token: &Token<'_>, left: JobRef, right: JobRef) -> JobRef {
    let (root, mut other) = if before(token, right, left) {
        (right, left)
    } else {
        (left, right)
    };
    // Down both right spines: the earlier node stays, the other heap goes down its right side.
    let mut node = root;
    loop {
        let next = node.b.get(token);
        if let Some(next) = next.filter(|next| !before(token, other, *next)) {
            node = next;
            continue;
        }
        node.b.set(token, Some(other));
        other.up.set(token, Some(node));
        node = other;
        match next {
            Some(next) => other = next,
            None => break,
        }
    }
    // Up again: every node passed has a new right side.
    while node != root {
        let Some(up) = node.up.get(token) else {
            unreachable!("a node below the root has no parent");
        };
        level(token, up);
        node = up;
    }
    root
}

impl Pool {
    /// Puts a job among the timers. O(log n).
    pub(super) fn insert_timer(&self, token: &Token<'_>, job: JobRef) {
        // Down the right spine, to the first node that is due later: that one goes below the new one.
        let (mut parent, mut below) = (None, self.root.get(token));
        while let Some(node) = below.filter(|node| !before(token, job, *node)) {
            parent = below;
            below = node.b.get(token);
        }
        job.a.set(token, below);
        job.b.set(token, None);
        job.rank.set(token, 1);
        job.up.set(token, parent);
        if let Some(below) = below {
            below.up.set(token, Some(job));
        }
        match parent {
            Some(parent) => parent.b.set(token, Some(job)),
            None => self.root.set(token, Some(job)),
        }
        level_up(token, parent);
    }

    /// Takes a job from anywhere among the timers. O(log n).
    pub(super) fn remove_timer(&self, token: &Token<'_>, job: JobRef) {
        let parent = job.up.get(token);
        // A node without a left side has no right side either.
        let heir = match (job.a.get(token), job.b.get(token)) {
            (Some(left), Some(right)) => Some(merge(token, left, right)),
            (heir, _) => heir,
        };
        if let Some(heir) = heir {
            heir.up.set(token, parent);
        }
        match parent {
            None => self.root.set(token, heir),
            Some(parent) if parent.a.get(token) == Some(job) => parent.a.set(token, heir),
            Some(parent) => parent.b.set(token, heir),
        }
        level_up(token, parent);
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
