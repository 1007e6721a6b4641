//! The simulated site: phpIPAM, the scan server that writes into it, and the network.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use fieldscan_core::{
    delivery::{Answer, ReadBack},
    host::{Host, SeenBy},
    ids::{AddressId, AgentId, ReportId, SubnetId},
    ipam::{Address, AddressBook, Assignment, Subnet},
    plan::Target,
    problem::Problem,
};
use jiff::Timestamp;

use crate::plain;

/// Subnets that can be scanned, one host address part after another.
pub(crate) const SCANNED: [u64; 3] = [1, 2, 3];
/// Addresses that come and go.
pub(crate) const HOSTS: u8 = 6;
/// The address with `excludePing` in each subnet.
pub(crate) const EXCLUDED: u8 = 7;

pub(crate) fn host_ip(subnet: u64, host: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, subnet as u8, host).into()
}

/// How phpIPAM's API answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ApiMode {
    #[default]
    Works,
    Down,
    Failing,
    Slow,
}

/// phpIPAM's database and API.
#[derive(Debug, Default)]
pub(crate) struct Ipam {
    pub(crate) mode: ApiMode,
    pub(crate) subnets: BTreeMap<SubnetId, Rows>,
    next_id: u64,
}

#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) subnet: Subnet,
    pub(crate) deleted: bool,
    pub(crate) rows: BTreeMap<IpAddr, Row>,
    pub(crate) last_discovery: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: AddressId,
    pub(crate) last_seen: Option<String>,
    pub(crate) exclude: bool,
}

impl Ipam {
    pub(crate) fn new() -> Self {
        let mut ipam = Self {
            next_id: 1000,
            ..Self::default()
        };
        for id in SCANNED {
            let mut rows = ipam.empty(id, &format!("10.0.{id}.0/28"), false);
            for host in [1, 2, EXCLUDED] {
                let row = ipam.row(host == EXCLUDED);
                rows.rows.insert(host_ip(id, host), row);
            }
            ipam.subnets.insert(SubnetId(id), rows);
        }
        for (id, cidr, folder) in [
            (7, "8.8.8.0/29", false),
            (8, "0.0.0.0/0", true),
            (9, "; rm -rf /", false),
        ] {
            let rows = ipam.empty(id, cidr, folder);
            ipam.subnets.insert(SubnetId(id), rows);
        }
        ipam
    }

    fn empty(&self, id: u64, cidr: &str, is_folder: bool) -> Rows {
        Rows {
            subnet: Subnet {
                is_folder,
                ..plain::subnet(id, cidr)
            },
            deleted: false,
            rows: BTreeMap::new(),
            last_discovery: None,
        }
    }

    pub(crate) fn row(&mut self, exclude: bool) -> Row {
        self.next_id += 1;
        Row {
            id: AddressId(self.next_id),
            last_seen: None,
            exclude,
        }
    }

    /// Whether the API answers at all.
    pub(crate) fn answers(&self) -> Result<(), Problem> {
        match self.mode {
            ApiMode::Works | ApiMode::Slow => Ok(()),
            ApiMode::Down => Err(Problem::IpamUnreachable {
                detail: "connection refused".into(),
            }),
            ApiMode::Failing => Err(Problem::IpamFailing {
                status: 500,
                words: String::new(),
            }),
        }
    }

    pub(crate) fn assignment(&self, fetched_at: Timestamp) -> Result<Assignment, Problem> {
        self.answers()?;
        let subnets = self.subnets.values().filter(|rows| !rows.deleted);
        Ok(Assignment {
            agent: AgentId(1),
            agent_name: "sim".into(),
            subnets: subnets
                .map(|rows| Subnet {
                    last_discovery: rows.last_discovery.clone(),
                    ..rows.subnet.clone()
                })
                .collect(),
            fetched_at,
        })
    }

    pub(crate) fn addresses(
        &self,
        id: SubnetId,
        fetched_at: Timestamp,
    ) -> Result<AddressBook, Problem> {
        let rows = self.existing(id)?;
        let address = |(ip, row): (&IpAddr, &Row)| Address {
            id: row.id,
            subnet: id,
            ip: *ip,
            hostname: None,
            mac: None,
            description: None,
            owner: None,
            note: None,
            is_gateway: false,
            exclude_ping: row.exclude,
            tag: None,
            last_seen: row.last_seen.clone(),
            edit_date: None,
            custom: BTreeMap::new(),
        };
        Ok(AddressBook {
            addresses: rows.rows.iter().map(address).collect(),
            fetched_at,
        })
    }

    pub(crate) fn last_discovery(&self, id: SubnetId) -> Result<String, Problem> {
        Ok(self
            .existing(id)?
            .last_discovery
            .clone()
            .unwrap_or_default())
    }

    pub(crate) fn read_back(
        &self,
        id: SubnetId,
        last_discovery: bool,
    ) -> Result<ReadBack, Problem> {
        let rows = self.existing(id)?;
        Ok(ReadBack {
            last_discovery: last_discovery.then(|| rows.last_discovery.clone().unwrap_or_default()),
            last_seen: rows
                .rows
                .iter()
                .filter_map(|(ip, row)| Some((*ip, row.last_seen.clone()?)))
                .collect(),
        })
    }

    fn existing(&self, id: SubnetId) -> Result<&Rows, Problem> {
        self.answers()?;
        self.subnets
            .get(&id)
            .filter(|rows| !rows.deleted)
            .ok_or(Problem::SubnetGone { subnet: id })
    }
}

/// How the scan server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ServerMode {
    #[default]
    Works,
    Down,
    Failing(u16),
    /// 429 with `Retry-After` in seconds.
    Busy(u64),
    TooLarge,
    /// Takes the report, and the connection drops before the answer.
    DropsAnswers,
    /// 200, and nothing is done.
    Swallows,
}

impl ServerMode {
    /// Whether a report that comes is taken, as far as anybody can tell.
    pub(crate) fn takes(self) -> bool {
        match self {
            Self::Works | Self::DropsAnswers | Self::Swallows => true,
            Self::Down | Self::Failing(_) | Self::Busy(_) | Self::TooLarge => false,
        }
    }
}

/// One report as the server got it.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) report: ReportId,
    pub(crate) subnet: SubnetId,
    /// Address, id and `lastSeen`.
    pub(crate) hosts: Vec<(IpAddr, Option<u64>, String)>,
}

/// The scan server: one report at a time, from memory.
#[derive(Debug, Default)]
pub(crate) struct Server {
    pub(crate) mode: ServerMode,
    pub(crate) refuses_token: bool,
    pub(crate) queue: VecDeque<Taken>,
    /// The report at hand, and the next host of it.
    pub(crate) current: Option<(Taken, usize)>,
    /// Counts restarts.
    pub(crate) life: u32,
}

impl Server {
    /// Answers at once; whether anything will be done is another matter.
    pub(crate) fn post(&mut self, taken: Taken) -> Answer {
        let report = taken.report;
        if self.mode == ServerMode::Down {
            return Answer::NotNow {
                problem: Problem::ServerUnreachable {
                    detail: "connection refused".into(),
                },
                retry_after: None,
            };
        }
        if self.refuses_token {
            return Answer::Refused {
                problem: Problem::ServerTokenRejected {
                    words: "Invalid authorization token".into(),
                },
            };
        }
        let failing = |status, retry_after| Answer::NotNow {
            problem: Problem::ServerFailing {
                status,
                words: String::new(),
            },
            retry_after,
        };
        match self.mode {
            ServerMode::Works | ServerMode::Down => self.queue.push_back(taken),
            ServerMode::Swallows => {}
            ServerMode::Failing(status) => return failing(status, None),
            ServerMode::Busy(seconds) => {
                return failing(429, Some(Duration::from_secs(seconds)));
            }
            ServerMode::TooLarge => {
                return Answer::Refused {
                    problem: Problem::ReportRejected {
                        report,
                        status: 413,
                        words: "too large".into(),
                    },
                };
            }
            ServerMode::DropsAnswers => {
                self.queue.push_back(taken);
                return Answer::NotNow {
                    problem: Problem::ServerUnreachable {
                        detail: "connection reset".into(),
                    },
                    retry_after: None,
                };
            }
        }
        Answer::Taken {
            status: 200,
            baseline: None,
        }
    }

    /// A restart loses what it had taken.
    pub(crate) fn restart(&mut self) {
        self.life += 1;
        self.queue.clear();
        self.current = None;
    }
}

/// What nmap does in a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nmap {
    NoRoute,
    Fails,
    Hangs,
}

/// The hosts, and how nmap fares.
#[derive(Debug, Default)]
pub(crate) struct Network {
    pub(crate) up: BTreeSet<IpAddr>,
    pub(crate) trouble: BTreeMap<SubnetId, Nmap>,
}

impl Network {
    pub(crate) fn new() -> Self {
        let up = SCANNED
            .iter()
            .flat_map(|id| [1, 2, 3].map(|host| host_ip(*id, host)));
        Self {
            up: up.collect(),
            trouble: BTreeMap::new(),
        }
    }

    pub(crate) fn answering(&self, target: &Target) -> Vec<Host> {
        let host = |ip: &IpAddr| Host {
            ip: *ip,
            mac: None,
            also: Vec::new(),
            vendor: None,
            ptr: None,
            rtt: None,
            seen_by: SeenBy::EchoReply,
        };
        self.up
            .iter()
            .filter(|ip| target.covers(**ip))
            .map(host)
            .collect()
    }
}
