//! Each rule for reading phpIPAM's answers, with an answer of its own.

use std::time::Instant;

use fieldscan_core::{
    ids::{AddressId, AgentCode, AgentId, SubnetId},
    problem::Problem,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{
    super::answer::{self, Raw, Rows},
    raw,
};

const CODE: &str = "CodeOfOurOwn-0123456789abcdefghi";

fn ok(data: Value) -> Vec<u8> {
    json!({"code": 200, "success": true, "data": data, "time": 0.002})
        .to_string()
        .into_bytes()
}

fn failure(code: u16, message: &str) -> Vec<u8> {
    json!({"code": code, "success": false, "message": message, "time": 0.001})
        .to_string()
        .into_bytes()
}

fn address_row() -> Value {
    json!({
        "id": 7, "subnetId": 3, "ip": "192.0.2.9", "is_gateway": 0, "description": "printer",
        "hostname": "prn.example.com", "mac": "02:00:5e:00:00:07", "owner": null, "tag": 2,
        "deviceId": null, "location": null, "port": null, "note": null,
        "lastSeen": "2026-03-04 05:06:07", "excludePing": 0, "PTRignore": 0, "PTR": 0,
        "firewallAddressObject": null, "editDate": "2026-03-04 05:06:08", "customer_id": null,
        "custom_Inventory no.": "4711",
    })
}

fn subnet_row() -> Value {
    json!({
        "id": 3, "subnet": "192.0.2.0", "mask": "24", "sectionId": 1, "description": "Office",
        "linked_subnet": null, "firewallAddressObject": null, "vrfId": 0, "masterSubnetId": 0,
        "allowRequests": 0, "vlanId": 0, "showName": 1, "device": 0,
        "permissions": [{"group_id": 3, "permission": "1", "name": "Guests", "members": false}],
        "pingSubnet": 1, "discoverSubnet": 0, "resolveDNS": 1, "DNSrecursive": 0, "DNSrecords": 0,
        "nameserverId": 1, "scanAgent": 5, "customer_id": null, "isFolder": 0, "isFull": 0,
        "isPool": 0, "tag": 2, "threshold": 0, "location": [], "editDate": null,
        "lastScan": null, "lastDiscovery": "2026-03-04 05:06:07", "custom_Site": "North",
        "nameservers": {"id": 1, "name": "NS", "namesrv1": "192.0.2.53;192.0.2.54", "description": null},
    })
}

fn with(mut row: Value, key: &str, value: Value) -> Value {
    row[key] = value;
    row
}

fn addresses(body: &[u8]) -> Result<Rows<fieldscan_core::ipam::Address>, Problem> {
    answer::addresses(raw(200, body), SubnetId(3))
}

fn address(row: Value) -> fieldscan_core::ipam::Address {
    let rows = addresses(&ok(json!([row]))).unwrap();
    assert!(rows.skipped.is_empty(), "{:?}", rows.skipped);
    rows.rows.into_iter().next().unwrap()
}

fn subnet(row: Value) -> fieldscan_core::ipam::Subnet {
    let found = answer::subnets(raw(200, &ok(json!([row]))), AgentId(5)).unwrap();
    assert!(
        found.subnets.skipped.is_empty(),
        "{:?}",
        found.subnets.skipped
    );
    found.subnets.rows.into_iter().next().unwrap()
}

#[test]
fn an_address_is_read_whole() {
    let found = address(address_row());
    assert_eq!(found.id, AddressId(7));
    assert_eq!(found.subnet, SubnetId(3));
    assert_eq!(found.ip.to_string(), "192.0.2.9");
    assert_eq!(found.hostname.as_deref(), Some("prn.example.com"));
    assert_eq!(found.mac.unwrap().to_string(), "02:00:5E:00:00:07");
    assert_eq!(found.description.as_deref(), Some("printer"));
    assert_eq!((found.owner, found.note), (None, None));
    assert!(!found.is_gateway && !found.exclude_ping);
    assert_eq!(found.tag, Some(2));
    assert_eq!(found.last_seen.as_deref(), Some("2026-03-04 05:06:07"));
    assert_eq!(found.edit_date.as_deref(), Some("2026-03-04 05:06:08"));
    assert_eq!(
        found.custom.into_iter().collect::<Vec<_>>(),
        [("custom_Inventory no.".to_owned(), "4711".to_owned())],
        "nothing but the administrator's own fields, and of those the ones with a value"
    );
}

#[test]
fn a_subnet_is_read_whole() {
    let found = subnet(subnet_row());
    assert_eq!(found.id, SubnetId(3));
    assert_eq!(found.cidr, "192.0.2.0/24");
    assert_eq!(found.network.unwrap().to_string(), "192.0.2.0/24");
    assert_eq!(found.description, "Office");
    assert!(found.ping && found.resolve_dns);
    assert!(!found.discover && !found.is_folder && !found.is_parent);
    assert_eq!(found.name_servers.len(), 2);
    assert_eq!(found.last_discovery.as_deref(), Some("2026-03-04 05:06:07"));
    assert_eq!(found.last_scan, None);
    assert_eq!(
        found.custom.into_iter().collect::<Vec<_>>(),
        [("custom_Site".to_owned(), "North".to_owned())]
    );
}

#[test]
fn numbers_and_flags_may_be_text() {
    let mut row = address_row();
    for key in ["id", "subnetId", "is_gateway", "excludePing", "tag"] {
        row[key] = json!(match &row[key] {
            Value::Number(number) => number.to_string(),
            other => panic!("{key}: {other}"),
        });
    }
    assert_eq!(address(row.clone()), address(address_row()));
    assert!(address(with(row, "excludePing", json!("1"))).exclude_ping);

    let mut row = subnet_row();
    for key in [
        "id",
        "masterSubnetId",
        "pingSubnet",
        "discoverSubnet",
        "resolveDNS",
        "scanAgent",
        "isFolder",
    ] {
        row[key] = json!(row[key].as_u64().unwrap().to_string());
    }
    row["mask"] = json!(24);
    assert_eq!(subnet(row), subnet(subnet_row()));
}

#[test]
fn nothing_has_many_spellings() {
    for nothing in [json!(null), json!(""), json!(false), json!([]), json!({})] {
        let mut row = address_row();
        for key in [
            "hostname",
            "mac",
            "description",
            "owner",
            "note",
            "tag",
            "lastSeen",
            "editDate",
            "excludePing",
            "is_gateway",
            "custom_Inventory no.",
        ] {
            row[key] = nothing.clone();
        }
        let found = address(row);
        assert_eq!(found.hostname, None, "{nothing}");
        assert_eq!(found.mac, None);
        assert_eq!(
            (found.description, found.owner, found.note),
            (None, None, None)
        );
        assert_eq!(
            (found.tag, found.last_seen, found.edit_date),
            (None, None, None)
        );
        assert!(!found.exclude_ping && !found.is_gateway && found.custom.is_empty());

        let mut row = subnet_row();
        for key in [
            "description",
            "permissions",
            "location",
            "nameservers",
            "lastDiscovery",
            "isFolder",
            "pingSubnet",
            "masterSubnetId",
        ] {
            row[key] = nothing.clone();
        }
        let found = subnet(row);
        assert!(found.name_servers.is_empty() && !found.ping && !found.is_folder);
        assert_eq!(found.description, "");
    }
}

#[test]
fn a_missing_key_is_nothing_too() {
    let found = address(json!({"id": 1, "ip": "192.0.2.1"}));
    assert_eq!(found.subnet, SubnetId(3), "the subnet that was asked for");
    assert!(!found.exclude_ping);
    let found = subnet(json!({"id": 3, "subnet": "192.0.2.0", "mask": "24", "scanAgent": 5}));
    assert!(!found.discover && !found.ping && !found.resolve_dns);
}

#[test]
fn a_flag_that_cannot_be_read_does_not_lead_to_a_scan() {
    for rubbish in [json!("maybe"), json!([1]), json!({"a": 1})] {
        assert!(
            address(with(address_row(), "excludePing", rubbish.clone())).exclude_ping,
            "an address that is perhaps excluded must not be touched"
        );
        let found = subnet(with(subnet_row(), "pingSubnet", rubbish.clone()));
        assert!(!found.ping);
        assert!(subnet(with(subnet_row(), "isFolder", rubbish)).is_folder);
    }
}

#[test]
fn macs_come_in_every_spelling_and_rubbish_is_none() {
    for (text, expected) in [
        ("00:11:22:33:44:55", Some("00:11:22:33:44:55")),
        ("AA-BB-CC-DD-EE-FF", Some("AA:BB:CC:DD:EE:FF")),
        ("0011.2233.4466", Some("00:11:22:33:44:66")),
        ("0011223344aa", Some("00:11:22:33:44:AA")),
        (" 00:11:22:33:44:55 ", Some("00:11:22:33:44:55")),
        ("none", None),
        ("00:11:22:33:44", None),
        ("00:11:22:33:44:55:66", None),
        ("'; DROP TABLE", None),
    ] {
        let found = address(with(address_row(), "mac", json!(text)));
        assert_eq!(
            found.mac.map(|mac| mac.to_string()).as_deref(),
            expected,
            "{text:?}"
        );
    }
}

#[test]
fn never_seen_has_markers() {
    for marker in [
        json!(null),
        json!("0000-00-00 00:00:00"),
        json!("1970-01-01 00:00:01"),
        json!("1970-01-01 01:00:01"),
        json!(""),
        json!(0),
    ] {
        let found = address(with(address_row(), "lastSeen", marker.clone()));
        assert_eq!(found.last_seen, None, "{marker} means never");
    }
}

#[test]
fn addresses_are_dotted_or_the_row_is_skipped() {
    for ip in [
        json!("3221225985"),
        json!(3221225985_u64),
        json!("192.0.2.9/24"),
        json!("192.0.2"),
        json!("192.0.2.09"),
        json!("; rm -rf"),
        json!(null),
    ] {
        let body = ok(json!([
            address_row(),
            with(address_row(), "ip", ip.clone())
        ]));
        let found = addresses(&body).unwrap();
        assert_eq!(found.rows.len(), 1, "{ip}");
        assert_eq!(found.skipped["an address that is none"], 1, "{ip}");
    }
    let found = address(with(address_row(), "ip", json!("fd00:77::1")));
    assert!(found.ip.is_ipv6());
}

#[test]
fn an_unreadable_row_costs_itself_and_not_the_answer() {
    let body = ok(json!([
        5,
        "text",
        null,
        [],
        with(address_row(), "id", json!("x")),
        with(address_row(), "id", json!(-1)),
        address_row(),
    ]));
    let found = addresses(&body).unwrap();
    assert_eq!(found.rows.len(), 1);
    assert_eq!(found.skipped["a row that is none"], 4);
    assert_eq!(found.skipped["an address without an id"], 2);
}

#[test]
fn only_unreadable_rows_are_a_problem_and_not_an_empty_subnet() {
    let body = ok(json!([with(address_row(), "ip", json!("x"))]));
    assert!(matches!(
        addresses(&body),
        Err(Problem::IpamNotUnderstood { .. })
    ));
}

#[test]
fn an_excluded_address_that_cannot_be_kept_fails_the_answer() {
    let excluded = with(
        with(address_row(), "excludePing", json!(1)),
        "id",
        json!(null),
    );
    assert!(
        matches!(
            addresses(&ok(json!([address_row(), excluded]))),
            Err(Problem::IpamNotUnderstood { .. })
        ),
        "without the row the address would be scanned"
    );
}

#[test]
fn rows_come_in_address_order_and_once() {
    let row = |id: u64, ip: &str| with(with(address_row(), "id", json!(id)), "ip", json!(ip));
    let body = ok(json!([
        row(1, "192.0.2.100"),
        row(2, "192.0.2.20"),
        row(3, "192.0.2.3"),
        row(2, "192.0.2.20"),
    ]));
    let ids: Vec<u64> = addresses(&body)
        .unwrap()
        .rows
        .iter()
        .map(|row| row.id.0)
        .collect();
    assert_eq!(ids, [3, 2, 1]);
}

#[test]
fn keys_that_stand_twice_and_keys_of_any_name_are_harmless() {
    let body = br#"{"success":true,"success":true,"code":200,"data":[{"id":1,"id":2,"ip":"192.0.2.1",
        "ip":"192.0.2.2","":"a","\u0000\"":"b","constructor":{"a":[1]},"Rack unit":7,"yes":true,"no":false}]}"#;
    let found = &addresses(body).unwrap().rows[0];
    assert_eq!(found.id, AddressId(2));
    assert_eq!(found.ip.to_string(), "192.0.2.2");
    assert_eq!(found.custom["Rack unit"], "7");
    assert_eq!(found.custom["yes"], "1");
    assert!(!found.custom.contains_key("no") && !found.custom.contains_key("constructor"));
}

#[test]
fn nested_custom_fields_are_taken_apart() {
    let row = with(
        address_row(),
        "custom_fields",
        json!({"custom_Rack": 7, "custom_None": null}),
    );
    assert_eq!(address(row).custom["custom_Rack"], "7");
    assert_eq!(
        address(with(address_row(), "custom_fields", json!(null)))
            .custom
            .len(),
        1
    );
}

#[test]
fn custom_fields_stay_small() {
    let mut row = address_row();
    row["long"] = json!("ü".repeat(5_000));
    for n in 0..500 {
        row[format!("field {n}")] = json!(n);
    }
    let found = address(row);
    assert!(found.custom.len() <= 64);
    assert!(
        found
            .custom
            .values()
            .all(|text| text.chars().count() <= 1_000)
    );
}

#[test]
fn control_characters_do_not_reach_a_terminal() {
    let found = address(with(
        address_row(),
        "description",
        json!("a\u{1b}[31mb\u{0}\tc\nd"),
    ));
    assert_eq!(found.description.as_deref(), Some("a[31mb\tc\nd"));
}

#[test]
fn name_servers_keep_their_order_and_nothing_but_addresses() {
    for (text, expected) in [
        ("192.0.2.1;192.0.2.2", vec!["192.0.2.1", "192.0.2.2"]),
        (" 192.0.2.2 ; 192.0.2.1;", vec!["192.0.2.2", "192.0.2.1"]),
        ("2001:db8::1;192.0.2.1", vec!["2001:db8::1", "192.0.2.1"]),
        (
            "ns.example.com;192.0.2.1;-iL /etc/passwd;192.0.2.1",
            vec!["192.0.2.1"],
        ),
        ("", vec![]),
    ] {
        let row = with(subnet_row(), "nameservers", json!({"namesrv1": text}));
        let found: Vec<String> = subnet(row)
            .name_servers
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }
}

#[test]
fn a_network_is_canonical_or_none_and_its_text_is_kept() {
    for (network, mask, canonical) in [
        ("192.0.2.0", json!("24"), true),
        ("192.0.2.0", json!(24), true),
        ("192.0.2.9", json!("32"), true),
        ("192.0.2.8", json!("31"), true),
        ("fd00:77::", json!("64"), true),
        ("0.0.0.0", json!("0"), true),
        ("192.0.2.1", json!("24"), false),
        ("192.0.2.0", json!("33"), false),
        ("192.0.2.0", json!("024"), false),
        ("192.0.2.0", json!("+24"), false),
        ("192.0.2.0", json!(""), false),
        ("192.0.2.0", json!(null), false),
        ("192.0.2.0", json!("255.255.255.0"), false),
        ("3221225984", json!("24"), false),
        ("; rm -rf /", json!("24"), false),
        ("-iL", json!("24"), false),
    ] {
        let row = with(
            with(subnet_row(), "subnet", json!(network)),
            "mask",
            mask.clone(),
        );
        let found = subnet(row);
        assert_eq!(found.network.is_some(), canonical, "{network}/{mask}");
        let mask = mask.as_str().map_or_else(
            || mask.as_u64().map_or(String::new(), |m| m.to_string()),
            str::to_owned,
        );
        assert_eq!(found.cidr, format!("{network}/{mask}"));
    }
}

#[test]
fn a_folder_is_kept_as_one() {
    let mut row = subnet_row();
    row["isFolder"] = json!(1);
    row["subnet"] = json!("0.0.0.0");
    row["mask"] = json!("");
    let found = subnet(row);
    assert!(found.is_folder && found.network.is_none());
}

#[test]
fn another_agents_subnets_are_left_out() {
    let other = with(with(subnet_row(), "id", json!(4)), "scanAgent", json!(6));
    let found = answer::subnets(raw(200, &ok(json!([other, subnet_row()]))), AgentId(5)).unwrap();
    assert_eq!(found.subnets.rows.len(), 1);
    assert_eq!(found.subnets.skipped["a subnet of another agent"], 1);
    assert!(
        answer::subnets(raw(200, &ok(json!([other]))), AgentId(5)).is_err(),
        "a filter that was ignored says nothing about what is assigned"
    );
}

#[test]
fn a_parent_is_seen_from_its_children_whosever_they_are() {
    let child = json!({"id": 9, "masterSubnetId": "3", "scanAgent": 6});
    let found = answer::parents(raw(200, &ok(json!([subnet_row(), child])))).unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [SubnetId(3)]);

    let child = with(
        with(subnet_row(), "id", json!(9)),
        "masterSubnetId",
        json!(3),
    );
    let found = answer::subnets(raw(200, &ok(json!([subnet_row(), child]))), AgentId(5)).unwrap();
    let parents: Vec<bool> = found.subnets.rows.iter().map(|s| s.is_parent).collect();
    assert_eq!(parents, [true, false]);
    assert_eq!(found.masters.into_iter().collect::<Vec<_>>(), [SubnetId(3)]);
}

#[test]
fn a_list_that_php_wrote_as_an_object_is_a_list() {
    let body = ok(json!({"0": address_row(), "4": with(address_row(), "id", json!(8))}));
    assert_eq!(addresses(&body).unwrap().rows.len(), 2);
    assert_eq!(
        addresses(&ok(address_row())).unwrap().rows.len(),
        1,
        "a single row"
    );
}

#[test]
fn a_bom_empty_lines_and_debugging_output_may_stand_before_the_envelope() {
    let envelope = String::from_utf8(ok(json!([address_row()]))).unwrap();
    for before in [
        "\u{feff}",
        "\n\n",
        " \r\n\t",
        "\u{feff}\n",
        "\n\u{feff}",
        "<br />\n<b>Warning</b>: Undefined array key \"x\" in <b>/a.php</b> on line <b>1</b><br />\n",
        "<style>p { color: red }</style><pre>array{\"code\":1}</pre>",
        "Deprecated: {\"code\" is odd",
    ] {
        for after in ["", "\n", " \r\n"] {
            let body = format!("{before}{envelope}{after}");
            let found = addresses(body.as_bytes());
            assert_eq!(found.unwrap().rows.len(), 1, "{before:?} … {after:?}");
        }
    }
}

#[test]
fn broken_utf8_costs_a_character() {
    let mut body = ok(json!([with(address_row(), "owner", json!("J@rgen"))]));
    let at = body.windows(6).position(|w| w == b"J@rgen").unwrap() + 1;
    body[at] = 0xfc;
    assert_eq!(
        addresses(&body).unwrap().rows[0].owner.as_deref(),
        Some("J\u{fffd}rgen")
    );
}

#[test]
fn only_three_messages_mean_empty() {
    for message in [
        "No results (filter applied)",
        "No addresses found",
        "No subnets found",
    ] {
        let body = failure(404, message);
        let found = answer::addresses(raw(404, &body), SubnetId(3)).unwrap();
        assert!(found.rows.is_empty() && found.skipped.is_empty());
        let found = answer::subnets(raw(404, &body), AgentId(5)).unwrap();
        assert!(found.subnets.rows.is_empty());
        assert!(
            answer::parents(raw(404, &body)).is_err(),
            "some are assigned, so there are some"
        );
        for status in [400, 401, 403, 500, 503] {
            assert!(
                answer::addresses(raw(status, &failure(status, message)), SubnetId(3)).is_err(),
                "{status} {message} is no way to say it"
            );
        }
    }
    for message in [
        "Address not found",
        "Invalid Id",
        "No objects found",
        "Not found",
        "",
    ] {
        let found = answer::addresses(raw(404, &failure(404, message)), SubnetId(3));
        assert!(
            matches!(found, Err(Problem::IpamNotUnderstood { .. })),
            "{message:?}: {found:?}"
        );
    }
}

#[test]
fn a_success_without_data_is_not_empty() {
    for body in [
        r#"{"code":200,"success":true,"data":[],"time":0}"#,
        r#"{"code":200,"success":true,"data":{},"time":0}"#,
        r#"{"code":200,"success":true,"data":null,"time":0}"#,
        r#"{"code":200,"success":true,"data":false,"time":0}"#,
        r#"{"code":200,"success":true,"data":"","time":0}"#,
        r#"{"code":200,"success":true,"message":"No sections available","time":0}"#,
        r#"{"code":200,"success":true,"message":"No addresses found","time":0}"#,
        r#"{"code":200,"success":true}"#,
        r#"{"success":false}"#,
        "",
        "\u{feff}",
        "null",
        "[]",
        "{}",
        r#"{"data":[]}"#,
    ] {
        let found = addresses(body.as_bytes());
        assert!(
            matches!(found, Err(Problem::IpamNotUnderstood { .. })),
            "{body}: {found:?}"
        );
    }
}

#[test]
fn a_cut_answer_is_not_understood() {
    let body = ok(json!([address_row(), address_row()]));
    for end in 1..body.len() {
        assert!(
            addresses(&body[..end]).is_err(),
            "cut after {end} bytes: {:?}",
            String::from_utf8_lossy(&body[..end])
        );
    }
}

#[test]
fn a_gone_subnet_is_told_by_both_statuses() {
    for status in [400, 404] {
        let body = failure(status, "Invalid subnet Id (3)");
        assert_eq!(
            answer::addresses(raw(status, &body), SubnetId(3)),
            Err(Problem::SubnetGone {
                subnet: SubnetId(3)
            })
        );
        assert_eq!(
            answer::last_discovery(raw(status, &body), SubnetId(3)),
            Err(Problem::SubnetGone {
                subnet: SubnetId(3)
            })
        );
    }
}

#[test]
fn a_failing_server_is_never_empty() {
    let table = failure(500, "Unable to read addresses");
    for (status, body) in [
        (500, &b""[..]),
        (500, &table[..]),
        (
            502,
            b"<html><head><title>502 Bad Gateway</title></head></html>",
        ),
        (504, b""),
        (429, b""),
    ] {
        assert!(
            matches!(
                answer::addresses(raw(status, body), SubnetId(3)),
                Err(Problem::IpamFailing { status: told, .. }) if told == status
            ),
            "{status}"
        );
        assert!(matches!(
            answer::subnets(raw(status, body), AgentId(5)),
            Err(Problem::IpamFailing { .. })
        ));
    }
}

#[test]
fn each_refusal_has_its_problem_with_phpipams_words() {
    let find = |status: u16, message: &str| {
        answer::addresses(raw(status, &failure(status, message)), SubnetId(3)).unwrap_err()
    };
    let words = |text: &str| text.to_owned();
    assert_eq!(
        find(401, "Unauthorized"),
        Problem::IpamTokenRejected {
            words: words("Unauthorized")
        }
    );
    assert_eq!(
        find(403, "Invalid token"),
        Problem::IpamTokenOfOtherApp {
            words: words("Invalid token")
        }
    );
    assert_eq!(
        find(403, "Token expired"),
        Problem::IpamTokenRejected {
            words: words("Token expired")
        }
    );
    assert_eq!(
        find(400, "Invalid application id"),
        Problem::IpamAppUnknown {
            words: words("Invalid application id")
        }
    );
    for message in ["API server disabled", "SSL connection is required for API"] {
        assert_eq!(
            find(503, message),
            Problem::IpamApiOff {
                words: words(message)
            }
        );
    }
    for spelling in ["excesive", "excessive"] {
        let message =
            format!("Your IP has been blocked for 5 minutes because of {spelling} login failures");
        assert_eq!(find(500, &message), Problem::IpamBlocked { words: message });
    }
    for (status, message) in [
        (400, "Invalid controller"),
        (400, "Invalid filter_by"),
        (415, "Invalid Content type "),
    ] {
        let Problem::IpamNotUnderstood { detail } = find(status, message) else {
            panic!("{status} {message}");
        };
        assert!(detail.contains(message.trim()), "{detail}");
    }
}

#[test]
fn a_failure_in_the_envelope_counts_although_the_status_is_200() {
    let found = addresses(&failure(404, "No addresses found")).unwrap();
    assert!(found.rows.is_empty());
    assert_eq!(
        addresses(&failure(401, "Unauthorized")),
        Err(Problem::IpamTokenRejected {
            words: "Unauthorized".to_owned()
        })
    );
}

#[test]
fn pages_portals_and_redirects_are_not_phpipam() {
    let page =
        b"<!DOCTYPE html><html><head><title>Hotel\n Wi-Fi</title></head><body>{}</body></html>";
    for status in [200, 401, 403, 404] {
        let Err(Problem::IpamNotFound { detail }) =
            answer::addresses(raw(status, page), SubnetId(3))
        else {
            panic!("a web page with status {status} is not phpIPAM");
        };
        assert!(detail.contains("Hotel Wi-Fi"), "{detail}");
    }
    for status in [301, 302, 307, 308] {
        let answer = Raw {
            status,
            location: Some("https://ipam.example.com/login/"),
            body: b"",
        };
        let Err(Problem::IpamNotFound { detail }) = answer::addresses(answer, SubnetId(3)) else {
            panic!("a redirect ({status}) is not phpIPAM's API");
        };
        assert!(detail.contains("ipam.example.com/login"), "{detail}");
    }
    let embedded = b"<html><script>x = {\"code\":200,\"success\":true,\"data\":[{\"id\":1,\"ip\":\"192.0.2.1\"}]}</script></html>";
    assert!(
        addresses(embedded).is_err(),
        "an envelope inside a page is not an answer"
    );
}

#[test]
fn an_agent_is_found_by_exactly_its_code() {
    let rows = json!([
        {"id": 4, "name": "other", "code": "SecretOfAnother", "last_access": null},
        {"id": 3, "name": "localhost", "code": null},
        {"id": "5", "name": "ours", "code": CODE},
    ]);
    let code = AgentCode::new(CODE);
    let body = ok(rows.clone());
    assert_eq!(
        answer::agent(raw(200, &body), &code),
        Ok((AgentId(5), "ours".to_owned()))
    );
    for wrong in [
        CODE.to_lowercase(),
        format!("{CODE} "),
        "null".to_owned(),
        String::new(),
    ] {
        let found = answer::agent(raw(200, &body), &AgentCode::new(wrong));
        assert_eq!(found, Err(Problem::AgentCodeUnknown));
    }
    for message in ["No results (filter applied)", "No objects found"] {
        assert_eq!(
            answer::agent(raw(404, &failure(404, message)), &code),
            Err(Problem::AgentCodeUnknown)
        );
    }
    let body = ok(json!([1, 2]));
    assert!(matches!(
        answer::agent(raw(200, &body), &code),
        Err(Problem::IpamNotUnderstood { .. })
    ));
}

#[test]
fn no_problem_shows_another_agents_code() {
    for body in [
        r#"{"code":200,"success":true,"data":[{"id":"SecretOfAnother","code":{"SecretOfAnother":1}}]}"#,
        r#"{"code":200,"success":true,"data":"SecretOfAnother"}"#,
        r#"{"code":200,"success":"SecretOfAnother","data":[]}"#,
        r#"{"code":200,"success":true,"data":[{"id":1,"code":"SecretOfAnother"}"#,
        r#"{"code":200,"success":true,"data":[{"id":1,"code":"SecretOfAnother","name":"x"}]}"#,
        "SecretOfAnother",
    ] {
        let found = answer::agent(raw(200, body.as_bytes()), &AgentCode::new(CODE));
        assert!(!format!("{found:?}").contains("SecretOf"), "{found:?}");
    }
}

#[test]
fn last_discovery_is_text_of_the_subnet_that_was_asked_for() {
    let find = |row: Value, id| answer::last_discovery(raw(200, &ok(row)), SubnetId(id));
    assert_eq!(
        find(subnet_row(), 3),
        Ok(Some("2026-03-04 05:06:07".to_owned()))
    );
    let single = with(
        with(subnet_row(), "permissions", json!("{\"3\":\"1\"}")),
        "location",
        json!(null),
    );
    assert_eq!(
        find(with(single, "lastDiscovery", json!(null)), 3),
        Ok(None)
    );
    assert!(find(subnet_row(), 4).is_err());
    let folder = failure(404, "No subnets found");
    assert_eq!(
        answer::last_discovery(raw(404, &folder), SubnetId(3)),
        Ok(None),
        "a folder is answered like this"
    );
}

#[test]
fn a_log_in_gives_a_token_or_the_reason() {
    let body = ok(json!({"token": "T0ken", "expires": "2026-11-23 22:40:09"}));
    let found = answer::login(raw(200, &body)).unwrap();
    assert_eq!(found.token.expose_secret(), "T0ken");
    assert!(!format!("{found:?}").contains("T0ken"));
    for (status, message) in [
        (500, "Invalid username or password"),
        (400, "Please provide username and password"),
        (409, "Authentication not needed"),
    ] {
        let Err(Problem::IpamTokenRejected { words }) =
            answer::login(raw(status, &failure(status, message)))
        else {
            panic!("{status} {message}");
        };
        assert!(words.starts_with(message), "{words}");
    }
    assert!(matches!(
        answer::login(raw(500, b"")),
        Err(Problem::IpamFailing { .. })
    ));
    assert!(answer::login(raw(200, &ok(json!({"token": ""})))).is_err());
}

#[test]
fn a_token_that_is_no_longer_good_is_told_from_one_of_another_app() {
    for (status, message, expected) in [
        (401, "Unauthorized", true),
        (403, "Token expired", true),
        (403, "Invalid token", false),
        (404, "No addresses found", false),
    ] {
        let body = failure(status, message);
        assert_eq!(
            answer::wants_log_in(raw(status, &body)),
            expected,
            "{message}"
        );
    }
    assert!(!answer::wants_log_in(raw(401, b"<html>")));
}

#[test]
fn the_api_is_told_from_what_is_none() {
    assert_eq!(answer::api(raw(401, &failure(401, "Unauthorized"))), Ok(()));
    assert!(matches!(
        answer::api(raw(400, &failure(400, "Invalid application id"))),
        Err(Problem::IpamAppUnknown { .. })
    ));
    assert!(matches!(
        answer::api(raw(200, b"<html>")),
        Err(Problem::IpamNotFound { .. })
    ));
    assert_eq!(
        answer::token(raw(404, &failure(404, "No results (filter applied)"))),
        Ok(())
    );
    assert!(answer::token(raw(401, &failure(401, "Unauthorized"))).is_err());
}

#[test]
fn twenty_thousand_rows_are_read_in_no_time() {
    let rows: Vec<Value> = (0..20_000_u32)
        .map(|n| {
            let ip = format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255);
            with(with(address_row(), "id", json!(n + 1)), "ip", json!(ip))
        })
        .collect();
    let body = ok(Value::Array(rows));
    assert!(body.len() > 6 << 20);
    let begun = Instant::now();
    let found = addresses(&body).unwrap();
    let took = begun.elapsed();
    assert_eq!(found.rows.len(), 20_000);
    println!("20,000 rows ({} bytes) in {took:?}", body.len());
    // Unoptimised builds on a busy machine; optimised ones need a twentieth of it.
    assert!(took.as_secs() < 10, "{took:?}");
}
