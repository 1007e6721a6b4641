//! `tracing` to rolling files with size and age limits; never a secret, customer addresses at DEBUG only.
//!
//! The rule for callers: what is a site's own (addresses, MACs, host names, descriptions) is logged at `debug!`, ids and
//! counts at the levels above; secrets are never logged. The [`Redactor`] is the last line of defence for the latter.
//!
//! Files are written by a thread of their own, so that a slow or full disk never holds the loop up. The roller is ours:
//! the crates for it bring a second time library, and none has limits of size, number and age at once.

mod console;
mod file;
mod read;
mod redact;
mod roll;

use std::{path::PathBuf, sync::Arc};

use fieldscan_core::settings::LogLevel;
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, Registry,
    filter::Targets,
    fmt::{self, format},
    layer::SubscriberExt,
    reload,
    util::SubscriberInitExt,
};

pub(crate) use self::redact::REDACTED;
pub(crate) use self::roll::number_of as log_number;
pub use self::{
    console::Console,
    read::{Line, lines},
    redact::Redactor,
    roll::Limits,
};
use self::{
    console::{JournalFormat, StandardError},
    file::FileThread,
};

/// The log's name in its folder; older ones have `.1`, `.2`, … after it.
pub const FILE_NAME: &str = "fieldscan.log";

/// What to log and where.
#[derive(Debug)]
pub struct Options {
    /// The folder of the files; made when it is first needed.
    pub folder: PathBuf,
    /// How much goes to the files.
    pub level: LogLevel,
    /// Size, number and age of the files.
    pub limits: Limits,
    /// Standard error, if it is wanted too.
    pub console: Option<Console>,
    /// Knows the secrets.
    pub redactor: Redactor,
}

/// Another subscriber was installed before.
#[derive(Debug, thiserror::Error)]
#[error("logging was started before")]
pub struct AlreadyStarted;

/// The logs of this process. Flushed when dropped; call [`Logs::flush`] before `std::process::exit`.
#[derive(Debug)]
pub struct Logs {
    level: reload::Handle<Targets, Registry>,
    file: Arc<FileThread>,
}

/// Starts logging for the whole process.
///
/// A folder that can't be written is no error: it is told once on standard error, and the agent goes on.
pub fn start(options: Options) -> Result<Logs, AlreadyStarted> {
    let (subscriber, logs) = build(options);
    subscriber.try_init().map_err(|_| AlreadyStarted)?;
    Ok(logs)
}

fn build(options: Options) -> (impl Subscriber + Send + Sync, Logs) {
    let file = Arc::new(FileThread::start(
        options.folder,
        options.limits,
        options.redactor.clone(),
    ));
    let (filter, level) = reload::Layer::new(targets(options.level));
    let to_file = fmt::layer()
        .with_ansi(false)
        .with_writer(file.clone())
        .with_filter(filter);
    let to_console = options.console.map(|console| {
        let writer = StandardError(options.redactor);
        let layer = fmt::layer().with_ansi(false).with_writer(writer);
        let layer: Box<dyn Layer<_> + Send + Sync> = if console.journal {
            let format = format().with_ansi(false).with_level(false).without_time();
            Box::new(layer.event_format(JournalFormat(format)))
        } else {
            Box::new(layer.with_target(false))
        };
        layer.with_filter(targets(console.level))
    });
    let subscriber = Registry::default().with(to_file).with(to_console);
    (subscriber, Logs { level, file })
}

/// Ours at `level`; of everybody else only warnings and errors.
fn targets(level: LogLevel) -> Targets {
    let (ours, others) = match level {
        LogLevel::Error => (LevelFilter::ERROR, LevelFilter::ERROR),
        LogLevel::Warn => (LevelFilter::WARN, LevelFilter::WARN),
        LogLevel::Info => (LevelFilter::INFO, LevelFilter::WARN),
        LogLevel::Debug => (LevelFilter::DEBUG, LevelFilter::WARN),
    };
    Targets::new()
        .with_default(others)
        .with_target("fieldscan", ours)
}

impl Logs {
    /// Changes how much goes to the files from now on.
    pub fn set_level(&self, level: LogLevel) {
        // Fails only when the subscriber is gone, and then nothing is logged anyway.
        let _ = self.level.reload(targets(level));
    }

    /// Waits until what was logged is in the file, at the most two seconds.
    pub fn flush(&self) {
        self.file.flush();
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        self.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use secrecy::SecretString;
    use tracing::{debug, info, warn};

    use super::*;

    fn options(folder: &Path) -> Options {
        Options {
            folder: folder.to_owned(),
            level: LogLevel::Info,
            limits: Limits::default(),
            console: None,
            redactor: Redactor::default(),
        }
    }

    fn read(folder: &Path) -> String {
        fs::read_to_string(folder.join(FILE_NAME)).unwrap_or_default()
    }

    #[test]
    fn the_level_changes_while_running() {
        let folder = tempfile::tempdir().unwrap();
        let (subscriber, logs) = build(options(folder.path()));
        tracing::subscriber::with_default(subscriber, || {
            debug!("first");
            logs.set_level(LogLevel::Debug);
            debug!("second");
            debug!(target: "hyper::client", "third");
            warn!(target: "hyper::client", "fourth");
            logs.set_level(LogLevel::Error);
            warn!("fifth");
        });
        logs.flush();
        let text = read(folder.path());
        let seen: Vec<&str> = ["first", "second", "third", "fourth", "fifth"]
            .into_iter()
            .filter(|word| text.contains(word))
            .collect();
        assert_eq!(
            seen,
            ["second", "fourth"],
            "ours from DEBUG on while that was set, others' warnings only:\n{text}"
        );
    }

    #[test]
    fn a_secret_never_reaches_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let options = options(folder.path());
        let redactor = options.redactor.clone();
        let (subscriber, logs) = build(options);
        tracing::subscriber::with_default(subscriber, || {
            redactor.add(&SecretString::from("MARKER/token+1"));
            info!(header = "MARKER/token+1", "asked with MARKER%2Ftoken%2B1");
        });
        logs.flush();
        let text = read(folder.path());
        assert!(
            text.contains("[redacted]"),
            "the line itself is kept: {text}"
        );
        assert!(!text.contains("MARKER"), "the last line of defence: {text}");
    }

    #[test]
    fn an_event_is_one_line_whatever_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let (subscriber, logs) = build(options(folder.path()));
        tracing::subscriber::with_default(subscriber, || {
            info!(
                "name: {}",
                "a\n2026-01-01T00:00:00Z ERROR forged\r\u{1b}[2J"
            );
        });
        logs.flush();
        let text = read(folder.path());
        assert_eq!(
            text.lines().count(),
            1,
            "a host name must not forge lines: {text}"
        );
        assert!(!text.contains('\u{1b}'), "nor steer a terminal: {text:?}");
    }

    #[test]
    fn nothing_is_lost_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let (subscriber, logs) = build(options(folder.path()));
        tracing::subscriber::with_default(subscriber, || {
            for n in 0..2_000 {
                info!(n, "line");
            }
        });
        drop(logs);
        assert_eq!(
            read(folder.path()).lines().count(),
            2_000,
            "the last lines before an end are those that matter"
        );
    }

    #[test]
    fn a_folder_that_cant_be_written_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("taken");
        fs::write(&file, "").unwrap();
        let (subscriber, logs) = build(options(&file));
        tracing::subscriber::with_default(subscriber, || {
            info!("one");
            logs.flush();
            fs::remove_file(&file).unwrap();
            info!("two");
            logs.flush();
        });
        let text = read(&file);
        assert!(
            text.contains("two"),
            "it works again once the folder does: {text}"
        );
        assert!(
            text.contains("could not be written: 1"),
            "and the gap is told: {text}"
        );
    }
}
