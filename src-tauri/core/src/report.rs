//! The scan server's wire format, byte for byte, and the filter that nothing hostile passes.

use std::net::IpAddr;

/// The host name that may be reported for a PTR name, by the contract's rule, or `None`.
pub fn host_name(_ptr: &str, _ip: IpAddr) -> Option<String> {
    None
}
