//! The tray's tooltip.

use jiff::{Timestamp, tz::TimeZone};

use crate::snapshot::Snapshot;

use super::status::status;

/// The status in one or two lines: what opens the tray's menu.
pub fn tooltip(snapshot: &Snapshot, now: Timestamp, zone: &TimeZone) -> String {
    let status = status(snapshot, now, zone);
    let all = status.lines.into_iter().chain(status.delivery);
    let lines: Vec<String> = all.take(2).collect();
    lines.join("\n")
}
