//! Runs the system's nmap in a process group of its own and reads its XML as it comes.
//!
//! Decides nothing about targets: [`fieldscan_core::plan`] has judged them, and says how fast they are scanned. A
//! [`Scheduler`] runs the chunks of all scans that go on, within one budget of packets.

mod args;
mod budget;
mod find;
mod helper;
mod link;
#[cfg(any(windows, test))]
mod npcap;
mod part;
mod process;
mod route;
mod scheduler;
mod sweep;
mod trace;
mod vendors;

use std::{path::PathBuf, time::Duration};

pub use helper::{Able, Privileges, ask as ask_helper, installed as installed_helper};
pub use process::kill_all;
pub use scheduler::{News, Scanned, Scheduler, Work};

/// The nmap of this machine.
#[derive(Debug, Clone)]
pub struct Nmap {
    /// The program.
    pub path: PathBuf,
    /// Its version, as it writes it: `7.93`, `7.94SVN`.
    pub version: String,
    /// Whether it gets raw sockets when this process starts it. Without them it makes TCP connections only, finds fewer
    /// hosts and sees no MACs.
    pub privileged: bool,
    /// The program that gives it raw sockets, where this process has none to hand on.
    pub helper: Option<PathBuf>,
    /// How long it may take.
    pub limits: Limits,
}

/// How long nmap may take for what.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long it may say nothing. It is told to say how far it is every second.
    pub quiet: Duration,
    /// How long it may take to end once asked to.
    pub grace: Duration,
    /// How long it may take to tell its version.
    pub version: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            quiet: Duration::from_secs(60),
            grace: Duration::from_millis(500),
            version: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
