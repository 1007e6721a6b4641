//! A simulated phpIPAM: an HTTPS server that answers as phpIPAM 1.8.2 does, made from a small [`Model`].
//!
//! ```no_run
//! use fieldscan_tests::phpipam::{Fault, Model, PhpIpam};
//!
//! # fn main() -> anyhow::Result<()> {
//! let ipam = PhpIpam::start(Model::example())?;
//! ipam.write_ca(std::path::Path::new("ca.pem"))?; // the agent's `ca_file`
//! println!("api_url: {}", ipam.url());
//! ipam.fail("subnets/*/addresses/", Fault::EmptyError);
//! assert_eq!(ipam.pings(), 0, "an agent must never call ping: it writes lastSeen");
//! # Ok(())
//! # }
//! ```
//!
//! It does not scan, and it is no phpIPAM: what no scan agent calls is answered with an error.

mod answers;
mod build;
mod checks;
mod example;
mod faults;
mod model;
mod request;
mod requests;
mod rows;
mod server;
mod state;
mod users;

pub use build::{address, folder, subnet};
pub use checks::TokenSeen;
pub use faults::{Behaviour, Fault, Prefix, Version};
pub use model::{
    Address, App, DatabaseClock, Model, NameServer, ScanAgent, Security, SharedModel, Subnet, User,
};
pub use requests::RequestSeen;
pub use server::{PhpIpam, Setup};
