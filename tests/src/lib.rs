//! A simulated site for tests, the demo and the benchmarks.

pub mod desktop;
pub mod ipam;
mod listener;
pub mod network;
pub mod phpipam;
pub mod plant;
pub mod scan_server;
pub mod site;
pub mod skip;
#[cfg(target_os = "linux")]
pub mod system_bus;
pub mod tls;
