//! Every decision of the Fieldscan agent, without I/O: no clock, no files, no network, no async.
//!
//! The engine feeds [`agent::Agent::handle`] with inputs and carries out the effects that it returns.

pub mod agent;
pub mod compare;
pub mod delivery;
pub mod host;
pub mod ids;
pub mod ipam;
pub mod nmap_args;
pub mod nmap_xml;
pub mod notice;
pub mod place;
pub mod plan;
pub mod present;
pub mod problem;
pub mod report;
pub mod run;
pub mod schedule;
pub mod settings;
pub mod snapshot;
