//! `status`: the answer in one sentence, then what needs a look. Fast, however much there is.

use std::time::Duration;

use fieldscan_core::{
    present::{self, Words, count, headline},
    run::{Rights, Run},
    snapshot::{Pause, Progress, Snapshot},
};
use fieldscan_engine::{
    document::{CountsDocument, HeldDocument, ProblemDocument, RunDocument, SurroundingsDocument},
    door, run,
    store::{self, Holder},
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use tokio::time::timeout;

use super::{problems, runs};
use crate::{
    failure::{Exit, Failure},
    output::{Output, Tone, plain},
    place::{Place, Records, complete, snapshot_of},
    session,
};

#[derive(Serialize)]
struct StatusDocument {
    headline: String,
    agent: Option<HolderDocument>,
    /// The run that goes on.
    running: Option<RunDocument>,
    /// How far it is, where it can be asked.
    progress: Option<Progress>,
    last_run: Option<RunDocument>,
    next_run: Option<Timestamp>,
    paused: Option<Pause>,
    held: Option<HeldDocument>,
    surroundings: SurroundingsDocument,
    ipam: fieldscan_core::snapshot::IpamView,
    subnets: usize,
    counts: CountsDocument,
    /// What nmap was allowed in the newest scan.
    rights: Option<Rights>,
    reports: fieldscan_core::snapshot::DeliveryView,
    problems: Vec<ProblemDocument>,
}

#[derive(Serialize)]
struct HolderDocument {
    pid: u32,
    program: String,
    since: Timestamp,
}

pub(super) fn run(place: &Place, out: &Output) -> Result<Exit, Failure> {
    let records = place.records()?;
    let holder = store::holder(&place.data_dir)?;
    let live = holder
        .as_ref()
        .and_then(|holder| live(place, &records, holder));
    // A record without an end is a run that goes on only while somebody is at work.
    let goes_on = |run: &Run| match &live {
        Some(live) => live.run.as_ref().is_some_and(|now| now.id == run.id),
        None => run.finished_at.is_none() && holder.is_some(),
    };
    let newest = records.reader.runs(&records.key, 1)?.pop();
    let running = newest.filter(goes_on);
    let snapshot = match live {
        Some(live) => live,
        None => snapshot_of(&records)?,
    };
    let name = |id| {
        let subnet = snapshot.subnets.iter().find(|subnet| subnet.id == id)?;
        Some(subnet.cidr.clone())
    };
    let missing = complete(&records.settings).err();
    let headline = match &missing {
        Some(problem) => present::words(problem).what,
        None => headline(&snapshot),
    };
    let document = StatusDocument {
        headline: headline.clone(),
        running: running.as_ref().map(RunDocument::from),
        progress: snapshot.run.clone(),
        last_run: snapshot.last_run.as_ref().map(RunDocument::from),
        next_run: snapshot.next_run.filter(|_| holder.is_some()),
        paused: snapshot.paused,
        held: snapshot.held.as_ref().map(HeldDocument::of),
        surroundings: SurroundingsDocument::of(&snapshot.surroundings),
        ipam: snapshot.ipam.clone(),
        subnets: snapshot.subnets.len(),
        counts: counts(&snapshot).into(),
        rights: rights(&snapshot),
        reports: snapshot.delivery,
        problems: snapshot
            .problems
            .iter()
            .map(|standing| ProblemDocument::standing(standing, &name))
            .collect(),
        agent: holder.as_ref().map(|holder| HolderDocument {
            pid: holder.pid,
            program: holder.program.clone(),
            since: holder.since,
        }),
    };
    out.show(&document, |out| {
        let mut text = out.style.paint(Tone::Strong, plain(&headline)) + "\n";
        if let Some(Words { remedy, .. }) = missing.as_ref().map(present::words) {
            text += &format!("{}\n", plain(&remedy));
        }
        text += "\n";
        for (what, says) in facts(&records, &snapshot, holder.as_ref(), running.is_some()) {
            text += &format!(
                "  {}  {says}\n",
                out.style.paint(Tone::Faint, format!("{what:<10}"))
            );
        }
        if !snapshot.problems.is_empty() {
            text += "\n";
            text += &problems(out, &snapshot.problems, &name, records.now);
        }
        text
    })?;
    Ok(Exit::Done)
}

/// The answer comes at once, also from an instance that hangs.
const PATIENCE: Duration = Duration::from_millis(500);

/// What the running instance shows, if it can be asked and works on the data that the settings mean.
fn live(place: &Place, records: &Records, holder: &Holder) -> Option<Snapshot> {
    holder.door.as_ref()?;
    let asked = session::block_on(async {
        let found = timeout(PATIENCE, run::connect_within(&place.data_dir, PATIENCE)).await;
        Ok(found.ok().and_then(Result::ok).flatten())
    });
    let remote = asked.ok().flatten()?;
    let snapshot = remote.handle().snapshots().borrow().clone();
    (remote.peer().whose == door::whose(&records.settings)).then_some(snapshot)
}

fn facts(
    records: &Records,
    snapshot: &Snapshot,
    holder: Option<&Holder>,
    running: bool,
) -> Vec<(&'static str, String)> {
    let zone = TimeZone::system();
    let now = records.now;
    let when = |at| present::when(at, now, &zone);
    let mut facts = Vec::new();
    facts.push((
        "Last scan",
        match &snapshot.last_run {
            Some(run) => {
                let at = run.finished_at.unwrap_or(run.started_at);
                let length = at.duration_since(run.started_at);
                let took = std::time::Duration::try_from(length).unwrap_or_default();
                let stopped = if run.stopped { ", stopped" } else { "" };
                format!(
                    "{}, took {}{stopped} (run {})",
                    when(at),
                    present::duration(took),
                    run.id
                )
            }
            None => "none yet".to_owned(),
        },
    ));
    if let Some(rights) = rights(snapshot) {
        let cannot = present::cannot_see(rights).map(|words| format!(". {words}"));
        let words = format!("{}{}", present::rights(rights), cannot.unwrap_or_default());
        facts.push(("nmap", words));
    }
    facts.push((
        "Agent",
        match holder {
            Some(holder) if running => format!("a scan is running (process {})", holder.pid),
            Some(holder) => format!(
                "at work since {} (process {})",
                when(holder.since),
                holder.pid
            ),
            None => "not running; `fieldscan watch` follows the schedule".to_owned(),
        },
    ));
    match (snapshot.paused, snapshot.next_run) {
        (Some(Pause::Until(until)), _) => {
            facts.push(("Next scan", format!("paused until {}", when(until))))
        }
        (Some(Pause::UntilResumed), _) => facts.push(("Next scan", "paused".to_owned())),
        (None, Some(at)) if holder.is_some() && !running => facts.push(("Next scan", when(at))),
        (None, _) => {}
    }
    if let Some(held) = snapshot.held.as_ref().filter(|_| holder.is_some()) {
        facts.push(("Held", plain(&present::held(held))));
    }
    if let Some(battery) = snapshot.surroundings.battery {
        facts.push(("Battery", present::battery(battery)));
    }
    facts.push((
        "phpIPAM",
        match snapshot.ipam.fetched_at {
            Some(at) => format!(
                "{}, asked {}{}{}{}",
                count(snapshot.subnets.len() as u64, "subnet", "subnets"),
                present::age(at, now),
                if snapshot.ipam.stale {
                    ", out of date"
                } else {
                    ""
                },
                if snapshot.ipam.offline {
                    ", could not be reached since"
                } else {
                    ""
                },
                if snapshot.ipam.fetching {
                    ", being asked now"
                } else {
                    ""
                },
            ),
            None => "not yet asked".to_owned(),
        },
    ));
    let told = present::delivery_line(&snapshot.delivery, false);
    let mut reports = told.unwrap_or_else(|| "all delivered".to_owned());
    if let Some(next) = snapshot.delivery.next_try {
        reports += &match holder {
            Some(_) => format!("; next try: {}", when(next)),
            None => {
                "; sent by the next `fieldscan scan` or `watch`, or by `fieldscan reports --retry`"
                    .to_owned()
            }
        };
    }
    if snapshot.delivery.next_try.is_none() && holder.is_none() {
        let does = match (snapshot.delivery.waiting, snapshot.delivery.sent) {
            (0, 0) => None,
            (0, _) => Some("looks"),
            (_, 0) => Some("sends"),
            (_, _) => Some("sends and looks"),
        };
        if let Some(does) = does {
            reports += &format!("; `fieldscan watch` or the next scan {does}");
        }
    }
    facts.push(("Reports", reports));
    facts
}

/// What nmap was allowed in the newest scan.
fn rights(snapshot: &Snapshot) -> Option<Rights> {
    let scans = snapshot
        .subnets
        .iter()
        .filter_map(|subnet| subnet.last_scan);
    scans.max_by_key(|scan| scan.at).map(|scan| scan.rights)
}

fn counts(snapshot: &Snapshot) -> fieldscan_core::compare::Counts {
    let mut sum = fieldscan_core::compare::Counts::default();
    for scan in snapshot
        .subnets
        .iter()
        .filter_map(|subnet| subnet.last_scan)
    {
        runs::add(&mut sum, &scan.counts);
    }
    sum
}
