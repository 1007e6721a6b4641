use std::collections::BTreeSet;

use super::*;
use crate::{
    host::Mac,
    ids::{AddressId, SubnetId},
    plan::samples::{address, subnet},
};

/// The contract's example, as the reference scanner sends it.
const EXAMPLE: &str = r#"{"code": "CodeA11-abcdefghijklmnopqrstuvwx", "scan": {"subnet": "10.77.9.0/28", "results": [{"id": 1001, "subnetId": "101", "ip": "10.77.9.1", "lastSeen": "2026-11-23 16:40:52", "hostname": "gw", "mac": "02:77:00:00:00:01"}, {"subnetId": "101", "ip": "10.77.9.3", "lastSeen": "2026-11-23 16:40:52", "mac": "02:77:00:00:00:01"}], "tz": "+0000"}}"#;

static UTC: TimeZone = TimeZone::UTC;

fn code() -> AgentCode {
    AgentCode::new("CodeA11-abcdefghijklmnopqrstuvwx")
}

fn host(ip: &str, mac: Option<&str>, ptr: Option<&str>) -> Host {
    Host {
        ip: ip.parse().unwrap(),
        mac: mac.map(|mac| mac.parse().unwrap()),
        also: Vec::new(),
        vendor: Some("a \"vendor\"".into()),
        ptr: ptr.map(str::to_owned),
        rtt: None,
        seen_by: SeenBy::ArpResponse,
    }
}

fn source<'a>(
    code: &'a AgentCode,
    subnet: &'a Subnet,
    hosts: &'a [Host],
    book: &'a [Address],
) -> Source<'a> {
    Source {
        code,
        subnet,
        mode: Mode::Sweep,
        hosts,
        book,
        seen_at: "2026-11-23T16:40:52Z".parse().unwrap(),
        zone: &UTC,
        report_ipv6: false,
    }
}

#[test]
fn the_report_of_the_contracts_example_is_the_references_to_the_byte() {
    let (code, subnet) = (code(), subnet(101, "10.77.9.0/28"));
    let hosts = [
        host("10.77.9.3", Some("02:77:00:00:00:01"), None),
        host(
            "10.77.9.1",
            Some("02-77-00-00-00-01"),
            Some("gw.example.com."),
        ),
    ];
    let book = [address(1001, &subnet, "10.77.9.1")];
    let drafts = make(source(&code, &subnet, &hosts, &book)).unwrap();
    assert_eq!(drafts.len(), 1);
    let draft = &drafts[0];
    assert_eq!(draft.body.0, EXAMPLE);
    assert_eq!(draft.part, (1, 1));
    assert_eq!(draft.last_seen, "2026-11-23 16:40:52");
    assert_eq!(
        draft.hosts,
        [
            "10.77.9.1".parse::<IpAddr>().unwrap(),
            "10.77.9.3".parse().unwrap()
        ]
    );

    // Field by field and type by type, as another reader of JSON sees it.
    let json: serde_json::Value = serde_json::from_str(&draft.body.0).unwrap();
    let first = &json["scan"]["results"][0];
    assert!(first["id"].is_u64(), "id is a number");
    assert!(first["subnetId"].is_string(), "subnetId is a string");
    assert_eq!(
        first.as_object().unwrap().len(),
        6,
        "no field beside those that the server knows"
    );
    let second = json["scan"]["results"][1].as_object().unwrap();
    assert!(
        !second.contains_key("id") && !second.contains_key("hostname"),
        "what is unknown is left out: null would erase what phpIPAM has"
    );
}

#[test]
fn nobody_up_is_an_empty_list() {
    let (code, subnet) = (code(), subnet(101, "10.77.9.0/28"));
    let drafts = make(source(&code, &subnet, &[], &[])).unwrap();
    assert_eq!(
        drafts[0].body.0,
        r#"{"code": "CodeA11-abcdefghijklmnopqrstuvwx", "scan": {"subnet": "10.77.9.0/28", "results": [], "tz": "+0000"}}"#
    );
    assert_eq!((drafts.len(), drafts[0].part), (1, (1, 1)));
    assert_eq!(check(&drafts[0].body.0).unwrap().last_seen, None);
}

#[test]
fn the_scanners_own_mac_is_not_told() {
    let (code, subnet) = (code(), subnet(101, "10.77.9.0/28"));
    let own = Host {
        seen_by: SeenBy::LocalhostResponse,
        ..host("10.77.9.2", Some("02:77:00:00:00:02"), None)
    };
    let drafts = make(source(&code, &subnet, &[own], &[])).unwrap();
    assert!(!drafts[0].body.0.contains("mac"), "{}", drafts[0].body.0);
}

#[test]
fn times_are_in_phpipams_zone_and_the_offset_stays_zero() {
    let (code, subnet) = (code(), subnet(101, "10.77.9.0/28"));
    let hosts = [host("10.77.9.1", None, None)];
    let zone = TimeZone::get("Asia/Tokyo").unwrap();
    let drafts = make(Source {
        zone: &zone,
        ..source(&code, &subnet, &hosts, &[])
    })
    .unwrap();
    assert_eq!(drafts[0].last_seen, "2026-11-24 01:40:52");
    assert!(
        drafts[0]
            .body
            .0
            .contains(r#""lastSeen": "2026-11-24 01:40:52""#)
    );
    assert!(drafts[0].body.0.ends_with(r#""tz": "+0000"}}"#));
}

#[test]
fn who_is_excluded_outside_or_not_known_is_not_told_of() {
    let (code, subnet) = (code(), subnet(101, "10.77.9.0/28"));
    let hosts = [
        host("10.77.9.1", None, None),
        host("10.77.9.2", None, None),
        host("10.77.9.3", None, None),
        host("10.77.9.99", None, None),
        host("fd00::1", None, None),
    ];
    let book = [
        address(1, &subnet, "10.77.9.1"),
        Address {
            exclude_ping: true,
            ..address(2, &subnet, "10.77.9.2")
        },
        Address {
            subnet: SubnetId(102),
            ..address(3, &subnet, "10.77.9.3")
        },
    ];
    let told = |mode| {
        let drafts = make(Source {
            mode,
            ..source(&code, &subnet, &hosts, &book)
        })
        .unwrap();
        check(&drafts[0].body.0).unwrap().hosts
    };
    let ip = |ip: &str| ip.parse::<IpAddr>().unwrap();
    assert_eq!(told(Mode::Sweep), [ip("10.77.9.1"), ip("10.77.9.3")]);
    assert_eq!(
        told(Mode::Known),
        [ip("10.77.9.1")],
        "of known addresses only those are told"
    );
    let drafts = make(source(&code, &subnet, &hosts, &book)).unwrap();
    assert!(
        !drafts[0].body.0.contains(r#""id": 3"#),
        "a row of another subnet gives no id"
    );
}

#[test]
fn ipv6_is_sent_only_if_that_is_set() {
    let (code, subnet) = (code(), subnet(101, "fd00:77::/64"));
    let hosts = [host("fd00:77::5", None, Some("six.example.com"))];
    let book = [address(7, &subnet, "fd00:77::5")];
    let source = Source {
        mode: Mode::Known,
        ..source(&code, &subnet, &hosts, &book)
    };
    assert_eq!(
        make(source).unwrap(),
        [],
        "not even an empty report, which would say that nobody is up"
    );
    let drafts = make(Source {
        report_ipv6: true,
        ..source
    })
    .unwrap();
    assert!(
        drafts[0]
            .body
            .0
            .contains(r#"{"id": 7, "subnetId": "101", "ip": "fd00:77::5","#)
    );
}

#[test]
fn a_large_result_is_split_in_address_order() {
    let (code, subnet) = (code(), subnet(101, "10.77.0.0/20"));
    let hosts: Vec<_> = (0..1203u16)
        .rev()
        .map(|n| {
            let name = format!("{}.example.com", "n".repeat(63));
            let ip = format!("10.77.{}.{}", n >> 8, n & 255);
            host(&ip, Some("02:77:00:00:00:01"), Some(&name))
        })
        .collect();
    let drafts = make(source(&code, &subnet, &hosts, &[])).unwrap();
    let sizes: Vec<_> = drafts
        .iter()
        .map(|draft| (draft.part, draft.hosts.len()))
        .collect();
    assert_eq!(sizes, [((1, 3), 500), ((2, 3), 500), ((3, 3), 203)]);
    let all: Vec<_> = drafts
        .iter()
        .flat_map(|draft| draft.hosts.clone())
        .collect();
    assert_eq!(all.len(), 1203);
    assert!(
        all.is_sorted_by(|a, b| a < b),
        "in address order, across the parts"
    );
    for draft in &drafts {
        assert!(draft.body.0.len() <= MOST_BYTES);
        assert_eq!(check(&draft.body.0).unwrap().hosts, draft.hosts);
    }
}

#[test]
fn a_part_ends_before_it_has_too_many_bytes() {
    // No entry is so long that 500 of them reach the limit, so the envelope is made long.
    let (code, mut subnet) = (code(), subnet(101, "10.77.0.0/20"));
    let hosts: Vec<_> = (0..400u16)
        .map(|n| host(&format!("10.77.{}.{}", n >> 8, n & 255), None, None))
        .collect();
    let drafts = make(source(&code, &subnet, &hosts, &[])).unwrap();
    let entries = body_entries(&drafts[0].body.0);
    subnet.cidr = "x".repeat(MOST_BYTES - 10_000);
    let envelope = Envelope::new(&code, &subnet);
    let parts = split(&envelope, entries.clone());
    assert!(parts.len() > 1);
    assert_eq!(parts.concat(), entries, "nobody is lost or told twice");
    for part in parts {
        assert!(!part.is_empty() && envelope.write(part).len() <= MOST_BYTES);
    }
}

fn body_entries(body: &str) -> Vec<Entry> {
    let json: serde_json::Value = serde_json::from_str(body).unwrap();
    serde_json::from_value(json["scan"]["results"].clone()).unwrap()
}

#[test]
fn what_cannot_be_told_is_an_error_and_no_report() {
    let (good, subnet_) = (code(), subnet(101, "10.77.9.0/28"));
    for bad in [
        "",
        "a'b",
        "a\"b",
        "a\\b",
        "{{x}}",
        "a b",
        "ä",
        &"a".repeat(256),
    ] {
        let code = AgentCode::new(bad);
        assert_eq!(
            make(source(&code, &subnet_, &[], &[])),
            Err(BadBody::Code),
            "{bad:?}"
        );
    }
    for bad in ["", "10.77.9.1/28", "0.0.0.0/0", "10.77.9.0/", "' OR 1=1"] {
        assert_eq!(
            make(source(&good, &subnet(1, bad), &[], &[])),
            Err(BadBody::Subnet),
            "{bad:?}"
        );
    }
    let early = Source {
        seen_at: Timestamp::MIN,
        ..source(&good, &subnet_, &[], &[])
    };
    assert_eq!(make(early), Err(BadBody::Time));
}

#[test]
fn hosts_can_be_left_out_and_the_rest_stays_to_the_byte() {
    let out: BTreeSet<IpAddr> = ["10.77.9.1".parse().unwrap(), "10.77.9.9".parse().unwrap()].into();
    let expected = r#"{"code": "CodeA11-abcdefghijklmnopqrstuvwx", "scan": {"subnet": "10.77.9.0/28", "results": [{"subnetId": "101", "ip": "10.77.9.3", "lastSeen": "2026-11-23 16:40:52", "mac": "02:77:00:00:00:01"}], "tz": "+0000"}}"#;
    assert_eq!(without(EXAMPLE, &out).as_deref(), Ok(expected));
    assert_eq!(without(EXAMPLE, &BTreeSet::new()).as_deref(), Ok(EXAMPLE));
}

#[test]
fn a_body_that_was_tampered_with_is_found_out() {
    assert_eq!(
        check(EXAMPLE),
        Ok(Told {
            cidr: "10.77.9.0/28".into(),
            hosts: vec!["10.77.9.1".parse().unwrap(), "10.77.9.3".parse().unwrap()],
            last_seen: Some("2026-11-23 16:40:52".into()),
        })
    );
    let host = |position| BadBody::Host { position };
    for (old, new, why) in [
        (r#""gw""#, r#""o'brien""#, host(1)),
        (r#""gw""#, r#""{{ x }}""#, host(1)),
        (r#""gw""#, r#""gw.example.com""#, host(1)),
        (r#""gw""#, r#""10-77-9-1""#, host(1)),
        (r#""gw""#, r#""""#, host(1)),
        (r#""gw""#, "null", BadBody::Altered),
        (r#""gw""#, r#""\u0067w""#, BadBody::Altered),
        (r#""gw""#, "7", BadBody::Unreadable),
        (r#""ip": "10.77.9.1""#, r#""ip": "10.77.10.1""#, host(1)),
        (
            r#""ip": "10.77.9.1""#,
            r#""ip": "10.77.9.1; rm""#,
            BadBody::Unreadable,
        ),
        (r#""ip": "10.77.9.1""#, r#""ip": "10.77.9.3""#, host(2)),
        (r#""ip": "10.77.9.1""#, r#""ip": "10.77.9.4""#, host(2)),
        ("02:77:00:00:00:01", "00:00:00:00:00:00", host(1)),
        ("02:77:00:00:00:01", "FF:FF:FF:FF:FF:FF", host(1)),
        ("02:77:00:00:00:01", "02-77-00-00-00-01", BadBody::Altered),
        (
            "02:77:00:00:00:01",
            "02:77:00:00:00:01:02",
            BadBody::Unreadable,
        ),
        ("2026-11-23 16", "2026-13-23 16", host(1)),
        (
            r#"-23 16:40:52", "hostname"#,
            r#"-23 16:40:53", "hostname"#,
            host(2),
        ),
        (r#""id": 1001"#, r#""id": "1001""#, BadBody::Unreadable),
        (r#""id": 1001"#, r#""id": 0"#, host(1)),
        (
            r#""subnetId": "101", "ip": "10.77.9.3""#,
            r#""subnetId": "102", "ip": "10.77.9.3""#,
            host(2),
        ),
        (r#""101""#, r#""0101""#, host(1)),
        (r#""101""#, r#""1' OR '1""#, host(1)),
        ("10.77.9.0/28", "10.77.9.0/0028", BadBody::Subnet),
        ("10.77.9.0/28", "0.0.0.0/0", BadBody::Subnet),
        ("+0000", "+0100", BadBody::Unreadable),
        ("CodeA11", "Code'11", BadBody::Code),
        (r#""code": "#, r#""x": 1, "code": "#, BadBody::Unreadable),
        (r#"{"code""#, r#" {"code""#, BadBody::Altered),
        (
            r#""id": 1001, "#,
            r#""id": 1001, "id": 1001, "#,
            BadBody::Unreadable,
        ),
    ] {
        let tampered = EXAMPLE.replace(old, new);
        assert_ne!(tampered, EXAMPLE, "the case {old} changes nothing");
        assert_eq!(check(&tampered), Err(why.clone()), "{old} → {new}");
        assert_eq!(
            without(&tampered, &BTreeSet::new()),
            Err(why),
            "{old} → {new}"
        );
    }
    assert_eq!(check(""), Err(BadBody::Unreadable));
    assert_eq!(
        check(&format!("\u{feff}{EXAMPLE}")),
        Err(BadBody::Unreadable)
    );
    let huge = format!("{EXAMPLE}{}", " ".repeat(MOST_BYTES));
    assert_eq!(check(&huge), Err(BadBody::TooLarge));
}

#[test]
fn the_lowest_id_speaks_where_phpipam_has_an_address_twice() {
    let (code, subnet) = (code(), subnet(101, "10.77.9.0/28"));
    let hosts = [
        host("10.77.9.1", None, None),
        host("10.77.9.1", None, Some("again")),
    ];
    let book = [
        address(9, &subnet, "10.77.9.1"),
        address(4, &subnet, "10.77.9.1"),
    ];
    let drafts = make(source(&code, &subnet, &hosts, &book)).unwrap();
    assert_eq!(drafts[0].hosts.len(), 1, "an address is told of once");
    assert!(drafts[0].body.0.contains(r#""id": 4,"#));
    assert_eq!(rows(&subnet, &book)[&hosts[0].ip].id, AddressId(4));
    assert_eq!(hosts[0].mac, None::<Mac>);
}
