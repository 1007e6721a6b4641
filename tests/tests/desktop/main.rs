//! The real tray application on a desktop without anybody in front of it: its icon, its menu, its window and its
//! notifications, with a real session bus, a real keychain, the real nmap and a simulated site.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

mod large;
mod notices;
mod panel;
mod scenario;
mod troubles;
mod walk;
mod window;

use fieldscan_core::delivery::{Report, State};
use fieldscan_tests::{
    desktop::{SOON, missing_desk},
    network::{Host, Layout, in_namespace},
    phpipam::{Model, address, subnet},
    site::{Plan, Site, wait_until},
    skip::skip_named,
};

const OFFICE: &str = "10.77.0.0/28";
const STORE: &str = "10.77.1.0/28";

/// Two small subnets on the link. phpIPAM knows 10.77.0.1, and 10.77.0.9 which isn't there. The others that answer, this
/// computer in both subnets among them, are unknown: 10.77.0.2, 10.77.0.14, 10.77.1.1 and 10.77.1.14.
fn small_site() -> Site {
    let mut model = Model::with_agent();
    let office = model.add_subnet(
        subnet(OFFICE)
            .described("Depot – office")
            .agent(1)
            .discover(),
    );
    model.add_address(office, address("10.77.0.1").named("gw"));
    model.add_address(office, address("10.77.0.9").named("gone"));
    model.add_subnet(subnet(STORE).described("Depot – store").agent(1).discover());
    let layout = Layout::new()
        .on_link("10.77.0.14/28".parse().unwrap())
        .on_link("10.77.1.14/28".parse().unwrap())
        .host(Host::new([10, 77, 0, 1]))
        .host(Host::new([10, 77, 0, 2]))
        .host(Host::new([10, 77, 1, 1]));
    Site::start(Plan {
        model,
        layout: Some(layout),
        settings: Vec::new(),
        expected: Default::default(),
    })
    .unwrap()
}

/// Runs a test's body in a network of its own, where there are the programs for a desk.
fn on_a_desk(test: &str, body: impl FnOnce()) {
    match missing_desk() {
        Some(reason) => skip_named(test, &reason),
        None => in_namespace(test, body),
    }
}

/// Waits until the agent has that many reports and all satisfy `wanted`; the oldest comes first.
#[track_caller]
fn wait_for_reports(site: &Site, many: usize, wanted: impl Fn(&Report) -> bool) -> Vec<Report> {
    let mut reports = Vec::new();
    let came = wait_until(SOON, || {
        reports = site.reports().unwrap_or_default();
        reports.len() == many && reports.iter().all(&wanted)
    });
    assert!(came, "{many} reports as wanted: {reports:#?}");
    reports
}

fn is_confirmed(report: &Report) -> bool {
    matches!(report.state, State::Confirmed { .. })
}

fn waits(report: &Report) -> bool {
    matches!(report.state, State::Queued | State::Waiting { .. })
}
