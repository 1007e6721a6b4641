//! A simulated layer 2 on a TAP device inside a user and network namespace, so
//! that the real nmap scans it, without root and without touching any network.
//!
//! A [`Layout`] says what there is; [`Network::start`] runs it; its [`Site`]
//! can be changed meanwhile, and its [`Counters`] say what was sent to it.
//! [`in_namespace`] gives a test its namespace.
//!
//! The kernel takes part as on any machine: it resolves whom a socket talks to.
//! It keeps about a thousand such neighbours for all namespaces together
//! (`net.ipv4.neigh.default.gc_thresh3`, not to be changed from inside), so an
//! unprivileged scan of thousands of addresses on the link misses many of them.
//! Raw scans, and all that is behind a gateway, are free of this.
//!
//! It is no model of TCP beyond what port scans need, of switches, or of what
//! several scanners would see.

mod answering;
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

pub use counters::{Counters, Probes};
pub use dns::{Name, NameServer, NameServerMode};
pub use layout::{Behaviour, Host, Layout, Mac, Quality};
pub use namespace::{
    available, command_in_namespace, default_route, in_namespace, inside, loopback_up,
    system_name_server,
};
pub use site::{Reply, Site};
pub use tap::Network;
