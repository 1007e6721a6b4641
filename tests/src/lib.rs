//! A simulated site for tests, the demo and the benchmarks.

pub mod desktop;
mod listener;
pub mod network;
pub mod phpipam;
pub mod scan_server;
pub mod site;
pub mod skip;
pub mod tls;
