//! What the tray shows of a snapshot.

use fieldscan_core::{
    agent::{Command, Scope},
    present,
    snapshot::{Pause, Snapshot},
};
use fieldscan_engine::document::Activity;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// The tray at one time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Face {
    pub(crate) activity: Activity,
    /// The status line, which is the tooltip too.
    pub(crate) status: String,
    pub(crate) menu: Vec<Entry>,
}

/// An entry of the menu.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    /// Words that can't be clicked.
    Words(String),
    Does(String, Act),
    Sub(String, Vec<Entry>),
    Line,
}

/// What a click does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    Scan(Scope),
    Stop,
    Retry,
    Pause(Pause),
    Resume,
    Show(String),
    Quit,
}

impl Act {
    /// What is asked of the agent, if it is the agent's to do.
    pub(crate) fn command(&self) -> Option<Command> {
        match self {
            Act::Scan(scope) => Some(Command::Scan {
                scope: scope.clone(),
                refresh: false,
            }),
            Act::Stop => Some(Command::Stop),
            Act::Retry => Some(Command::Retry(None)),
            Act::Pause(pause) => Some(Command::Pause(*pause)),
            Act::Resume => Some(Command::Resume),
            Act::Show(_) | Act::Quit => None,
        }
    }
}

impl Face {
    pub(crate) fn of(snapshot: &Snapshot, now: Timestamp) -> Self {
        let zone = TimeZone::system();
        let status = present::headline(snapshot);
        let mut menu = vec![Entry::Words(status.clone())];
        if let Some(worst) = snapshot.problems.first() {
            let words = present::words(&worst.problem);
            menu.push(Entry::Does(words.what, Act::Show("overview".to_owned())));
        }
        menu.push(Entry::Line);
        match snapshot.run {
            Some(_) => menu.push(Entry::Does("Stop scan".to_owned(), Act::Stop)),
            None => menu.push(Entry::Does("Scan now".to_owned(), Act::Scan(Scope::All))),
        }
        if !snapshot.subnets.is_empty() {
            let subnets = snapshot.subnets.iter().map(|subnet| {
                Entry::Does(
                    format!("{} {}", subnet.cidr, subnet.description),
                    Act::Scan(Scope::Subnets(vec![subnet.id])),
                )
            });
            menu.push(Entry::Sub("Scan subnet".to_owned(), subnets.collect()));
        }
        if let Some(next) = snapshot.next_run {
            menu.push(Entry::Words(format!(
                "Next scan: {}",
                present::when(next, now, &zone)
            )));
        }
        if snapshot.delivery.waiting > 0 {
            let reports = present::count(
                snapshot.delivery.waiting.into(),
                "report waits",
                "reports wait",
            );
            menu.push(Entry::Does(reports, Act::Retry));
        }
        menu.push(Entry::Line);
        menu.push(Entry::Does(
            "Open Fieldscan".to_owned(),
            Act::Show("overview".to_owned()),
        ));
        menu.push(Entry::Does(
            "Settings…".to_owned(),
            Act::Show("settings".to_owned()),
        ));
        menu.push(match snapshot.paused {
            Some(_) => Entry::Does("Resume".to_owned(), Act::Resume),
            None => Entry::Sub(
                "Pause".to_owned(),
                vec![
                    Entry::Does(
                        "For 1 hour".to_owned(),
                        Act::Pause(Pause::Until(now.saturating_add(1.hour()).unwrap_or(now))),
                    ),
                    Entry::Does("Until I resume".to_owned(), Act::Pause(Pause::UntilResumed)),
                ],
            ),
        });
        menu.push(Entry::Line);
        menu.push(Entry::Does("Quit".to_owned(), Act::Quit));
        Self {
            activity: Activity::of(snapshot),
            status,
            menu,
        }
    }
}
