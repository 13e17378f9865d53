//! What the machine must do, as naively as it can be said: vectors that are searched from end to end.
//!
//! The model knows jobs and pools, and nothing of workers and timers: when a job is taken or comes due is seen at the
//! machine, and the model says whether it may be this one, and now.

mod tasks;

use taskpool_core::{Accepted, Cancel, Clock, Code, ControlError, DeferError, Outcome, Shutdown, Status, LEVELS};

pub use tasks::TaskPlan;
pub(crate) use tasks::{ModelEvent, ModelStart, ModelTask, Ring, Told};

/// A submission that has been accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Submission {
    pub(crate) pool: usize,
    /// By the pool's clock; while it runs, by the port's.
    pub(crate) deadline: Option<u64>,
    /// By the pool's clock: then it is too late to run it.
    pub(crate) limit: Option<u64>,
    /// All submissions of the world, counted.
    pub(crate) number: u64,
    /// Those of the job that were accepted as new ones, counted: it stays when this one moves.
    pub(crate) serial: u32,
    pub(crate) urgent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Idle,
    Queued(Submission),
    Deferred(Submission),
    /// Its group has no place for it.
    Held(Submission),
    Running {
        run: Submission,
        cancelled: bool,
        aborted: bool,
        next: Option<Submission>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct ModelJob {
    pub(crate) place: Place,
    /// Submissions that were accepted as new ones.
    pub(crate) accepted: u32,
    /// Runs that began, and those that ended and were not aborted.
    pub(crate) begun: u32,
    pub(crate) ended: u32,
    /// Submissions that were aborted, whether they ran or not, and those whose time was up.
    pub(crate) aborted: u32,
    pub(crate) timed_out: u32,
    /// Submissions that were cancelled before they ran.
    pub(crate) cancelled: u32,
    /// Submissions that were discarded.
    pub(crate) discarded: u32,
    /// How the last submission ended.
    pub(crate) last: Option<Outcome>,
    /// How each did, by its serial number.
    pub(crate) ends: Vec<(u32, Outcome)>,
    /// A shutdown discards it in any case.
    pub(crate) discardable: bool,
    pub(crate) level: u8,
    /// The level at which it was taken last.
    pub(crate) taken_at: u8,
    pub(crate) group: Option<usize>,
    /// It is that of a task.
    pub(crate) task: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct ModelGroup {
    pub(crate) limit: u16,
    /// As `ready` of a pool.
    pub(crate) held: Vec<usize>,
    /// In this lock section a place became free, or was found.
    offered: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ModelPool {
    /// Takes submissions.
    pub(crate) valid: bool,
    /// Has been started, and is neither held nor closed.
    pub(crate) runs: bool,
    /// Has been started, and is held.
    pub(crate) held: bool,
    /// Is being shut down, or was.
    pub(crate) closed: bool,
    /// Beside `closed`: queued jobs are discarded, too.
    discards: bool,
    /// Its clock is so far behind the port's.
    stood: u64,
    /// Its clock stands, and shows this.
    stopped: Option<u64>,
    /// Workers of its own.
    pub(crate) own: u8,
    /// Urgent ones, the last one first; then by level, first in, first out.
    pub(crate) ready: Vec<usize>,
}

impl ModelPool {
    /// So far is its clock behind the port's, which shows `now`.
    pub(crate) fn behind(&self, now: u64) -> u64 {
        self.stopped
            .map_or(self.stood, |shows| now.saturating_sub(shows).max(self.stood))
    }

    /// Its clock has been stopped: a pause may have come and gone since somebody looked at the port's.
    pub(crate) fn has_stood(&self) -> bool {
        self.stood != 0 || self.stopped.is_some()
    }

    /// What its clock shows.
    fn time(&self, now: u64) -> u64 {
        now - self.behind(now)
    }

    /// What its clock shows when the port's shows `deadline`; the first tick for what lies before that.
    fn own_time(&self, deadline: u64, now: u64) -> u64 {
        deadline.saturating_sub(self.behind(now)).max(1)
    }

    fn start_clock(&mut self, now: u64) {
        if self.stopped.is_some() {
            self.stood = self.behind(now);
            self.stopped = None;
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) jobs: Vec<ModelJob>,
    pub(crate) pools: Vec<ModelPool>,
    pub(crate) groups: Vec<ModelGroup>,
    pub(crate) tasks: Vec<ModelTask>,
    pub(crate) events: Vec<ModelEvent>,
    /// Of those who let go who waited for an event, the innermost one last.
    pub(crate) rings: Vec<Ring>,
    /// In this lock section a task has ended, and its end signals this event.
    pub(crate) signals: Option<(usize, Outcome)>,
    numbers: u64,
}

impl Model {
    pub(crate) fn add_group(&mut self, limit: u16) {
        self.groups.push(ModelGroup {
            limit,
            held: Vec::new(),
            offered: false,
        });
    }

    pub(crate) fn add_job(&mut self, level: u8) {
        self.jobs.push(ModelJob {
            place: Place::Idle,
            accepted: 0,
            begun: 0,
            ended: 0,
            aborted: 0,
            timed_out: 0,
            cancelled: 0,
            discarded: 0,
            last: None,
            ends: Vec::new(),
            discardable: false,
            level,
            taken_at: level,
            group: None,
            task: None,
        });
    }

    pub(crate) fn add_pool(&mut self, valid: bool, own: u8) {
        self.pools.push(ModelPool {
            valid,
            own,
            ..ModelPool::default()
        });
    }

    /// Whether a pool takes submissions.
    pub(crate) fn accepts(&self, pool: usize) -> bool {
        self.pools[pool].valid && !self.pools[pool].closed
    }

    /// A submission, for now or for a deadline, or for now and not later than `limit`. These are by the port's clock, which
    /// showed `now`.
    pub(crate) fn submit(
        &mut self,
        pool: usize,
        job: usize,
        deadline: Option<u64>,
        limit: Option<u64>,
        now: u64,
    ) -> Result<Accepted, DeferError> {
        if !self.accepts(pool) {
            return Err(DeferError::NotRunning);
        }
        self.numbers += 1;
        let own = |time| self.pools[pool].own_time(time, now);
        let serial = match self.jobs[job].place {
            Place::Deferred(moved) | Place::Running { next: Some(moved), .. } => moved.serial,
            _ => self.jobs[job].accepted,
        };
        let submission = Submission {
            pool,
            deadline: deadline.map(own),
            limit: limit.map(own),
            number: self.numbers,
            serial,
            urgent: false,
        };
        let accepted = match self.jobs[job].place {
            Place::Queued(_) | Place::Held(_) => return Err(DeferError::AlreadyQueued),
            Place::Running { next: Some(next), .. } if next.deadline.is_none() => {
                return Err(DeferError::AlreadyQueued)
            }
            Place::Running {
                run,
                cancelled,
                aborted,
                next,
            } => {
                self.jobs[job].place = Place::Running {
                    run,
                    cancelled,
                    aborted,
                    next: Some(submission),
                };
                match next {
                    None => Accepted::Again,
                    Some(_) => Accepted::Moved,
                }
            }
            Place::Idle => {
                self.place(job, submission);
                Accepted::New
            }
            Place::Deferred(_) => {
                self.place(job, submission);
                Accepted::Moved
            }
        };
        if accepted != Accepted::Moved {
            self.jobs[job].accepted += 1;
        }
        Ok(accepted)
    }

    fn place(&mut self, job: usize, submission: Submission) {
        match submission.deadline {
            None => self.make_ready(job, submission),
            Some(_) => self.jobs[job].place = Place::Deferred(submission),
        }
    }

    /// It waits for a worker, or, if its group has no place for it, or holds others, for that.
    fn make_ready(&mut self, job: usize, submission: Submission) {
        match self.jobs[job].group {
            Some(group) if !self.groups[group].held.is_empty() || !self.has_place(group) => {
                self.groups[group].offered |= self.has_place(group);
                self.jobs[job].place = Place::Held(submission);
            }
            _ => self.jobs[job].place = Place::Queued(submission),
        }
        self.line_up(job);
    }

    /// Puts a job where it belongs among those that wait for the same.
    fn line_up(&mut self, job: usize) {
        let rank = |job: usize| match self.jobs[job].place {
            Place::Queued(submission) | Place::Held(submission) if submission.urgent => u8::MAX,
            _ => self.jobs[job].level,
        };
        let (line, submission) = self.line_of(job);
        let behind = |other: &usize| rank(*other) < rank(job) || submission.urgent;
        let at = line.iter().position(behind).unwrap_or(line.len());
        match self.jobs[job].group {
            Some(group) if matches!(self.jobs[job].place, Place::Held(_)) => self.groups[group].held.insert(at, job),
            _ => self.pools[submission.pool].ready.insert(at, job),
        }
    }

    fn line_of(&self, job: usize) -> (&[usize], Submission) {
        match (self.jobs[job].place, self.jobs[job].group) {
            (Place::Queued(submission), _) => (&self.pools[submission.pool].ready, submission),
            (Place::Held(submission), Some(group)) => (&self.groups[group].held, submission),
            (place, _) => panic!("job {job} stands in no line: it is {place:?}"),
        }
    }

    /// Takes a job out of whichever line it stands in.
    fn leave_line(&mut self, job: usize) {
        let ready = self.pools.iter_mut().map(|pool| &mut pool.ready);
        for line in ready.chain(self.groups.iter_mut().map(|group| &mut group.held)) {
            line.retain(|other| *other != job);
        }
    }

    /// Jobs of the group that are ready or run.
    pub(crate) fn active(&self, group: usize) -> usize {
        let has_place = |job: &&ModelJob| matches!(job.place, Place::Queued(_) | Place::Running { .. });
        self.jobs
            .iter()
            .filter(|job| job.group == Some(group))
            .filter(has_place)
            .count()
    }

    fn has_place(&self, group: usize) -> bool {
        self.active(group) < usize::from(self.groups[group].limit)
    }

    /// A job of the group is about to lose its place.
    fn offer(&mut self, job: usize) {
        if let Some(group) = self.jobs[job].group {
            self.groups[group].offered = true;
        }
    }

    /// A lock section is over, or a worker takes a job in it: where there is a place, the first of those that wait for one
    /// has it.
    pub(crate) fn admit(&mut self) {
        for group in 0..self.groups.len() {
            if !std::mem::take(&mut self.groups[group].offered) || !self.has_place(group) {
                continue;
            }
            if let Some(job) = self.groups[group].held.first().copied() {
                let (_, submission) = self.line_of(job);
                self.leave_line(job);
                self.jobs[job].place = Place::Queued(submission);
                self.line_up(job);
            }
        }
    }

    /// The limit of a group changes, or the next place that it gives is found.
    pub(crate) fn set_limit(&mut self, group: usize, limit: u16) {
        if limit > 0 {
            self.groups[group].limit = limit;
            self.groups[group].offered = true;
        }
    }

    /// A submission before all others.
    pub(crate) fn submit_urgent(&mut self, pool: usize, job: usize, now: u64) -> Result<Accepted, DeferError> {
        let entry = &self.pools[pool];
        if !entry.valid || entry.closed {
            return Err(DeferError::NotRunning);
        }
        match self.jobs[job].place {
            Place::Queued(submission) | Place::Held(submission) if submission.pool == pool && !submission.urgent => {
                self.hasten(job);
                return Ok(Accepted::Moved);
            }
            Place::Running {
                run,
                cancelled,
                aborted,
                next: Some(next),
            } if next.deadline.is_none() && next.pool == pool && !next.urgent => {
                let next = Some(Submission { urgent: true, ..next });
                self.jobs[job].place = Place::Running {
                    run,
                    cancelled,
                    aborted,
                    next,
                };
                return Ok(Accepted::Moved);
            }
            _ => {}
        }
        let accepted = self.submit(pool, job, None, None, now)?;
        match &mut self.jobs[job].place {
            Place::Running { next: Some(next), .. } => next.urgent = true,
            Place::Queued(_) | Place::Held(_) => self.hasten(job),
            place => panic!("job {job} was submitted, and is {place:?}"),
        }
        Ok(accepted)
    }

    /// What waits for a worker, or to be let wait for one, goes before all others.
    fn hasten(&mut self, job: usize) {
        self.leave_line(job);
        if let Place::Queued(submission) | Place::Held(submission) = &mut self.jobs[job].place {
            submission.urgent = true;
        }
        self.line_up(job);
    }

    pub(crate) fn set_level(&mut self, job: usize, level: u8) {
        if usize::from(level) >= LEVELS || self.jobs[job].level == level {
            return;
        }
        self.jobs[job].level = level;
        if let Place::Queued(submission) | Place::Held(submission) = self.jobs[job].place {
            if !submission.urgent {
                self.leave_line(job);
                self.line_up(job);
            }
        }
    }

    pub(crate) fn cancel(&mut self, job: usize) -> Cancel {
        self.give_up(job, false)
    }

    pub(crate) fn abort(&mut self, job: usize) -> Cancel {
        self.give_up(job, true)
    }

    fn give_up(&mut self, job: usize, aborts: bool) -> Cancel {
        if matches!(self.jobs[job].place, Place::Queued(_)) {
            self.offer(job);
        }
        let entry = &mut self.jobs[job];
        let (counter, outcome) = match aborts {
            true => (&mut entry.aborted, Outcome::Aborted),
            false => (&mut entry.cancelled, Outcome::Cancelled),
        };
        match entry.place {
            Place::Idle => Cancel::Idle,
            Place::Queued(submission) | Place::Deferred(submission) | Place::Held(submission) => {
                *counter += 1;
                self.leave_line(job);
                self.jobs[job].place = Place::Idle;
                self.end(job, submission, outcome);
                Cancel::Cancelled
            }
            Place::Running { run, aborted, next, .. } => {
                if let Some(next) = next {
                    *counter += 1;
                    self.end(job, next, outcome);
                }
                self.jobs[job].place = Place::Running {
                    run,
                    cancelled: true,
                    aborted: aborted || aborts,
                    next: None,
                };
                Cancel::Running {
                    resubmission_cancelled: next.is_some(),
                }
            }
        }
    }

    pub(crate) fn hold(&mut self, pool: usize, clock: Clock, now: u64) -> Result<(), ControlError> {
        let pool = &mut self.pools[pool];
        if !pool.runs {
            return Err(ControlError::NotRunning);
        }
        (pool.runs, pool.held) = (false, true);
        if clock == Clock::Frozen {
            pool.stopped = Some(pool.time(now));
        }
        Ok(())
    }

    pub(crate) fn release(&mut self, pool: usize, now: u64) -> Result<(), ControlError> {
        let pool = &mut self.pools[pool];
        if !pool.held {
            return Err(ControlError::NotRunning);
        }
        (pool.runs, pool.held) = (true, false);
        pool.start_clock(now);
        Ok(())
    }

    pub(crate) fn set_max(&mut self, pool: usize, max: u8) -> Result<(), ControlError> {
        let pool = &self.pools[pool];
        if !pool.runs && !pool.held {
            return Err(ControlError::NotRunning);
        }
        if max < pool.own.max(1) || max > 127 {
            return Err(ControlError::OutOfRange);
        }
        Ok(())
    }

    /// A shutdown begins, or is refused.
    pub(crate) fn close(
        &mut self,
        pool: usize,
        how: Shutdown,
        by: Option<ControlError>,
        now: u64,
    ) -> Result<(), ControlError> {
        if let Some(error) = by {
            return Err(error);
        }
        let pool = &mut self.pools[pool];
        if !pool.runs && !pool.held && !pool.closed {
            return Err(ControlError::NotRunning);
        }
        (pool.runs, pool.held, pool.closed) = (false, false, true);
        pool.discards |= how == Shutdown::Discard;
        pool.start_clock(now);
        Ok(())
    }

    /// The machine has started a pool again.
    pub(crate) fn restarted(&mut self, pool: usize) {
        assert!(self.pools[pool].closed, "pool {pool} was restarted and not shut down");
        self.nothing_is_left(pool);
        let pool = &mut self.pools[pool];
        (pool.runs, pool.closed, pool.discards) = (true, false, false);
    }

    /// The machine has made a pool.
    pub(crate) fn made(&mut self, pool: usize) {
        self.nothing_is_left(pool);
        self.pools[pool] = ModelPool {
            valid: true,
            runs: true,
            ..ModelPool::default()
        };
    }

    /// The memory of a pool is used for something else.
    pub(crate) fn forgotten(&mut self, pool: usize) {
        assert!(self.pools[pool].closed, "pool {pool} is lost, and was not shut down");
        self.nothing_is_left(pool);
        self.pools[pool] = ModelPool::default();
    }

    fn nothing_is_left(&self, pool: usize) {
        for (job, entry) in self.jobs.iter().enumerate() {
            let comes = |submission: &Submission| submission.pool == pool;
            let under_way = match &entry.place {
                Place::Idle => false,
                Place::Queued(submission) | Place::Deferred(submission) | Place::Held(submission) => comes(submission),
                Place::Running { run, next, .. } => comes(run) || next.as_ref().is_some_and(comes),
            };
            assert!(
                !under_way,
                "pool {pool} begins anew, and job {job} is left of its life before"
            );
        }
    }

    /// The deferred jobs of a pool, first due first, by its clock.
    pub(crate) fn deferred(&self, pool: usize) -> Vec<(u64, u64, usize)> {
        let mut deferred: Vec<_> = (0..self.jobs.len())
            .filter_map(|job| match self.jobs[job].place {
                Place::Deferred(s) if s.pool == pool => Some((s.deadline.unwrap_or(0), s.number, job)),
                _ => None,
            })
            .collect();
        deferred.sort_unstable();
        deferred
    }

    /// The machine has moved a deferred job to the ready queue.
    pub(crate) fn came_due(&mut self, job: usize, now: u64) {
        let Place::Deferred(submission) = self.jobs[job].place else {
            panic!("job {job} came due and was not deferred");
        };
        let pool = submission.pool;
        assert!(
            self.pools[pool].runs,
            "job {job} came due in a pool that was not started"
        );
        let now = self.pools[pool].time(now);
        let (deadline, _, first) = self.deferred(pool)[0];
        assert!(
            first == job,
            "job {job} came due before job {first}, which is due at {deadline}, or was submitted earlier"
        );
        assert!(
            deadline <= now,
            "job {job} came due at {now}, before its deadline {deadline}"
        );
        self.make_ready(job, submission);
    }

    /// Whether a worker discards the job when it is its turn.
    pub(crate) fn would_discard(&self, job: usize) -> bool {
        let Place::Queued(submission) = self.jobs[job].place else {
            return false;
        };
        let pool = &self.pools[submission.pool];
        pool.closed && (pool.discards || self.jobs[job].discardable)
    }

    /// The machine has discarded a job.
    pub(crate) fn discarded(&mut self, job: usize) {
        let (Place::Queued(submission) | Place::Deferred(submission) | Place::Held(submission)) = self.jobs[job].place
        else {
            panic!("job {job} was discarded and waited for nothing");
        };
        assert!(
            self.pools[submission.pool].closed,
            "job {job} was discarded, and its pool is open"
        );
        if matches!(self.jobs[job].place, Place::Queued(_)) {
            self.offer(job);
        }
        self.leave_line(job);
        if let Some(task) = self.jobs[job].task {
            self.leave_event(task);
        }
        self.jobs[job].place = Place::Idle;
        self.jobs[job].discarded += 1;
        self.end(job, submission, Outcome::Discarded);
    }

    /// So a submission of the job ends.
    fn end(&mut self, job: usize, submission: Submission, outcome: Outcome) {
        if let Some(event) = self.jobs[job].task.and_then(|task| self.tasks[task].ends) {
            assert!(self.signals.is_none(), "two tasks end in one lock section");
            self.signals = Some((event, outcome));
        }
        self.jobs[job].last = Some(outcome);
        self.jobs[job].ends.push((submission.serial, outcome));
    }

    /// The machine says that the time of a job was up.
    pub(crate) fn timed_out(&mut self, job: usize, now: u64) {
        let Place::Queued(submission) = self.jobs[job].place else {
            panic!("the time of job {job} was up, and it was not queued");
        };
        let pool = &mut self.pools[submission.pool];
        assert!(
            pool.ready[0] == job,
            "the time of job {job} was up before it was its turn"
        );
        assert!(
            submission.limit.is_some_and(|limit| limit <= pool.time(now)),
            "the time of job {job} was not up"
        );
        pool.ready.remove(0);
        self.offer(job);
        self.jobs[job].place = Place::Idle;
        self.jobs[job].timed_out += 1;
        self.end(job, submission, Outcome::TimedOut);
    }

    /// A worker of the machine has taken a job.
    pub(crate) fn taken(&mut self, job: usize, now: u64) {
        let Place::Queued(mut run) = self.jobs[job].place else {
            panic!("job {job} was taken and was not queued");
        };
        let pool = &mut self.pools[run.pool];
        assert!(
            pool.runs || pool.closed,
            "job {job} was taken in a pool that was not started"
        );
        assert!(pool.ready[0] == job, "job {job} was taken before job {}", pool.ready[0]);
        let time = pool.time(now);
        assert!(
            run.deadline.unwrap_or(0) <= time,
            "job {job} was taken before its deadline"
        );
        assert!(
            run.limit.is_none_or(|limit| time < limit),
            "job {job} was taken when its time was up"
        );
        run.deadline = run.deadline.map(|deadline| deadline + pool.behind(now));
        pool.ready.remove(0);
        self.jobs[job].taken_at = match run.urgent {
            true => LEVELS as u8 - 1,
            false => self.jobs[job].level,
        };
        self.jobs[job].begun += 1;
        self.jobs[job].place = Place::Running {
            run,
            cancelled: false,
            aborted: false,
            next: None,
        };
    }

    /// A worker of the job's pool has taken it out of turn, for the scope that waits for it. Not even a hold keeps it from
    /// that.
    pub(crate) fn taken_out_of_turn(&mut self, job: usize) {
        let Place::Queued(run) = self.jobs[job].place else {
            panic!("job {job} was taken and was not queued");
        };
        assert!(!self.would_discard(job), "job {job} was taken, and is to be discarded");
        self.pools[run.pool].ready.retain(|other| *other != job);
        self.jobs[job].begun += 1;
        self.jobs[job].place = Place::Running {
            run,
            cancelled: false,
            aborted: false,
            next: None,
        };
    }

    /// A worker's run has ended. Answers whether its submission has.
    pub(crate) fn ended(&mut self, job: usize, code: Code, now: u64) -> bool {
        if let Some(task) = self.jobs[job].task {
            return self.task_ran(task, now);
        }
        let Place::Running { run, aborted, next, .. } = self.jobs[job].place else {
            panic!("job {job} ended and was not running");
        };
        match aborted {
            true => self.jobs[job].aborted += 1,
            false => self.jobs[job].ended += 1,
        }
        self.end(job, run, if aborted { Outcome::Aborted } else { Outcome::Done(code) });
        self.offer(job);
        self.jobs[job].place = Place::Idle;
        if let Some(next) = next {
            self.place(job, next);
        }
        true
    }

    pub(crate) fn status(&self, job: usize, now: u64) -> Status {
        match self.jobs[job].place {
            Place::Idle => Status::Idle,
            Place::Queued(_) => Status::Queued,
            Place::Held(_) => Status::Held,
            Place::Deferred(s) => Status::Deferred {
                deadline: s.deadline.unwrap_or(0) + self.pools[s.pool].behind(now),
            },
            Place::Running { cancelled, next, .. } => Status::Running {
                cancelled,
                resubmitted: next.is_some(),
            },
        }
    }

    /// Submissions of the job to this pool that have no outcome yet.
    pub(crate) fn under_way_in(&self, job: usize, pool: usize) -> u32 {
        let here = |submission: &Submission| u32::from(submission.pool == pool);
        match &self.jobs[job].place {
            Place::Idle => 0,
            Place::Queued(submission) | Place::Deferred(submission) | Place::Held(submission) => here(submission),
            Place::Running { run, next, .. } => {
                let other = next.as_ref().filter(|next| next.serial != run.serial);
                here(run) + other.map_or(0, here)
            }
        }
    }

    /// Submissions of the job that have no outcome yet.
    pub(crate) fn under_way(&self, job: usize) -> u32 {
        match self.jobs[job].place {
            Place::Idle => 0,
            Place::Queued(_) | Place::Deferred(_) | Place::Held(_) => 1,
            // A task goes on in the same submission.
            Place::Running { run, next, .. } => 1 + u32::from(next.is_some_and(|next| next.serial != run.serial)),
        }
    }
}
