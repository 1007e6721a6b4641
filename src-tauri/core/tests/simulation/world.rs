//! The world in virtual time: one queue of events, a machine whose clock may lie, and the engine's part of the work.
//!
//! Carries effects out as the engine does: writes to the database one after another, everything else side by side.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use fieldscan_core::{
    agent::{Agent, Command, Effect, Freshness, Input, Loaded, Options, ScanEnded, ScanFailure},
    delivery::Answer,
    ids::{AgentCode, ReportId, ScanId, SubnetId},
    ipam,
    place::Surroundings,
    plan::{Profile, Target},
    problem::Problem,
    report,
    run::Rights,
    settings::Settings,
};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    database::Database,
    invariants::Watch,
    site::{ApiMode, Ipam, Network, Nmap, Server, Taken},
};

pub(crate) const SECOND: u64 = 1000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;

/// The engine looks at the wall clock this often, and sends a tick when it finds that it jumped.
const LOOK_AT_THE_CLOCK: u64 = 30 * SECOND;
/// The scan server's pace.
const SERVER_PER_HOST: u64 = 900;
/// A hanging nmap is given up after this.
const WATCHDOG: u64 = 10 * MINUTE;

/// Something that happens at a time.
enum Event {
    /// Belongs to the process of a generation: gone if that one is.
    Of(u32, Inner),
    ServerWorks(u32),
    Start,
}

enum Inner {
    ToAgent(Input),
    Write(Effect),
    KeepAssignment(Box<ipam::Assignment>),
    KeepBook(SubnetId, Box<ipam::AddressBook>),
    /// The engine tells the agent what the system says by then.
    LookAround,
    Fetch,
    Load(SubnetId, Freshness),
    AskAddresses(Box<Loaded>),
    ScanEnds(ScanId),
    UploadStarts(ReportId, Option<SubnetId>, BTreeSet<IpAddr>),
    UploadArrives(Taken, Option<String>),
    Read(SubnetId, bool),
}

/// The agent's process while it runs.
pub(crate) struct Process {
    pub(crate) agent: Agent,
    wake_at: Option<Timestamp>,
    scans: BTreeMap<ScanId, (Target, u64, Timestamp)>,
    /// When the database's thread is done with what it was given.
    database_busy_until: u64,
    database_failed: bool,
    pub(crate) ending_since: Option<u64>,
}

pub(crate) struct World {
    /// True time since the beginning, in ms.
    pub(crate) time: u64,
    /// By how much the machine's clock is off, in ms.
    pub(crate) clock_off: i64,
    random: u64,
    events: BTreeMap<(u64, u64), Event>,
    sequence: u64,
    generation: u32,
    pub(crate) process: Option<Process>,
    pub(crate) database: Database,
    pub(crate) ipam: Ipam,
    pub(crate) server: Server,
    pub(crate) network: Network,
    pub(crate) settings: Settings,
    /// What the system says of network and power.
    pub(crate) surroundings: Surroundings,
    /// The process dies after so many more effects.
    pub(crate) dies_after: Option<u32>,
    /// What the next process is started with.
    pub(crate) hold_uploads: bool,
    last_tick: u64,
    ticks_at_once: u32,
    pub(crate) watch: Watch,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut world = Self {
            time: 0,
            clock_off: 0,
            random: seed,
            events: BTreeMap::new(),
            sequence: 0,
            generation: 0,
            process: None,
            database: Database::default(),
            ipam: Ipam::new(),
            server: Server::default(),
            network: Network::new(),
            settings: settings(),
            surroundings: Surroundings::default(),
            dies_after: None,
            hold_uploads: false,
            last_tick: 0,
            ticks_at_once: 0,
            watch: Watch::default(),
        };
        world.start();
        world
    }

    /// The machine's clock.
    pub(crate) fn now(&self) -> Timestamp {
        at(self.time as i64 + self.clock_off)
    }

    /// The servers' clock.
    pub(crate) fn true_now(&self) -> Timestamp {
        at(self.time as i64)
    }

    /// A number in the range.
    pub(crate) fn random(&mut self, from: u64, to: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        from + (self.random >> 33) % (to - from).max(1)
    }

    fn after(&mut self, wait: u64, event: Event) {
        self.sequence += 1;
        self.events.insert((self.time + wait, self.sequence), event);
    }

    fn own(&mut self, wait: u64, inner: Inner) {
        self.after(wait, Event::Of(self.generation, inner));
    }

    // --- time ---

    /// Lets so much time go by, with all that happens in it.
    pub(crate) fn run_for(&mut self, wait: u64) {
        let until = self.time + wait;
        loop {
            let event_at = self.events.first_key_value().map(|((at, _), _)| *at);
            let tick_at = self.next_tick();
            let next = event_at.into_iter().chain(tick_at).min();
            let Some(next) = next.filter(|next| *next <= until) else {
                break;
            };
            self.time = self.time.max(next);
            if event_at == Some(next) {
                if let Some((_, event)) = self.events.pop_first() {
                    self.happens(event);
                }
            } else {
                self.tick();
            }
        }
        self.time = until;
        self.check();
    }

    /// When the engine's timer rings, in true time.
    fn next_tick(&self) -> Option<u64> {
        let process = self.process.as_ref()?;
        let wake_at = process.wake_at?.as_millisecond() - BASE;
        // The engine's timer never rings twice in a millisecond.
        let at = u64::try_from(wake_at.saturating_sub(self.clock_off)).unwrap_or(0);
        Some(at.max(self.last_tick + 1).max(self.time))
    }

    fn tick(&mut self) {
        self.ticks_at_once = if self.time <= self.last_tick + SECOND {
            self.ticks_at_once + 1
        } else {
            0
        };
        assert!(
            self.ticks_at_once < 30,
            "the agent asks to be woken again and again without getting anything done"
        );
        self.last_tick = self.time;
        self.watch.ticked(self.time);
        if let Some(process) = &mut self.process {
            process.wake_at = None;
        }
        self.input(Input::Tick);
    }

    /// The machine sleeps: servers and the network go on, nothing of the process does.
    pub(crate) fn sleep(&mut self, wait: u64) {
        let frozen: Vec<_> = self
            .events
            .iter()
            .filter(|(_, event)| matches!(event, Event::Of(..) | Event::Start))
            .map(|(key, _)| *key)
            .collect();
        let frozen: Vec<_> = frozen
            .into_iter()
            .filter_map(|key| Some((key, self.events.remove(&key)?)))
            .collect();
        let process = self.process.take();
        let until = self.time + wait;
        while let Some(((at, _), event)) = self.events.pop_first() {
            if at > until {
                self.events.insert((at, 0), event);
                break;
            }
            self.time = at;
            self.happens(event);
        }
        self.time = until;
        self.process = process;
        for ((at, sequence), event) in frozen {
            self.events.insert((at + wait, sequence), event);
        }
        if let Some(Process {
            ending_since: Some(since),
            ..
        }) = &mut self.process
        {
            *since += wait;
        }
        self.watch.slept(self.time, wait);
        // The engine finds out by its clock, or is told.
        let wait = self.random(1, LOOK_AT_THE_CLOCK);
        self.own(wait, Inner::ToAgent(Input::Woke));
    }

    /// The machine's clock is set. The engine finds out and sends a tick.
    pub(crate) fn jump(&mut self, by: i64) {
        let limit = 20 * 365 * DAY as i64;
        let off = (self.clock_off + by).clamp(-limit, limit);
        if off < self.clock_off {
            self.watch.set_back = true;
        }
        self.clock_off = off;
        self.watch.disturbed(self.time);
        let wait = self.random(1, LOOK_AT_THE_CLOCK);
        self.own(wait, Inner::ToAgent(Input::Tick));
    }

    /// The system says something else of network or power.
    pub(crate) fn surround(&mut self, change: impl FnOnce(&mut Surroundings)) {
        change(&mut self.surroundings);
        self.watch.networks.add(self.time);
        let wait = self.random(1, SECOND);
        self.own(wait, Inner::LookAround);
    }

    // --- the process ---

    pub(crate) fn start(&mut self) {
        if self.process.is_some() {
            return;
        }
        self.generation += 1;
        let options = Options {
            scheduled: true,
            hold_uploads: self.hold_uploads,
            zone: TimeZone::UTC,
            seed: 7,
        };
        self.watch.process_started(self.time);
        self.process = Some(Process {
            agent: Agent::new(self.settings.clone(), options, self.database.restore()),
            wake_at: Some(self.now()),
            scans: BTreeMap::new(),
            database_busy_until: self.time,
            database_failed: false,
            ending_since: None,
        });
        self.watch.holds = self.hold_uploads;
        self.watch.mirror(&self.database);
        let wait = self.random(0, SECOND);
        self.own(wait, Inner::LookAround);
    }

    /// The process dies with all that it had in hand.
    pub(crate) fn crash(&mut self) {
        if self.process.take().is_none() {
            return;
        }
        self.generation += 1;
        self.dies_after = None;
        self.watch.process_gone();
        self.watch.nothing_vanished(&self.database);
        let wait = self.random(1, 5 * MINUTE);
        self.after(wait, Event::Start);
    }

    pub(crate) fn command(&mut self, command: Command) {
        if self.process.is_some() {
            self.watch.commanded(self.time, &command);
            if matches!(command, Command::Shutdown)
                && let Some(process) = &mut self.process
            {
                process.ending_since.get_or_insert(self.time);
            }
            self.input(Input::Command(command));
        }
    }

    fn input(&mut self, input: Input) {
        let now = self.now();
        let time = self.time;
        let Some(process) = &mut self.process else {
            return;
        };
        self.watch.before(&input, time);
        let effects = process.agent.handle(input, now);
        let snapshot = process.agent.snapshot(now);
        let ending = process.ending_since.is_some();
        self.watch.after(&snapshot, &effects, time);
        let due = snapshot.next_run.filter(|at| *at <= now);
        // The run before may have ended just now: then it begins with the next tick, at once.
        let at_once = |effect: &Effect| matches!(effect, Effect::WakeAt(at) if *at <= now);
        assert!(
            ending || snapshot.run.is_some() || due.is_none() || effects.iter().any(at_once),
            "a run is due since {due:?}, nothing holds it, and it doesn't begin (now {now})"
        );
        for effect in effects {
            if let Some(left) = &mut self.dies_after {
                if *left == 0 {
                    self.crash();
                    return;
                }
                *left -= 1;
            }
            if effect == Effect::End {
                self.end();
                return;
            }
            self.carry_out(effect);
        }
    }

    /// An orderly end: what the database was given is still written.
    fn end(&mut self) {
        let writes: Vec<_> = self
            .events
            .iter()
            .filter(|(_, event)| {
                matches!(event, Event::Of(of, Inner::Write(_)) if *of == self.generation)
            })
            .map(|(key, _)| *key)
            .collect();
        for key in writes {
            if let Some(Event::Of(_, Inner::Write(effect))) = self.events.remove(&key) {
                let _ = self.write(&effect);
            }
        }
        self.process = None;
        self.generation += 1;
        self.watch.process_gone();
        self.watch.nothing_vanished(&self.database);
        let wait = self.random(1, HOUR);
        self.after(wait, Event::Start);
    }

    // --- effects ---

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::FetchAssignment => {
                let wait = self.way_to_ipam();
                self.own(wait, Inner::Fetch);
            }
            Effect::LoadAddresses { subnet, freshness } => {
                let wait = self.database_turn();
                self.own(wait, Inner::Load(subnet, freshness));
            }
            Effect::Scan {
                scan,
                target,
                profile: Profile::Normal,
            } => self.scan(scan, target),
            Effect::Scan { profile, .. } => panic!("the settings name no profile {profile:?}"),
            Effect::StopScan(scan) => {
                let wait = self.random(1, 2 * SECOND);
                self.own(wait, Inner::ScanEnds(scan));
            }
            Effect::Commit(_)
            | Effect::SaveReport(_)
            | Effect::SaveRun(_)
            | Effect::SavePlaces(_)
            | Effect::SaveLasting(_)
            | Effect::Notify(_)
            | Effect::SaveNotice(_)
            | Effect::Prune(_) => {
                self.watch.writes(&effect, self.true_now());
                let wait = self.database_turn();
                self.own(wait, Inner::Write(effect));
            }
            Effect::Upload {
                report,
                baseline,
                leave_out,
            } => {
                self.watch.upload_begins(report, self.time);
                let wait = self.database_turn();
                self.own(wait, Inner::UploadStarts(report, baseline, leave_out));
            }
            Effect::ReadBack {
                subnet,
                last_discovery,
            } => {
                self.watch.read_begins(subnet, self.time);
                let wait = self.way_to_ipam();
                self.own(wait, Inner::Read(subnet, last_discovery));
            }
            Effect::WakeAt(at) => {
                if let Some(process) = &mut self.process {
                    process.wake_at = Some(at);
                }
            }
            // Nothing of a scan is kept before its end here, and nobody holds one.
            Effect::Discard(_) | Effect::HoldScans(_) | Effect::End => {}
        }
    }

    /// How long until the database's thread has done one thing more.
    fn database_turn(&mut self) -> u64 {
        let work = self.random(1, 40);
        let time = self.time;
        let Some(process) = &mut self.process else {
            return 0;
        };
        process.database_busy_until = process.database_busy_until.max(time) + work;
        process.database_busy_until - time
    }

    fn way_to_ipam(&mut self) -> u64 {
        match self.ipam.mode {
            ApiMode::Works | ApiMode::Failing => self.random(5, 300),
            ApiMode::Down => self.random(1, 10 * SECOND),
            ApiMode::Slow => self.random(SECOND, 50 * SECOND),
        }
    }

    fn scan(&mut self, scan: ScanId, target: Target) {
        self.watch.scan_begins(scan, &target, &self.ipam);
        let wait = match self.network.trouble.get(&target.subnet) {
            Some(Nmap::Hangs) => WATCHDOG,
            Some(Nmap::NoRoute | Nmap::Fails) => self.random(1, SECOND),
            None => self.random(SECOND, 3 * MINUTE),
        };
        let all = target.addresses();
        let (time, now) = (self.time, self.now());
        if let Some(process) = &mut self.process {
            process.scans.insert(scan, (target, time + wait, now));
        }
        for share in [3, 2] {
            let progress = Input::ScanProgress {
                scan,
                done: all / share,
                up: 1,
            };
            self.own(wait / u64::from(share), Inner::ToAgent(progress));
        }
        self.own(wait, Inner::ScanEnds(scan));
    }

    fn write(&mut self, effect: &Effect) -> Result<(), Problem> {
        match effect {
            Effect::Commit(finished) => {
                self.database.commit(finished)?;
                self.watch.accepted(finished);
                Ok(())
            }
            other => {
                self.database.save(other)?;
                if let Effect::SaveReport(report) = other {
                    self.watch.saved(report);
                }
                if let Effect::Notify(notice) | Effect::SaveNotice(notice) = other {
                    self.watch.told(notice);
                }
                Ok(())
            }
        }
    }

    // --- what happens ---

    fn happens(&mut self, event: Event) {
        match event {
            Event::Of(generation, inner) => {
                if generation == self.generation && self.process.is_some() {
                    self.own_happens(inner);
                }
            }
            Event::ServerWorks(life) => {
                if life == self.server.life {
                    self.server_works();
                }
            }
            Event::Start => self.start(),
        }
    }

    fn own_happens(&mut self, inner: Inner) {
        match inner {
            Inner::ToAgent(input) => self.input(input),
            Inner::Write(effect) => self.written(effect),
            Inner::KeepAssignment(assignment) => self.database.keep_assignment(&assignment),
            Inner::KeepBook(subnet, book) => self.database.keep_book(subnet, &book),
            Inner::LookAround => {
                let surroundings = Box::new(self.surroundings.clone());
                self.input(Input::Surroundings(surroundings));
            }
            Inner::Fetch => {
                let result = self.ipam.assignment(self.now());
                if let Ok(assignment) = &result {
                    let turn = self.database_turn();
                    self.own(turn, Inner::KeepAssignment(Box::new(assignment.clone())));
                }
                self.clock_seen(result.is_ok());
                let wait = self.random(1, 300);
                self.own(wait, Inner::ToAgent(Input::Assignment(result)));
            }
            Inner::Load(subnet, freshness) => self.load(subnet, freshness),
            Inner::AskAddresses(mut loaded) => {
                match self.ipam.addresses(loaded.subnet, self.now()) {
                    Ok(book) => {
                        self.watch.book_fetched(loaded.subnet, &book, self.time);
                        let turn = self.database_turn();
                        self.own(turn, Inner::KeepBook(loaded.subnet, Box::new(book.clone())));
                        loaded.book = Some(book);
                        self.clock_seen(true);
                    }
                    Err(problem) => loaded.problem = Some(problem),
                }
                let wait = self.random(1, 300);
                self.own(wait, Inner::ToAgent(Input::Addresses(loaded)));
            }
            Inner::ScanEnds(scan) => self.scan_ends(scan),
            Inner::UploadStarts(report, baseline, leave_out) => {
                self.upload_starts(report, baseline, &leave_out);
            }
            Inner::UploadArrives(taken, baseline) => self.upload_arrives(taken, baseline),
            Inner::Read(subnet, last_discovery) => {
                let result = self.ipam.read_back(subnet, last_discovery);
                if result.is_ok()
                    && let Ok(book) = self.ipam.addresses(subnet, self.now())
                {
                    self.watch.book_fetched(subnet, &book, self.time);
                    let turn = self.database_turn();
                    self.own(turn, Inner::KeepBook(subnet, Box::new(book)));
                }
                let wait = self.random(1, 5 * SECOND);
                self.own(wait, Inner::ToAgent(Input::ReadBack { subnet, result }));
            }
        }
    }

    fn clock_seen(&mut self, answered: bool) {
        if answered {
            let ahead = self.clock_off / 1000;
            self.own(1, Inner::ToAgent(Input::ClockSeen { ahead }));
        }
    }

    fn written(&mut self, effect: Effect) {
        let result = self.write(&effect);
        if let Some(process) = &mut self.process {
            let failed_before = std::mem::replace(&mut process.database_failed, result.is_err());
            if failed_before && result.is_ok() {
                self.own(0, Inner::ToAgent(Input::StoreMended));
            }
        }
        let input = match (effect, result) {
            (Effect::Commit(finished), result) => Input::Committed {
                scan: finished.scan.id,
                result: result.map_err(|problem| (problem, finished)),
            },
            (Effect::Prune(_), Err(problem)) => Input::Failed(problem),
            (effect, Err(problem)) => Input::NotSaved {
                effect: Box::new(effect),
                problem,
            },
            (_, Ok(())) => return,
        };
        self.own(0, Inner::ToAgent(input));
    }

    fn load(&mut self, subnet: SubnetId, freshness: Freshness) {
        let mut loaded = self.database.load(subnet);
        let now = self.now();
        let fresh = loaded.book.as_ref().is_some_and(|book| match freshness {
            Freshness::Cached => true,
            Freshness::Settings => {
                ipam::is_fresh(book.fetched_at, now, self.settings.cache_expire_time)
            }
            Freshness::Since(time) => book.fetched_at >= time && book.fetched_at <= now,
        });
        if fresh {
            self.own(0, Inner::ToAgent(Input::Addresses(Box::new(loaded))));
        } else {
            loaded.asked = true;
            let wait = self.way_to_ipam();
            self.own(wait, Inner::AskAddresses(Box::new(loaded)));
        }
    }

    fn scan_ends(&mut self, scan: ScanId) {
        let time = self.time;
        let Some(process) = &mut self.process else {
            return;
        };
        let Some((target, ends_at, started_at)) = process.scans.remove(&scan) else {
            return;
        };
        self.watch.scan_ended(scan);
        let subnet = target.subnet;
        let detail = String::new();
        let result = match self.network.trouble.get(&subnet) {
            _ if time < ends_at => Err(ScanFailure::Stopped),
            Some(Nmap::NoRoute) => Err(ScanFailure::Failed(Problem::NoRoute { subnet })),
            Some(Nmap::Fails) => Err(ScanFailure::Failed(Problem::NmapFailed { subnet, detail })),
            Some(Nmap::Hangs) => Err(ScanFailure::Failed(Problem::NmapHung { subnet })),
            None => Ok(self.network.answering(&target)),
        };
        self.input(Input::ScanEnded(Box::new(ScanEnded {
            scan,
            started_at,
            rights: Rights::Raw,
            result,
        })));
    }

    fn upload_starts(
        &mut self,
        report: ReportId,
        baseline: Option<SubnetId>,
        leave_out: &BTreeSet<IpAddr>,
    ) {
        let Some((kept, body)) = self.database.reports.get(&report) else {
            panic!("{report} is uploaded, but was never committed");
        };
        let body = report::without(&body.0, leave_out).expect("a body of our own making");
        let taken = Taken {
            report,
            subnet: kept.subnet,
            hosts: hosts_of(&body),
        };
        let baseline = baseline.and_then(|subnet| self.ipam.last_discovery(subnet).ok());
        let wait = self.random(5, 20 * SECOND);
        self.own(wait, Inner::UploadArrives(taken, baseline));
    }

    fn upload_arrives(&mut self, taken: Taken, before: Option<String>) {
        let report = taken.report;
        if !self.server.refuses_token && self.server.mode.takes() {
            self.watch.arrives(&taken);
        }
        let idle = self.server.current.is_none() && self.server.queue.is_empty();
        let answer = match self.server.post(taken) {
            Answer::Taken { status, .. } => Answer::Taken {
                status,
                baseline: before,
            },
            answer @ (Answer::NotNow { .. } | Answer::Refused { .. }) => answer,
        };
        if idle && !self.server.queue.is_empty() {
            self.after(10, Event::ServerWorks(self.server.life));
        }
        let wait = self.random(1, 20 * SECOND);
        self.own(wait, Inner::ToAgent(Input::Uploaded { report, answer }));
    }

    fn server_works(&mut self) {
        let now = self.true_now();
        let life = self.server.life;
        let (taken, next) = match self.server.current.take() {
            Some(current) => current,
            None => {
                let Some(taken) = self.server.queue.pop_front() else {
                    return;
                };
                let Some(rows) = self.ipam.subnets.get_mut(&taken.subnet) else {
                    return;
                };
                if rows.deleted {
                    self.after(10, Event::ServerWorks(life));
                    return;
                }
                rows.last_discovery = Some(text(now));
                self.watch.discovered(&taken);
                (taken, 0)
            }
        };
        let Some((ip, id, last_seen)) = taken.hosts.get(next).cloned() else {
            self.after(10, Event::ServerWorks(life));
            return;
        };
        let fresh = self.ipam.row(false);
        let Some(rows) = self.ipam.subnets.get_mut(&taken.subnet) else {
            return;
        };
        let row_id = rows.rows.get(&ip).map(|row| row.id.0);
        if rows.deleted || (id.is_some() && id != row_id) {
            // One bad host spoils all that come after it.
            self.watch.spoiled.insert(taken.report);
            self.after(SERVER_PER_HOST, Event::ServerWorks(life));
            return;
        }
        let row = rows.rows.entry(ip).or_insert(fresh);
        row.last_seen = Some(last_seen);
        self.watch.wrote(&taken, ip);
        self.server.current = Some((taken, next + 1));
        self.after(SERVER_PER_HOST, Event::ServerWorks(life));
    }

    pub(crate) fn restart_server(&mut self) {
        self.server.restart();
    }

    /// What must hold at any time.
    pub(crate) fn check(&mut self) {
        if let Some(process) = &self.process {
            self.watch.stopping_ends(self.time, process.ending_since);
        }
        self.watch.no_storm(self.time);
    }
}

const BASE: i64 = 1_773_230_400_000;

fn at(since: i64) -> Timestamp {
    Timestamp::from_millisecond(BASE + since).expect("within the calendar")
}

/// As phpIPAM keeps times.
pub(crate) fn text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn hosts_of(body: &str) -> Vec<(IpAddr, Option<u64>, String)> {
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let results = body["scan"]["results"].as_array().expect("a list");
    let host = |host: &serde_json::Value| {
        let ip = host["ip"].as_str().expect("an address");
        let last_seen = host["lastSeen"].as_str().expect("a time");
        (
            ip.parse().expect("an address"),
            host["id"].as_u64(),
            last_seen.to_owned(),
        )
    };
    results.iter().map(host).collect()
}

pub(crate) fn settings() -> Settings {
    Settings {
        scanagent_code: Some(AgentCode::new("CodeA11-abcdefghijklmnopqrstuvwx")),
        ..Settings::default()
    }
}
