//! The one loop: one task owns the agent, feeds it with inputs, and has its effects carried out.
//!
//! Nothing here decides anything. No failure ends the loop: it comes back to the agent as an input.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use fieldscan_core::{
    agent::{Agent, Command, Input, Options},
    ids::RunId,
    notice::Notice,
    place::Surroundings,
    settings::Settings,
    snapshot::Snapshot,
};
use jiff::Timestamp;
use tokio::{
    sync::{broadcast, mpsc, oneshot, watch},
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
    door::{self, AskError, ConnectError, Door, House, Remote},
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

/// As many notices may wait for one who shows them; more are only in the database.
const NOTICES: usize = 64;

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
    /// Lets other processes in; `None` in commands that end after one run.
    pub door: Option<Door>,
}

/// The running agent, from outside, in this process or in another one. Cloning it makes another handle on the same agent.
#[derive(Debug, Clone)]
pub struct Handle {
    link: Link,
    snapshots: watch::Receiver<Snapshot>,
    notices: broadcast::Sender<Notice>,
}

/// The way to the agent.
#[derive(Debug, Clone)]
enum Link {
    Own {
        orders: mpsc::UnboundedSender<Order>,
        ended: Arc<tokio::sync::Mutex<Option<oneshot::Receiver<()>>>>,
    },
    Remote(door::Line),
}

/// A command, and who wants to know that the agent has it.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) command: Command,
    /// Gets the run that does what was asked for.
    pub(crate) taken: Option<oneshot::Sender<Option<RunId>>>,
}

impl Handle {
    pub(crate) fn remote(line: door::Line, snapshots: watch::Receiver<Snapshot>) -> Self {
        Self {
            link: Link::Remote(line),
            snapshots,
            // The process that has the agent tells them.
            notices: broadcast::channel(1).0,
        }
    }

    /// Asks for something. What comes of it is seen in the snapshots.
    ///
    /// Settings are not sent to another process: it reads its own again.
    pub fn send(&self, command: Command) {
        match &self.link {
            Link::Own { orders, .. } => {
                let taken = None;
                // After the end there is nobody left to ask, and nothing to lose by it.
                let _ = orders.send(Order { command, taken });
            }
            Link::Remote(line) => line.send(command),
        }
    }

    /// Asks for something and waits until the agent has taken it: the newest snapshot then shows what follows. Returns the
    /// run that belongs to it: for a scan the one that does it, which may be one that goes on already, or the one after
    /// one that is being stopped.
    ///
    /// # Errors
    /// If the agent has ended, or another process refuses.
    pub async fn ask(&self, command: Command) -> Result<Option<RunId>, AskError> {
        match &self.link {
            Link::Own { orders, .. } => {
                let (taken, answered) = oneshot::channel();
                let taken = Some(taken);
                let sent = orders.send(Order { command, taken });
                sent.map_err(|_| AskError::Gone)?;
                answered.await.map_err(|_| AskError::Gone)
            }
            Link::Remote(line) => line.order(command).await,
        }
    }

    /// The newest snapshot, and word of each new one. Ends with the agent, or with the connection to it.
    pub fn snapshots(&self) -> watch::Receiver<Snapshot> {
        self.snapshots.clone()
    }

    /// The notices from now on, each after it was kept: the ones before are read from the database. None come from the agent
    /// of another process, which tells them itself.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// Ends the agent and waits until everything is written and no process of its own is left. That of another process goes
    /// on: only the connection is ended.
    pub async fn shutdown(&self) {
        match &self.link {
            Link::Own { ended, .. } => {
                self.send(Command::Shutdown);
                if let Some(ended) = ended.lock().await.take() {
                    // An error means that the loop is gone already.
                    let _ = ended.await;
                }
            }
            Link::Remote(line) => line.hang_up(),
        }
    }
}

/// A process that opens its database is waited for this long.
const STARTS_WITHIN: Duration = Duration::from_secs(10);

/// Reaches the agent that another process runs on this data folder; `None` if no process has the folder. One that is just
/// starting is waited for, for 10 s at the most.
///
/// # Errors
/// If a process has the folder and can't be asked.
pub async fn connect(data_dir: &Path) -> Result<Option<Remote>, ConnectError> {
    door::connect(data_dir, STARTS_WITHIN).await
}

/// The same, for somebody who can do without: a process that doesn't answer within `patience` is not waited for.
///
/// # Errors
/// As [`connect`].
pub async fn connect_within(
    data_dir: &Path,
    patience: Duration,
) -> Result<Option<Remote>, ConnectError> {
    door::connect(data_dir, patience).await
}

/// Opens the database and starts the loop on the current tokio runtime.
///
/// # Errors
/// Where the database can't be opened, or another process has it.
pub fn start(setup: Setup) -> Result<Handle, OpenError> {
    let clock = Clock::new(setup.settings.epoch_time_offset);
    let address = setup.door.as_ref().and_then(|_| {
        let address = door::address(&setup.data_dir);
        address.inspect_err(unreachable).ok()
    });
    let opened = Store::open_with_door(&setup.data_dir, clock.now(), address.as_deref())?;
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
    let (orders, ordered) = mpsc::unbounded_channel();
    let whose = Arc::new(AtomicU64::new(door::whose(agent.settings())));
    let mut house = None;
    if let (Some(door), Some(address)) = (setup.door, address) {
        let opened = House {
            orders: orders.clone(),
            snapshots: snapshots.clone(),
            door,
            whose: whose.clone(),
        };
        // The agent works without a door, too.
        house = opened.open(&address).inspect_err(unreachable).ok();
    }
    let heard = Heard {
        inputs: received,
        orders: ordered,
        whose,
    };
    let (notices, _) = broadcast::channel(NOTICES);
    let told = inputs.clone();
    let effects = Effects::new(access, database, setup.nmap, inputs, notices.clone());
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
        run(agent, first, heard, effects, snapshot, clock, &mut house).await;
        if let Some(follows) = follows {
            follows.abort();
        }
        if let Some(house) = house {
            house.empty().await;
        }
        let _ = ended.send(());
    });
    Ok(Handle {
        link: Link::Own {
            orders,
            ended: Arc::new(tokio::sync::Mutex::new(Some(end))),
        },
        snapshots,
        notices,
    })
}

fn unreachable(error: &std::io::Error) {
    tracing::warn!(%error, "other processes can't reach this one");
}

/// What the loop hears from.
struct Heard {
    /// What came of effects.
    inputs: mpsc::UnboundedReceiver<Input>,
    /// What people and other processes want.
    orders: mpsc::UnboundedReceiver<Order>,
    /// Whose data it is, for who comes through the door.
    whose: Arc<AtomicU64>,
}

async fn run(
    mut agent: Agent,
    surroundings: Surroundings,
    mut heard: Heard,
    mut effects: Effects,
    snapshot: watch::Sender<Snapshot>,
    clock: Clock,
    house: &mut Option<door::Opened>,
) {
    let mut wake_at = Some(clock.now());
    let mut jumps = Jumps::new(&clock);
    let mut journal = Journal::begin(&snapshot.borrow());
    let mut first = Some(Input::Surroundings(Box::new(surroundings)));
    loop {
        let (input, taken) = match first.take() {
            Some(first) => (first, None),
            None => match next(&mut heard, wake_at, &jumps, &clock).await {
                Some(next) => next,
                None => break,
            },
        };
        if let Input::Command(Command::Settings(settings)) = &input {
            clock.correct(settings.epoch_time_offset);
            effects.settings_changed(settings);
            heard.whose.store(door::whose(settings), Ordering::Relaxed);
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
        if let Some(taken) = taken {
            // Who asked may have gone away.
            let _ = taken.send(agent.run_asked_for());
        }
        if shutting_down {
            effects.stop_asking();
        }
        if end {
            break;
        }
    }
    if let Some(house) = house {
        house.close().await;
    }
    effects.finish().await;
}

/// The next input, and who wants to know that the agent has it: what is sent, or word that a time has come. `None` once
/// nobody is left to send anything.
async fn next(
    heard: &mut Heard,
    wake_at: Option<Timestamp>,
    jumps: &Jumps,
    clock: &Clock,
) -> Option<(Input, Option<oneshot::Sender<Option<RunId>>>)> {
    loop {
        tokio::select! {
            input = heard.inputs.recv() => return input.map(|input| (input, None)),
            Some(order) = heard.orders.recv() => {
                return Some((Input::Command(order.command), order.taken));
            }
            () = sleep_until(wake_at, clock) => {
                // After a jump of the clock, what was planned by the old one must be looked at again.
                let jumped = jumps.is_to_be_seen(clock).is_some();
                if jumped || wake_at.is_some_and(|at| at <= clock.now()) {
                    return Some((Input::Tick, None));
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
