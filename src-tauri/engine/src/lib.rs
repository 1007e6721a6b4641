//! Carries the decisions of `fieldscan-core` out: phpIPAM, nmap, uploads, keychain, database, and the one loop.

pub mod diagnostics;
pub mod doctor;
pub mod http;
pub mod logging;
pub mod nmap;
pub mod paths;
pub mod phpipam;
pub mod run;
pub mod settings_file;
pub mod store;
pub mod upload;
pub mod vault;
