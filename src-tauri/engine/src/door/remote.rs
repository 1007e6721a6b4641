//! The side of the door that comes from outside: finds the process that has a data folder, and speaks with its agent.

use std::{collections::BTreeMap, io, path::Path, time::Duration};

use fieldscan_core::{agent::Command, ids::RunId, snapshot::Snapshot};
use futures_util::StreamExt;
use serde::Serialize;
use tokio::{
    io::{AsyncWriteExt, ReadHalf, WriteHalf},
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep, timeout},
};
use tokio_util::{
    codec::{FramedRead, LinesCodec},
    sync::CancellationToken,
};

use super::{
    protocol::{Asking, Hello, LONGEST_ANSWER, LONGEST_REQUEST, Refusal, Request, Told, VERSION},
    system::{self, Stream},
};
use crate::{
    run::Handle,
    store::{self, Holder, StoreError},
};

/// A process that opens its database is tried again this often.
const TRY_EVERY: Duration = Duration::from_millis(50);
/// So often in a row a holder has to be seen without a door, before that is believed: the note may be the last one's.
const LOOKS: u32 = 3;
/// The same for a holder without a note, which may be about to write it.
const LOOKS_WITHOUT_A_NOTE: u32 = 20;
/// A process that lets others in greets them within this time, and takes what it is told.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer comes within this time: the settings may have to be read.
const ANSWERED_WITHIN: Duration = Duration::from_secs(15);

/// The agent of another process, until dropped.
#[derive(Debug)]
pub struct Remote {
    handle: Handle,
    line: Line,
    peer: Hello,
}

impl Remote {
    /// A handle like that of an agent of one's own. [`Handle::shutdown`] only disconnects.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The process at the other end.
    pub fn peer(&self) -> &Hello {
        &self.peer
    }

    /// Has it bring its window to the front, at a page if one is named.
    ///
    /// # Errors
    /// [`Refusal::NoWindow`] from a process without windows, and what else [`AskError`] says.
    pub async fn show(&self, page: Option<&str>) -> Result<(), AskError> {
        let page = page.map(str::to_owned);
        self.line.ask(Request::Show { page }).await.map(drop)
    }

    /// Has it read settings and secrets again.
    ///
    /// # Errors
    /// [`Refusal::SettingsUnusable`] if it stays with the old ones, and what else [`AskError`] says.
    pub async fn reload(&self) -> Result<(), AskError> {
        self.line.ask(Request::Reload).await.map(drop)
    }

    /// Has it stop a run, unless that is over or another one goes on.
    ///
    /// # Errors
    /// [`Refusal::RunOver`], and what else [`AskError`] says.
    pub async fn stop(&self, run: RunId) -> Result<(), AskError> {
        let run = Some(run);
        self.line.ask(Request::Stop { run }).await.map(drop)
    }
}

/// Why another process could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The data folder can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The process that has the data folder lets nobody in.
    #[error("process {} has the data folder and takes no requests", .by.pid)]
    Closed {
        /// The process.
        by: Holder,
    },
    /// It refused.
    #[error("process {} refused to be asked: {why}", .by.pid)]
    Refused {
        /// The process.
        by: Holder,
        /// Why.
        why: Refusal,
    },
    /// It can't be reached.
    #[error("process {} can't be reached: {error}", .by.pid)]
    Unreachable {
        /// The process.
        by: Holder,
        /// The system's words.
        error: io::Error,
    },
}

/// Why something that was asked of an agent was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It was refused.
    #[error("the running Fieldscan refused: {0}")]
    Refused(Refusal),
    /// The process has ended, or its agent has.
    #[error("the running Fieldscan was ended")]
    Gone,
    /// No answer came.
    #[error("the running Fieldscan does not answer")]
    Silent,
}

/// Finds the process that has a data folder and gets through its door; `None` if no process has the folder. One that is just
/// starting is waited for, so long at the most.
pub(crate) async fn connect(
    data_dir: &Path,
    patience: Duration,
) -> Result<Option<Remote>, ConnectError> {
    let deadline = Instant::now() + patience;
    let mut closed = 0;
    loop {
        let Some(by) = store::holder(data_dir)? else {
            return Ok(None);
        };
        let (error, again) = match &by.door {
            None => {
                closed += 1;
                let looks = if by.pid == 0 {
                    LOOKS_WITHOUT_A_NOTE
                } else {
                    LOOKS
                };
                (ConnectError::Closed { by }, closed < looks)
            }
            Some(address) => {
                closed = 0;
                match enter(data_dir, address).await {
                    Ok(remote) => return Ok(Some(remote)),
                    Err(Outside::Refused(why)) => {
                        let again = matches!(why, Refusal::Busy);
                        (ConnectError::Refused { by, why }, again)
                    }
                    Err(Outside::Io(error)) => {
                        let again = error.kind() != io::ErrorKind::PermissionDenied;
                        (ConnectError::Unreachable { by, error }, again)
                    }
                }
            }
        };
        if !again || Instant::now() >= deadline {
            return Err(error);
        }
        sleep(TRY_EVERY).await;
    }
}

/// Why one try to get through a door failed.
enum Outside {
    Refused(Refusal),
    Io(io::Error),
}

impl From<io::Error> for Outside {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

async fn enter(data_dir: &Path, address: &str) -> Result<Remote, Outside> {
    match timeout(PATIENCE, greet(data_dir, address)).await {
        Ok(result) => result,
        Err(_) => Err(Outside::Io(io::ErrorKind::TimedOut.into())),
    }
}

async fn greet(data_dir: &Path, address: &str) -> Result<Remote, Outside> {
    let stream = system::connect(data_dir, address).await?;
    let (reading, writing) = tokio::io::split(stream);
    let mut talk = Talk {
        lines: FramedRead::new(reading, LinesCodec::new_with_max_length(LONGEST_ANSWER)),
        writing,
    };
    let first = talk.line().await?;
    let peer: Hello = match serde_json::from_str(&first) {
        Ok(hello) => hello,
        Err(_) => return Err(refused(told(&first)?)),
    };
    if peer.protocol != VERSION {
        return Err(Outside::Refused(Refusal::OtherProtocol {
            ours: peer.protocol,
            yours: VERSION,
        }));
    }
    talk.say(&Hello::of_this_process(0)).await?;
    let (id, ask) = (0, &Request::Subscribe);
    talk.say(&Asking { id, ask }).await?;
    let first = match told(&talk.line().await?)? {
        Told::Snapshot(first) => *first,
        other @ (Told::Answer { .. } | Told::Refused { .. } | Told::Bye) => {
            return Err(refused(other));
        }
    };
    let (requests, wanted) = mpsc::unbounded_channel();
    let (snapshot, snapshots) = watch::channel(first);
    let line = Line {
        requests,
        hang_up: CancellationToken::new(),
    };
    let hang_up = line.hang_up.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = talk.converse(wanted, &snapshot) => {}
            () = hang_up.cancelled() => {}
        }
    });
    Ok(Remote {
        handle: Handle::remote(line.clone(), snapshots),
        line,
        peer,
    })
}

fn told(line: &str) -> Result<Told, Outside> {
    serde_json::from_str(line).map_err(|error| {
        let detail = error.to_string();
        Outside::Refused(Refusal::NotUnderstood { detail })
    })
}

fn refused(told: Told) -> Outside {
    match told {
        Told::Refused { why, .. } => Outside::Refused(why),
        Told::Bye => Outside::Refused(Refusal::Ending),
        Told::Snapshot(_) | Told::Answer { .. } => Outside::Refused(Refusal::Other),
    }
}

type Answer = Result<Option<RunId>, AskError>;

/// The way to the agent of another process.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    requests: mpsc::UnboundedSender<(Request, oneshot::Sender<Answer>)>,
    hang_up: CancellationToken,
}

impl Line {
    /// Asks for what a command stands for, and goes on.
    pub(crate) fn send(&self, command: Command) {
        if let Some(request) = Request::of(command) {
            let (answer, _) = oneshot::channel();
            // After the end there is nobody left to ask.
            let _ = self.requests.send((request, answer));
        }
    }

    /// Asks for what a command stands for, and waits until it is done.
    pub(crate) async fn order(&self, command: Command) -> Answer {
        match Request::of(command) {
            Some(request) => self.ask(request).await,
            None => Ok(None),
        }
    }

    /// Ends the connection.
    pub(crate) fn hang_up(&self) {
        self.hang_up.cancel();
    }

    async fn ask(&self, request: Request) -> Answer {
        let (answer, answered) = oneshot::channel();
        let asked = self.requests.send((request, answer));
        asked.map_err(|_| AskError::Gone)?;
        match timeout(ANSWERED_WITHIN, answered).await {
            Ok(answer) => answer.unwrap_or(Err(AskError::Gone)),
            Err(_) => Err(AskError::Silent),
        }
    }
}

/// Both directions of a connection.
struct Talk {
    lines: FramedRead<ReadHalf<Stream>, LinesCodec>,
    writing: WriteHalf<Stream>,
}

impl Talk {
    /// Passes requests on and takes what is told, until either side ends.
    async fn converse(
        mut self,
        mut requests: mpsc::UnboundedReceiver<(Request, oneshot::Sender<Answer>)>,
        snapshot: &watch::Sender<Snapshot>,
    ) {
        let mut waiting: BTreeMap<u64, oneshot::Sender<Answer>> = BTreeMap::new();
        let mut last = 0;
        loop {
            tokio::select! {
                line = self.line() => match line.map_err(Outside::from).and_then(|line| told(&line)) {
                    Ok(Told::Snapshot(newest)) => {
                        snapshot.send_replace(*newest);
                    }
                    Ok(Told::Answer { id, run }) => give(&mut waiting, id, Ok(run)),
                    Ok(Told::Refused { id: Some(id), why }) => {
                        give(&mut waiting, id, Err(AskError::Refused(why)));
                    }
                    Ok(Told::Refused { id: None, why }) => {
                        tracing::warn!(%why, "the running process ended the connection");
                        return;
                    }
                    Err(Outside::Refused(why)) => {
                        tracing::warn!(%why, "what the running process says can't be read");
                        return;
                    }
                    Ok(Told::Bye) | Err(Outside::Io(_)) => return,
                },
                request = requests.recv() => {
                    let Some((ask, answer)) = request else { return };
                    last += 1;
                    waiting.insert(last, answer);
                    match self.ask(last, &ask).await {
                        Ok(()) => {}
                        Err(Outside::Refused(why)) => {
                            give(&mut waiting, last, Err(AskError::Refused(why)));
                        }
                        Err(Outside::Io(_)) => return,
                    }
                }
            }
        }
    }

    async fn ask(&mut self, id: u64, ask: &Request) -> Result<(), Outside> {
        let line = serde_json::to_string(&Asking { id, ask }).map_err(io::Error::from)?;
        if line.len() > LONGEST_REQUEST {
            let most = LONGEST_REQUEST;
            return Err(Outside::Refused(Refusal::TooLong { most }));
        }
        Ok(self.write(line).await?)
    }

    async fn say(&mut self, what: &impl Serialize) -> io::Result<()> {
        self.write(serde_json::to_string(what)?).await
    }

    async fn write(&mut self, mut line: String) -> io::Result<()> {
        line.push('\n');
        match timeout(PATIENCE, self.writing.write_all(line.as_bytes())).await {
            Ok(result) => result,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        match self.lines.next().await {
            Some(Ok(line)) => Ok(line),
            Some(Err(error)) => Err(io::Error::other(error)),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

fn give(waiting: &mut BTreeMap<u64, oneshot::Sender<Answer>>, id: u64, answer: Answer) {
    if let Some(asker) = waiting.remove(&id)
        && let Err(Err(AskError::Refused(why))) = asker.send(answer)
    {
        tracing::warn!(%why, "the running process refused what nobody waits for");
    }
}
