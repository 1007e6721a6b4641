//! Whether two accounts of one host differ. What only one of them knows is no difference.

use super::{Difference, Trace};
use crate::{
    host::Host,
    ipam::Address,
    report::{bare, host_name},
};

/// What differs between phpIPAM's row and what was seen.
///
/// A random MAC on either side still differs: the row names a device that is not the one that answered.
pub(super) fn from_row(row: &Address, host: &Host) -> Vec<Difference> {
    let mut differences: Vec<_> = duplicate(host).into_iter().collect();
    if let (Some(ipam), Some(seen)) = (row.mac, host.mac)
        && ipam != seen
        // Of two devices that answer, either may be the one that phpIPAM means.
        && !host.also.contains(&ipam)
    {
        differences.push(Difference::Mac { ipam, seen });
    }
    if let (Some(ipam), Some(seen)) = (row.hostname.as_deref(), host.ptr.as_deref())
        && !ipam.trim().is_empty()
        // A name that may not be reported is not to be held against anybody either: it is hostile or says nothing.
        && host_name(seen, host.ip).is_some()
        && !same_name(ipam, seen)
    {
        differences.push(Difference::HostName {
            ipam: ipam.to_owned(),
            seen: bare(seen).to_owned(),
        });
    }
    differences
}

/// That several devices answer for the host's address, if they do.
pub(super) fn duplicate(host: &Host) -> Option<Difference> {
    let seen: Vec<_> = host.mac.iter().chain(&host.also).copied().collect();
    (seen.len() > 1).then_some(Difference::DuplicateMac { seen })
}

/// Whether a host is another than in the scan before. Which of several devices answered first says nothing.
pub(super) fn changed(then: &Trace, host: &Host) -> bool {
    let now = &Trace::of(host);
    let mac = matches!((then.mac, now.mac), (Some(then), Some(now)) if then != now && !host.also.contains(&then));
    let name = matches!((&then.name, &now.name), (Some(then), Some(now)) if !same_name(then, now));
    mac || name
}

/// Whether two names are one: without regard to case and a trailing dot, and by their first labels if either is bare.
fn same_name(a: &str, b: &str) -> bool {
    let (a, b) = (bare(a.trim()), bare(b.trim()));
    let first = |name: &str| name.find('.').unwrap_or(name.len());
    if a.contains('.') && b.contains('.') {
        a.eq_ignore_ascii_case(b)
    } else {
        a[..first(a)].eq_ignore_ascii_case(&b[..first(b)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_whatever_their_case_dot_or_domain() {
        for (a, b) in [
            ("gw", "gw"),
            ("gw", "GW"),
            ("gw.example.com", "GW.Example.COM."),
            ("gw", "gw.example.com"),
            ("gw.", "gw.example.com"),
            (" gw ", "gw"),
            ("gw.example.com", "gw."),
        ] {
            assert!(
                same_name(a, b) && same_name(b, a),
                "{a:?} and {b:?} are one name"
            );
        }
        for (a, b) in [
            ("gw", "gw1"),
            ("gw.a.com", "gw.b.com"),
            ("gw.example.com", "gate.example.com"),
            ("gw", "gw1.example.com"),
        ] {
            assert!(
                !same_name(a, b) && !same_name(b, a),
                "{a:?} and {b:?} are two names"
            );
        }
    }
}
