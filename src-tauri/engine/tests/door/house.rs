//! An agent with a door, and a visitor who speaks for itself.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use fieldscan_core::{agent::Options, schedule::Schedule, settings::Settings, snapshot::Snapshot};
use fieldscan_engine::{
    door::{Door, Keeper},
    logging::Redactor,
    run::{self, Handle, Setup},
    store::{OpenError, holder},
    vault::Vault,
};
use jiff::tz::TimeZone;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    time::timeout,
};

/// Longer than anything here takes on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Settings with which an agent does nothing by itself, and no scan gets further than its first step.
pub(crate) fn settings() -> Settings {
    Settings {
        schedule: Schedule::Off,
        ..Settings::default()
    }
}

/// What the process around the agent was asked for, and what it answers.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) shown: Arc<Mutex<Vec<Option<String>>>>,
    pub(crate) window: bool,
    pub(crate) settings: Arc<Mutex<Result<Settings, String>>>,
}

impl Desk {
    pub(crate) fn new(window: bool) -> Self {
        Self {
            shown: Arc::default(),
            window,
            settings: Arc::new(Mutex::new(Ok(settings()))),
        }
    }
}

impl Keeper for Desk {
    fn settings(&self) -> Result<Settings, String> {
        self.settings.lock().unwrap().clone()
    }

    fn show(&self, page: Option<&str>) -> bool {
        self.shown.lock().unwrap().push(page.map(str::to_owned));
        self.window
    }
}

/// A running agent in a folder of its own.
pub(crate) struct House {
    pub(crate) handle: Handle,
    pub(crate) folder: TempDir,
}

impl House {
    pub(crate) fn start(desk: Desk) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let handle = start(folder.path(), Some(desk)).unwrap();
        Self { handle, folder }
    }

    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Where its door is, as its note says.
    pub(crate) fn address(&self) -> PathBuf {
        address(self.data())
    }
}

pub(crate) fn address(data: &Path) -> PathBuf {
    let holder = holder(data).unwrap().expect("an agent has the folder");
    holder.door.expect("it lets others in").into()
}

pub(crate) fn start(data: &Path, desk: Option<Desk>) -> Result<Handle, OpenError> {
    run::start(Setup {
        settings: settings(),
        vault: Vault::with_environment(|_| None),
        redactor: Redactor::default(),
        data_dir: data.to_owned(),
        nmap: None,
        options: Options {
            scheduled: true,
            hold_uploads: false,
            zone: TimeZone::UTC,
            seed: 1,
        },
        door: desk.map(Door::new),
    })
}

/// Waits until a handle's snapshot is as it should be.
pub(crate) async fn seen(handle: &Handle, is_so: impl FnMut(&Snapshot) -> bool) -> Snapshot {
    let mut snapshots = handle.snapshots();
    let seen = timeout(SOON, snapshots.wait_for(is_so)).await;
    seen.expect("it takes no minute")
        .expect("the agent is there")
        .clone()
}

/// Somebody who speaks what it likes.
pub(crate) struct Visitor {
    pub(crate) stream: BufReader<UnixStream>,
}

pub(crate) const HELLO: &str = r#"{"protocol":1,"version":"9","pid":1,"program":"test"}"#;

impl Visitor {
    pub(crate) async fn arrive(house: &House) -> Self {
        let stream = UnixStream::connect(house.address()).await.unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Comes in as anybody does.
    pub(crate) async fn enter(house: &House) -> Self {
        let mut visitor = Self::arrive(house).await;
        visitor.say(HELLO).await;
        let hello = visitor.hear().await.expect("it is greeted");
        assert_eq!(hello["pid"], std::process::id(), "who is at home: {hello}");
        visitor
    }

    pub(crate) async fn say(&mut self, line: &str) {
        self.write(format!("{line}\n").as_bytes()).await.unwrap();
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let writing = self.stream.get_mut().write_all(bytes);
        timeout(SOON, writing).await.expect("it takes no minute")
    }

    /// The next line; `None` once the other side has ended the visit.
    pub(crate) async fn hear(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = timeout(SOON, self.stream.read_line(&mut line)).await;
        match read.expect("it takes no minute") {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(serde_json::from_str(&line).expect("every line is JSON")),
        }
    }

    /// Asks, and hears the answer.
    pub(crate) async fn ask(&mut self, line: &str) -> Value {
        self.say(line).await;
        self.hear().await.expect("every request is answered")
    }

    /// Waits until the other side has ended the visit.
    pub(crate) async fn sent_away(&mut self) {
        let mut rest = Vec::new();
        let end = timeout(SOON, self.stream.read_to_end(&mut rest)).await;
        // That it is reset is as good an end.
        let _ = end.expect("it takes no minute");
    }
}
