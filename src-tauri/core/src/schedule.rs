//! What is due: after sleep, missed runs, pauses and clock jumps.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// When to scan without being asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Never.
    Off,
    /// This long after the last run began.
    Every(Duration),
    /// At the times of a cron expression (five fields, or six with seconds first), in this machine's time zone.
    Cron(String),
}
