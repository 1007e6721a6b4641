//! The scan server's wire format, byte for byte, and the filter that nothing hostile passes.

use std::net::IpAddr;

/// The host name that may be reported for a PTR name, by the contract's rule, or `None`.
pub fn host_name(_ptr: &str, _ip: IpAddr) -> Option<String> {
    None
}

/// A report before it has an id.
pub struct Draft {
    /// x
    pub part: (u32, u32),
    /// x
    pub hosts: Vec<IpAddr>,
    /// x
    pub last_seen: String,
    /// x
    pub body: String,
}
/// TMP
pub fn make(
    _c: &crate::ids::AgentCode,
    _s: &crate::ipam::Subnet,
    _b: &[crate::ipam::Address],
    _h: &[crate::host::Host],
    _t: jiff::Timestamp,
    _z: &jiff::tz::TimeZone,
    _six: bool,
) -> Vec<Draft> {
    Vec::new()
}
