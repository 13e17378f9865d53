//! Tasks and events in the model: each a few numbers, which are searched and changed where something happens.

use taskpool_core::{Code, EventRef, First, Missed, Next, Outcome, Rephase, SubmitError, MAX_TICKS};

use super::{Model, Place, Submission};

/// What does not come by itself is due then.
const FAR: u64 = MAX_TICKS;

/// When the first run of a task comes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ModelStart {
    At(First),
    On { event: usize, delayed: bool },
}

/// What a run is told of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) number: u32,
    pub(crate) last: bool,
    pub(crate) late: u64,
    pub(crate) left: i64,
    pub(crate) missed: u32,
}

/// A task, beside its job. Its times are by the clock of its pool.
#[derive(Clone, Debug)]
pub(crate) struct ModelTask {
    pub(crate) job: usize,
    interval: u64,
    timeout: u64,
    iterations: u32,
    policy: Missed,
    /// The point of the schedule that the last run counts for.
    slot: u64,
    next: u64,
    /// Of a task that goes on with its iteration: when the run after the next one comes.
    after: Option<u64>,
    /// Somebody has said when the next run comes, since the last one began.
    said: bool,
    /// It waits for something else than its next run, and is looked at then.
    parked: Option<u64>,
    limit: Option<u64>,
    pub(crate) runs: u32,
    pub(crate) missed: u32,
    /// Runs that were entered, whatever became of it since.
    pub(crate) entered: u32,
    /// The submission ends with the run that goes on: so.
    stops: Option<Outcome>,
    /// Its completer has ended it, and a worker has yet to say so.
    over: Option<Code>,
    /// The last run is over when its completer says so.
    pending: bool,
    /// Who may say so, by the number of the completer.
    completer: Option<u32>,
    pub(crate) handed_out: u32,
    awaits: Option<usize>,
    delayed: bool,
    /// What its end signals.
    pub(crate) ends: Option<usize>,
}

/// What a task is made with.
#[derive(Clone, Copy, Debug)]
pub struct TaskPlan {
    /// From one run to the next, in ticks.
    pub interval: u64,
    /// How many runs; 0 for no end.
    pub iterations: u32,
    /// How long it may take, in ticks; 0 for no limit.
    pub timeout: u64,
    /// What becomes of runs whose time has passed.
    pub policy: Missed,
}

/// An event, by the port's clock.
#[derive(Clone, Debug)]
pub(crate) struct ModelEvent {
    reference: EventRef,
    /// Signals that it waits for; none once it is complete.
    count: u32,
    deadline: Option<u64>,
    outcome: Outcome,
    /// Tasks that wait, the first one first.
    pub(crate) line: Vec<usize>,
}

/// Who left the line of an event as a whole, and is let go one by one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ring {
    pub(crate) tasks: Vec<usize>,
    pub(crate) outcome: Option<Outcome>,
}

fn later(time: u64, span: u64) -> u64 {
    (time + span).min(MAX_TICKS)
}

/// The present tick has partly passed.
fn ahead(time: u64, delay: u64) -> u64 {
    later(time, delay + 1)
}

impl ModelTask {
    pub(super) fn new(job: usize, plan: TaskPlan, ends: Option<usize>) -> Self {
        ModelTask {
            job,
            interval: plan.interval,
            timeout: plan.timeout,
            iterations: plan.iterations,
            policy: plan.policy,
            slot: 0,
            next: 0,
            after: None,
            said: false,
            parked: None,
            limit: None,
            runs: 0,
            missed: 0,
            entered: 0,
            stops: None,
            over: None,
            pending: false,
            completer: None,
            handed_out: 0,
            awaits: None,
            delayed: false,
            ends,
        }
    }

    /// When somebody has to look at it.
    fn deadline(&self) -> u64 {
        let next = self.parked.unwrap_or(self.next);
        self.limit.map_or(next, |limit| limit.min(next))
    }

    fn limit_from(&self, time: u64) -> Option<u64> {
        (self.timeout > 0).then(|| later(time, self.timeout))
    }

    /// All runs have been.
    fn is_through(&self) -> bool {
        self.iterations > 0 && self.runs >= self.iterations
    }

    /// A task remembers the slot of its last run only where nothing else has to be remembered instead.
    fn recall_slot(&mut self) {
        if self.pending {
            self.slot = self.next.saturating_sub(self.interval);
        } else if self.after.is_some() {
            self.slot = self.next;
        }
    }

    fn put(&mut self, next: u64) {
        self.next = next.min(MAX_TICKS);
        self.slot = self.slot.min(self.next);
        self.said = true;
    }

    fn shift(&mut self, time: u64, by: i64) {
        let moved = |tick: u64| match by {
            0.. => later(tick, by.unsigned_abs()),
            _ => tick.saturating_sub(by.unsigned_abs()),
        };
        self.slot = self.slot.min(moved(self.slot));
        self.next = moved(self.next);
        self.said = true;
        match self.after {
            Some(after) => self.after = Some(moved(after)),
            // Those that it has moved into the past are no misses.
            None if by < 0 && self.interval > 0 => {
                while self.next + self.interval <= time {
                    self.next += self.interval;
                }
            }
            None => {}
        }
    }

    fn set_interval(&mut self, time: u64, interval: u64, rephase: Rephase) {
        match rephase {
            Rephase::Keep => {}
            Rephase::Recalculate if interval >= self.interval => {
                self.next = later(self.next, interval - self.interval);
            }
            Rephase::Recalculate => {
                self.next = self.next.saturating_sub(self.interval - interval).max(self.slot);
            }
            Rephase::FromNow => {
                self.next = later(time, interval);
                self.said = true;
            }
        }
    }

    /// A run begins.
    fn begin(&mut self, time: u64) -> Told {
        let mut missed = 0;
        if let Some(after) = self.after.take() {
            self.slot = self.next.min(after);
            self.next = after;
        } else {
            self.slot = match self.policy {
                Missed::Skip | Missed::CatchUp(_) if self.interval > 0 => {
                    // The slots after the one that is due, up to now.
                    let mut passed = Vec::new();
                    let mut slot = self.next + self.interval;
                    while slot <= time {
                        passed.push(slot);
                        slot += self.interval;
                    }
                    let kept = match self.policy {
                        Missed::CatchUp(most) => usize::from(most),
                        _ => usize::from(passed == [time]),
                    };
                    missed = passed.len().saturating_sub(kept);
                    match missed {
                        0 => self.next,
                        _ => passed[missed - 1],
                    }
                }
                _ => time,
            };
            self.next = later(self.slot, self.interval);
            self.said = false;
        }
        self.runs += 1;
        self.missed += missed as u32;
        self.entered += 1;
        Told {
            number: self.runs,
            last: self.runs == self.iterations,
            late: time.saturating_sub(self.slot),
            left: self.next as i64 - time as i64,
            missed: missed as u32,
        }
    }
}

impl Model {
    pub(crate) fn add_task(&mut self, job: usize, plan: TaskPlan, ends: Option<usize>) {
        self.jobs[job].task = Some(self.tasks.len());
        self.tasks.push(ModelTask::new(job, plan, ends));
    }

    fn place_of(&self, task: usize) -> Place {
        self.jobs[self.tasks[task].job].place
    }

    /// The pool that the task is enabled in.
    pub(crate) fn home(&self, task: usize) -> Option<usize> {
        let model = &self.tasks[task];
        match self.place_of(task) {
            Place::Idle => None,
            Place::Running { next: None, .. } if model.stops.is_some() => None,
            _ if model.over.is_some() => None,
            Place::Running { next: Some(there), .. } | Place::Running { run: there, .. } => Some(there.pool),
            Place::Queued(there) | Place::Deferred(there) | Place::Held(there) => Some(there.pool),
        }
    }

    /// When its next run is due, by the port's clock.
    pub(crate) fn next_run(&self, task: usize, now: u64) -> Option<u64> {
        let home = self.home(task)?;
        let model = &self.tasks[task];
        match model.awaits {
            Some(_) => None,
            None => Some(model.next + self.pools[home].behind(now)),
        }
    }

    pub(crate) fn enable(
        &mut self,
        task: usize,
        pool: usize,
        start: ModelStart,
        now: u64,
    ) -> Result<bool, SubmitError> {
        let (home, place) = (self.home(task), self.place_of(task));
        let ends = place != Place::Idle && home.is_none() && self.tasks[task].over.is_some();
        if ends || home.is_some_and(|home| home != pool) {
            return Err(SubmitError::AlreadyQueued);
        }
        if !self.accepts(pool) {
            return Err(SubmitError::NotRunning);
        }
        let time = self.pools[pool].time(now);
        let at_once = time.max(1);
        let after_interval = ahead(time, self.tasks[task].interval);
        let (next, awaits) = match start {
            ModelStart::At(First::Now) => (at_once, None),
            ModelStart::At(First::After(delay)) => (ahead(time, delay), None),
            ModelStart::At(First::At(tick)) => (self.pools[pool].own_time(tick.max(1), now), None),
            ModelStart::At(First::AfterInterval) => (after_interval, None),
            ModelStart::On { event, delayed } => match self.event_status(event, now) {
                None => (0, Some(event)),
                // It is aborted in the next lock section.
                Some(Outcome::Aborted) => (FAR, None),
                Some(_) if delayed => (after_interval, None),
                Some(_) => (at_once, None),
            },
        };
        let parked = awaits.map(|event| self.looks_at(event, pool, now));
        self.leave_event(task);
        let model = &mut self.tasks[task];
        (model.slot, model.next, model.after, model.said) = (next, next, None, true);
        (model.parked, model.limit) = (parked, model.limit_from(time));
        (model.runs, model.missed) = (0, 0);
        (model.over, model.pending, model.completer) = (None, false, None);
        model.delayed = matches!(start, ModelStart::On { delayed: true, .. });
        let job = model.job;
        if let Some(event) = awaits {
            self.tasks[task].awaits = Some(event);
            self.events[event].line.push(task);
        }
        if home.is_some() {
            self.move_task(task, now);
            return Ok(true);
        }
        if let Some(event) = self.tasks[task].ends {
            let event = &mut self.events[event];
            if event.count == 0 {
                (event.count, event.deadline) = (1, None);
            }
        }
        let serial = self.jobs[job].accepted;
        self.jobs[job].accepted += 1;
        self.numbers += 1;
        let submission = Submission {
            pool,
            deadline: None,
            limit: None,
            number: self.numbers,
            serial,
            urgent: false,
        };
        match place {
            Place::Running {
                run,
                cancelled,
                aborted,
                ..
            } => {
                let next = Some(submission);
                self.jobs[job].place = Place::Running {
                    run,
                    cancelled,
                    aborted,
                    next,
                };
            }
            _ => {
                self.tasks[task].stops = None;
                self.put_task(task, submission, now);
            }
        }
        Ok(false)
    }

    /// Puts a task among those that are ready or deferred, by its deadline.
    fn put_task(&mut self, task: usize, submission: Submission, now: u64) {
        let (job, deadline) = (self.tasks[task].job, self.tasks[task].deadline());
        let submission = Submission {
            deadline: (deadline > 0).then_some(deadline),
            ..submission
        };
        match deadline <= self.pools[submission.pool].time(now) {
            true => self.make_ready(job, submission),
            false => self.jobs[job].place = Place::Deferred(submission),
        }
    }

    /// The times of a task have changed. One that is ready and stays so keeps its place.
    fn move_task(&mut self, task: usize, now: u64) {
        let (job, deadline) = (self.tasks[task].job, self.tasks[task].deadline());
        let place = &mut self.jobs[job].place;
        let submission = match place {
            Place::Idle | Place::Running { .. } => return,
            Place::Queued(submission) | Place::Held(submission) | Place::Deferred(submission) => submission,
        };
        let due = deadline <= self.pools[submission.pool].time(now);
        submission.deadline = (deadline > 0).then_some(deadline);
        let mut submission = *submission;
        if due && !matches!(place, Place::Deferred(_)) {
            return;
        }
        if matches!(place, Place::Queued(_)) {
            self.offer(job);
        }
        self.leave_line(job);
        self.numbers += 1;
        submission.number = self.numbers;
        self.put_task(task, submission, now);
    }

    /// Changes the times of a task that is enabled. What `said` when the next run comes ends the wait for an event.
    fn change(&mut self, task: usize, said: bool, now: u64, change: impl FnOnce(&mut ModelTask, u64)) -> bool {
        let Some(home) = self.home(task) else {
            return false;
        };
        if self.tasks[task].awaits.is_some() && !said {
            return true;
        }
        self.leave_event(task);
        let time = self.pools[home].time(now);
        let model = &mut self.tasks[task];
        model.recall_slot();
        change(model, time);
        self.move_task(task, now);
        true
    }

    pub(crate) fn trigger(&mut self, task: usize, now: u64) -> bool {
        self.change(task, true, now, |model, time| model.put(time.max(1)))
    }

    pub(crate) fn postpone(&mut self, task: usize, delay: u64, now: u64) -> bool {
        self.change(task, true, now, |model, time| model.put(time + delay + 1))
    }

    pub(crate) fn shift(&mut self, task: usize, by: i64, now: u64) -> bool {
        self.change(task, false, now, |model, time| model.shift(time, by))
    }

    pub(crate) fn set_interval(&mut self, task: usize, interval: u64, rephase: Rephase, now: u64) {
        self.change(task, false, now, |model, time| {
            model.set_interval(time, interval, rephase)
        });
        self.tasks[task].interval = interval;
    }

    pub(crate) fn set_iterations(&mut self, task: usize, iterations: u32) {
        self.tasks[task].iterations = iterations;
    }

    /// Its time begins anew.
    pub(crate) fn reset_timeout(&mut self, task: usize, timeout: Option<u64>, now: u64) {
        if let Some(timeout) = timeout {
            self.tasks[task].timeout = timeout;
        }
        if let Some(home) = self.home(task) {
            let time = self.pools[home].time(now);
            self.tasks[task].limit = self.tasks[task].limit_from(time);
            self.move_task(task, now);
        }
    }

    /// Ends a task. Answers whether it was enabled.
    pub(crate) fn stop(&mut self, task: usize, outcome: Outcome) -> bool {
        let enabled = self.home(task).is_some();
        let (job, place) = (self.tasks[task].job, self.place_of(task));
        if place == Place::Idle || self.tasks[task].over.is_some() {
            return enabled;
        }
        self.leave_event(task);
        match place {
            Place::Idle => {}
            Place::Queued(submission) | Place::Deferred(submission) | Place::Held(submission) => {
                if matches!(place, Place::Queued(_)) {
                    self.offer(job);
                }
                self.leave_line(job);
                self.jobs[job].place = Place::Idle;
                self.end_task(job, submission, outcome);
            }
            Place::Running { next, .. } if self.tasks[task].stops.is_some() => {
                self.decide(task, None);
                if let Some(next) = next {
                    self.end_task(job, next, outcome);
                }
            }
            Place::Running { .. } => self.decide(task, Some(outcome)),
        }
        enabled
    }

    /// The run that goes on is the last one, and is told so; nothing comes after it. The task ends so, if that is not known yet.
    fn decide(&mut self, task: usize, outcome: Option<Outcome>) {
        let job = self.tasks[task].job;
        let Place::Running { run, aborted, .. } = self.jobs[job].place else {
            panic!("task {task} does not run");
        };
        self.jobs[job].place = Place::Running {
            run,
            aborted,
            cancelled: true,
            next: None,
        };
        if outcome.is_some() {
            self.tasks[task].stops = outcome;
        }
    }

    fn end_task(&mut self, job: usize, submission: Submission, outcome: Outcome) {
        let entry = &mut self.jobs[job];
        match outcome {
            Outcome::Cancelled => entry.cancelled += 1,
            Outcome::Aborted => entry.aborted += 1,
            Outcome::TimedOut => entry.timed_out += 1,
            Outcome::Discarded => entry.discarded += 1,
            _ => entry.ended += 1,
        }
        self.end(job, submission, outcome);
    }

    /// A worker has taken the task. Answers what its run is told, if it is run.
    pub(crate) fn begin_task(&mut self, task: usize, now: u64) -> Option<Told> {
        let Place::Running { run, .. } = self.place_of(task) else {
            panic!("task {task} begins, and was not taken");
        };
        let time = self.pools[run.pool].time(now);
        let model = &mut self.tasks[task];
        if model.stops.is_some() {
            return None;
        }
        if let Some(code) = model.over {
            model.stops = Some(Outcome::Done(code));
            return None;
        }
        if model.limit.is_some_and(|limit| limit <= time) {
            self.leave_event(task);
            self.decide(task, Some(Outcome::TimedOut));
            return None;
        }
        if let Some(event) = model.awaits {
            match self.event_status(event, now) {
                None => {
                    self.tasks[task].parked = Some(self.looks_at(event, run.pool, now));
                    self.goes_on(task);
                    return None;
                }
                Some(Outcome::Aborted) => {
                    self.leave_event(task);
                    self.decide(task, Some(Outcome::Aborted));
                    return None;
                }
                Some(_) => {
                    self.leave_event(task);
                    if self.event_came(task, time) > time.max(1) {
                        self.goes_on(task);
                        return None;
                    }
                }
            }
        }
        let model = &mut self.tasks[task];
        if model.pending {
            self.goes_on(task);
            return None;
        }
        if model.is_through() && model.after.is_none() {
            model.stops = Some(Outcome::Done(0));
            return None;
        }
        model.completer = None;
        Some(model.begin(time))
    }

    /// The event that it waited for has come: when its first run is due.
    fn event_came(&mut self, task: usize, time: u64) -> u64 {
        let model = &mut self.tasks[task];
        let next = match model.delayed {
            true => ahead(time, model.interval),
            false => time.max(1),
        };
        (model.slot, model.next) = (next, next);
        next
    }

    /// Its submission goes on after the run.
    fn goes_on(&mut self, task: usize) {
        let job = self.tasks[task].job;
        let Place::Running {
            run,
            cancelled,
            aborted,
            ..
        } = self.jobs[job].place
        else {
            panic!("task {task} goes on after its run, and has none");
        };
        self.numbers += 1;
        let next = Some(Submission {
            number: self.numbers,
            ..run
        });
        self.jobs[job].place = Place::Running {
            run,
            cancelled,
            aborted,
            next,
        };
    }

    /// Somebody has a completer of the run that goes on. Answers its number.
    pub(crate) fn hand_out(&mut self, task: usize) -> u32 {
        let said = matches!(self.place_of(task), Place::Running { next: Some(_), .. });
        let model = &mut self.tasks[task];
        model.handed_out += 1;
        // Where one has said it already, nobody can say so again.
        model.completer = (!said).then_some(model.handed_out);
        model.handed_out
    }

    /// A run has answered.
    pub(crate) fn end_run_of_task(&mut self, task: usize, answer: Next, took: bool, now: u64) {
        let place = self.place_of(task);
        let model = &mut self.tasks[task];
        if model.stops.is_some() {
            return;
        }
        let waits = took && model.completer.is_some();
        if took && !waits && matches!(place, Place::Running { next: Some(_), .. }) {
            // Its completer has answered for it.
            return;
        }
        // A completer that is worth nothing since the task began anew is none to wait for.
        let began_anew = took && !waits;
        if answer == Next::Pending && model.awaits.is_none() && !began_anew {
            if waits {
                (model.pending, model.parked) = (true, Some(FAR));
                self.goes_on(task);
            } else {
                self.decide(task, Some(Outcome::Aborted));
            }
            return;
        }
        if self.is_aborted_by(task, answer, now) {
            self.decide(task, Some(Outcome::Aborted));
            return;
        }
        self.tasks[task].completer = None;
        self.follow(task, answer, now);
    }

    /// Whether the next run is to wait for an event that was aborted.
    fn is_aborted_by(&self, task: usize, answer: Next, now: u64) -> bool {
        let model = &self.tasks[task];
        match answer {
            Next::On(event) if model.awaits.is_none() && !model.is_through() => {
                self.event_status(self.number_of(event), now) == Some(Outcome::Aborted)
            }
            _ => false,
        }
    }

    fn number_of(&self, event: EventRef) -> usize {
        let number = self.events.iter().position(|entry| entry.reference == event);
        number.expect("events are made by the world")
    }

    /// A run is over, and a worker or its completer says how the task goes on.
    fn follow(&mut self, task: usize, answer: Next, now: u64) {
        match self.proceed(task, answer, now) {
            Some(code) => self.tasks[task].stops = Some(Outcome::Done(code)),
            None => self.goes_on(task),
        }
    }

    fn proceed(&mut self, task: usize, answer: Next, now: u64) -> Option<Code> {
        let number = match self.place_of(task) {
            Place::Running { run, .. } => run.pool,
            Place::Queued(there) | Place::Deferred(there) | Place::Held(there) => there.pool,
            Place::Idle => panic!("task {task} goes on, and is not under way"),
        };
        let pool = &self.pools[number];
        let time = pool.time(now);
        let model = &mut self.tasks[task];
        model.recall_slot();
        let through = model.is_through();
        if model.pending {
            (model.pending, model.parked) = (false, None);
        }
        match answer {
            Next::Done(code) => {
                self.leave_event(task);
                return Some(code);
            }
            _ if model.awaits.is_some() => {}
            Next::Again => {
                model.runs = model.runs.saturating_sub(1);
                model.after = Some(model.next);
                model.next = time.max(1);
            }
            _ if through => return Some(0),
            Next::Default | Next::Pending => {
                if model.policy == Missed::FromEnd && !model.said {
                    model.next = later(time, model.interval);
                }
            }
            Next::After(delay) => model.put(ahead(time, delay)),
            Next::At(tick) => model.put(pool.own_time(tick.max(1), now)),
            Next::On(event) => {
                let event = self.number_of(event);
                if self.event_status(event, now).is_some() {
                    self.tasks[task].put(time.max(1));
                    return None;
                }
                let looks = self.looks_at(event, number, now);
                let model = &mut self.tasks[task];
                (model.awaits, model.parked, model.delayed) = (Some(event), Some(looks), false);
                self.events[event].line.push(task);
            }
        }
        None
    }

    /// Whether the task waits for this completer, or will.
    fn expects(&self, task: usize, number: u32) -> bool {
        let model = &self.tasks[task];
        let waits = match self.place_of(task) {
            Place::Idle => false,
            Place::Running { .. } => model.stops.is_none(),
            _ => model.pending,
        };
        waits && model.completer == Some(number)
    }

    /// A completer says how the task goes on. Answers whether it may.
    pub(crate) fn complete_task(&mut self, task: usize, number: u32, answer: Next, now: u64) -> bool {
        if !self.expects(task, number) {
            return false;
        }
        if self.is_aborted_by(task, answer, now) {
            self.stop(task, Outcome::Aborted);
            return true;
        }
        self.tasks[task].completer = None;
        if !self.tasks[task].pending {
            self.follow(task, answer, now);
            return true;
        }
        let home = self.home(task).expect("a task that waits for its completer is enabled");
        if let Some(code) = self.proceed(task, answer, now) {
            let time = self.pools[home].time(now);
            let model = &mut self.tasks[task];
            (model.over, model.parked) = (Some(code), Some(time.max(1)));
        }
        self.move_task(task, now);
        true
    }

    pub(crate) fn drop_completer(&mut self, task: usize, number: u32) {
        if self.expects(task, number) {
            self.stop(task, Outcome::Aborted);
        }
    }

    /// A worker has run the task. Answers whether it has ended.
    pub(super) fn task_ran(&mut self, task: usize, now: u64) -> bool {
        let job = self.tasks[task].job;
        let Place::Running { run, next, .. } = self.jobs[job].place else {
            panic!("task {task} ended and was not running");
        };
        self.offer(job);
        let over = next.is_none_or(|next| next.serial != run.serial);
        if over {
            let Some(outcome) = self.tasks[task].stops else {
                panic!("task {task} is over, and nothing has ended it");
            };
            self.end_task(job, run, outcome);
        }
        self.jobs[job].place = Place::Idle;
        if let Some(mut next) = next {
            if over {
                // Among equal deadlines its place is that of the end of the run that it waited for.
                self.numbers += 1;
                next.number = self.numbers;
            }
            self.tasks[task].stops = None;
            let deadline = self.tasks[task].deadline();
            if deadline == 0 {
                self.put_task(task, next, now);
            } else {
                // Whoever sees that it is due moves it on.
                next.deadline = Some(deadline);
                self.jobs[job].place = Place::Deferred(next);
            }
        }
        over
    }

    pub(super) fn leave_event(&mut self, task: usize) {
        if self.tasks[task].awaits.take().is_some() {
            for event in &mut self.events {
                event.line.retain(|other| *other != task);
            }
            for ring in &mut self.rings {
                ring.tasks.retain(|other| *other != task);
            }
            let model = &mut self.tasks[task];
            (model.parked, model.slot) = (None, 0);
        }
    }

    /// What completed an event, if it is complete.
    pub(crate) fn event_status(&self, event: usize, now: u64) -> Option<Outcome> {
        let event = &self.events[event];
        match event.deadline {
            _ if event.count == 0 => Some(event.outcome),
            Some(deadline) if deadline <= now => Some(Outcome::TimedOut),
            _ => None,
        }
    }

    /// When a task of this pool looks at an event that it waits for.
    fn looks_at(&self, event: usize, pool: usize, now: u64) -> u64 {
        let deadline = self.events[event].deadline;
        deadline.map_or(FAR, |deadline| self.pools[pool].own_time(deadline, now))
    }
}

/// Events.
impl Model {
    pub(crate) fn add_event(&mut self, reference: EventRef) {
        self.events.push(ModelEvent {
            reference,
            count: 0,
            deadline: None,
            outcome: Outcome::Done(0),
            line: Vec::new(),
        });
    }

    /// How many signals it waits for.
    pub(crate) fn event_count(&self, event: usize, now: u64) -> u32 {
        match self.event_status(event, now) {
            Some(_) => 0,
            None => self.events[event].count,
        }
    }

    /// Those who wait for an event leave its line, to be let go by whoever has this ring, before those who are in it.
    fn empty_line(&mut self, event: usize, ring: usize, outcome: Outcome) {
        let line = std::mem::take(&mut self.events[event].line);
        self.rings[ring].tasks.splice(0..0, line);
        self.rings[ring].outcome = Some(outcome);
    }

    pub(crate) fn arm(&mut self, event: usize, count: u32, within: Option<u64>, ring: usize, now: u64) {
        if self.events[event].count > 0 && self.event_status(event, now).is_some() {
            self.empty_line(event, ring, Outcome::TimedOut);
        }
        self.events[event].count = count;
        self.events[event].deadline = within.map(|ticks| now + ticks + 1);
    }

    pub(crate) fn set_event_timeout(&mut self, event: usize, within: Option<u64>, now: u64) -> bool {
        let pending = self.event_status(event, now).is_none();
        if pending {
            self.events[event].deadline = within.map(|ticks| now + ticks + 1);
        }
        pending
    }

    /// Answers whether it is complete then.
    pub(crate) fn signal(&mut self, event: usize, outcome: Outcome, ring: usize, now: u64) -> bool {
        if self.event_status(event, now).is_none() {
            let good = matches!(outcome, Outcome::Done(0..));
            if good && self.events[event].count > 1 {
                self.events[event].count -= 1;
                return false;
            }
            self.complete_event(event, outcome, ring, now);
        }
        true
    }

    /// Answers whether it was pending.
    pub(crate) fn complete_event(&mut self, event: usize, outcome: Outcome, ring: usize, now: u64) -> bool {
        let pending = self.event_status(event, now).is_none();
        if pending {
            let entry = &mut self.events[event];
            (entry.count, entry.deadline, entry.outcome) = (0, None, outcome);
            self.empty_line(event, ring, outcome);
        }
        pending
    }

    /// The first one in a ring is let go. Answers whether there was one.
    pub(crate) fn release_first(&mut self, ring: usize, now: u64) -> bool {
        let outcome = self.rings[ring].outcome.expect("what is let go has come to something");
        let Some(task) = self.rings[ring].tasks.first().copied() else {
            self.rings[ring].outcome = None;
            return false;
        };
        self.leave_event(task);
        if outcome == Outcome::Aborted {
            self.stop(task, Outcome::Aborted);
            return true;
        }
        let home = self.home(task).expect("a task that waits for an event is enabled");
        self.event_came(task, self.pools[home].time(now));
        self.move_task(task, now);
        true
    }

    /// The first one in the line of an event who does not know that its time is up so soon learns it.
    pub(crate) fn hasten_one(&mut self, event: usize, now: u64) {
        let entry = &self.events[event];
        let Some(deadline) = entry.deadline.filter(|_| entry.count > 0) else {
            return;
        };
        for task in entry.line.clone() {
            let home = self.home(task).expect("a task that waits for an event is enabled");
            let looks = self.pools[home].own_time(deadline, now);
            if self.tasks[task].parked.is_some_and(|parked| parked > looks) {
                self.tasks[task].parked = Some(looks);
                self.move_task(task, now);
                return;
            }
        }
    }
}
