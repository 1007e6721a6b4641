//! The Windows `fieldscan` under wine on the simulated site: phpIPAM over HTTPS with a certificate of its own, settings and
//! database on what is a Windows file system to it. `cargo xtask cross wine` names the program and runs this.
#![cfg(unix)]

use std::{collections::BTreeMap, time::Duration};

use fieldscan_tests::site::{Plan, Site};

/// Wine is slow to start.
const BOUND: Duration = Duration::from_secs(120);

#[test]
#[ignore = "needs wine; `cargo xtask cross wine` runs it"]
fn the_windows_program_reads_phpipam_and_says_that_nmap_is_missing() {
    let site = Site::start(Plan {
        layout: None,
        ..Plan::depot()
    })
    .unwrap();

    let doctor = site.run(BOUND, &["--json", "doctor"]).unwrap();
    let document = doctor.json().unwrap();
    let outcomes: BTreeMap<&str, &str> = document["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            (
                step["id"].as_str().unwrap(),
                step["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    for step in [
        "settings",
        "keychain",
        "reachable",
        "tls",
        "token",
        "agent-code",
        "subnets",
        "scan-server",
        "clock",
    ] {
        assert_eq!(
            outcomes[step], "ok",
            "{step} needs nothing of Linux: {document}"
        );
    }
    assert_eq!(
        outcomes["nmap"], "failed",
        "this Windows has none: {document}"
    );
    assert_eq!(doctor.code, Some(1), "{}", doctor.words());

    let scan = site.run(BOUND, &["--json", "scan"]).unwrap();
    assert_eq!(
        scan.code,
        Some(3),
        "nothing could be done: {}",
        scan.words()
    );
    assert!(
        scan.stdout.contains("nmap-missing"),
        "it says why: {}",
        scan.words()
    );

    let subnets = site.run(BOUND, &["--json", "subnets"]).unwrap();
    assert_eq!(subnets.code, Some(0), "{}", subnets.words());
    for cidr in site.expected().keys() {
        assert!(
            subnets.stdout.contains(cidr.as_str()),
            "the database has what phpIPAM said of {cidr}: {}",
            subnets.stdout
        );
    }
}
