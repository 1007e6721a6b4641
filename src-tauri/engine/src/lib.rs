//! Carries the decisions of `fieldscan-core` out: phpIPAM, nmap, uploads, keychain, database, and the one loop.

pub mod diagnostics;
pub mod doctor;
pub mod http;
pub mod logging;
pub mod names;
pub mod neighbours;
pub mod nmap;
pub mod paths;
pub mod phpipam;
pub mod run;
pub mod settings_file;
pub mod store;
pub mod upload;
pub mod vault;

// The one way in which any test of the workspace says that it can't be done on a machine.
#[cfg(test)]
#[path = "../../../tests/src/skip.rs"]
#[expect(unreachable_pub, reason = "the same file is public in the tests crate")]
mod skip;
