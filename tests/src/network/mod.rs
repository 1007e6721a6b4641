//! A simulated layer 2 on a TAP device inside a user and network namespace, so
//! that the real nmap scans it, without root and without touching any network.
//!
//! A [`Layout`] says what there is; [`Network::start`] runs it; its [`Site`]
//! can be changed meanwhile, and its [`Counters`] say what was sent to it.
//! [`in_namespace`] gives a test its namespace.
//!
//! It is no model of TCP beyond what port scans need, of switches, or of what
//! several scanners would see.

mod counters;
mod dns;
mod layout;
mod namespace;
mod random;
mod ranges;
mod site;
#[cfg(target_os = "linux")]
mod tap;
#[cfg(not(target_os = "linux"))]
#[path = "tap_elsewhere.rs"]
mod tap;
mod wire;

pub use counters::Counters;
pub use dns::{Name, NameServer, NameServerMode};
pub use layout::{Behaviour, Host, Layout, Mac, Quality};
pub use namespace::{available, command_in_namespace, in_namespace, inside, loopback_up, skipped};
pub use site::{Reply, Site};
pub use tap::Network;
