//! A disk that is really full, in the middle of a scan: the person is told, and nothing that was accepted before is lost.

#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{
    collections::BTreeSet,
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use fieldscan_core::delivery::State;
use fieldscan_tests::{
    network::{Host, Layout, in_namespace},
    phpipam::{Model, address, subnet},
    site::{Plan, Site, processes, wait_until},
    skip::skip_named,
};

const BOUND: Duration = Duration::from_secs(120);
/// Room for the database, its log and the logs, and little more.
const SIZE: &str = "size=8m";

fn site() -> Site {
    let mut model = Model::with_agent();
    let mut layout = Layout::new();
    for third in 0..3u8 {
        let id = model.add_subnet(subnet(&format!("10.77.{third}.0/26")).agent(1).discover());
        layout = layout.on_link(format!("10.77.{third}.62/26").parse().unwrap());
        for last in 1..40u8 {
            layout = layout.host(Host::new([10, 77, third, last]));
            if last % 2 == 0 {
                model.add_address(id, address(&format!("10.77.{third}.{last}")));
            }
        }
    }
    Site::start(Plan {
        model,
        layout: Some(layout),
        settings: Vec::new(),
        expected: Default::default(),
    })
    .unwrap()
}

/// A small disk of its own. Dropping it takes it away.
struct Disk(PathBuf);

impl Drop for Disk {
    fn drop(&mut self) {
        // Goes with the namespace at the latest; only its folder would stay.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Mounts a small disk at the data folder; why not, in words.
fn mount(at: &Path) -> Result<Disk, String> {
    std::fs::create_dir(at).unwrap();
    let output = Command::new("mount")
        .args(["-t", "tmpfs", "-o", SIZE, "tmpfs"])
        .arg(at)
        .stdin(Stdio::null())
        .output();
    let output = output.map_err(|error| format!("`mount` can't be started: {error}"))?;
    if output.status.success() {
        return Ok(Disk(at.to_owned()));
    }
    Err(format!(
        "no disk of its own to be had: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    ))
}

/// Takes all the room that is left.
fn fill(folder: &Path) {
    let mut file = File::create(folder.join("filler")).unwrap();
    let mut piece = vec![0; 64 * 1024];
    while !piece.is_empty() {
        if file.write_all(&piece).is_err() {
            piece.truncate(piece.len() / 2);
        }
    }
}

#[test]
fn a_full_disk_is_told_and_loses_nothing_that_was_accepted() {
    const TEST: &str = "a_full_disk_is_told_and_loses_nothing_that_was_accepted";
    in_namespace(TEST, || {
        let site = site();
        let disk = match mount(&site.data_folder()) {
            Ok(disk) => disk,
            Err(reason) => return skip_named(TEST, &reason),
        };
        let ended = site.run(BOUND, &["scan", "--no-upload"]).unwrap();
        assert_eq!(ended.code, Some(0), "{}", ended.words());
        let accepted = site.reports().unwrap();
        assert_eq!(
            accepted.len(),
            3,
            "each subnet has its report in the outbox"
        );

        let mut command = site.fieldscan().unwrap();
        let child = command
            .args(["scan", "--no-upload"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        assert!(
            wait_until(BOUND, || !processes("nmap").is_empty()),
            "the scan begins"
        );
        fill(&disk.0);
        let ended = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&ended.stdout).into_owned()
            + &String::from_utf8_lossy(&ended.stderr);
        // With luck a subnet was written before the disk was full.
        assert!(
            matches!(ended.status.code(), Some(1 | 3)),
            "it ends with problems, not with success and not in a crash: {words}"
        );
        let run = site.runs().unwrap().pop().unwrap();
        let subnets: BTreeSet<_> = run.subnets.iter().map(|subnet| subnet.subnet).collect();
        assert_eq!(
            subnets.len(),
            run.subnets.len(),
            "each subnet is told once: {:#?}",
            run.subnets
        );
        assert!(
            words.to_lowercase().contains("disk") && words.contains("full"),
            "the person is told what is wrong: {words}"
        );
        let status = site.run(BOUND, &["status"]).unwrap();
        assert!(
            matches!(status.code, Some(0 | 1)),
            "it can still be looked at: {}",
            status.words()
        );

        let kept = site.reports().unwrap();
        assert_eq!(
            kept[..3.min(kept.len())],
            accepted,
            "what was accepted before is intact"
        );

        std::fs::remove_file(disk.0.join("filler")).unwrap();
        let ended = site
            .run(BOUND, &["scan", "--wait-confirmed", "90"])
            .unwrap();
        assert_eq!(
            ended.code,
            Some(0),
            "with room again all is well: {}",
            ended.words()
        );
        let reports = site.reports().unwrap();
        for accepted in &accepted {
            let now = reports.iter().find(|report| report.id == accepted.id);
            let now = now.expect("no report is lost");
            assert!(
                matches!(
                    now.state,
                    State::Confirmed { .. } | State::Superseded { .. }
                ),
                "{now:#?}"
            );
        }
        let model = site.ipam.model();
        let seen = model
            .addresses()
            .filter(|row| row.last_seen.as_deref() > Some("2000"))
            .count();
        assert_eq!(
            seen,
            3 * 40,
            "every host and the scanner itself are in phpIPAM"
        );
    });
}
