//! phpIPAM's answers: whatever comes, nothing panics, and "nothing there" is only read where phpIPAM says so.
#![no_main]

use fieldscan_core::ids::{AgentCode, AgentId, SubnetId};
use fieldscan_engine::phpipam::answer::{self, Raw};
use libfuzzer_sys::fuzz_target;

/// The only messages that mean that there is nothing: see phpIPAM's API as the agent sees it.
const EMPTY: [&str; 3] = [
    "No results (filter applied)",
    "No addresses found",
    "No subnets found",
];

fuzz_target!(|input: &[u8]| {
    // The last byte, so that a recorded body is a seed as it is.
    let Some((&status, body)) = input.split_last() else {
        return;
    };
    let status = [200, 200, 302, 400, 401, 403, 404, 404, 415, 500, 500, 503][usize::from(status) % 12];
    let raw = || Raw {
        status,
        location: None,
        body,
    };
    let says_empty = |body: &[u8]| {
        let text = String::from_utf8_lossy(body);
        // Escapes can spell a message in many ways; the reader sees it unescaped.
        text.contains('\\') || EMPTY.iter().any(|message| text.contains(message))
    };
    if let Ok(subnets) = answer::subnets(raw(), AgentId(1)) {
        assert!(
            !subnets.subnets.rows.is_empty()
                || !subnets.subnets.skipped.is_empty()
                || says_empty(body),
            "no subnets without phpIPAM saying so"
        );
    }
    if let Ok(addresses) = answer::addresses(raw(), SubnetId(1)) {
        assert!(
            !addresses.rows.is_empty() || !addresses.skipped.is_empty() || says_empty(body),
            "no addresses without phpIPAM saying so"
        );
    }
    let _ = answer::agent(raw(), &AgentCode::new("code"));
    let _ = answer::parents(raw());
    let _ = answer::last_discovery(raw(), SubnetId(1));
    let _ = answer::login(raw());
    let _ = answer::api(raw());
    let _ = answer::token(raw());
    let _ = answer::wants_log_in(raw());
});
