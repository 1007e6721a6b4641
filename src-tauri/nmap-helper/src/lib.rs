//! The one program that is given a capability (`cap_net_raw`), so that the agent needs no root and the system's nmap stays
//! as it is. It takes typed words ([`fieldscan_core::nmap_args`]), judges the targets again, takes nothing else over from
//! whoever calls it, and becomes the system's nmap. It reads no settings, asks nobody, and knows no phpIPAM.
//!
//! What a caller can choose: private networks of at most 65,536 addresses in all, addresses to leave out, name servers,
//! and numbers in fixed ranges. Public networks only if root has listed them in `/etc/fieldscan/allowed-networks`.

#[cfg(target_os = "linux")]
mod allowed;
mod order;
#[cfg(target_os = "linux")]
mod start;
#[cfg(target_os = "linux")]
mod trusted;

use std::ffi::OsString;

pub use order::{Order, build};

/// The version of the words that this program takes; told by `check`.
pub const WORDS: u32 = 2;

/// Why nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The words are no request.
    #[error(transparent)]
    Misspelled(#[from] fieldscan_core::nmap_args::Misspelled),
    /// The guard refuses a network.
    #[error("{network} may not be scanned: {why}")]
    Network {
        /// The network.
        network: ipnetwork::IpNetwork,
        /// The guard's reason.
        why: &'static str,
    },
    /// All networks together are too large.
    #[error("more than 65,536 addresses in all")]
    TooMany,
    /// The list of allowed public networks can't be trusted or read.
    #[error("/etc/fieldscan/allowed-networks: {0}")]
    Allowed(&'static str),
    /// There is no nmap that only root can change.
    #[error("no nmap in /usr/bin or /usr/local/bin that only root can change")]
    NoNmap,
    /// The program runs setuid or setgid.
    #[error("it must not be setuid or setgid; it needs one capability only")]
    Setuid,
    /// Standard input, output or error is closed, or output goes nowhere.
    #[error("{0} is not open")]
    Closed(&'static str),
    /// Whoever is said to have started this did not, or is gone.
    #[error("the process that asked is not the parent")]
    Parent,
    /// The capability is missing.
    #[error("it has no cap_net_raw: `fieldscan grant` gives it")]
    NoCapability,
    /// There is the capability, and still no raw socket.
    #[error("no raw socket can be opened: {0}")]
    NoRawSocket(std::io::Error),
    /// The system refused a step.
    #[error("{what}: {error}")]
    System {
        /// The step.
        what: &'static str,
        /// The system's reason.
        error: std::io::Error,
    },
    /// Only Linux has such capabilities.
    #[error("it works on Linux only")]
    Elsewhere,
}

/// Does what the words ask for: `check` comes back with a line to print; `scan …` becomes nmap and does not come back.
#[cfg(target_os = "linux")]
pub fn run(words: &[OsString]) -> Result<String, Refused> {
    start::before_anything()?;
    if let [word] = words
        && word == "check"
    {
        let nmap = trusted::nmap()?;
        start::check()?;
        return Ok(format!("fieldscan-nmap {WORDS} {}", nmap.display()));
    }
    let order = build(words, &allowed::networks()?)?;
    let nmap = trusted::nmap()?;
    Err(start::start(&nmap, &order))
}

/// Does nothing: only Linux has such capabilities.
#[cfg(not(target_os = "linux"))]
pub fn run(_words: &[OsString]) -> Result<String, Refused> {
    Err(Refused::Elsewhere)
}
