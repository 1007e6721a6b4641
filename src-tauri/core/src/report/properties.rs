//! The filter against hostile input by the thousand, with a checker that shares nothing with it.

use std::net::{IpAddr, Ipv4Addr};

use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{
    host::Mac,
    ids::SubnetId,
    plan::samples::{address, subnet},
};

/// Pieces of which hostile names are made.
const PIECES: &[&str] = &[
    "'",
    "\"",
    "\\",
    "{{",
    "}}",
    "{{ lookup('pipe', 'id') }}",
    "{%",
    "\0",
    "\u{202e}",
    "\u{200f}",
    "\u{feff}",
    "🦀",
    "👩‍👩‍👧",
    "\n",
    "\r\n",
    "\t",
    "\u{1b}[31m",
    " ",
    ".",
    "..",
    "-",
    "_",
    "--",
    "/*",
    "*/",
    ";",
    "' OR '1'='1",
    "$(id)",
    "`id`",
    "<script>",
    "bücher",
    "xn--bcher-kva",
    "例え",
    "а",
    "ｇｗ",
    "gw",
    "A",
    "0",
    "10-77-9-5",
    "5-9-77-10",
    "example.com",
    "%00",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "null",
    "true",
    "10.77.9.5",
    "::1",
    "\\u0027",
    "&quot;",
];

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(PIECES).prop_map(str::to_owned);
    prop_oneof![
        6 => prop::collection::vec(piece.clone(), 0..6).prop_map(|pieces| pieces.concat()),
        3 => any::<String>(),
        2 => "[a-zA-Z0-9_.-]{0,80}",
        2 => ("[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?", piece.clone()).prop_map(|(label, piece)| label + "." + &piece),
        2 => "[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?(\\.[a-z]{1,9}){0,3}\\.?",
        1 => (piece, 1usize..4).prop_map(|(piece, n)| piece.repeat(10_000 / piece.len().max(1) * n)),
        1 => ".{0,3}\\.{0,20}.{0,3}",
    ]
}

fn ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        8 => (0u8..2, any::<u8>()).prop_map(|(c, d)| IpAddr::from([10, 77, 8 + c, d])),
        1 => any::<Ipv4Addr>().prop_map(IpAddr::V4),
        1 => any::<std::net::Ipv6Addr>().prop_map(IpAddr::V6),
        1 => any::<Ipv4Addr>().prop_map(|ip| IpAddr::V6(ip.to_ipv6_mapped())),
    ]
}

fn mac() -> impl Strategy<Value = Option<Mac>> {
    prop::option::of(prop_oneof![
        any::<[u8; 6]>().prop_map(Mac),
        Just(Mac([0; 6])),
        Just(Mac([255; 6])),
        Just(Mac([1, 0, 0x5e, 0, 0, 1])),
    ])
}

fn seen_by() -> impl Strategy<Value = SeenBy> {
    prop::sample::select(vec![
        SeenBy::ArpResponse,
        SeenBy::LocalhostResponse,
        SeenBy::EchoReply,
        SeenBy::Other,
    ])
}

fn hosts() -> impl Strategy<Value = Vec<Host>> {
    let host = (
        ip(),
        mac(),
        prop::option::of(hostile()),
        prop::option::of(any::<String>()),
        seen_by(),
    );
    prop::collection::vec(
        host.prop_map(|(ip, mac, ptr, vendor, seen_by)| Host {
            ip,
            mac,
            also: Vec::new(),
            vendor,
            ptr,
            rtt: None,
            seen_by,
        }),
        0..40,
    )
}

fn book() -> impl Strategy<Value = Vec<Address>> {
    let row = (
        ip(),
        0u64..50,
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.1),
        prop::option::of(hostile()),
    );
    prop::collection::vec(row, 0..30).prop_map(|rows| {
        rows.into_iter()
            .map(|(ip, id, stray, exclude_ping, hostname)| Address {
                ip,
                subnet: SubnetId(if stray { 102 } else { 101 }),
                exclude_ping,
                hostname: hostname.clone(),
                description: hostname.clone(),
                ..address(id, &subnet(101, "10.77.8.0/23"), "10.77.8.1")
            })
            .collect()
    })
}

// The checker. Works on bytes and on what `serde_json` reads, and calls nothing of the filter.

fn is_clean_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let inner = |b: &u8| matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_');
    matches!(bytes.len(), 1..=63)
        && bytes.iter().all(inner)
        && bytes[0] != b'-'
        && bytes[bytes.len() - 1] != b'-'
}

fn is_mac(text: &str) -> bool {
    let parts: Vec<_> = text.split(':').collect();
    let hex = |part: &&str| {
        part.len() == 2 && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'))
    };
    parts.len() == 6
        && parts.iter().all(hex)
        && text != "00:00:00:00:00:00"
        && matches!(
            text.as_bytes()[1],
            b'0' | b'2' | b'4' | b'6' | b'8' | b'A' | b'C' | b'E'
        )
}

/// The address of 10.77.8.0/23 that a text is, in the only notation that there is.
fn address_of(text: &str) -> Option<[u8; 4]> {
    let octets: Vec<u8> = text
        .split('.')
        .map(|octet| octet.parse().ok())
        .collect::<Option<_>>()?;
    let [a, b, c, d]: [u8; 4] = octets.try_into().ok()?;
    (format!("{a}.{b}.{c}.{d}") == text && a == 10 && b == 77 && (c == 8 || c == 9))
        .then_some([a, b, c, d])
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .map(|object| object.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

fn assert_clean(body: &str, hosts: &[Host], book: &[Address]) -> Vec<[u8; 4]> {
    assert!(
        body.is_ascii() && !body.bytes().any(|b| b.is_ascii_control()),
        "only printable ASCII: {body:?}"
    );
    for bad in ["'", "\\", "{{", "}}}", "{%", "`", "$", ";", "<"] {
        assert!(!body.contains(bad), "{bad} in {body}");
    }
    assert!(body.len() <= 262_144);
    let json: Value = serde_json::from_str(body).expect("the body is JSON");
    assert_eq!(keys(&json), ["code", "scan"]);
    let mut top = keys(&json["scan"]);
    top.sort_unstable();
    assert_eq!(top, ["results", "subnet", "tz"]);
    assert_eq!(json["code"], "Code");
    assert_eq!(json["scan"]["subnet"], "10.77.8.0/23");
    assert_eq!(json["scan"]["tz"], "+0000");
    let results = json["scan"]["results"]
        .as_array()
        .expect("results is a list");
    assert!(results.len() <= 500);
    let mut told = Vec::new();
    for entry in results {
        let ip = entry["ip"]
            .as_str()
            .and_then(address_of)
            .expect("a canonical address inside the subnet");
        let host = hosts
            .iter()
            .find(|host| host.ip == IpAddr::from(ip))
            .expect("one that answered");
        for (key, value) in entry.as_object().expect("an object") {
            match key.as_str() {
                "ip" => {}
                "subnetId" => assert_eq!(value, "101"),
                "lastSeen" => assert_eq!(value, "2026-11-23 16:40:52"),
                "id" => {
                    let id = value.as_u64().expect("a number");
                    assert!(
                        id > 0
                            && book.iter().any(|row| row.id.0 == id
                                && row.ip == host.ip
                                && row.subnet.0 == 101),
                        "id {id} is not this host's"
                    );
                }
                "hostname" => {
                    let name = value.as_str().expect("a text, never null");
                    assert!(is_clean_label(name), "{name:?} is not clean");
                    let ptr = host.ptr.as_deref().expect("a PTR name");
                    assert!(
                        ptr == name || ptr.starts_with(&format!("{name}.")),
                        "{name} is not from {ptr}"
                    );
                    let [a, b, c, d] = ip;
                    assert!(
                        !ptr.contains(&format!("{a}-{b}-{c}-{d}"))
                            && !ptr.contains(&format!("{d}-{c}-{b}-{a}"))
                    );
                }
                "mac" => {
                    let mac = value.as_str().expect("a text, never null");
                    assert!(is_mac(mac), "{mac:?} is no device's");
                    assert_ne!(
                        host.seen_by,
                        SeenBy::LocalhostResponse,
                        "the scanner's own address has none"
                    );
                }
                other => panic!("the server doesn't know the field {other}"),
            }
        }
        told.push(ip);
    }
    assert!(
        told.is_sorted_by(|a, b| a < b),
        "in address order, each once"
    );
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn nothing_hostile_passes_and_no_host_is_lost(hosts in hosts(), book in book()) {
        let code = AgentCode::new("Code");
        let subnet = subnet(101, "10.77.8.0/23");
        let drafts = make(Source {
            code: &code,
            subnet: &subnet,
            mode: Mode::Sweep,
            hosts: &hosts,
            book: &book,
            seen_at: "2026-11-23T16:40:52Z".parse().unwrap(),
            zone: &TimeZone::UTC,
            report_ipv6: false,
        }).unwrap();
        let mut told = Vec::new();
        for draft in &drafts {
            let these = assert_clean(&draft.body.0, &hosts, &book);
            prop_assert!(draft.hosts.iter().copied().eq(these.iter().map(|ip| IpAddr::from(*ip))));
            prop_assert_eq!(&check(&draft.body.0).unwrap().hosts, &draft.hosts);
            told.extend(these);
        }
        let excluded = |ip: IpAddr| book.iter().any(|row| row.ip == ip && row.exclude_ping);
        let mut expected: Vec<_> = hosts
            .iter()
            .filter(|host| !excluded(host.ip))
            .filter_map(|host| address_of(&host.ip.to_string()))
            .collect();
        expected.sort_unstable();
        expected.dedup();
        prop_assert_eq!(told, expected, "a name that isn't clean costs the name, never the host");
    }

    #[test]
    fn a_name_is_given_if_and_only_if_it_is_clean(ptr in hostile(), ip in ip()) {
        let name = host_name(&ptr, ip);
        let whole = ptr.strip_suffix('.').unwrap_or(&ptr);
        let clean = whole.len() <= 253 && whole.split('.').all(is_clean_label) && whole.parse::<IpAddr>().is_err();
        match name {
            Some(name) => {
                prop_assert!(clean && is_clean_label(&name));
                prop_assert_eq!(whole.split('.').next(), Some(name.as_str()));
                prop_assert_eq!(host_name(&name, ip), Some(name), "the filter is content with what it gave");
            }
            None => prop_assert!(!clean || whole.bytes().filter(|b| *b == b'-').count() >= 3, "{ptr:?} was clean"),
        }
    }

    #[test]
    fn an_altered_body_is_found_out_or_still_clean(
        at in any::<prop::sample::Index>(), junk in hostile(), cut in 0usize..40,
    ) {
        let body = r#"{"code": "Code", "scan": {"subnet": "10.77.8.0/23", "results": [{"id": 1001, "subnetId": "101", "ip": "10.77.9.1", "lastSeen": "2026-11-23 16:40:52", "hostname": "gw", "mac": "02:77:00:00:00:01"}], "tz": "+0000"}}"#;
        let at = at.index(body.len());
        let end = (at + cut).min(body.len());
        let altered = format!("{}{junk}{}", &body[..at], &body[end..]);
        if let Ok(told) = check(&altered) {
            // Whatever passes is a body that this program could have written.
            prop_assert!(altered.is_ascii() && !altered.contains(['\'', '\\']) && !altered.contains("{{"));
            prop_assert_eq!(without(&altered, &Default::default()), Ok(altered.clone()));
            let json: Value = serde_json::from_str(&altered).unwrap();
            for entry in json["scan"]["results"].as_array().unwrap() {
                if let Some(name) = entry.get("hostname") {
                    prop_assert!(is_clean_label(name.as_str().unwrap()));
                }
            }
            prop_assert!(told.hosts.len() <= 1);
        }
    }
}
