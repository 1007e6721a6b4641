//! The side of the door that is at home: lets visitors in, and serves each in a task of its own.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use fieldscan_core::{agent::Command, ids::RunId, snapshot::Snapshot};
use futures_util::StreamExt;
use serde::Serialize;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    sync::{Semaphore, mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::{
    codec::{FramedRead, LinesCodec, LinesCodecError},
    sync::CancellationToken,
    task::TaskTracker,
};

use super::{
    Door, Keeper,
    protocol::{Asked, Hello, LONGEST_REQUEST, Refusal, Request, Told, VERSION},
    system::{Listener, Stream},
};
use crate::run::Order;

/// As many visitors at a time.
pub(super) const VISITORS: usize = 16;
/// A visitor takes what it is told within this time, and says who it is.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Who wants no snapshots asks for something now and then, or makes room for others.
pub(super) const IDLE: Duration = Duration::from_secs(60);
/// Between two snapshots to the same visitor; of those between them only the newest is told.
const SNAPSHOT_EVERY: Duration = Duration::from_millis(200);
/// After the system refused to let somebody in (no more files, for instance).
const AFTER_A_FAILURE: Duration = Duration::from_secs(1);
/// For the last words to visitors.
const FAREWELL: Duration = Duration::from_secs(1);

/// What visitors reach.
pub(crate) struct House {
    pub(crate) orders: mpsc::UnboundedSender<Order>,
    /// They end with the agent.
    pub(crate) snapshots: watch::Receiver<Snapshot>,
    pub(crate) door: Door,
    /// [`super::whose`] of the settings in force.
    pub(crate) whose: Arc<AtomicU64>,
}

/// An open door.
#[derive(Debug)]
pub(crate) struct Opened {
    closing: CancellationToken,
    accepting: JoinHandle<()>,
    visits: TaskTracker,
}

impl House {
    /// Opens the door. Only for the holder of the data folder's lock.
    pub(crate) fn open(self, address: &str) -> io::Result<Opened> {
        let listener = Listener::open(address)?;
        let (closing, visits) = (CancellationToken::new(), TaskTracker::new());
        let accepting = accept(Arc::new(self), listener, closing.clone(), visits.clone());
        Ok(Opened {
            closing,
            accepting: tokio::spawn(accepting),
            visits,
        })
    }

    /// Serves a visitor until it leaves or has to.
    async fn serve(&self, stream: Stream) {
        let (reading, writing) = tokio::io::split(stream);
        let mut visit = Visit {
            lines: FramedRead::new(reading, LinesCodec::new_with_max_length(LONGEST_REQUEST)),
            writing,
            snapshots: None,
        };
        let told = match self.receive(&mut visit).await {
            Ok(()) => visit.tell(&Told::Bye).await,
            Err(Left::Told(why)) => visit.tell(&Told::Refused { id: None, why }).await,
            Err(left @ (Left::Gone | Left::Slow)) => Err(left),
        };
        // On a pipe that is closed at once the last words may be lost.
        if told.is_ok() {
            let _ = timeout(FAREWELL, visit.writing.shutdown()).await;
        }
    }

    /// `Ok` once the house closes.
    async fn receive(&self, visit: &mut Visit) -> Result<(), Left> {
        let whose = self.whose.load(Ordering::Relaxed);
        visit.tell(&Hello::of_this_process(whose)).await?;
        let hello = timeout(PATIENCE, visit.next()).await;
        let hello: Hello = understood(&hello.map_err(|_| Left::Told(Refusal::Silent))??)?;
        if hello.protocol != VERSION {
            return Err(Left::Told(Refusal::OtherProtocol {
                ours: VERSION,
                yours: hello.protocol,
            }));
        }
        tracing::debug!(pid = hello.pid, program = hello.program, "a visitor");
        let mut ending = self.snapshots.clone();
        let mut next_snapshot = Instant::now();
        loop {
            let leave_at = Instant::now() + IDLE;
            tokio::select! {
                line = visit.lines.next() => {
                    let asked: Asked = understood(&read(line)?)?;
                    let answer = self.answer(asked, visit).await;
                    // What came of it is told before the answer, so that the asker looks at nothing older.
                    if visit.tell_snapshot().await? {
                        next_snapshot = Instant::now() + SNAPSHOT_EVERY;
                    }
                    visit.tell(&answer).await?;
                }
                () = changed(visit.snapshots.as_mut(), next_snapshot) => {
                    visit.tell_snapshot().await?;
                    next_snapshot = Instant::now() + SNAPSHOT_EVERY;
                }
                () = ended(&mut ending) => {
                    visit.tell_snapshot().await?;
                    return Ok(());
                }
                () = sleep_until(leave_at), if visit.snapshots.is_none() => {
                    return Err(Left::Told(Refusal::Silent));
                }
            }
        }
    }

    async fn answer(&self, asked: Asked, visit: &mut Visit) -> Told {
        let id = asked.id;
        let done = match understood(asked.ask.get()) {
            Ok(request) => self.carry_out(request, visit).await,
            Err(Left::Told(why)) => Err(why),
            Err(Left::Gone | Left::Slow) => Err(Refusal::Fault),
        };
        match done {
            Ok(run) => Told::Answer { id, run },
            Err(why) => Told::Refused { id: Some(id), why },
        }
    }

    async fn carry_out(
        &self,
        request: Request,
        visit: &mut Visit,
    ) -> Result<Option<RunId>, Refusal> {
        match request {
            Request::Scan { scope, refresh } => {
                let run = self.order(Command::Scan { scope, refresh }).await?;
                run.map(Some).ok_or(Refusal::Ending)
            }
            Request::Stop { run } => {
                let at_work = self.snapshots.borrow().run.as_ref().map(|run| run.id);
                if run.is_some() && run != at_work {
                    return Err(Refusal::RunOver);
                }
                self.order(Command::Stop).await
            }
            Request::Refresh => self.order(Command::Refresh).await,
            Request::Pause { until } => self.order(Command::Pause(until)).await,
            Request::Resume => self.order(Command::Resume).await,
            Request::Retry { report } => self.order(Command::Retry(report)).await,
            Request::Place { subnet, change } => {
                self.order(Command::Place { subnet, change }).await
            }
            Request::Reload => {
                let settings = self.keeper(|keeper| keeper.settings()).await?;
                let settings = settings.map_err(|detail| Refusal::SettingsUnusable { detail })?;
                self.order(Command::Settings(Box::new(settings))).await
            }
            Request::Subscribe => {
                let mut snapshots = self.snapshots.clone();
                snapshots.mark_changed();
                visit.snapshots = Some(snapshots);
                Ok(None)
            }
            Request::Show { page } => {
                match self
                    .keeper(move |keeper| keeper.show(page.as_deref()))
                    .await?
                {
                    true => Ok(None),
                    false => Err(Refusal::NoWindow),
                }
            }
        }
    }

    /// Gives the agent a command, and waits until it has taken it.
    async fn order(&self, command: Command) -> Result<Option<RunId>, Refusal> {
        let (taken, answered) = oneshot::channel();
        let order = Order {
            command,
            taken: Some(taken),
        };
        self.orders.send(order).map_err(|_| Refusal::Ending)?;
        answered.await.map_err(|_| Refusal::Ending)
    }

    async fn keeper<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Keeper) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let Door(keeper) = self.door.clone();
        let asked = tokio::task::spawn_blocking(move || ask(&*keeper));
        asked.await.map_err(|_| Refusal::Fault)
    }
}

impl Opened {
    /// Lets nobody in any more. Has to come before the lock is let go, since the next holder's door is in the same place.
    pub(crate) async fn close(&mut self) {
        self.closing.cancel();
        // It has ended, or it panicked and holds nothing.
        let _ = (&mut self.accepting).await;
    }

    /// Waits until the visitors have heard that the agent has ended, for a moment.
    pub(crate) async fn empty(self) {
        self.visits.close();
        let _ = timeout(FAREWELL, self.visits.wait()).await;
    }
}

async fn accept(
    house: Arc<House>,
    listener: Listener,
    closing: CancellationToken,
    visits: TaskTracker,
) {
    let room = Arc::new(Semaphore::new(VISITORS));
    loop {
        let arrived = tokio::select! {
            arrived = listener.accept() => arrived,
            () = closing.cancelled() => return,
        };
        let mut stream = match arrived {
            Ok(Some(stream)) => stream,
            Ok(None) => continue,
            Err(error) => {
                tracing::warn!(%error, "a process that wanted to connect could not be let in");
                sleep(AFTER_A_FAILURE).await;
                continue;
            }
        };
        match room.clone().try_acquire_owned() {
            Ok(place) => {
                let house = house.clone();
                visits.spawn(async move {
                    house.serve(stream).await;
                    drop(place);
                });
            }
            Err(_) => {
                let why = Refusal::Busy;
                // A few bytes to somebody who was told nothing before: the system takes them at once.
                let _ = tell(&mut stream, &Told::Refused { id: None, why }).await;
            }
        }
    }
}

/// A visitor.
struct Visit {
    lines: FramedRead<ReadHalf<Stream>, LinesCodec>,
    writing: WriteHalf<Stream>,
    /// What it was not told yet, if it wants to be told.
    snapshots: Option<watch::Receiver<Snapshot>>,
}

/// Why a visit is over before the house closes.
enum Left {
    /// The visitor is gone.
    Gone,
    /// It doesn't take what it is told.
    Slow,
    /// It is sent away, and told why.
    Told(Refusal),
}

impl Visit {
    async fn next(&mut self) -> Result<String, Left> {
        read(self.lines.next().await)
    }

    async fn tell(&mut self, what: &impl Serialize) -> Result<(), Left> {
        tell(&mut self.writing, what).await
    }

    /// Tells the newest snapshot, if there is one that it was not told. Returns whether there was.
    async fn tell_snapshot(&mut self) -> Result<bool, Left> {
        let newest = match &mut self.snapshots {
            Some(snapshots) if snapshots.has_changed().unwrap_or(true) => {
                Box::new(snapshots.borrow_and_update().clone())
            }
            Some(_) | None => return Ok(false),
        };
        self.tell(&Told::Snapshot(newest)).await.map(|()| true)
    }
}

fn read(line: Option<Result<String, LinesCodecError>>) -> Result<String, Left> {
    match line {
        Some(Ok(line)) => Ok(line),
        Some(Err(LinesCodecError::MaxLineLengthExceeded)) => Err(Left::Told(Refusal::TooLong {
            most: LONGEST_REQUEST,
        })),
        Some(Err(LinesCodecError::Io(error))) if error.kind() == io::ErrorKind::InvalidData => {
            Err(not_understood("it is no text"))
        }
        Some(Err(LinesCodecError::Io(_))) | None => Err(Left::Gone),
    }
}

fn understood<'a, T: serde::Deserialize<'a>>(line: &'a str) -> Result<T, Left> {
    serde_json::from_str(line).map_err(|error| not_understood(&error.to_string()))
}

fn not_understood(detail: &str) -> Left {
    let detail = detail.to_owned();
    Left::Told(Refusal::NotUnderstood { detail })
}

async fn tell<W: AsyncWrite + Unpin>(writing: &mut W, what: &impl Serialize) -> Result<(), Left> {
    let mut line = serde_json::to_vec(what).map_err(|error| {
        tracing::error!(%error, "what a visitor is told can't be written");
        Left::Told(Refusal::Fault)
    })?;
    line.push(b'\n');
    match timeout(PATIENCE, writing.write_all(&line)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Left::Gone),
        Err(_) => Err(Left::Slow),
    }
}

/// Waits for a snapshot that was not told, and until it may be.
async fn changed(snapshots: Option<&mut watch::Receiver<Snapshot>>, not_before: Instant) {
    match snapshots {
        Some(snapshots) => {
            sleep_until(not_before).await;
            if snapshots.changed().await.is_ok() {
                // `changed` has taken note of it; it is still to be told.
                snapshots.mark_changed();
                return;
            }
            // The agent has ended, which is told elsewhere.
            std::future::pending().await
        }
        None => std::future::pending().await,
    }
}

/// Waits until the agent has ended.
async fn ended(snapshots: &mut watch::Receiver<Snapshot>) {
    while snapshots.changed().await.is_ok() {}
}
