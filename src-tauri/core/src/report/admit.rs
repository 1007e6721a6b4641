//! The one filter through which every host passes on its way into a report. A security boundary: the reference server
//! escapes nothing, and *executes* what stands in `{{ }}`. A name that isn't clean is dropped; the host is still told of.

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use serde::{Deserialize, Serialize};

use crate::{
    host::Mac,
    ids::{AddressId, SubnetId},
    plan::holds,
};

/// A host that is to be reported, with nothing in it trusted.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its address.
    pub ip: IpAddr,
    /// Its name, as the DNS gave it.
    pub name: Option<&'a str>,
    /// Its MAC.
    pub mac: Option<Mac>,
    /// phpIPAM's row for it.
    pub row: Option<Row>,
    /// The subnet that the report is of.
    pub subnet: SubnetId,
    /// That subnet's network.
    pub network: IpNetwork,
    /// When it was seen, in phpIPAM's time zone.
    pub last_seen: &'a str,
}

/// As much of phpIPAM's row as tells whether its id is this host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: AddressId,
    /// Its address.
    pub ip: IpAddr,
    /// The subnet that it belongs to.
    pub subnet: SubnetId,
}

/// A host as the scan server is told of it. Comes from [`admit`] alone, or from a body that [`super::check`] holds against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<AddressId>,
    subnet_id: String,
    ip: IpAddr,
    last_seen: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mac: Option<Mac>,
}

impl Entry {
    /// The host's address.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    pub(super) fn last_seen(&self) -> &str {
        &self.last_seen
    }

    /// The subnet's id, if it is written as a number is.
    pub(super) fn subnet(&self) -> Option<SubnetId> {
        let id: SubnetId = self.subnet_id.parse().ok()?;
        (id.to_string() == self.subnet_id).then_some(id)
    }

    /// The entry as somebody who trusts nothing in it would hand it in.
    pub(super) fn as_candidate(&self, subnet: SubnetId, network: IpNetwork) -> Candidate<'_> {
        Candidate {
            ip: self.ip,
            name: self.hostname.as_deref(),
            mac: self.mac,
            row: self.id.map(|id| Row {
                id,
                ip: self.ip,
                subnet,
            }),
            subnet,
            network,
            last_seen: &self.last_seen,
        }
    }
}

/// Why a host may not be told of at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    /// The server would insert it into a subnet that it isn't in.
    #[error("the address is not inside the subnet")]
    Outside,
    /// An IPv4 address written as IPv6.
    #[error("the address is not in canonical form")]
    NotCanonical,
    /// The server would stop at it and lose all later hosts.
    #[error("the time is not of the form that the server reads")]
    Time,
}

/// What the scan server may be told of a host.
///
/// Drops from it a name that is not clean ([`host_name`]), a MAC that no single device can have, and the id of a row that
/// is not this address in this subnet.
///
/// # Errors
/// Why nothing may be told of it.
pub fn admit(candidate: &Candidate<'_>) -> Result<Entry, Barred> {
    let &Candidate {
        ip,
        name,
        mac,
        row,
        subnet,
        network,
        last_seen,
    } = candidate;
    if !holds(&network, ip) {
        return Err(Barred::Outside);
    }
    if ip != ip.to_canonical() {
        return Err(Barred::NotCanonical);
    }
    if !is_time(last_seen) {
        return Err(Barred::Time);
    }
    Ok(Entry {
        id: row
            .filter(|row| row.ip == ip && row.subnet == subnet && row.id.0 > 0)
            .map(|row| row.id),
        subnet_id: subnet.to_string(),
        ip,
        last_seen: last_seen.to_owned(),
        hostname: name.and_then(|name| host_name(name, ip)),
        mac: mac.filter(|mac| is_of_one_device(*mac)),
    })
}

/// The host name that may be reported for a PTR name, by the contract's rule, or `None`.
///
/// The first label, if every label of the name is clean: 1 to 63 letters, digits, hyphens and underscores, no hyphen at
/// either end. A name that only spells the address (`10-77-9-5`, `5-9-77-10`) says nothing and is dropped.
pub fn host_name(ptr: &str, ip: IpAddr) -> Option<String> {
    let name = bare(ptr);
    if name.len() > 253 || name.parse::<IpAddr>().is_ok() || !name.split('.').all(is_label) {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    if dashed(ip).iter().any(|dashed| lower.contains(dashed)) {
        return None;
    }
    name.split('.').next().map(str::to_owned)
}

/// A name without the dot of the DNS's root.
pub(crate) fn bare(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// Whether a text is a time as the server reads it: `Y-m-d H:M:S`, and one that the calendar has.
pub fn is_time(text: &str) -> bool {
    let shape = b"0000-00-00 00:00:00";
    text.len() == shape.len()
        && text.bytes().zip(shape).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte == *form,
        })
        && jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text)
            .is_ok_and(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string() == text)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Not all-zero, and with the group bit clear, which broadcast and multicast have set.
fn is_of_one_device(mac: Mac) -> bool {
    mac.0 != [0; 6] && mac.0[0] & 1 == 0
}

/// The address with hyphens, forwards and backwards.
fn dashed(ip: IpAddr) -> Vec<String> {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            vec![format!("{a}-{b}-{c}-{d}"), format!("{d}-{c}-{b}-{a}")]
        }
        IpAddr::V6(ip) => {
            let groups = ip.segments();
            let join =
                |groups: &mut dyn Iterator<Item = String>| groups.collect::<Vec<_>>().join("-");
            vec![
                join(&mut groups.iter().map(|g| format!("{g:x}"))),
                join(&mut groups.iter().map(|g| format!("{g:04x}"))),
                join(&mut groups.iter().rev().map(|g| format!("{g:x}"))),
                join(&mut groups.iter().rev().map(|g| format!("{g:04x}"))),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(ptr: &str) -> Option<String> {
        host_name(ptr, "10.77.9.5".parse().unwrap())
    }

    #[test]
    fn the_first_label_is_the_name() {
        for (ptr, expected) in [
            ("gw", "gw"),
            ("gw.example.com", "gw"),
            ("gw.example.com.", "gw"),
            ("GW-01_a.example.com", "GW-01_a"),
            ("_x.example.com", "_x"),
            ("xn--bcher-kva.example", "xn--bcher-kva"),
            ("5.example.com", "5"),
            ("10-77-9.example.com", "10-77-9"),
        ] {
            assert_eq!(name(ptr).as_deref(), Some(expected), "{ptr}");
        }
        let longest = "a".repeat(63);
        assert_eq!(name(&longest), Some(longest));
    }

    #[test]
    fn a_name_that_spells_the_address_is_dropped() {
        for ptr in [
            "10-77-9-5.example.com",
            "host-5-9-77-10.example.com",
            "gw.10-77-9-5.example.com",
        ] {
            assert_eq!(name(ptr), None, "{ptr}");
        }
        let six = "fd00:77::5".parse().unwrap();
        for ptr in [
            "fd00-77-0-0-0-0-0-5.example.com",
            "ip-FD00-0077-0000-0000-0000-0000-0000-0005.example.com",
        ] {
            assert_eq!(host_name(ptr, six), None, "{ptr}");
        }
    }

    #[test]
    fn a_name_that_is_not_clean_is_dropped() {
        for ptr in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "a..",
            "-a",
            "a-",
            "a.-b",
            "gw ",
            " gw",
            "g w",
            "gw\n",
            "gw\0",
            "o'brien",
            "a\"b",
            "a\\",
            "{{7*7}}",
            "{{lookup('pipe','id')}}",
            "gw.{{x}}.com",
            "a;b",
            "a/b",
            "a`id`",
            "$(id)",
            "bücher",
            "ｇｗ",
            "gw\u{202e}",
            "🦀",
            "10.77.9.5",
            "<script>",
        ] {
            assert_eq!(name(ptr), None, "{ptr:?}");
        }
        assert_eq!(name(&"a".repeat(64)), None);
        assert_eq!(
            name(&vec!["a"; 128].join(".")),
            None,
            "254 characters and more are no name"
        );
    }

    #[test]
    fn what_the_filter_gives_passes_it_again_unchanged() {
        for ptr in ["gw.example.com", "5.example.com", "_a.b"] {
            let once = name(ptr).unwrap();
            assert_eq!(name(&once).as_ref(), Some(&once));
        }
    }

    #[test]
    fn only_real_times_are_times() {
        assert!(is_time("2026-11-23 16:40:52"));
        assert!(is_time("2028-02-29 00:00:00"));
        for bad in [
            "",
            "2026-11-23",
            "2026-11-23T16:40:52",
            "2026-11-23 16:40:52 ",
            "2026-02-29 00:00:00",
            "2026-13-01 00:00:00",
            "2026-11-23 24:00:00",
            "2026-11-23 16:40:5x",
            "0000-00-00 00:00:00",
            "2026-11-23 16:40:52'",
            "２026-11-23 16:40",
        ] {
            assert!(!is_time(bad), "{bad:?}");
        }
    }

    #[test]
    fn what_is_not_the_hosts_own_is_dropped_and_strangers_are_barred() {
        let ip: IpAddr = "10.77.9.5".parse().unwrap();
        let row = Row {
            id: AddressId(7),
            ip,
            subnet: SubnetId(101),
        };
        let candidate = Candidate {
            ip,
            name: Some("o'brien"),
            mac: Some(Mac([2, 0, 0, 0, 0, 1])),
            row: Some(row),
            subnet: SubnetId(101),
            network: "10.77.9.0/28".parse().unwrap(),
            last_seen: "2026-11-23 16:40:52",
        };
        let entry = admit(&candidate).unwrap();
        assert_eq!(
            entry.hostname, None,
            "the host is told of without the hostile name"
        );
        assert_eq!(entry.id, Some(AddressId(7)));
        assert_eq!(entry.mac, candidate.mac);

        for row in [
            Row {
                ip: "10.77.9.6".parse().unwrap(),
                ..row
            },
            Row {
                subnet: SubnetId(102),
                ..row
            },
            Row {
                id: AddressId(0),
                ..row
            },
        ] {
            let entry = admit(&Candidate {
                row: Some(row),
                ..candidate
            })
            .unwrap();
            assert_eq!(
                entry.id, None,
                "{row:?} is another's: the server would stop at it"
            );
        }
        for mac in [
            [0; 6],
            [255; 6],
            [1, 0, 0x5e, 0, 0, 1],
            [0x33, 0x33, 0, 0, 0, 1],
        ] {
            let entry = admit(&Candidate {
                mac: Some(Mac(mac)),
                ..candidate
            })
            .unwrap();
            assert_eq!(entry.mac, None, "{mac:02x?} is no device's");
        }
        for outside in [
            "10.77.9.16",
            "10.77.8.255",
            "8.8.8.8",
            "::ffff:10.77.9.5",
            "fd00::5",
        ] {
            let ip = outside.parse().unwrap();
            assert_eq!(
                admit(&Candidate { ip, ..candidate }),
                Err(Barred::Outside),
                "{outside}"
            );
        }
        assert_eq!(
            admit(&Candidate {
                ip: "::ffff:10.77.9.5".parse().unwrap(),
                network: "::ffff:0:0/96".parse().unwrap(),
                ..candidate
            }),
            Err(Barred::NotCanonical)
        );
        assert_eq!(
            admit(&Candidate {
                last_seen: "now",
                ..candidate
            }),
            Err(Barred::Time)
        );
    }
}
