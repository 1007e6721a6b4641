//! What must hold whatever happens. Knows more than the agent does: what the scan server really got and wrote.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::IpAddr,
};

use fieldscan_core::{
    agent::{Command, Effect, Input, Scope},
    delivery::{Report, State},
    ids::{NoticeId, ReportId, RunId, ScanId, SubnetId},
    ipam::AddressBook,
    notice::{Notice, Thing},
    place::{Battery, Binding, Surroundings},
    plan::Target,
    run::{FinishedScan, Trigger},
    snapshot::{DeliveryView, Snapshot},
};
use jiff::Timestamp;

use crate::{
    database::Database,
    site::{EXCLUDED, Ipam, SCANNED, Taken, host_ip},
    world::{DAY, HOUR, MINUTE, SECOND},
};

/// How long a stop may take: nmap's 2 s, what is asked of a slow phpIPAM, and the database.
const STOP: u64 = 5 * MINUTE;

#[derive(Default)]
pub(crate) struct Watch {
    /// Every report that was ever committed, as it was then.
    accepted: BTreeMap<ReportId, Report>,
    /// The newest report that reached the server with this host.
    arrived: BTreeMap<(SubnetId, IpAddr), ReportId>,
    /// The newest report that reached the server.
    arrived_of: BTreeMap<SubnetId, ReportId>,
    /// The newest report of which the server wrote this host.
    wrote: BTreeMap<(SubnetId, IpAddr), ReportId>,
    /// The newest report that the server began with.
    discovered: BTreeMap<SubnetId, ReportId>,
    /// Reports with a host that the server could not write.
    pub(crate) spoiled: BTreeSet<ReportId>,
    /// When somebody else wrote a row's `lastSeen`.
    pub(crate) foreign: BTreeMap<(SubnetId, IpAddr), u64>,
    /// Whether the machine's clock was ever set back.
    pub(crate) set_back: bool,
    committed_at: BTreeMap<ReportId, u64>,
    /// The agent's reports as it saved them last.
    mirror: BTreeMap<ReportId, State>,
    /// The states that are in the database.
    last_saved: BTreeMap<ReportId, State>,
    uploading: Option<ReportId>,
    reading: Option<SubnetId>,
    pub(crate) holds: bool,
    scanning: BTreeMap<SubnetId, ScanId>,
    began: BTreeMap<ScanId, u64>,
    labelled: BTreeSet<ScanId>,
    /// When the addresses were asked for that the agent was given last.
    books: BTreeMap<(SubnetId, Timestamp), u64>,
    given: BTreeMap<SubnetId, u64>,
    /// Whether phpIPAM failed to answer the last time that it was asked.
    offline: Option<bool>,
    /// What the agent was told of network and power.
    surroundings: Surroundings,
    /// At which sites subnets can be scanned, as the agent last had it saved.
    places: BTreeMap<SubnetId, Binding>,
    /// Subnets that a person asked for by name in the run that goes on.
    asked: BTreeSet<SubnetId>,
    stopped: Option<(RunId, u64)>,
    run: Option<RunId>,
    time: u64,
    ticks: Hour,
    uploads: Hour,
    reads: Hour,
    pub(crate) networks: Hour,
    runs: Hour,
    pub(crate) scheduled_runs: u32,
    disturbances: Hour,
    pub(crate) committed: u64,
    pub(crate) confirmed: u64,
    revision: u64,
    /// The notices of each thing that came into the database, and when they were told by the machine's clock.
    told: BTreeMap<Thing, BTreeMap<NoticeId, Timestamp>>,
    pub(crate) notices: u64,
}

/// Times within the last hour.
#[derive(Default)]
pub(crate) struct Hour(VecDeque<u64>);

impl Hour {
    pub(crate) fn add(&mut self, time: u64) {
        self.0.push_back(time);
        while self.0.front().is_some_and(|first| first + HOUR < time) {
            self.0.pop_front();
        }
    }

    fn count(&self, time: u64) -> usize {
        self.0.iter().filter(|at| **at + HOUR >= time).count()
    }
}

impl Watch {
    // --- the process ---

    pub(crate) fn process_started(&mut self, time: u64) {
        self.disturbed(time);
        self.offline = None;
        self.surroundings = Surroundings::default();
        self.asked.clear();
        // Ids of scans that were not committed are given again.
        self.labelled.clear();
        self.began.clear();
        self.revision = 0;
    }

    pub(crate) fn process_gone(&mut self) {
        self.uploading = None;
        self.reading = None;
        self.scanning.clear();
        self.stopped = None;
        self.run = None;
    }

    /// What a new process knows of reports.
    pub(crate) fn mirror(&mut self, database: &Database) {
        let restored = database.restore();
        self.places = restored.places;
        self.mirror = restored
            .reports
            .into_iter()
            .map(|report| (report.id, report.state))
            .collect();
    }

    /// The clock, the process or a person brought something about that may bring work.
    pub(crate) fn disturbed(&mut self, time: u64) {
        self.disturbances.add(time);
    }

    pub(crate) fn slept(&mut self, time: u64, wait: u64) {
        self.disturbed(time);
        if let Some((_, since)) = &mut self.stopped {
            *since += wait;
        }
        for began in self.began.values_mut() {
            *began = (*began).min(time);
        }
    }

    pub(crate) fn commanded(&mut self, time: u64, command: &Command) {
        self.disturbed(time);
        match command {
            Command::Stop => {
                if let Some(run) = self.run {
                    self.stopped.get_or_insert((run, time));
                }
            }
            Command::Scan { scope, .. } => {
                let named = |id: &u64| match scope {
                    Scope::All => false,
                    Scope::Networks(networks) => networks
                        .iter()
                        .any(|network| network.contains(host_ip(*id, 1))),
                    Scope::Subnets(ids) => ids.contains(&SubnetId(*id)),
                };
                self.asked
                    .extend(SCANNED.into_iter().filter(named).map(SubnetId));
            }
            Command::Refresh
            | Command::Pause(_)
            | Command::Resume
            | Command::Retry(_)
            | Command::Settings(_)
            | Command::Place { .. }
            | Command::Shutdown => {}
        }
    }

    pub(crate) fn ticked(&mut self, time: u64) {
        self.ticks.add(time);
    }

    /// Before the agent takes an input.
    pub(crate) fn before(&mut self, input: &Input, time: u64) {
        self.time = time;
        match input {
            Input::Surroundings(surroundings) => self.surroundings.clone_from(surroundings),
            Input::Assignment(result) => {
                self.offline = Some(result.is_err());
            }
            Input::Addresses(loaded) => {
                if loaded.asked {
                    self.answered(loaded.problem.as_ref());
                }
                if let Some(book) = &loaded.book {
                    let asked_at = self.books.get(&(loaded.subnet, book.fetched_at));
                    self.given
                        .insert(loaded.subnet, asked_at.copied().unwrap_or(0));
                }
            }
            Input::ReadBack { result, .. } => {
                self.answered(result.as_ref().err());
                self.reading = None;
            }
            Input::Uploaded { report, .. } => {
                assert_eq!(
                    self.uploading,
                    Some(*report),
                    "an answer to what was not sent"
                );
                self.uploading = None;
            }
            Input::Command(_)
            | Input::Tick
            | Input::Woke
            | Input::ScanProgress { .. }
            | Input::ScanKept { .. }
            | Input::ScanEnded(_)
            | Input::Committed { .. }
            | Input::ClockSeen { .. }
            | Input::NotSaved { .. }
            | Input::Failed(_)
            | Input::StoreMended => {}
        }
        if let Input::Committed {
            scan,
            result: Ok(()),
        } = input
        {
            let reports = self.accepted.values().filter(|report| report.scan == *scan);
            for report in reports {
                self.mirror.entry(report.id).or_insert(report.state.clone());
            }
        }
    }

    fn answered(&mut self, problem: Option<&fieldscan_core::problem::Problem>) {
        match problem {
            Some(problem) if problem.means_offline() => self.offline = Some(true),
            Some(_) => {}
            None => self.offline = Some(false),
        }
    }

    /// After the agent took an input.
    pub(crate) fn after(&mut self, snapshot: &Snapshot, effects: &[Effect], time: u64) {
        for effect in effects {
            if let Effect::SavePlaces(places) = effect {
                for (id, binding) in places {
                    match binding {
                        Some(binding) => self.places.insert(*id, binding.clone()),
                        None => self.places.remove(id),
                    };
                }
            }
            if let Effect::SaveReport(report) = effect {
                self.mirror.insert(report.id, report.state.clone());
            }
            if let Effect::Prune(before) = effect {
                self.mirror.retain(|_, state| match state {
                    State::Partly { at, .. } | State::Unconfirmed { at, .. } => *at >= *before,
                    State::Queued
                    | State::Waiting { .. }
                    | State::Sent { .. }
                    | State::Confirmed { .. }
                    | State::Rejected { .. }
                    | State::Superseded { .. } => true,
                });
            }
        }
        assert!(
            snapshot.revision > self.revision,
            "a view keeps the highest revision"
        );
        self.revision = snapshot.revision;
        if let Some(offline) = self.offline {
            assert_eq!(
                snapshot.ipam.offline, offline,
                "the snapshot must say whether phpIPAM answered last"
            );
        }
        self.numbers(snapshot, time);
        let run = snapshot.run.as_ref().map(|run| run.id);
        if let Some(progress) = &snapshot.run
            && self.run != run
        {
            if progress.trigger != Trigger::Person {
                self.may_begin();
                self.runs.add(time);
                self.scheduled_runs += 1;
            }
            self.stopped = None;
        }
        if run.is_none() {
            self.stopped = None;
            self.asked.clear();
            assert!(self.scanning.is_empty(), "no run goes on, but a scan does");
        }
        self.run = run;
    }

    /// A scheduled run begins.
    fn may_begin(&self) {
        let Surroundings {
            online,
            metered,
            battery,
            networks: _,
        } = &self.surroundings;
        let low = |battery: &Battery| battery.discharging && battery.percent < 20;
        assert!(
            *online != Some(false) && *metered != Some(true) && !battery.as_ref().is_some_and(low),
            "a scheduled run begins although it is held: {:?}",
            self.surroundings
        );
    }

    /// A subnet that is bound to another site than this one is scanned only by name.
    fn at_its_site(&self, subnet: SubnetId) {
        let (Some(here), Some(binding)) = (self.surroundings.here(), self.places.get(&subnet))
        else {
            return;
        };
        assert!(
            here == binding.site.spot || self.asked.contains(&subnet),
            "subnet {subnet} is scanned at {here:?}, and belongs to {binding:?}"
        );
    }

    fn has_network(&self, what: &str) {
        assert!(
            self.surroundings.online != Some(false),
            "{what} although there is no network"
        );
    }

    fn numbers(&self, snapshot: &Snapshot, time: u64) {
        let mut expected = DeliveryView {
            sending: snapshot.delivery.sending,
            confirmed: snapshot.delivery.confirmed,
            next_try: snapshot.delivery.next_try,
            ..DeliveryView::default()
        };
        for state in self.mirror.values() {
            match state {
                State::Queued | State::Waiting { .. } => expected.waiting += 1,
                State::Sent { .. } => expected.sent += 1,
                State::Rejected { .. } => expected.rejected += 1,
                State::Partly { .. } | State::Unconfirmed { .. } => expected.doubtful += 1,
                State::Confirmed { .. } | State::Superseded { .. } => {}
            }
        }
        assert_eq!(
            snapshot.delivery, expected,
            "the snapshot counts reports as they were saved (at {time})"
        );
        if let Some(run) = &snapshot.run {
            assert!(run.done <= run.total, "more was done than there was to do");
            for subnet in &run.subnets {
                assert!(subnet.done <= subnet.total, "{subnet:?}");
            }
            let done: u32 = run.subnets.iter().map(|subnet| subnet.done).sum();
            assert_eq!(run.done, done, "a run's numbers are those of its subnets");
        }
    }

    // --- what the agent wants done ---

    pub(crate) fn scan_begins(&mut self, scan: ScanId, target: &Target, ipam: &Ipam) {
        let subnet = target.subnet;
        assert!(
            SCANNED.contains(&subnet.0),
            "a subnet that the plan left out is scanned: {subnet}"
        );
        assert!(
            !target.covers(host_ip(subnet.0, EXCLUDED)),
            "an address that phpIPAM excludes is scanned"
        );
        assert!(
            ipam.subnets.contains_key(&subnet),
            "phpIPAM never had {subnet}"
        );
        assert_eq!(
            self.scanning.insert(subnet, scan),
            None,
            "subnet {subnet} is scanned twice at the same time"
        );
        self.at_its_site(subnet);
        self.began.insert(scan, self.time);
    }

    pub(crate) fn scan_ended(&mut self, scan: ScanId) {
        self.scanning.retain(|_, of| *of != scan);
    }

    pub(crate) fn book_fetched(&mut self, subnet: SubnetId, book: &AddressBook, time: u64) {
        self.books.insert((subnet, book.fetched_at), time);
    }

    pub(crate) fn writes(&mut self, effect: &Effect, true_now: Timestamp) {
        match effect {
            Effect::Commit(finished) => {
                self.label(finished);
            }
            Effect::SaveReport(report) => {
                if matches!(report.state, State::Confirmed { .. }) {
                    self.confirms(report);
                }
            }
            Effect::Prune(before) => {
                let latest = true_now - std::time::Duration::from_secs(80 * 24 * 3600);
                assert!(
                    *before <= latest,
                    "a clock that is wrong must not delete what happened lately (before {before})"
                );
            }
            _ => {}
        }
    }

    /// A scan that was held against old addresses says so.
    fn label(&mut self, finished: &FinishedScan) {
        let scan = &finished.scan;
        if !self.labelled.insert(scan.id) {
            // Written again.
            return;
        }
        let (Some(asked_at), Some(began)) =
            (self.given.get(&scan.subnet), self.began.get(&scan.id))
        else {
            return;
        };
        if asked_at < began {
            assert!(
                scan.ipam_stale,
                "scan {} was held against addresses from before it, and does not say so",
                scan.id
            );
        }
        for (report, _) in &finished.reports {
            assert_eq!(
                report.stale, scan.ipam_stale,
                "a report says what its scan says"
            );
        }
    }

    /// Confirmed only by what was really written.
    fn confirms(&mut self, report: &Report) {
        self.confirmed += 1;
        let told: Vec<IpAddr> = report.told().collect();
        let committed = self.committed_at.get(&report.id).copied().unwrap_or(0);
        if self.set_back {
            // Two scans may then tell the same time, or a newer one an earlier time.
            return;
        }
        if told.is_empty() {
            assert!(
                self.discovered
                    .get(&report.subnet)
                    .is_some_and(|newest| *newest >= report.id),
                "report {} is Confirmed, but the server never began with it nor with a newer one",
                report.id
            );
        }
        for ip in told {
            let key = (report.subnet, ip);
            let ours = self
                .wrote
                .get(&key)
                .is_some_and(|newest| *newest >= report.id);
            // Whoever wrote a later time since saw the host after us.
            let foreign = self
                .foreign
                .get(&key)
                .is_some_and(|at| *at + 30 * DAY >= committed);
            assert!(
                ours || foreign,
                "report {} is Confirmed, but nobody wrote {ip}",
                report.id
            );
        }
    }

    pub(crate) fn upload_begins(&mut self, report: ReportId, time: u64) {
        self.has_network("a report is sent");
        assert!(!self.holds, "uploads are held, but {report} is sent");
        assert_eq!(self.uploading, None, "one upload at a time");
        assert!(
            self.accepted.contains_key(&report),
            "{report} is sent before it is committed"
        );
        let subnet = self.accepted[&report].subnet;
        for (older, state) in self.mirror.range(..report) {
            let waits = matches!(state, State::Queued | State::Waiting { .. });
            assert!(
                !waits || self.accepted[older].subnet != subnet,
                "report {report} is sent while the older report {older} of its subnet waits"
            );
        }
        self.uploading = Some(report);
        self.uploads.add(time);
    }

    pub(crate) fn read_begins(&mut self, subnet: SubnetId, time: u64) {
        self.has_network("reports are looked for");
        assert_eq!(self.reading, None, "one read-back at a time");
        self.reading = Some(subnet);
        self.reads.add(time);
    }

    // --- what the scan server sees ---

    /// A report reaches the server, which takes it.
    pub(crate) fn arrives(&mut self, taken: &Taken) {
        for (ip, ..) in &taken.hosts {
            let newest = self
                .arrived
                .entry((taken.subnet, *ip))
                .or_insert(taken.report);
            assert!(
                *newest <= taken.report,
                "report {} tells of {ip} after the newer report {newest} did: lastSeen goes back",
                taken.report
            );
            *newest = taken.report;
        }
        let newest = self.arrived_of.entry(taken.subnet).or_insert(taken.report);
        if taken.hosts.is_empty() {
            assert!(
                *newest <= taken.report,
                "report {} tells nothing, and is sent after the newer report {newest}",
                taken.report
            );
            let committed = &self.accepted[&taken.report];
            assert!(
                committed.hosts.is_empty(),
                "report {} is sent although newer ones tell all of it",
                taken.report
            );
        }
        *newest = (*newest).max(taken.report);
    }

    pub(crate) fn discovered(&mut self, taken: &Taken) {
        let newest = self.discovered.entry(taken.subnet).or_insert(taken.report);
        *newest = (*newest).max(taken.report);
    }

    pub(crate) fn wrote(&mut self, taken: &Taken, ip: IpAddr) {
        let newest = self.wrote.entry((taken.subnet, ip)).or_insert(taken.report);
        *newest = (*newest).max(taken.report);
    }

    // --- what the database has ---

    pub(crate) fn accepted(&mut self, finished: &FinishedScan) {
        for (report, _) in &finished.reports {
            self.committed += 1;
            self.committed_at.insert(report.id, self.time);
            self.accepted.insert(report.id, report.clone());
        }
    }

    pub(crate) fn saved(&mut self, report: &Report) {
        assert!(
            self.accepted.contains_key(&report.id),
            "a report's state is saved before the report"
        );
        self.last_saved.insert(report.id, report.state.clone());
    }

    /// A notice is in the database, and the person has seen it or will.
    pub(crate) fn told(&mut self, notice: &Notice) {
        self.notices += 1;
        for thing in &notice.things {
            // What could not be written at once may come in after what was told later.
            let told = self.told.entry(thing.clone()).or_default();
            told.insert(notice.id, notice.at);
            let before = told.range(..notice.id).next_back();
            let after = told.range(notice.id..).nth(1);
            for (_, other) in before.into_iter().chain(after) {
                let apart = notice.at.duration_since(*other).abs();
                assert!(
                    apart >= jiff::SignedDuration::from_hours(24),
                    "{thing} was told at {other} and at {}",
                    notice.at
                );
            }
        }
    }

    /// Every claim of every accepted report is told, or kept with its words.
    pub(crate) fn nothing_vanished(&self, database: &Database) {
        for (id, report) in &self.accepted {
            let Some((kept, _)) = database.reports.get(id) else {
                // What a clock that was set back has stamped is soon old enough to be deleted.
                let last = self.last_saved.get(id);
                assert!(
                    self.set_back && last.is_some_and(|state| state.is_final()),
                    "report {id} is gone from the database, and was {last:?}"
                );
                continue;
            };
            if !matches!(
                kept.state,
                State::Superseded { .. } | State::Confirmed { .. }
            ) {
                continue;
            }
            for ip in &report.hosts {
                let key = (report.subnet, *ip);
                let told = self.arrived.get(&key).is_some_and(|newest| newest >= id);
                let held = || {
                    database.reports.range(id..).any(|(_, (newer, _))| {
                        newer.subnet == report.subnet
                            && !matches!(newer.state, State::Superseded { .. })
                            && newer.told().any(|told| told == *ip)
                    })
                };
                assert!(
                    told || held(),
                    "report {id} ({:?}) was let go of, but nobody tells of {ip}",
                    kept.state
                );
            }
        }
    }

    // --- bounds ---

    pub(crate) fn stopping_ends(&self, time: u64, ending_since: Option<u64>) {
        if let Some((run, since)) = self.stopped {
            assert!(
                time < since + STOP,
                "run {run} was stopped {} s ago and still goes on",
                (time - since) / SECOND
            );
        }
        if let Some(since) = ending_since {
            assert!(
                time < since + STOP,
                "the agent was told to end {} s ago",
                (time - since) / SECOND
            );
        }
    }

    pub(crate) fn no_storm(&self, time: u64) {
        let disturbances = self.disturbances.count(time);
        let reports = self.accepted.len();
        let runs = self.runs.count(time);
        assert!(
            runs <= 7 + disturbances,
            "{runs} scheduled runs in an hour, with {disturbances} disturbances"
        );
        let uploads = self.uploads.count(time);
        let networks = self.networks.count(time);
        let allowed = 60 + 2 * networks + (4 + disturbances) * (6 + reports.min(30));
        assert!(
            uploads <= allowed,
            "{uploads} uploads in an hour, {allowed} at the most"
        );
        let reads = self.reads.count(time);
        let allowed = 3 * 70 + 10 * uploads + 20;
        assert!(
            reads <= allowed,
            "{reads} read-backs in an hour, {allowed} at the most"
        );
        let ticks = self.ticks.count(time);
        let allowed = 100 + 3 * (reads + uploads + networks) + 20 * disturbances;
        assert!(
            ticks <= allowed,
            "{ticks} ticks in an hour, {allowed} at the most"
        );
    }

    /// At the end, with the world healed and people having had everything tried again.
    pub(crate) fn all_arrived(&self, database: &Database) {
        self.nothing_vanished(database);
        for (id, (report, _)) in &database.reports {
            match &report.state {
                State::Confirmed { .. } | State::Superseded { .. } => {}
                State::Partly { .. } | State::Unconfirmed { .. } => assert!(
                    self.spoiled.contains(id),
                    "report {id} is {:?} although nothing stands in its way",
                    report.state
                ),
                State::Queued
                | State::Waiting { .. }
                | State::Sent { .. }
                | State::Rejected { .. } => panic!(
                    "report {id} is {:?} although nothing stands in its way",
                    report.state
                ),
            }
        }
    }
}
