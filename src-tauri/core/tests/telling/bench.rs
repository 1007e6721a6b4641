//! An agent with a small site around it: two subnets, a database that keeps what it is given, and time.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use fieldscan_core::{
    agent::{
        Agent, Command, Effect, Input, LastIds, Lasting, Loaded, Options, Restored, ScanEnded,
        ScanFailure, Scope,
    },
    compare::{Memory, Trace},
    delivery::{Answer, ReadBack, Report},
    host::{Host, SeenBy},
    ids::{AddressId, AgentCode, AgentId, ReportId, ScanId, SubnetId},
    ipam::{Address, AddressBook, Assignment, Subnet},
    notice::{Category, Notice, Told},
    problem::Problem,
    run::FinishedScan,
    schedule::Schedule,
    settings::Settings,
};
use jiff::{Timestamp, tz::TimeZone};

use crate::plain;

pub(crate) struct Bench {
    pub(crate) agent: Agent,
    pub(crate) now: Timestamp,
    pub(crate) settings: Settings,
    pub(crate) notices: Vec<Notice>,
    pub(crate) lasting: Lasting,
    pub(crate) wake_at: Option<Timestamp>,
    /// Hosts that answer, by subnet and last byte.
    pub(crate) up: BTreeSet<(u64, u8)>,
    /// phpIPAM's rows.
    pub(crate) documented: BTreeSet<(u64, u8)>,
    pub(crate) ipam_works: bool,
    pub(crate) server_works: bool,
    /// The scan server refuses reports with this status.
    pub(crate) refuses: Option<u16>,
    pub(crate) nmap_fails: bool,
    pub(crate) disk_full: bool,
    memories: BTreeMap<SubnetId, Memory>,
    reports: BTreeMap<ReportId, Report>,
    last_ids: LastIds,
    /// `lastSeen` as the scan server wrote it.
    seen: BTreeMap<IpAddr, String>,
}

fn settings() -> Settings {
    Settings {
        scanagent_code: Some(AgentCode::new("CodeA11-abcdefghijklmnopqrstuvwx")),
        schedule: Schedule::Off,
        misses_before_missing: 1,
        ..Settings::default()
    }
}

fn options(scheduled: bool) -> Options {
    Options {
        scheduled,
        hold_uploads: false,
        zone: TimeZone::UTC,
        seed: 1,
    }
}

fn assignment(fetched_at: Timestamp) -> Assignment {
    let subnet = |id, description: &str| Subnet {
        description: description.into(),
        ..plain::subnet(id, &format!("10.0.{id}.0/28"))
    };
    Assignment {
        agent: AgentId(1),
        agent_name: "site".into(),
        subnets: vec![subnet(1, "Depot – office"), subnet(2, "Warehouse")],
        fetched_at,
    }
}

pub(crate) fn ip(subnet: u64, host: u8) -> IpAddr {
    IpAddr::from([10, 0, subnet as u8, host])
}

impl Bench {
    pub(crate) fn new() -> Self {
        let now: Timestamp = "2026-03-11T12:00:00Z".parse().expect("a timestamp");
        let restored = Restored {
            assignment: Some(assignment(now)),
            ..Restored::default()
        };
        let mut bench = Self {
            agent: Agent::new(settings(), options(true), restored),
            now,
            settings: settings(),
            notices: Vec::new(),
            lasting: Lasting::default(),
            wake_at: None,
            up: BTreeSet::new(),
            documented: BTreeSet::new(),
            ipam_works: true,
            server_works: true,
            refuses: None,
            nmap_fails: false,
            disk_full: false,
            memories: BTreeMap::new(),
            reports: BTreeMap::new(),
            last_ids: LastIds::default(),
            seen: BTreeMap::new(),
        };
        bench.give(Input::Tick);
        bench
    }

    /// The process dies, and a new one takes up what the database has.
    pub(crate) fn restart(&mut self) {
        let told = self.notices.iter();
        let restored = Restored {
            assignment: Some(assignment(self.now)),
            reports: self.reports.values().cloned().collect(),
            told: Told::restore(told.map(|notice| (notice.at, notice.things.clone()))),
            lasting: self.lasting.clone(),
            last_ids: self.last_ids,
            ..Restored::default()
        };
        self.agent = Agent::new(self.settings.clone(), options(true), restored);
        self.give(Input::Tick);
    }

    pub(crate) fn command(&mut self, command: Command) {
        self.give(Input::Command(command));
    }

    pub(crate) fn set(&mut self, settings: Settings) {
        self.settings = settings.clone();
        self.command(Command::Settings(Box::new(settings)));
    }

    /// Scans both subnets and has all that follows done; returns what was told meanwhile.
    pub(crate) fn scan(&mut self) -> Vec<Notice> {
        let before = self.notices.len();
        self.command(Command::Scan {
            scope: Scope::All,
            refresh: true,
        });
        assert!(!self.is_running(), "the run came to its end");
        self.notices.split_off_copy(before)
    }

    /// Lets time go by, waking the agent as it asks to be.
    pub(crate) fn wait(&mut self, wait: Duration) -> Vec<Notice> {
        let before = self.notices.len();
        let until = self.now + wait;
        for _ in 0..100_000 {
            match self.wake_at.filter(|at| *at <= until) {
                Some(at) => {
                    self.now = self.now.max(at);
                    self.wake_at = None;
                    self.give(Input::Tick);
                }
                None => {
                    self.now = until;
                    return self.notices.split_off_copy(before);
                }
            }
        }
        panic!("the agent is woken again and again");
    }

    pub(crate) fn is_running(&self) -> bool {
        self.agent.snapshot(self.now).run.is_some()
    }

    /// Gives an input and does all that follows.
    pub(crate) fn give(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let effects = self.agent.handle(input, self.now);
            let mut next: Vec<Input> = effects
                .into_iter()
                .filter_map(|effect| self.carry_out(effect))
                .collect();
            next.reverse();
            inputs.extend(next);
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Option<Input> {
        match effect {
            Effect::FetchAssignment => Some(Input::Assignment(match self.ipam_works {
                true => Ok(assignment(self.now)),
                false => Err(unreachable_ipam()),
            })),
            Effect::LoadAddresses {
                subnet,
                freshness: _,
            } => Some(Input::Addresses(Box::new(Loaded {
                subnet,
                book: Some(self.book(subnet)),
                asked: true,
                problem: (!self.ipam_works).then(unreachable_ipam),
                memory: self.memories.get(&subnet).cloned().unwrap_or_default(),
            }))),
            Effect::Scan { scan, target, .. } => {
                self.last_ids.scan = self.last_ids.scan.max(scan);
                Some(self.scanned(scan, target.subnet))
            }
            Effect::Commit(finished) => Some(self.commit(finished)),
            Effect::Notify(notice) | Effect::SaveNotice(notice) if self.disk_full => {
                Some(Input::NotSaved {
                    effect: Box::new(Effect::Notify(notice)),
                    problem: Problem::DiskFull,
                })
            }
            Effect::Notify(notice) => {
                self.last_ids.notice = self.last_ids.notice.max(notice.id);
                self.notices.push(*notice);
                None
            }
            Effect::SaveNotice(notice) => {
                self.notices.push(*notice);
                None
            }
            Effect::SaveReport(report) => {
                self.reports.insert(report.id, *report);
                None
            }
            Effect::SaveLasting(lasting) => {
                self.lasting = *lasting;
                None
            }
            // No surroundings are told here, so no place is learned.
            Effect::SavePlaces(_) => None,
            Effect::SaveRun(run) => {
                self.last_ids.run = self.last_ids.run.max(run.id);
                None
            }
            Effect::Upload { report, .. } => Some(self.uploaded(report)),
            Effect::ReadBack { subnet, .. } => Some(Input::ReadBack {
                subnet,
                result: match self.ipam_works {
                    true => Ok(ReadBack {
                        last_discovery: Some(self.now.to_string()),
                        last_seen: self.seen.clone(),
                    }),
                    false => Err(unreachable_ipam()),
                },
            }),
            Effect::WakeAt(at) => {
                self.wake_at = Some(at);
                None
            }
            Effect::Discard(_)
            | Effect::HoldScans(_)
            | Effect::StopScan(_)
            | Effect::Prune(_)
            | Effect::End => None,
        }
    }

    fn book(&self, subnet: SubnetId) -> AddressBook {
        let rows = self.documented.iter().filter(|row| row.0 == subnet.0);
        AddressBook {
            addresses: rows
                .map(|(subnet, host)| Address {
                    id: AddressId(subnet * 1_000 + u64::from(*host)),
                    subnet: SubnetId(*subnet),
                    ip: ip(*subnet, *host),
                    hostname: None,
                    mac: None,
                    description: None,
                    owner: None,
                    note: None,
                    is_gateway: false,
                    exclude_ping: false,
                    tag: None,
                    last_seen: None,
                    edit_date: None,
                    custom: BTreeMap::new(),
                })
                .collect(),
            fetched_at: self.now,
        }
    }

    fn scanned(&mut self, scan: ScanId, subnet: SubnetId) -> Input {
        let up = self.up.iter().filter(|host| host.0 == subnet.0);
        let hosts = up.map(|(subnet, host)| Host {
            ip: ip(*subnet, *host),
            mac: None,
            also: Vec::new(),
            vendor: None,
            ptr: (*host == 9).then(|| "raspberrypi".to_owned()),
            rtt: None,
            seen_by: SeenBy::EchoReply,
        });
        Input::ScanEnded(Box::new(ScanEnded {
            scan,
            started_at: self.now,
            rights: fieldscan_core::run::Rights::Raw,
            result: match self.nmap_fails {
                true => Err(ScanFailure::Failed(Problem::NmapFailed {
                    subnet,
                    detail: "out of memory".into(),
                })),
                false => Ok(hosts.collect()),
            },
        }))
    }

    fn commit(&mut self, finished: Box<FinishedScan>) -> Input {
        let scan = finished.scan.id;
        if self.disk_full {
            return Input::Committed {
                scan,
                result: Err((Problem::DiskFull, finished)),
            };
        }
        for (report, _) in &finished.reports {
            self.last_ids.report = self.last_ids.report.max(report.id);
            self.reports.insert(report.id, report.clone());
        }
        let last = finished.hosts.iter().map(|host| (host.ip, Trace::of(host)));
        let findings = finished.findings.iter();
        let memory = Memory {
            misses: finished.misses.iter().copied().collect(),
            last: Some(last.collect()),
            exceptions: findings
                .filter_map(|finding| Some((finding.ip, finding.standing.exception()?)))
                .collect(),
        };
        self.memories.insert(finished.scan.subnet, memory);
        Input::Committed {
            scan,
            result: Ok(()),
        }
    }

    fn uploaded(&mut self, report: ReportId) -> Input {
        let answer = if !self.server_works {
            Answer::NotNow {
                problem: Problem::ServerUnreachable {
                    detail: "refused".into(),
                },
                retry_after: None,
            }
        } else if let Some(status) = self.refuses {
            Answer::Refused {
                problem: Problem::ReportRejected {
                    report,
                    status,
                    words: "The subnet is no longer assigned to this agent".into(),
                },
            }
        } else {
            if let Some(kept) = self.reports.get(&report) {
                let told = kept.told().map(|ip| (ip, kept.last_seen.clone()));
                self.seen.extend(told);
            }
            Answer::Taken {
                status: 200,
                baseline: Some(String::new()),
            }
        };
        Input::Uploaded { report, answer }
    }
}

pub(crate) fn unreachable_ipam() -> Problem {
    Problem::IpamUnreachable {
        detail: "connection refused".into(),
    }
}

/// A copy of the end of a list.
trait SplitOffCopy {
    fn split_off_copy(&self, at: usize) -> Vec<Notice>;
}

impl SplitOffCopy for Vec<Notice> {
    fn split_off_copy(&self, at: usize) -> Vec<Notice> {
        self.iter().skip(at).cloned().collect()
    }
}

/// The titles of notices of a category.
pub(crate) fn titles(notices: &[Notice], category: Category) -> Vec<&str> {
    let of = notices.iter().filter(|notice| notice.category == category);
    of.map(|notice| notice.title.as_str()).collect()
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
