//! The queue in memory and the task that works it off, one report at a time.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Notify;

use super::apply::{self, Begin};
use super::journal::{Received, Step};
use super::troubles::TroubleRule;
use crate::phpipam::{Model, SharedModel};

/// What the requests, the worker and the tests share.
pub(crate) struct Shared {
    model: SharedModel,
    state: Mutex<State>,
    /// Wakes blocked tests at every change.
    changed: Condvar,
    /// Wakes the worker.
    wake: Notify,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) token: String,
    pub(crate) received: Vec<Received>,
    pub(crate) connection_tests: usize,
    pub(crate) troubles: Vec<TroubleRule>,
    pub(crate) answer_time: Duration,
    pub(crate) time_per_host: Duration,
    /// How many hosts may still be written before the work pauses; `None`: all.
    pub(crate) hosts_allowed: Option<u64>,
    pub(crate) journal: Vec<Step>,
    pub(crate) executed: Vec<String>,
    queue: VecDeque<(usize, Value)>,
    in_work: bool,
}

impl State {
    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_empty() && !self.in_work
    }

    pub(crate) fn waiting(&self) -> usize {
        self.queue.len() + usize::from(self.in_work)
    }
}

impl Shared {
    pub(crate) fn new(model: SharedModel, token: &str) -> Shared {
        Shared {
            model,
            state: Mutex::new(State {
                token: token.to_owned(),
                ..State::default()
            }),
            changed: Condvar::new(),
            wake: Notify::new(),
        }
    }

    /// Looks at the state.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes whoever waits for that.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.changed.notify_all();
        self.wake.notify_one();
        result
    }

    /// Blocks until `done` holds; `false` when it doesn't within `limit`.
    pub(crate) fn wait_until(&self, limit: Duration, mut done: impl FnMut(&State) -> bool) -> bool {
        let end = Instant::now() + limit;
        let mut state = self.state();
        while !done(&state) {
            let Some(left) = end.checked_duration_since(Instant::now()) else {
                return false;
            };
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }

    /// Puts what was received as number `report` into the queue.
    pub(crate) fn enqueue(&self, report: usize, json: Value) {
        self.change(|state| state.queue.push_back((report, json)));
    }

    /// Forgets the queue and the report in work, as a restart does.
    pub(crate) fn lose_everything(&self) {
        self.change(|state| {
            let lost = state.waiting();
            state.queue.clear();
            state.in_work = false;
            state.journal.push(Step::Restarted { lost });
        });
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `ready` gives something.
    async fn when<T>(&self, mut ready: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            // `wake` keeps one permit, so a change between the look and the wait is not missed.
            if let Some(value) = ready(&mut self.state()) {
                return value;
            }
            self.wake.notified().await;
        }
    }
}

/// Works the queue off until it is aborted.
pub(crate) async fn work(shared: Arc<Shared>) {
    loop {
        let (report, json) = shared
            .when(|state| {
                if state.hosts_allowed == Some(0) {
                    return None;
                }
                let next = state.queue.pop_front()?;
                state.in_work = true;
                Some(next)
            })
            .await;
        process(&shared, report, &json).await;
        shared.change(|state| state.in_work = false);
    }
}

async fn process(shared: &Shared, report: usize, json: &Value) {
    let began = apply::begin(json, &mut shared.model());
    let hosts = match began {
        Begin::Ignored(why) => {
            shared.change(|state| state.journal.push(Step::Ignored { report, why }));
            return;
        }
        Begin::Spoiled {
            subnet_id,
            why,
            executed,
        } => {
            shared.change(|state| {
                state.executed.extend(executed);
                state.journal.push(Step::Began { report, subnet_id });
                state.journal.push(Step::Spoiled {
                    report,
                    ip: None,
                    why,
                });
            });
            return;
        }
        Begin::Hosts(hosts) => hosts,
    };
    shared.change(|state| {
        state.executed.extend(hosts.executed.iter().cloned());
        state.journal.push(Step::Began {
            report,
            subnet_id: hosts.subnet_id,
        });
    });
    for host in &hosts.hosts {
        let pause = shared
            .when(|state| match &mut state.hosts_allowed {
                Some(0) => None,
                Some(left) => {
                    *left -= 1;
                    Some(state.time_per_host)
                }
                None => Some(state.time_per_host),
            })
            .await;
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let written = apply::write_host(&hosts, host, &mut shared.model());
        let ip = host["ip"].as_str().unwrap_or("").to_owned();
        match written {
            Ok(write) => {
                shared.change(|state| state.journal.push(Step::Host { report, ip, write }))
            }
            Err(why) => {
                shared.change(|state| {
                    state.journal.push(Step::Spoiled {
                        report,
                        ip: Some(ip),
                        why,
                    })
                });
                return;
            }
        }
    }
    shared.change(|state| state.journal.push(Step::Finished { report }));
}
