//! HTTP client for phpIPAM's API, read-only: nothing here writes into phpIPAM, and no call that does so behind a GET is made.
//!
//! [`answer`] reads answers and does no I/O; [`Client`] asks and hands it what came.

pub mod answer;
mod client;
mod envelope;
mod field;
mod row;
mod session;
#[cfg(test)]
mod tests;

pub use self::client::{Auth, Client, Connection, Probe};
