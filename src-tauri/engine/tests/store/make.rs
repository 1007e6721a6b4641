//! Values to keep, plain ones and generated ones.

use std::{collections::BTreeMap, net::IpAddr, path::Path, time::Duration};

use fieldscan_core::{
    compare::{Changes, Counts, Difference, Finding, Standing},
    delivery::{Cause, Event, Report, State, Step},
    host::{Host, Mac, SeenBy},
    ids::{AddressId, AgentCode, AgentId, ReportId, RunId, ScanId, SubnetId},
    ipam::{Address, AddressBook, Assignment, Subnet},
    plan::{LeftOut, Mode, Refusal},
    problem::Problem,
    run::{Body, FinishedScan, Outcome, Rights, Run, Scan, SubnetRun, Trigger},
};
use fieldscan_engine::store::{CacheKey, Store};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

pub(crate) fn at(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    start + minutes.minutes()
}

pub(crate) fn key() -> CacheKey {
    CacheKey {
        api_url: "https://ipam.example.com/".into(),
        app: "scanner".into(),
        agent_code: AgentCode::new("code-1"),
    }
}

pub(crate) fn open(dir: &Path) -> Store {
    let opened = Store::open(dir, at(0)).unwrap();
    assert_eq!(opened.notes, [], "a sound database needs no note");
    opened.store
}

pub(crate) fn ip(last: u32) -> IpAddr {
    IpAddr::from((0x0a00_0000_u32 + last).to_be_bytes())
}

pub(crate) fn subnet(id: u64, cidr: &str) -> Subnet {
    Subnet {
        id: SubnetId(id),
        cidr: cidr.into(),
        network: cidr.parse().ok(),
        description: format!("Subnet {id}"),
        is_folder: false,
        is_parent: false,
        discover: true,
        ping: true,
        resolve_dns: true,
        name_servers: vec!["10.0.0.53".parse().unwrap()],
        last_discovery: None,
        last_scan: Some("2026-02-28 10:00:00".into()),
        custom: BTreeMap::new(),
    }
}

pub(crate) fn assignment(subnets: Vec<Subnet>) -> Assignment {
    Assignment {
        agent: AgentId(3),
        agent_name: "branch".into(),
        subnets,
        fetched_at: at(0),
    }
}

pub(crate) fn address(id: u64, subnet: u64, ip: IpAddr) -> Address {
    Address {
        id: AddressId(id),
        subnet: SubnetId(subnet),
        ip,
        hostname: Some(format!("host-{id}.example.com")),
        mac: Some(mac(id as u8)),
        description: Some("Printer".into()),
        owner: None,
        note: None,
        is_gateway: false,
        exclude_ping: false,
        tag: Some(2),
        last_seen: Some("2026-02-28 10:00:00".into()),
        edit_date: None,
        custom: BTreeMap::new(),
    }
}

pub(crate) fn book(addresses: Vec<Address>) -> AddressBook {
    AddressBook {
        addresses,
        fetched_at: at(0),
    }
}

pub(crate) fn mac(last: u8) -> Mac {
    Mac([0x00, 0x16, 0x3e, 0, 0, last])
}

pub(crate) fn host(ip: IpAddr) -> Host {
    Host {
        ip,
        mac: Some(mac(1)),
        also: Vec::new(),
        vendor: Some("Xensource".into()),
        ptr: Some("a.example.com".into()),
        rtt: Some(Duration::from_micros(420)),
        seen_by: SeenBy::ArpResponse,
    }
}

/// Scan `id` of a subnet, ended `id` minutes after the start, with a report for the hosts.
pub(crate) fn finished(id: u64, subnet: u64, hosts: Vec<Host>) -> FinishedScan {
    let ips: Vec<IpAddr> = hosts.iter().map(|host| host.ip).collect();
    FinishedScan {
        scan: Scan {
            id: ScanId(id),
            run: RunId(id),
            subnet: SubnetId(subnet),
            cidr: "10.0.0.0/24".into(),
            started_at: at(id as i64 - 1),
            finished_at: at(id as i64),
            mode: Mode::Sweep,
            addresses: 254,
            rights: Rights::Helper,
            ipam_at: at(0),
            ipam_stale: false,
            counts: Counts {
                known: hosts.len() as u32,
                ..Counts::default()
            },
            changes: Changes::default(),
        },
        findings: ips
            .iter()
            .map(|&ip| Finding {
                ip,
                address: Some(AddressId(9)),
                standing: Standing::Known,
            })
            .collect(),
        misses: Vec::new(),
        reports: vec![(
            report(id, id, subnet, ips),
            Body(format!("{{\"scan\":{id}}}")),
        )],
        hosts,
    }
}

pub(crate) fn report(id: u64, scan: u64, subnet: u64, hosts: Vec<IpAddr>) -> Report {
    Report {
        id: ReportId(id),
        subnet: SubnetId(subnet),
        scan: ScanId(scan),
        cidr: "10.0.0.0/24".into(),
        part: (1, 1),
        created_at: at(scan as i64),
        last_seen: "2026-03-01 00:00:00".into(),
        hosts,
        stale: false,
        left_out: Default::default(),
        ahead: Default::default(),
        baseline: None,
        sends: 0,
        state: State::Queued,
        journey: vec![Step {
            at: at(scan as i64),
            event: Event::Queued,
        }],
    }
}

/// The report in a later state, told `minutes` after the start.
pub(crate) fn later(report: &Report, minutes: i64, state: State) -> Report {
    let event = match &state {
        State::Queued => Event::Retried,
        State::Waiting { problem, .. } => Event::Failed {
            problem: problem.clone(),
        },
        State::Sent { .. } => Event::Sent {
            status: 200,
            left_out: 0,
        },
        State::Confirmed { .. } => Event::Confirmed,
        State::Partly { .. } => Event::Partly,
        State::Unconfirmed { .. } => Event::Unconfirmed,
        State::Rejected { problem, .. } => Event::Rejected {
            problem: problem.clone(),
        },
        State::Superseded { .. } => Event::Superseded,
    };
    let mut report = report.clone();
    report.state = state;
    report.journey.push(Step {
        at: at(minutes),
        event,
    });
    report
}

/// One of each state.
pub(crate) fn states() -> Vec<State> {
    vec![
        State::Queued,
        State::Waiting {
            tries: 2,
            next_at: at(5),
            problem: Problem::ServerFailing {
                status: 503,
                words: "busy".into(),
            },
        },
        State::Sent {
            at: at(1),
            check_at: at(2),
            expected_by: at(9),
            checks: 1,
        },
        State::Confirmed { at: at(4) },
        State::Partly {
            at: at(9),
            missing: vec![ip(4)],
            causes: vec![Cause::ServerBusy],
        },
        State::Unconfirmed {
            at: at(9),
            causes: vec![Cause::ServerRestarted, Cause::NotAssigned],
        },
        State::Rejected {
            at: at(3),
            problem: Problem::ReportRejected {
                report: ReportId(1),
                status: 413,
                words: "too large".into(),
            },
        },
        State::Superseded { by: ReportId(77) },
    ]
}

pub(crate) fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9.-]{0,12}", any::<String>()]
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    (0i64..4_000_000_000_000).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap())
}

pub(crate) fn any_mac() -> impl Strategy<Value = Mac> {
    any::<[u8; 6]>().prop_map(Mac)
}

fn any_custom() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map(any_text(), any_text(), 0..3)
}

fn any_network() -> BoxedStrategy<ipnetwork::IpNetwork> {
    prop_oneof![
        (any::<std::net::Ipv4Addr>(), 0u8..=32).prop_map(|(ip, prefix)| {
            ipnetwork::Ipv4Network::new(ip, prefix)
                .map(|net| ipnetwork::Ipv4Network::new(net.network(), prefix).unwrap())
                .unwrap()
                .into()
        }),
        (any::<std::net::Ipv6Addr>(), 0u8..=128).prop_map(|(ip, prefix)| {
            ipnetwork::Ipv6Network::new(ip, prefix)
                .map(|net| ipnetwork::Ipv6Network::new(net.network(), prefix).unwrap())
                .unwrap()
                .into()
        }),
    ]
    .boxed()
}

prop_compose! {
    pub(crate) fn any_subnet()(
        id: u64,
        cidr in any_text(),
        network in prop::option::of(any_network()),
        description in any_text(),
        [is_folder, is_parent, discover, ping, resolve_dns] in any::<[bool; 5]>(),
        name_servers in prop::collection::vec(any::<IpAddr>(), 0..3),
        last_discovery in prop::option::of(any_text()),
        last_scan in prop::option::of(any_text()),
        custom in any_custom(),
    ) -> Subnet {
        Subnet {
            id: SubnetId(id), cidr, network, description, is_folder, is_parent, discover, ping, resolve_dns, name_servers,
            last_discovery, last_scan, custom,
        }
    }
}

prop_compose! {
    pub(crate) fn any_assignment()(
        agent: u64,
        agent_name in any_text(),
        subnets in prop::collection::vec(any_subnet(), 0..6),
        fetched_at in any_time(),
    ) -> Assignment {
        Assignment { agent: AgentId(agent), agent_name, subnets, fetched_at }
    }
}

prop_compose! {
    fn any_address(subnet: u64)(
        ip: IpAddr,
        id: u64,
        texts in prop::collection::vec(prop::option::of(any_text()), 6),
        mac in prop::option::of(any_mac()),
        [is_gateway, exclude_ping] in any::<[bool; 2]>(),
        tag: Option<u64>,
        custom in any_custom(),
    ) -> Address {
        let mut texts = texts.into_iter();
        let mut text = || texts.next().unwrap();
        Address {
            id: AddressId(id), subnet: SubnetId(subnet), ip, hostname: text(), mac, description: text(), owner: text(),
            note: text(), is_gateway, exclude_ping, tag, last_seen: text(), edit_date: text(), custom,
        }
    }
}

prop_compose! {
    /// Addresses of one family, in address order, as a subnet has them.
    pub(crate) fn any_book(subnet: u64)(
        mut addresses in prop::collection::vec(any_address(subnet), 0..12),
        v4: bool,
        fetched_at in any_time(),
    ) -> AddressBook {
        addresses.retain(|address| address.ip.is_ipv4() == v4);
        addresses.sort_by_key(|address| (address.ip, address.id.0.cast_signed()));
        addresses.dedup_by_key(|address| (address.ip, address.id));
        AddressBook { addresses, fetched_at }
    }
}

pub(crate) fn any_problem() -> BoxedStrategy<Problem> {
    prop_oneof![
        any_text().prop_map(|detail| Problem::IpamUnreachable { detail }),
        (any::<u16>(), any_text())
            .prop_map(|(status, words)| Problem::ServerFailing { status, words }),
        any::<u64>().prop_map(|subnet| Problem::NoRoute {
            subnet: SubnetId(subnet)
        }),
        any_network().prop_map(|network| Problem::NotAssigned { network }),
        (any::<u64>(), any_text(), any::<u64>()).prop_map(|(subnet, cidr, of)| {
            Problem::SubnetRefused {
                subnet: SubnetId(subnet),
                cidr,
                refusal: Refusal::Duplicate { of: SubnetId(of) },
            }
        }),
        (any::<i64>(), any::<i64>())
            .prop_map(|(ahead, offset)| Problem::ClockOff { ahead, offset }),
        Just(Problem::DiskFull),
    ]
    .boxed()
}

pub(crate) fn any_state() -> BoxedStrategy<State> {
    let causes = prop::collection::vec(
        prop_oneof![
            Just(Cause::ServerBusy),
            Just(Cause::RowsChanged),
            Just(Cause::StaleAddresses)
        ],
        0..3,
    );
    prop_oneof![
        Just(State::Queued),
        (any::<u32>(), any_time(), any_problem()).prop_map(|(tries, next_at, problem)| {
            State::Waiting {
                tries,
                next_at,
                problem,
            }
        }),
        (any_time(), any_time(), any_time(), any::<u32>()).prop_map(
            |(at, check_at, expected_by, checks)| State::Sent {
                at,
                check_at,
                expected_by,
                checks
            }
        ),
        any_time().prop_map(|at| State::Confirmed { at }),
        (
            any_time(),
            prop::collection::vec(any::<IpAddr>(), 0..4),
            causes.clone()
        )
            .prop_map(|(at, missing, causes)| State::Partly {
                at,
                missing,
                causes
            }),
        (any_time(), causes).prop_map(|(at, causes)| State::Unconfirmed { at, causes }),
        (any_time(), any_problem()).prop_map(|(at, problem)| State::Rejected { at, problem }),
        any::<u64>().prop_map(|by| State::Superseded { by: ReportId(by) }),
    ]
    .boxed()
}

fn any_event() -> BoxedStrategy<Event> {
    prop_oneof![
        Just(Event::Queued),
        any_problem().prop_map(|problem| Event::Failed { problem }),
        (any::<u16>(), any::<u32>())
            .prop_map(|(status, left_out)| Event::Sent { status, left_out }),
        Just(Event::Confirmed),
        Just(Event::Partly),
        Just(Event::Unconfirmed),
        any_problem().prop_map(|problem| Event::Rejected { problem }),
        Just(Event::Superseded),
        Just(Event::Retried),
    ]
    .boxed()
}

prop_compose! {
    pub(crate) fn any_report(id: u64, scan: u64, subnet: u64)(
        cidr in any_text(),
        part: (u32, u32),
        created_at in any_time(),
        last_seen in any_text(),
        hosts in prop::collection::vec(any::<IpAddr>(), 0..8),
        stale: bool,
        left_out in prop::collection::btree_set(any::<IpAddr>(), 0..3),
        ahead in prop::collection::btree_map(any::<IpAddr>(), any_text(), 0..3),
        baseline in prop::option::of(any_text()),
        sends: u32,
        state in any_state(),
        journey in prop::collection::vec((any_time(), any_event()), 0..5),
    ) -> Report {
        Report {
            id: ReportId(id), subnet: SubnetId(subnet), scan: ScanId(scan), cidr, part, created_at, last_seen, hosts, stale,
            left_out, ahead, baseline, sends, state, journey: journey.into_iter().map(|(at, event)| Step { at, event }).collect(),
        }
    }
}

pub(crate) fn any_standing() -> BoxedStrategy<Standing> {
    prop_oneof![
        Just(Standing::Known),
        Just(Standing::Unknown),
        any::<u32>().prop_map(|misses| Standing::Unseen { misses }),
        any::<u32>().prop_map(|misses| Standing::Missing { misses }),
        (any_mac(), any_mac(), any_text(), any_text()).prop_map(|(ipam, seen, a, b)| {
            Standing::Mismatch {
                differences: vec![
                    Difference::Mac { ipam, seen },
                    Difference::HostName { ipam: a, seen: b },
                ],
            }
        }),
        Just(Standing::Excluded),
    ]
    .boxed()
}

fn any_outcome() -> BoxedStrategy<Outcome> {
    prop_oneof![
        (any::<u64>(), any::<[u32; 3]>()).prop_map(|(scan, [known, missing, mismatch])| {
            Outcome::Scanned {
                scan: ScanId(scan),
                counts: Counts {
                    known,
                    missing,
                    mismatch,
                    ..Counts::default()
                },
            }
        }),
        prop_oneof![
            Just(LeftOut::Folder),
            any_text().prop_map(|site| LeftOut::Elsewhere { site }),
            Just(LeftOut::Refused(Refusal::NotANetwork)),
            any::<u64>().prop_map(|addresses| LeftOut::Refused(Refusal::TooLarge { addresses })),
        ]
        .prop_map(|why| Outcome::LeftOut { why }),
        any_problem().prop_map(|problem| Outcome::Failed { problem }),
        Just(Outcome::Stopped),
    ]
    .boxed()
}

prop_compose! {
    pub(crate) fn any_run(id: u64)(
        trigger in prop_oneof![Just(Trigger::Person), Just(Trigger::Schedule), Just(Trigger::CatchUp)],
        started_at in any_time(),
        finished_at in prop::option::of(any_time()),
        stopped: bool,
        subnets in prop::collection::vec((any::<u64>(), any_text(), any_text(), any_outcome()), 0..5),
        problem in prop::option::of(any_problem()),
    ) -> Run {
        Run {
            id: RunId(id), trigger, started_at, finished_at, stopped, problem,
            subnets: subnets.into_iter().map(|(subnet, cidr, description, outcome)| SubnetRun {
                subnet: SubnetId(subnet), cidr, description, outcome,
            }).collect(),
        }
    }
}

/// A run over nothing that ended.
pub(crate) fn run(id: u64) -> Run {
    Run {
        id: RunId(id),
        trigger: Trigger::Schedule,
        started_at: at(id as i64 - 1),
        finished_at: Some(at(id as i64)),
        stopped: false,
        subnets: Vec::new(),
        problem: None,
    }
}
