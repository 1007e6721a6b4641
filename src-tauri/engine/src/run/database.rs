//! The database on a thread of its own: everything in the order in which it was asked for.

use std::{sync::mpsc, thread};

use fieldscan_core::{
    agent::{Effect, Input},
    problem::Problem,
};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

use super::clock::Clock;
use crate::store::{Reader, Store, StoreError};

type Job = Box<dyn FnOnce(&mut Writer) + Send>;

/// The way to the database.
#[derive(Debug, Clone)]
pub(super) struct Database {
    jobs: mpsc::Sender<Job>,
    inputs: UnboundedSender<Input>,
}

/// What the thread owns.
struct Writer {
    store: Store,
    failing: bool,
    clock: Clock,
    inputs: UnboundedSender<Input>,
}

impl Database {
    /// Starts the thread. It ends when the last clone of the way to it is gone.
    pub(super) fn start(store: Store, clock: Clock, inputs: UnboundedSender<Input>) -> Self {
        let (jobs, todo) = mpsc::channel::<Job>();
        let mut writer = Writer {
            store,
            failing: false,
            clock,
            inputs: inputs.clone(),
        };
        let thread = thread::Builder::new().name("database".into());
        let started = thread.spawn(move || {
            while let Ok(job) = todo.recv() {
                job(&mut writer);
            }
        });
        if let Err(error) = started {
            let _ = inputs.send(Input::Failed(Problem::StoreFailing {
                detail: error.to_string(),
            }));
        }
        Self { jobs, inputs }
    }

    /// Writes; a failure goes to the agent.
    pub(super) fn write(
        &self,
        write: impl FnOnce(&mut Store) -> Result<(), StoreError> + Send + 'static,
    ) {
        self.send(move |writer| {
            if let Err(problem) = writer.try_to(write) {
                let _ = writer.inputs.send(Input::Failed(problem));
            }
        });
    }

    /// Does what an effect asks to be saved. If that fails, the agent has it back.
    pub(super) fn save(
        &self,
        effect: Effect,
        save: impl FnOnce(&mut Store, &Effect) -> Result<(), StoreError> + Send + 'static,
    ) {
        self.send(move |writer| {
            if let Err(problem) = writer.try_to(|store| save(store, &effect)) {
                let effect = Box::new(effect);
                let _ = writer.inputs.send(Input::NotSaved { effect, problem });
            }
        });
    }

    /// Writes, and makes an input of how that went.
    pub(super) fn write_then(
        &self,
        write: impl FnOnce(&mut Store) -> Result<(), StoreError> + Send + 'static,
        then: impl FnOnce(Result<(), Problem>) -> Input + Send + 'static,
    ) {
        self.send(move |writer| {
            let input = then(writer.try_to(write));
            let _ = writer.inputs.send(input);
        });
    }

    /// Reads, after everything that was asked for before.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let (answer, answered) = oneshot::channel();
        self.send(move |writer| {
            let result = read(writer.store.reader());
            if let Err(error) = &result {
                writer.set_aside_if_damaged(error);
            }
            let _ = answer.send(result.map_err(Problem::from));
        });
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Waits until everything that was asked for is done.
    pub(super) async fn finish(&self) {
        let _ = self.read(|_| Ok(())).await;
    }

    fn send(&self, job: impl FnOnce(&mut Writer) + Send + 'static) {
        if self.jobs.send(Box::new(job)).is_err() {
            let _ = self.inputs.send(Input::Failed(gone()));
        }
    }
}

impl Writer {
    fn try_to(
        &mut self,
        write: impl FnOnce(&mut Store) -> Result<(), StoreError>,
    ) -> Result<(), Problem> {
        match write(&mut self.store) {
            Ok(()) => {
                if std::mem::take(&mut self.failing) {
                    let _ = self.inputs.send(Input::StoreMended);
                }
                Ok(())
            }
            Err(error) => {
                self.failing = true;
                tracing::error!(%error, "the database takes no writes");
                self.set_aside_if_damaged(&error);
                Err(error.into())
            }
        }
    }

    /// A damaged database is set aside and a new one begun; the agent then writes again what it still has.
    fn set_aside_if_damaged(&mut self, error: &StoreError) {
        if !matches!(error, StoreError::Damaged { .. }) {
            return;
        }
        let problem = match self.store.set_aside(self.clock.now()) {
            Ok(told) => told,
            Err(error) => error.into(),
        };
        let _ = self.inputs.send(Input::Failed(problem));
    }
}

fn gone() -> Problem {
    Problem::StoreFailing {
        detail: "the database's thread ended".into(),
    }
}
