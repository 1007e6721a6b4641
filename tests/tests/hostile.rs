//! Ten thousand hostile hosts, through the report's filter and the engine's upload, to a server that executes what it is
//! told: none of them gets through, and none spoils a report.
//!
//! What arrives is judged here by rules of their own writing, which share nothing with the filter.

#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use fieldscan_core::{
    delivery::Answer,
    host::{Host, Mac, SeenBy},
    ids::{AddressId, AgentCode, ReportId, SubnetId},
    ipam::{Address, Subnet},
    plan::{Mode, network_of},
    report::{self, Draft, Source},
};
use fieldscan_engine::{
    http::{Limits, Now},
    upload::{Server, ServerConnection},
};
use fieldscan_tests::{
    ipam,
    phpipam::{Model, PhpIpam, address, subnet},
    scan_server::{ScanServer, Step},
};
use jiff::{Timestamp, tz::TimeZone};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::Value;

const TOKEN: &str = "token-of-this-test";
const SUBNETS: u8 = 40;
const HOSTS_EACH: usize = 250;
const SOON: Duration = Duration::from_secs(60);

/// What breaks SQL, templates, JSON, terminals and logs.
const PIECES: &[&str] = &[
    "'",
    "\"",
    "\\",
    "{{",
    "}}",
    "{{ lookup('pipe', 'id') }}",
    "{{lookup('env','HOME')}}",
    "{% raw %}",
    "{#",
    "\0",
    "\u{202e}",
    "\u{feff}",
    "🖨",
    "\n",
    "\r\n",
    "\u{1b}[31m",
    " ",
    ".",
    "-",
    "_",
    "; DROP TABLE ipaddresses; --",
    "' OR '1'='1",
    "$(id)",
    "`id`",
    "<script>",
    "bücher",
    "例え",
    "gw",
    "printer-2",
    "10-5-0-9",
    "example.com",
    "%00",
    "\u{85}",
    "\u{2028}",
    "null",
];

fn name() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(PIECES).prop_map(str::to_owned);
    prop_oneof![
        5 => prop::collection::vec(piece.clone(), 1..6).prop_map(|pieces| pieces.concat()),
        2 => ("[a-z0-9]{1,12}", piece.clone()).prop_map(|(label, piece)| format!("{label}{piece}.example.com")),
        2 => ("[a-z0-9]{1,12}", piece.clone()).prop_map(|(label, piece)| format!("{label}.{piece}")),
        1 => any::<String>(),
        1 => "[a-z0-9-]{1,80}(\\.[a-z]{2,5}){0,2}",
        1 => (piece, 1usize..400).prop_map(|(piece, times)| piece.repeat(times)),
    ]
}

fn mac() -> impl Strategy<Value = Option<Mac>> {
    prop::option::of(prop_oneof![
        4 => any::<[u8; 6]>().prop_map(Mac),
        1 => Just(Mac([0; 6])),
        1 => Just(Mac([255; 6])),
        1 => Just(Mac([1, 0, 0x5e, 0, 0, 1])),
    ])
}

/// Addresses inside the subnet, each once, and some that nmap could never have been asked for.
fn host(third: u8, last: u8) -> impl Strategy<Value = Host> {
    let ip = prop_oneof![
        20 => Just(IpAddr::from([10, 5, third, last])),
        1 => any::<[u8; 4]>().prop_map(IpAddr::from),
        1 => any::<[u8; 16]>().prop_map(IpAddr::from),
        1 => Just(IpAddr::V6(std::net::Ipv4Addr::new(10, 5, third, last).to_ipv6_mapped())),
    ];
    let seen_by = prop::sample::select(vec![SeenBy::ArpResponse, SeenBy::EchoReply, SeenBy::Other]);
    (ip, mac(), prop::option::weighted(0.95, name()), seen_by).prop_map(
        |(ip, mac, ptr, seen_by)| Host {
            ip,
            mac,
            also: Vec::new(),
            vendor: None,
            ptr,
            rtt: None,
            seen_by,
        },
    )
}

fn runner() -> TestRunner {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[77; 32]);
    TestRunner::new_with_rng(Config::default(), rng)
}

fn core_subnet(id: i64, cidr: &str) -> Subnet {
    Subnet {
        network: network_of(cidr),
        resolve_dns: true,
        ..ipam::subnet(id.try_into().unwrap(), cidr)
    }
}

/// phpIPAM's row as the agent keeps it.
fn core_address(row: &fieldscan_tests::phpipam::Address) -> Address {
    Address {
        id: AddressId(row.id.try_into().unwrap()),
        subnet: SubnetId(row.subnet_id.try_into().unwrap()),
        ip: row.ip.parse().unwrap(),
        hostname: row.hostname.clone(),
        mac: None,
        description: None,
        owner: None,
        note: None,
        is_gateway: false,
        exclude_ping: row.exclude_ping,
        tag: None,
        last_seen: None,
        edit_date: None,
        custom: Default::default(),
    }
}

fn reports(subnet: &Subnet, hosts: &[Host], book: &[Address]) -> Vec<Draft> {
    report::make(Source {
        code: &AgentCode::new(Model::EXAMPLE_CODE),
        subnet,
        mode: Mode::Sweep,
        hosts,
        book,
        seen_at: Timestamp::now(),
        zone: &TimeZone::UTC,
        report_ipv6: false,
    })
    .unwrap()
}

fn client(server: &ScanServer) -> Server {
    Server::new(ServerConnection {
        http_server: "http://127.0.0.1".parse().unwrap(),
        http_port: server.address().port(),
        auth_token: Some(TOKEN.into()),
        ca_file: None,
        now: Now::default(),
        limits: Limits::SCAN_SERVER,
    })
    .unwrap()
}

/// Why a result would be dangerous, by rules that are not the filter's.
fn danger(result: &Value, third: u8) -> Option<String> {
    let fields = result.as_object()?;
    for (field, value) in fields {
        let text = value.as_str().unwrap_or_default();
        let good = match field.as_str() {
            "id" => value.is_u64(),
            "subnetId" => text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty(),
            "ip" => text
                .parse::<std::net::Ipv4Addr>()
                .is_ok_and(|ip| ip.octets()[..3] == [10, 5, third] && ip.to_string() == text),
            "lastSeen" => text.len() == 19 && text.bytes().all(|b| b"0123456789-: ".contains(&b)),
            "hostname" => {
                (1..=63).contains(&text.len())
                    && text
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            }
            "mac" => {
                text.len() == 17
                    && text.bytes().enumerate().all(|(at, b)| match at % 3 {
                        2 => b == b':',
                        _ => b.is_ascii_digit() || (b'A'..=b'F').contains(&b),
                    })
            }
            _ => false,
        };
        if !good {
            return Some(format!("{field}: {value}"));
        }
    }
    None
}

#[tokio::test]
async fn ten_thousand_hostile_hosts_never_spoil_a_report() {
    let mut model = Model::with_agent();
    for third in 0..SUBNETS {
        let id = model.add_subnet(subnet(&format!("10.5.{third}.0/24")).agent(1).discover());
        for last in (1..=HOSTS_EACH).step_by(3) {
            model.add_address(
                id,
                address(&format!("10.5.{third}.{last}")).named("'; {{ known }}"),
            );
        }
    }
    let ipam = PhpIpam::start(model).unwrap();
    let server = ScanServer::start(ipam.shared_model(), TOKEN).unwrap();
    let client = client(&server);
    let mut runner = runner();
    let mut generated = 0;
    let mut hostile = 0;
    let mut expected = BTreeSet::new();
    for third in 0..SUBNETS {
        let hosts: Vec<Host> = (1..=HOSTS_EACH)
            .map(|last| {
                let last = u8::try_from(last).unwrap();
                host(third, last).new_tree(&mut runner).unwrap().current()
            })
            .collect();
        generated += hosts.len();
        hostile += hosts
            .iter()
            .filter(|host| host.ptr.as_ref().is_some_and(|name| !is_plain(name)))
            .count();
        let (core_subnet, book) = {
            let model = ipam.model();
            let row = model.subnet_by_cidr(&format!("10.5.{third}.0/24")).unwrap();
            let book: Vec<_> = model.addresses_of(row.id).map(core_address).collect();
            (core_subnet(row.id, &row.cidr()), book)
        };
        let inside = core_subnet.network.unwrap();
        expected.extend(
            hosts
                .iter()
                .map(|host| host.ip)
                .filter(|ip| inside.contains(*ip)),
        );
        for draft in reports(&core_subnet, &hosts, &book) {
            let answer = client.send(ReportId(1), &draft.body.0).await;
            assert!(
                matches!(answer, Answer::Taken { status: 200, .. }),
                "the server takes whatever is JSON: {answer:?}"
            );
        }
    }
    assert_eq!(generated, 10_000, "as many as the promise names");
    assert!(
        hostile > 7_000,
        "most names must be hostile for this to show anything: {hostile}"
    );

    assert!(server.wait_until_idle(SOON), "the server ends its work");
    assert_eq!(
        server.executed(),
        Vec::<String>::new(),
        "nothing may be executed on the scan server"
    );
    let journal = server.journal();
    let spoiled: Vec<_> = journal
        .iter()
        .filter(|step| matches!(step, Step::Spoiled { .. } | Step::Ignored { .. }))
        .collect();
    assert!(spoiled.is_empty(), "no host spoils a report: {spoiled:?}");

    let mut arrived = BTreeSet::new();
    for received in server.received() {
        let body = received.json.unwrap();
        let cidr = body["scan"]["subnet"].as_str().unwrap().to_owned();
        let third: u8 = cidr.split('.').nth(2).unwrap().parse().unwrap();
        for result in body["scan"]["results"].as_array().unwrap() {
            assert_eq!(
                danger(result, third),
                None,
                "nothing unfiltered reaches the server, here in {cidr}"
            );
            arrived.insert(result["ip"].as_str().unwrap().parse().unwrap());
        }
    }
    assert_eq!(
        arrived, expected,
        "a hostile name costs a host its name, not its place in the report"
    );
}

fn is_plain(name: &str) -> bool {
    name.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Without the filter the same names do harm: the server of these tests is as weak as the reference.
#[tokio::test]
async fn the_same_hosts_unfiltered_do_spoil_reports() {
    let mut model = Model::with_agent();
    let id = model.add_subnet(subnet("10.5.0.0/24").agent(1).discover());
    let ipam = PhpIpam::start(model).unwrap();
    let server = ScanServer::start(ipam.shared_model(), TOKEN).unwrap();
    let client = client(&server);
    let mut runner = runner();
    for _ in 0..200 {
        let host = host(0, 9).new_tree(&mut runner).unwrap().current();
        let body = serde_json::json!({"code": Model::EXAMPLE_CODE, "scan": {
            "subnet": "10.5.0.0/24", "tz": "+0000", "results": [{
                "subnetId": id.to_string(), "ip": "10.5.0.9",
                "lastSeen": "2026-11-23 16:40:52", "hostname": host.ptr,
            }],
        }});
        client.send(ReportId(1), &body.to_string()).await;
    }
    assert!(server.wait_until_idle(SOON), "the server ends its work");
    let spoiled = server
        .journal()
        .iter()
        .filter(|step| matches!(step, Step::Spoiled { .. }))
        .count();
    assert!(
        spoiled > 20 && !server.executed().is_empty(),
        "the generated names must be dangerous: {spoiled} reports of 200 spoiled"
    );
}
