//! A simulated site for tests, the demo and the benchmarks.

pub mod desktop;
