//! Answers that nobody would think of: never a panic, never an empty list without phpIPAM's word for it.

use fieldscan_core::ids::{AgentCode, AgentId, SubnetId};
use proptest::prelude::*;

use super::super::answer::{self, Raw};

const SEEDS: [&str; 8] = [
    r#"{"code":200,"success":true,"data":[{"id":7,"subnetId":3,"ip":"192.0.2.9","hostname":"a.example.com","mac":"00:11:22:33:44:55","tag":"2","lastSeen":"2026-03-04 05:06:07","excludePing":"1","custom_x":null}],"time":0.002}"#,
    r#"{"code":200,"success":true,"data":[{"id":3,"subnet":"192.0.2.0","mask":"24","masterSubnetId":0,"scanAgent":5,"discoverSubnet":1,"isFolder":0,"permissions":[{"group_id":3}],"nameservers":{"namesrv1":"192.0.2.1;x"}}],"time":0}"#,
    r#"{"code":200,"success":true,"data":[{"id":5,"name":"n","code":"abc","last_access":null}],"time":0}"#,
    r#"{"code":200,"success":true,"data":[],"time":0}"#,
    r#"{"code":404,"success":false,"message":"No addresses found","time":0}"#,
    r#"{"code":404,"success":false,"message":"No results (filter applied)","time":0}"#,
    r#"{"code":500,"success":false,"message":"Unable to read addresses","time":0}"#,
    "\u{feff}<br />\n<b>Warning</b> {x} {\"code\":200,\"success\":true,\"data\":{\"token\":\"t\",\"expires\":\"x\"}}",
];

const EMPTY: [&str; 3] = [
    "No results (filter applied)",
    "No addresses found",
    "No subnets found",
];

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![
        prop::sample::select(vec![200, 301, 302, 400, 401, 403, 404, 415, 429, 500, 503]),
        any::<u16>(),
    ]
}

/// A seed with some bytes changed, put in, or cut off.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), 0..4_u8, any::<u8>());
    let tokens = prop::sample::select(vec![
        "null",
        "[]",
        "{}",
        "\"\"",
        "false",
        "-1",
        "1e999",
        "{\"code\"",
        "]",
        "}",
        ",",
        "\u{feff}",
    ]);
    (
        prop::sample::select(SEEDS.to_vec()),
        prop::collection::vec((change, tokens), 0..6),
    )
        .prop_map(|(seed, changes)| {
            let mut bytes = seed.as_bytes().to_vec();
            for ((at, how, byte), token) in changes {
                if bytes.is_empty() {
                    break;
                }
                let at = at.index(bytes.len());
                match how {
                    0 => bytes[at] = byte,
                    1 => bytes.truncate(at),
                    2 => drop(bytes.splice(at..at, token.bytes())),
                    _ => drop(bytes.remove(at)),
                }
            }
            bytes
        })
}

fn hold(status: u16, body: &[u8]) -> Result<(), TestCaseError> {
    let raw = Raw {
        status,
        location: None,
        body,
    };
    let _ = answer::agent(raw, &AgentCode::new("abc"));
    let _ = answer::login(raw);
    let _ = answer::api(raw);
    let _ = answer::token(raw);
    let _ = answer::wants_log_in(raw);
    let _ = answer::last_discovery(raw, SubnetId(3));
    let text = String::from_utf8_lossy(body);
    let said = EMPTY.iter().any(|message| text.contains(message));
    if let Ok(found) = answer::addresses(raw, SubnetId(3)) {
        prop_assert!(said || !found.rows.is_empty(), "addresses: {status} {text}");
    }
    if let Ok(found) = answer::subnets(raw, AgentId(5)) {
        prop_assert!(
            said || !found.subnets.rows.is_empty(),
            "subnets: {status} {text}"
        );
    }
    if !(200..300).contains(&status) && status != 404 {
        prop_assert!(
            answer::addresses(raw, SubnetId(3)).is_err(),
            "{status} {text}"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(status in status(), body in prop::collection::vec(any::<u8>(), 0..300)) {
        hold(status, &body)?;
    }

    #[test]
    fn mutated_answers_are_never_wrongly_empty(status in status(), body in mutated()) {
        hold(status, &body)?;
    }

    #[test]
    fn deep_nesting_is_survived(depth in 1..5_000_usize, open in prop::sample::select(vec!["[", "{\"a\":"])) {
        let body = format!("{{\"code\":200,\"success\":true,\"data\":[{{\"x\":{}", open.repeat(depth));
        hold(200, body.as_bytes())?;
    }
}
