//! The tray's menu, as a pure function of the snapshot.
//!
//! Labels are plain text, fit to be shown: names from phpIPAM are cleaned and bounded. Where a platform takes `&` or `_` for
//! a mnemonic, the one who builds the native menu escapes them.

use jiff::{Timestamp, tz::TimeZone};

use crate::snapshot::{Pause, PlanView, Snapshot, SubnetView};

use super::{
    choice::{Choice, Length},
    count,
    page::Page,
    place, plain,
    quit::quit_label,
    remedy::{foremost, keeps_reports, needs_setup, remedy_in},
    status::{status, waits},
    when,
};

/// Most subnets that are listed in the menu.
const SUBNETS: usize = 30;
/// Longest network in a label, in characters: an IPv6 network with its mask.
const CIDR: usize = 45;

/// The tray's menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// From top to bottom.
    pub items: Vec<Item>,
}

/// One item of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Says something; can't be clicked.
    Line(String),
    /// Does something.
    Action {
        /// What.
        choice: Choice,
        /// Its words.
        label: String,
        /// Whether it can be chosen now.
        enabled: bool,
    },
    /// Opens further items.
    Submenu {
        /// Its words.
        label: String,
        /// From top to bottom, at least one.
        items: Vec<Item>,
    },
    /// A line between groups.
    Separator,
}

/// The menu for a snapshot.
pub fn menu(snapshot: &Snapshot, now: Timestamp, zone: &TimeZone) -> Menu {
    let groups = [
        state(snapshot, now, zone),
        scanning(snapshot, now, zone),
        vec![
            action(Choice::Open(Page::Overview), "Open Fieldscan"),
            action(Choice::Open(Page::Settings(None)), "Settings…"),
            Item::Submenu {
                label: "Pause".to_owned(),
                items: pausing(snapshot, now, zone),
            },
        ],
        vec![action(Choice::Quit, quit_label(snapshot))],
    ];
    let mut items = Vec::new();
    for group in groups {
        if !items.is_empty() {
            items.push(Item::Separator);
        }
        items.extend(group);
    }
    Menu { items }
}

/// What goes on, what is wrong and what can be done about it.
fn state(snapshot: &Snapshot, now: Timestamp, zone: &TimeZone) -> Vec<Item> {
    let status = status(snapshot, now, zone);
    let problem = foremost(snapshot);
    let mut items: Vec<Item> = Vec::new();
    let mut lines = status.lines.into_iter();
    let remedy = problem.map(|problem| {
        let remedy = remedy_in(problem, snapshot);
        action(Choice::Open(remedy.page), remedy.label)
    });
    match status.problem {
        // The status has told something else, which comes first.
        Some(told) => {
            items.extend(lines.by_ref().map(Item::Line));
            items.push(Item::Line(told));
            items.extend(remedy);
        }
        None => {
            items.extend(lines.next().map(Item::Line));
            items.extend(remedy);
            items.extend(lines.map(Item::Line));
        }
    }
    let can_send = waits(snapshot) && !problem.is_some_and(keeps_reports);
    if can_send {
        let waiting = u64::from(snapshot.delivery.waiting);
        let reports = count(waiting, "waiting report", "waiting reports");
        items.push(action(Choice::Retry, format!("Send {reports}")));
    } else {
        items.extend(status.delivery.map(Item::Line));
    }
    items
}

fn scanning(snapshot: &Snapshot, now: Timestamp, zone: &TimeZone) -> Vec<Item> {
    let mut items = Vec::new();
    let enabled = !needs_setup(snapshot);
    if let Some(run) = &snapshot.run {
        items.push(Item::Action {
            choice: Choice::Stop,
            label: "Stop the scan".to_owned(),
            enabled: !run.stopping,
        });
    }
    if snapshot.paused.is_some() {
        items.push(action(Choice::Resume, "Resume now"));
    }
    if snapshot.run.is_none() {
        items.push(Item::Action {
            choice: Choice::Scan,
            label: match snapshot.paused {
                Some(_) => "Scan once".to_owned(),
                None => "Scan now".to_owned(),
            },
            enabled,
        });
        let subnets = subnets(snapshot);
        if enabled && !subnets.is_empty() {
            items.push(Item::Submenu {
                label: "Scan subnet".to_owned(),
                items: subnets,
            });
        }
    }
    items.extend(snapshot.next_run.map(|at| {
        let next = when(at, now, zone);
        Item::Line(if at <= now {
            "Next scan is due".to_owned()
        } else if next.contains(',') {
            format!("Next scan: {next}")
        } else {
            format!("Next scan at {next}")
        })
    }));
    items
}

/// The subnets that are scanned, by name, as far as a menu can hold them.
fn subnets(snapshot: &Snapshot) -> Vec<Item> {
    let scanned = |subnet: &&SubnetView| match subnet.plan {
        PlanView::Scanned(_) => true,
        PlanView::LeftOut(_) => false,
    };
    let mut all: Vec<(String, &SubnetView)> = snapshot
        .subnets
        .iter()
        .filter(scanned)
        .map(|subnet| (subnet_label(subnet), subnet))
        .collect();
    all.sort_by_cached_key(|(label, subnet)| (label.to_lowercase(), subnet.id));
    let more = all.len() > SUBNETS;
    let mut items: Vec<Item> = all
        .into_iter()
        .take(SUBNETS)
        .map(|(label, subnet)| action(Choice::ScanSubnet(subnet.id), label))
        .collect();
    if more {
        items.push(Item::Separator);
        items.push(action(Choice::Open(Page::Overview), "More in Fieldscan…"));
    }
    items
}

/// `Depot – office, 10.20.0.0/24`: two subnets may have the same description.
fn subnet_label(subnet: &SubnetView) -> String {
    let place = place(&subnet.description, &subnet.cidr);
    match plain(&subnet.cidr, CIDR) {
        Some(cidr) if cidr != place => format!("{place}, {cidr}"),
        Some(_) | None => place,
    }
}

fn pausing(snapshot: &Snapshot, now: Timestamp, zone: &TimeZone) -> Vec<Item> {
    let paused = snapshot.paused;
    let offered = Length::ALL.into_iter().filter_map(|length| {
        let pause = length.pause(paused, now, zone);
        let label = match (length, pause) {
            (Length::Hour, _) => match paused {
                Some(Pause::Until(_)) => "For 1 hour more".to_owned(),
                Some(Pause::UntilResumed) | None => "For 1 hour".to_owned(),
            },
            (Length::Tomorrow, Pause::Until(until)) => {
                format!("Until {}", when(until, now, zone))
            }
            (Length::Tomorrow, Pause::UntilResumed) => return None,
            (Length::Resumed, _) => "Until I resume".to_owned(),
        };
        // What is so already is no choice.
        (paused != Some(pause)).then(|| action(Choice::Pause(length), label))
    });
    offered.collect()
}

fn action(choice: Choice, label: impl Into<String>) -> Item {
    Item::Action {
        choice,
        label: label.into(),
        enabled: true,
    }
}
