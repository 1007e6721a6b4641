//! The one loop: one task owns the agent, feeds it with inputs, and has its effects carried out.
//!
//! Nothing here decides anything. No failure ends the loop: it comes back to the agent as an input.

use std::{path::PathBuf, sync::Arc, time::Duration};

use fieldscan_core::{
    agent::{Agent, Command, Input, Options},
    place::Surroundings,
    settings::Settings,
    snapshot::Snapshot,
};
use jiff::Timestamp;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

use self::{
    access::Access,
    clock::{Clock, Jump, Jumps},
    database::Database,
    effects::Effects,
    journal::Journal,
};
use crate::{
    logging::Redactor,
    store::{OpenError, Store},
    surroundings,
    vault::Vault,
};

mod access;
mod clock;
mod database;
mod effects;
mod journal;
mod scanning;
mod world;

/// The wall clock is looked at this often, since a sleeping machine stops the timers but not the time.
const LOOK_AT_THE_CLOCK: Duration = Duration::from_secs(30);

/// What an agent needs to start.
#[derive(Debug)]
pub struct Setup {
    /// The settings in force.
    pub settings: Settings,
    /// Where the secrets are.
    pub vault: Vault,
    /// Is told every secret before it is used, so that no log line can have it.
    pub redactor: Redactor,
    /// The folder of the database.
    pub data_dir: PathBuf,
    /// The nmap to run, instead of the first one in `PATH`.
    pub nmap: Option<PathBuf>,
    /// How this process uses the agent.
    pub options: Options,
}

/// The running agent, from outside. Cloning it makes another handle on the same agent.
#[derive(Debug, Clone)]
pub struct Handle {
    inputs: mpsc::UnboundedSender<Input>,
    snapshots: watch::Receiver<Snapshot>,
    ended: Arc<tokio::sync::Mutex<Option<oneshot::Receiver<()>>>>,
}

impl Handle {
    /// Asks for something. What comes of it is seen in the snapshots.
    pub fn send(&self, command: Command) {
        // After the end there is nobody left to ask, and nothing to lose by it.
        let _ = self.inputs.send(Input::Command(command));
    }

    /// The newest snapshot, and word of each new one.
    pub fn snapshots(&self) -> watch::Receiver<Snapshot> {
        self.snapshots.clone()
    }

    /// Ends the agent and waits until everything is written and no process of its own is left.
    pub async fn shutdown(&self) {
        self.send(Command::Shutdown);
        if let Some(ended) = self.ended.lock().await.take() {
            // An error means that the loop is gone already.
            let _ = ended.await;
        }
    }
}

/// Opens the database and starts the loop on the current tokio runtime.
///
/// # Errors
/// Where the database can't be opened, or another process has it.
pub fn start(setup: Setup) -> Result<Handle, OpenError> {
    let clock = Clock::new(setup.settings.epoch_time_offset);
    let opened = Store::open(&setup.data_dir, clock.now())?;
    let access = Access::new(
        setup.settings.clone(),
        setup.vault,
        setup.redactor,
        clock.clone(),
    );
    let restored = opened.store.reader().restore(&access.cache_key())?;
    let (inputs, received) = mpsc::unbounded_channel();
    for problem in opened.notes {
        let _ = inputs.send(Input::Failed(problem));
    }
    let scheduled = setup.options.scheduled;
    let agent = Agent::new(setup.settings, setup.options, restored);
    let (snapshot, snapshots) = watch::channel(agent.snapshot(clock.now()));
    let database = Database::start(opened.store, clock.clone(), inputs.clone());
    let (ended, end) = oneshot::channel();
    let effects = Effects::new(access, database, setup.nmap, inputs.clone());
    let told = inputs.clone();
    tokio::spawn(async move {
        // Nothing is begun before it is known what may hold it back.
        let (first, follows) = match scheduled {
            true => {
                let watch = surroundings::Watch::start().await;
                let first = watch.last();
                (first, Some(tokio::spawn(watch.follow(told))))
            }
            false => (surroundings::place().await, None),
        };
        run(agent, first, received, effects, snapshot, clock).await;
        if let Some(follows) = follows {
            follows.abort();
        }
        let _ = ended.send(());
    });
    Ok(Handle {
        inputs,
        snapshots,
        ended: Arc::new(tokio::sync::Mutex::new(Some(end))),
    })
}

async fn run(
    mut agent: Agent,
    surroundings: Surroundings,
    mut inputs: mpsc::UnboundedReceiver<Input>,
    mut effects: Effects,
    snapshot: watch::Sender<Snapshot>,
    clock: Clock,
) {
    let mut wake_at = Some(clock.now());
    let mut jumps = Jumps::new(&clock);
    let mut journal = Journal::begin(&snapshot.borrow());
    let mut first = Some(Input::Surroundings(Box::new(surroundings)));
    loop {
        let input = match first.take() {
            Some(first) => first,
            None => match next(&mut inputs, wake_at, &jumps, &clock).await {
                Some(input) => input,
                None => break,
            },
        };
        if let Input::Command(Command::Settings(settings)) = &input {
            clock.correct(settings.epoch_time_offset);
            effects.settings_changed(settings);
        }
        let shutting_down = matches!(input, Input::Command(Command::Shutdown));
        let now = clock.now();
        // Whatever comes first after a sleep must not be taken as if the machine had been awake all the time. The system
        // may have told of it before the clock does.
        let slept = jumps.seen(&clock) == Some(Jump::Forward) && !matches!(input, Input::Woke);
        let mut end = false;
        for input in slept.then_some(Input::Woke).into_iter().chain([input]) {
            if matches!(input, Input::Tick | Input::Woke) {
                wake_at = None;
            }
            for effect in agent.handle(input, now) {
                journal.effect(&effect);
                match effect {
                    fieldscan_core::agent::Effect::WakeAt(at) => wake_at = Some(at),
                    fieldscan_core::agent::Effect::End => end = true,
                    effect => effects.carry_out(effect),
                }
            }
        }
        let newest = agent.snapshot(now);
        journal.snapshot(&newest, now);
        snapshot.send_replace(newest);
        if shutting_down {
            effects.stop_asking();
        }
        if end {
            break;
        }
    }
    effects.finish().await;
}

/// The next input: what is sent, or word that a time has come. `None` once nobody is left to send anything.
async fn next(
    inputs: &mut mpsc::UnboundedReceiver<Input>,
    wake_at: Option<Timestamp>,
    jumps: &Jumps,
    clock: &Clock,
) -> Option<Input> {
    loop {
        tokio::select! {
            input = inputs.recv() => return input,
            () = sleep_until(wake_at, clock) => {
                // After a jump of the clock, what was planned by the old one must be looked at again.
                let jumped = jumps.is_to_be_seen(clock).is_some();
                if jumped || wake_at.is_some_and(|at| at <= clock.now()) {
                    return Some(Input::Tick);
                }
            }
        }
    }
}

/// Sleeps until the wall clock may have reached `at`, or for a while.
async fn sleep_until(at: Option<Timestamp>, clock: &Clock) {
    let wait = at
        .map(|at| Duration::try_from(at.duration_since(clock.now())).unwrap_or_default())
        .unwrap_or(LOOK_AT_THE_CLOCK)
        .min(LOOK_AT_THE_CLOCK);
    // A timer that fires a touch early would only be set again.
    tokio::time::sleep_until(Instant::now() + wait + Duration::from_millis(1)).await;
}
