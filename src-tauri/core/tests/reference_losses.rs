//! What the reference scanner loses, and this one doesn't: as far as decisions go. Each test has the name of a loss.

#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod plain;

use std::{net::IpAddr, time::Duration};

use fieldscan_core::{
    host::{Host, SeenBy},
    ids::{AgentCode, SubnetId},
    ipam::{Subnet, is_fresh},
    plan::{Dns, Guard, LeftOut, Mode, Refusal, survey, target},
    report::{self, BadBody, Draft, Source},
};
use jiff::{Timestamp, tz::TimeZone};

fn subnet(id: u64, cidr: &str) -> Subnet {
    Subnet {
        resolve_dns: true,
        ..plain::subnet(id, cidr)
    }
}

fn host(ip: &str) -> Host {
    Host {
        ip: ip.parse().unwrap(),
        mac: None,
        also: Vec::new(),
        vendor: None,
        ptr: None,
        rtt: None,
        seen_by: SeenBy::EchoReply,
    }
}

fn reports(subnet: &Subnet, hosts: &[Host]) -> Result<Vec<Draft>, BadBody> {
    report::make(Source {
        code: &AgentCode::new("Code"),
        subnet,
        mode: Mode::Sweep,
        hosts,
        book: &[],
        seen_at: "2026-11-23T16:40:52Z".parse().unwrap(),
        zone: &TimeZone::UTC,
        report_ipv6: false,
    })
}

fn results(draft: &Draft) -> Vec<serde_json::Value> {
    let body: serde_json::Value = serde_json::from_str(&draft.body.0).unwrap();
    body["scan"]["results"].as_array().unwrap().clone()
}

#[test]
fn exactly_one_live_host_is_reported() {
    let drafts = reports(&subnet(1, "10.77.9.0/28"), &[host("10.77.9.5")]).unwrap();
    assert_eq!(drafts.len(), 1);
    let results = results(&drafts[0]);
    assert_eq!(results.len(), 1, "the one host that is up is told of");
    assert_eq!(results[0]["ip"], "10.77.9.5");
}

#[test]
fn an_ipv6_subnet_is_never_an_empty_report() {
    let six = subnet(1, "fd00:77::/64");
    for hosts in [&[][..], &[host("fd00:77::5")]] {
        assert_eq!(
            reports(&six, hosts),
            Ok(vec![]),
            "a server that can't be told of IPv6 hosts isn't told that there are none"
        );
    }
    assert_eq!(
        survey(std::slice::from_ref(&six), &Guard::default()),
        [(six.id, Ok(Mode::Known))]
    );
    let nothing_known = target(&six, Mode::Known, &[], &Guard::default());
    assert_eq!(
        nothing_known.map(|target| target.chunks),
        Ok(vec![]),
        "without known addresses nobody is asked; that nothing is reported then, the agent's tests show"
    );
}

#[test]
fn a_bad_mask_is_never_an_empty_report() {
    for (cidr, why) in [
        ("10.77.9.0/", LeftOut::NoMask),
        ("10.77.9.0/0", LeftOut::NoMask),
        ("10.77.9.0/33", LeftOut::Refused(Refusal::NotANetwork)),
        ("10.77.9.0/x", LeftOut::Refused(Refusal::NotANetwork)),
        ("10.77.9.1/28", LeftOut::Refused(Refusal::NotANetwork)),
    ] {
        let bad = subnet(1, cidr);
        assert_eq!(
            survey(std::slice::from_ref(&bad), &Guard::default()),
            [(bad.id, Err(why))],
            "{cidr} is left out with its reason"
        );
        for mode in [Mode::Sweep, Mode::Known] {
            assert!(
                target(&bad, mode, &[], &Guard::default()).is_err(),
                "{cidr} is no target even for who doesn't ask the survey"
            );
        }
        assert_eq!(
            reports(&bad, &[]),
            Err(BadBody::Subnet),
            "and nothing is told of {cidr}"
        );
    }
}

#[test]
fn a_bad_subnet_does_not_keep_later_ones_from_being_scanned() {
    let subnets = [
        subnet(1, "; rm"),
        subnet(2, "10.0.0.0/8"),
        subnet(3, "10.77.9.0/28"),
    ];
    let plan = survey(&subnets, &Guard::default());
    assert!(plan[0].1.is_err() && plan[1].1.is_err());
    assert_eq!(plan[2], (SubnetId(3), Ok(Mode::Sweep)));
}

#[test]
fn the_second_name_server_never_becomes_a_scan_target() {
    let servers: Vec<IpAddr> = ["10.1.1.1", "10.2.2.2"]
        .map(|ip| ip.parse().unwrap())
        .into();
    let with = Subnet {
        name_servers: servers.clone(),
        ..subnet(1, "10.77.9.0/28")
    };
    let target = target(&with, Mode::Sweep, &[], &Guard::default()).unwrap();
    assert_eq!(target.dns, Dns::Servers(servers.clone()), "both are asked");
    for server in servers {
        assert!(!target.covers(server), "{server} would be scanned");
    }
    let networks: Vec<_> = target
        .chunks
        .iter()
        .flat_map(|chunk| &chunk.networks)
        .collect();
    assert_eq!(networks, [&with.network.unwrap()]);
}

#[test]
fn a_subnets_name_server_does_not_leak_into_the_next() {
    let with = Subnet {
        name_servers: vec!["10.1.1.1".parse().unwrap()],
        ..subnet(1, "10.77.9.0/28")
    };
    let next = subnet(2, "10.77.10.0/28");
    let without_names = Subnet {
        resolve_dns: false,
        ..subnet(3, "10.77.11.0/28")
    };
    let dns: Vec<_> = [with, next, without_names]
        .iter()
        .map(|subnet| {
            target(subnet, Mode::Sweep, &[], &Guard::default())
                .unwrap()
                .dns
        })
        .collect();
    assert_eq!(
        dns,
        [
            Dns::Servers(vec!["10.1.1.1".parse().unwrap()]),
            Dns::System,
            Dns::Off
        ]
    );
}

#[test]
fn the_caches_age_does_not_depend_on_a_time_zone() {
    let expire = Duration::from_secs(1800);
    let fetched: Timestamp = "2026-11-23T16:00:00+09:00".parse().unwrap();
    for (now, fresh) in [
        ("2026-11-23T07:29:59Z", true),
        ("2026-11-23T02:29:59-05:00", true),
        ("2026-11-23T07:30:00Z", false),
        ("2026-11-23T16:29:59Z", false),
    ] {
        assert_eq!(
            is_fresh(fetched, now.parse().unwrap(), expire),
            fresh,
            "fetched at {fetched}, now {now}"
        );
    }
}
