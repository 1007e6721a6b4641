//! What macOS says of power, by the program that it has for that. Whether a connection is metered it doesn't say.

use std::{process::Stdio, time::Duration};

use fieldscan_core::place::Battery;
use tokio::process::Command;

use crate::surroundings::pmset;

const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

pub(super) async fn battery() -> Option<Battery> {
    let mut command = Command::new("/usr/bin/pmset");
    command
        .args(["-g", "batt"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(ANSWERS_WITHIN, command.output()).await;
    pmset::read(&String::from_utf8_lossy(&output.ok()?.ok()?.stdout))
}

/// There is a network where an interface has an address that was given to it.
pub(super) fn online_and_metered() -> (Option<bool>, Option<bool>) {
    let interfaces = netdev::get_interfaces();
    let mut others = interfaces
        .iter()
        .filter(|interface| interface.is_up() && !interface.is_loopback());
    let online = others.any(|interface| {
        interface.has_global_ipv6() || interface.ipv4_addrs().iter().any(|ip| !ip.is_link_local())
    });
    (Some(online), None)
}
