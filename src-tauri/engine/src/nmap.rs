//! Runs the system's nmap in a process group of its own and reads its XML as it comes.
//!
//! Decides nothing about targets: [`fieldscan_core::plan`] has judged them. Chunks are scanned one after the other; a
//! scheduler of chunks over several subnets has its place above [`Nmap::scan`]'s loop.

mod args;
mod find;
mod process;
mod route;
mod scan;

use std::{path::PathBuf, time::Duration};

pub use args::arguments;
pub use process::kill_all;
pub use scan::Scanned;

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
