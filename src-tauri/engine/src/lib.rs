//! Carries the decisions of `fieldscan-core` out: phpIPAM, nmap, uploads, keychain, database, and the one loop.

pub mod diagnostics;
pub mod doctor;
pub mod document;
pub mod door;
pub mod export;
pub mod http;
pub mod logging;
pub mod names;
pub mod neighbours;
pub mod nmap;
pub mod paths;
pub mod phpipam;
pub mod place;
pub mod query;
pub mod run;
pub mod settings_file;
pub mod store;
pub mod surroundings;
pub mod takeover;
pub mod text;
pub mod update;
pub mod upload;
pub mod vault;

// The one way in which any test of the workspace says that it can't be done on a machine.
#[cfg(test)]
#[path = "../../../tests/src/skip.rs"]
#[expect(unreachable_pub, reason = "the same file is public in the tests crate")]
#[cfg_attr(
    not(target_os = "linux"),
    expect(
        dead_code,
        reason = "what can't be done everywhere is tried on Linux only"
    )
)]
mod skip;
