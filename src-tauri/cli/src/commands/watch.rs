//! `watch`: the scheduled agent without a desktop, until a signal stops it.

use std::collections::BTreeMap;

use fieldscan_core::{
    agent::Command,
    delivery::{Report, State},
    ids::{ReportId, RunId},
    present::{self, count},
    problem::Problem,
    snapshot::Snapshot,
};
use fieldscan_engine::{
    settings_file,
    store::{CacheKey, Reader, ReportFilter},
};
use jiff::{Timestamp, tz::TimeZone};

use super::runs;
use crate::{
    failure::{Exit, Failure},
    place::Place,
    session::{self, Asked, Session, Signals},
};

pub(super) fn run(place: &Place) -> Result<Exit, Failure> {
    session::block_on(watch(place))
}

async fn watch(place: &Place) -> Result<Exit, Failure> {
    let settings = place.settings()?;
    let key = CacheKey::of(&settings);
    let mut signals = Signals::listen()?;
    let session = Session::start(place, settings, true, false).await?;
    let mut snapshots = session.handle.snapshots();
    let mut told = Told::begin(place, key, &snapshots.borrow());
    tracing::info!(pid = std::process::id(), "ready");
    notify("READY=1");
    loop {
        tokio::select! {
            asked = signals.next() => match asked {
                Asked::Stop => break,
                Asked::Reload => reload(place, &session, &mut told),
            },
            changed = snapshots.changed() => {
                if changed.is_err() {
                    return Err(Failure::new(
                        Exit::Fault,
                        "ended",
                        "The agent ended by itself. This is a fault in Fieldscan; its log says more.",
                    ));
                }
                let snapshot = snapshots.borrow_and_update().clone();
                told.tell(place, &snapshot);
            }
        }
    }
    tracing::info!("stopping");
    notify("STOPPING=1");
    tokio::spawn(async move {
        signals.stop().await;
        session::end_hard();
    });
    session.end().await;
    Ok(Exit::Done)
}

/// Takes up changed settings. A file with mistakes changes nothing.
fn reload(place: &Place, session: &Session, told: &mut Told) {
    match settings_file::read(&place.settings_file) {
        Ok(Some((settings, warnings))) => {
            for warning in warnings {
                tracing::warn!("settings: {warning}");
            }
            if let Some(logs) = &session.logs {
                logs.set_level(settings.log_level);
            }
            told.key = CacheKey::of(&settings);
            session.handle.send(Command::Settings(Box::new(settings)));
            tracing::info!("settings read again");
        }
        Ok(None) => tracing::error!(
            file = %place.settings_file.display(),
            "there is no settings file; the old settings stay in force"
        ),
        Err(error) => tracing::error!("the old settings stay in force: {error}"),
    }
}

/// What was told already, so that each change is told once.
struct Told {
    key: CacheKey,
    run: Option<RunId>,
    reports_at: u64,
    reports: BTreeMap<ReportId, &'static str>,
    problems: Vec<(String, Timestamp)>,
    next_run: Option<Timestamp>,
}

impl Told {
    fn begin(place: &Place, key: CacheKey, snapshot: &Snapshot) -> Self {
        let mut told = Self {
            key,
            run: snapshot.last_run.as_ref().map(|run| run.id),
            reports_at: u64::MAX,
            reports: BTreeMap::new(),
            problems: Vec::new(),
            next_run: None,
        };
        for report in told.newest(place) {
            told.reports.insert(report.id, word(&report.state));
        }
        told
    }

    fn tell(&mut self, place: &Place, snapshot: &Snapshot) {
        self.tell_run(snapshot);
        if self.reports_at != snapshot.lists.reports {
            self.reports_at = snapshot.lists.reports;
            self.tell_reports(place);
        }
        self.tell_problems(snapshot);
        if snapshot.run.is_none() && self.next_run != snapshot.next_run {
            self.next_run = snapshot.next_run;
            if let Some(at) = snapshot.next_run {
                let when = present::when(at, Timestamp::now(), &TimeZone::system());
                tracing::info!("next scan: {when}");
            }
        }
    }

    fn tell_run(&mut self, snapshot: &Snapshot) {
        let Some(run) = snapshot
            .last_run
            .as_ref()
            .filter(|run| Some(run.id) != self.run)
        else {
            return;
        };
        self.run = Some(run.id);
        runs::log(run);
    }

    fn tell_reports(&mut self, place: &Place) {
        for report in self.newest(place) {
            let word = word(&report.state);
            let known = self.reports.insert(report.id, word);
            if known == Some(word) {
                continue;
            }
            let hosts = report.hosts.len();
            let zone = TimeZone::system();
            let words = present::state(&report.state, hosts, Timestamp::now(), &zone);
            match &report.state {
                State::Confirmed { .. } => tracing::info!(
                    "report {} of {} confirmed",
                    report.id,
                    count(hosts as u64, "host", "hosts")
                ),
                State::Rejected { .. } => tracing::error!("report {}: {words}", report.id),
                State::Unconfirmed { .. } => tracing::warn!("report {}: {words}", report.id),
                // Its words name addresses.
                State::Partly { missing, .. } => tracing::warn!(
                    "report {}: {} of {} not seen back in phpIPAM",
                    report.id,
                    missing.len(),
                    count(hosts as u64, "host", "hosts")
                ),
                State::Waiting { .. } => tracing::warn!("report {}: {words}", report.id),
                State::Sent { .. } => tracing::info!("report {} sent", report.id),
                State::Queued | State::Superseded { .. } => {}
            }
        }
        // Only what can still change is worth remembering.
        if self.reports.len() > 4 * NEWEST as usize {
            while self.reports.len() > 2 * NEWEST as usize {
                self.reports.pop_first();
            }
        }
    }

    fn tell_problems(&mut self, snapshot: &Snapshot) {
        let standing: Vec<_> = snapshot
            .problems
            .iter()
            .map(|standing| (standing.problem.code(), standing.since, &standing.problem))
            .collect();
        for (code, since, problem) in &standing {
            if !self.problems.iter().any(|(c, s)| c == code && s == since) {
                let words = present::words(&without_networks(problem)).line();
                tracing::warn!(code = code.as_str(), "{words}");
            }
        }
        self.problems = standing
            .into_iter()
            .map(|(code, since, _)| (code, since))
            .collect();
    }

    /// The reports in which something may have changed. What can't be read now is read with the next change.
    fn newest(&self, place: &Place) -> Vec<Report> {
        let Ok(Some(reader)) = Reader::open(&place.data_dir) else {
            return Vec::new();
        };
        let filter = ReportFilter {
            limit: Some(NEWEST),
            ..ReportFilter::default()
        };
        let mut reports = reader.reports(&self.key, &filter).unwrap_or_default();
        reports.reverse();
        reports
    }
}

/// The same problem with the subnet named by its id: networks are the customer's, and not for the log.
fn without_networks(problem: &Problem) -> Problem {
    let mut problem = problem.clone();
    if let Problem::SubnetRefused { subnet, cidr, .. } = &mut problem {
        *cidr = format!("Subnet {subnet}");
    }
    problem
}

/// As many reports as may change between two looks.
const NEWEST: u32 = 500;

fn word(state: &State) -> &'static str {
    match state {
        State::Queued => "queued",
        State::Waiting { .. } => "waiting",
        State::Sent { .. } => "sent",
        State::Confirmed { .. } => "confirmed",
        State::Partly { .. } => "partly",
        State::Unconfirmed { .. } => "unconfirmed",
        State::Rejected { .. } => "rejected",
        State::Superseded { .. } => "superseded",
    }
}

/// Tells systemd (`Type=notify`), where it wants to be told.
#[cfg(target_os = "linux")]
fn notify(state: &str) {
    use std::os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    };
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let address = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        path => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(path)),
    };
    let told = address
        .and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
    if let Err(error) = told {
        tracing::debug!(%error, "systemd could not be told");
    }
}

#[cfg(not(target_os = "linux"))]
fn notify(_state: &str) {}
