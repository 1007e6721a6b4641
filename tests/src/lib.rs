//! A simulated site for tests, the demo and the benchmarks.

mod listener;
pub mod network;
pub mod phpipam;
pub mod scan_server;
pub mod site;
pub mod skip;
pub mod tls;
