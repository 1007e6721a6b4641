//! Why a command could not do what was asked: what happened, what to do, and the exit code.

use std::io::IsTerminal;

use fieldscan_core::{
    present::{self, Words},
    problem::Problem,
};
use fieldscan_engine::{
    document::ProblemDocument,
    door::{AskError, ConnectError, Refusal},
    settings_file::ReadError,
    store,
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use crate::output::{
    style::{Style, Tone},
    table::wrap,
    text::plain,
};

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All done.
    Done = 0,
    /// Finished, with problems.
    Problems = 1,
    /// Wrong use or settings.
    Usage = 2,
    /// Nothing could be done.
    Nothing = 3,
    /// A fault in Fieldscan itself.
    Fault = 70,
    /// Stopped by a person.
    Stopped = 130,
}

/// Why a command could not do what was asked.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) code: String,
    pub(crate) what: String,
    detail: Option<String>,
    remedy: Option<String>,
    // Boxed: a failure is handed through many hands.
    problem: Option<Box<Problem>>,
}

#[derive(Serialize)]
pub(crate) struct FailureDocument<'a> {
    error: ErrorDocument<'a>,
}

#[derive(Serialize)]
struct ErrorDocument<'a> {
    code: &'a str,
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'a str>,
    exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemDocument>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, code: &str, what: impl Into<String>) -> Self {
        Self {
            exit,
            code: code.to_owned(),
            what: what.into(),
            detail: None,
            remedy: None,
            problem: None,
        }
    }

    /// With what somebody else said, or the places of mistakes; may have several lines.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With what to do.
    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// A problem that keeps the command from being done.
    pub(crate) fn of(exit: Exit, problem: Problem) -> Self {
        let Words {
            what, remedy, said, ..
        } = present::words(&problem);
        Self {
            exit,
            code: problem.code(),
            what,
            detail: said.map(|said| format!("{}: “{}”", said.by, said.words)),
            remedy: Some(remedy),
            problem: Some(Box::new(problem)),
        }
    }

    /// As the JSON document that takes the place of the command's own.
    pub(crate) fn document(&self) -> FailureDocument<'_> {
        FailureDocument {
            error: ErrorDocument {
                code: &self.code,
                what: &self.what,
                detail: self.detail.as_deref(),
                remedy: self.remedy.as_deref(),
                exit_code: self.exit as u8,
                problem: self.problem.as_deref().map(ProblemDocument::of),
            },
        }
    }

    /// As text for standard error.
    pub(crate) fn text(&self, style: Style) -> String {
        let mut text = format!(
            "{} {}\n",
            style.paint(Tone::Missing, "✗"),
            style.paint(Tone::Strong, plain(&self.what))
        );
        let terminal = std::io::stderr().is_terminal();
        let size = console::Term::stderr().size_checked();
        let width = size
            .filter(|_| terminal)
            .map_or(usize::MAX, |(_, columns)| usize::from(columns));
        for line in [&self.detail, &self.remedy]
            .into_iter()
            .flatten()
            .flat_map(|text| text.lines())
        {
            for line in wrap(&plain(line), width.saturating_sub(2).max(24)) {
                text += &format!("  {line}\n");
            }
        }
        text
    }
}

/// The exit code of a problem that keeps everything from being done: what stands in the settings is the person's to mend.
pub(crate) fn exit_of(problem: &Problem) -> Exit {
    let settings = matches!(
        problem,
        Problem::SettingMissing { .. }
            | Problem::SettingsInvalid { .. }
            | Problem::SecretMissing { .. }
            | Problem::SecretUnreadable { .. }
            | Problem::NotAssigned { .. }
            | Problem::ScheduleInvalid { .. }
            | Problem::IpamInsecure
            | Problem::ServerInsecure
    );
    if settings { Exit::Usage } else { Exit::Nothing }
}

impl From<store::OpenError> for Failure {
    fn from(error: store::OpenError) -> Self {
        match error {
            store::OpenError::Held { by } => held(by),
            store::OpenError::Newer { path, .. } => Self::new(
                Exit::Nothing,
                "store-newer",
                format!("{} was written by a newer Fieldscan.", path.display()),
            )
            .remedy("Install that version. The database was left as it is."),
            store::OpenError::Older { path, .. } => Self::new(
                Exit::Nothing,
                "store-older",
                format!("{} was written by an older Fieldscan.", path.display()),
            )
            .remedy("Run `fieldscan scan` or `fieldscan watch` once; they bring it up to date."),
            store::OpenError::Store(error) => error.into(),
        }
    }
}

/// Another process has the data folder.
pub(crate) fn held(by: Option<store::Holder>) -> Failure {
    let what = match by {
        Some(by) if by.pid != 0 => format!(
            "Another process is at work on this data: {} (process {}), since {}.",
            by.program,
            by.pid,
            present::when(by.since, Timestamp::now(), &TimeZone::system())
        ),
        Some(_) | None => "Another process is at work on this data.".to_owned(),
    };
    Failure::new(Exit::Nothing, "held", what).remedy(
        "Wait for it or stop it. `fieldscan status` and the other commands that only read work beside it.",
    )
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Store(error) => error.into(),
            ConnectError::Closed { by } => held(Some(by)),
            ConnectError::Refused {
                why: Refusal::OtherProtocol { .. },
                by,
            } => Self::new(
                Exit::Nothing,
                "instance-version",
                format!("The running Fieldscan (process {}) is of another version.", by.pid),
            )
            .remedy("End it and start it again: then both are of the same version."),
            ConnectError::Refused { by, why } => refused(Some(by.pid), &why),
            ConnectError::Unreachable { by, error } => Self::new(
                Exit::Nothing,
                "instance-unreachable",
                format!("The running Fieldscan (process {}) can't be reached.", by.pid),
            )
            .detail(error.to_string())
            .remedy("If it is another user's, ask as that user. If it hangs, end it: what it has accepted is in the database."),
        }
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Refused(why) => refused(None, &why),
            AskError::Gone => Self::new(
                Exit::Nothing,
                "instance-ended",
                "The running Fieldscan was ended.",
            )
            .remedy("What it had accepted is in the database, and the next one goes on from there. Do it here: give the command again. Or start it again: `fieldscan watch`, or the application."),
            AskError::Silent => Self::new(
                Exit::Nothing,
                "instance-silent",
                "The running Fieldscan does not answer.",
            )
            .remedy("Try again. If it hangs, end it: what it has accepted is in the database."),
        }
    }
}

/// A running Fieldscan doesn't do what it was asked for.
fn refused(pid: Option<u32>, why: &Refusal) -> Failure {
    let which = pid
        .map(|pid| format!(" (process {pid})"))
        .unwrap_or_default();
    let failure = Failure::new(
        Exit::Nothing,
        "instance-refused",
        format!("The running Fieldscan{which} refused: {why}."),
    );
    match why {
        Refusal::Busy | Refusal::Ending | Refusal::Silent => {
            failure.remedy("Try again in a moment.")
        }
        Refusal::SettingsUnusable { .. } => failure
            .remedy("Mend the settings file. Until then it works with the settings that it has."),
        Refusal::TooLong { .. } => failure.remedy("Ask for less at a time."),
        Refusal::NotUnderstood { .. } | Refusal::OtherProtocol { .. } | Refusal::Other => {
            failure.remedy("It may be of another version: end it and start it again.")
        }
        Refusal::NoWindow | Refusal::RunOver | Refusal::Fault => failure,
    }
}

impl From<store::StoreError> for Failure {
    fn from(error: store::StoreError) -> Self {
        Self::of(Exit::Nothing, error.into())
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::of(Exit::Usage, Problem::from(&error)).detail(error.to_string())
    }
}
