//! What a scan saw of one host.

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A MAC address. Shown in upper case with colons, as the scan server stores it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

/// The text is not a MAC address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a MAC address")]
pub struct NotAMac;

impl Mac {
    /// Whether the address was made up by the device (random MACs of phones and laptops) and names no vendor.
    pub fn is_locally_administered(self) -> bool {
        self.0[0] & 0b10 != 0
    }
}

impl FromStr for Mac {
    type Err = NotAMac;

    /// Reads `AA:BB:CC:DD:EE:FF`, `aa-bb-…`, `0011.2233.4466` and twelve bare digits: all the ways that phpIPAM keeps it.
    fn from_str(text: &str) -> Result<Self, NotAMac> {
        let text = text.trim();
        let mut digits = [0u8; 12];
        let mut count = 0;
        for c in text.chars() {
            match c {
                ':' | '-' | '.' => {}
                c => {
                    let digit = c.to_digit(16).ok_or(NotAMac)?;
                    *digits.get_mut(count).ok_or(NotAMac)? = digit as u8;
                    count += 1;
                }
            }
        }
        let separators = text.len() - count;
        if count != 12 || !matches!(separators, 0 | 2 | 5) {
            return Err(NotAMac);
        }
        let mut bytes = [0u8; 6];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{g:02X}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Mac {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How a host gave itself away: nmap's `reason`, but for [`SeenBy::Neighbour`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeenBy {
    /// ARP reply: on the same link.
    ArpResponse,
    /// IPv6 neighbour advertisement: on the same link.
    NdResponse,
    /// ICMP echo reply.
    EchoReply,
    /// ICMP timestamp reply.
    TimestampReply,
    /// ICMP address mask reply.
    AddressmaskReply,
    /// TCP SYN/ACK, or a connection that was taken.
    SynAck,
    /// TCP RST.
    Reset,
    /// A refused TCP connection (unprivileged scan).
    ConnRefused,
    /// It answered the operating system's own ARP or ND question while the scan went on: on the same link. nmap itself has
    /// no raw sockets then, or was not told to ask it.
    Neighbour,
    /// The scanner's own address.
    LocalhostResponse,
    /// Another reason of nmap's, for instance `user-set` or an ICMP error from the host itself.
    Other,
}

/// A host that answered, as nmap told it: nothing here has been filtered yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Its address, canonical.
    pub ip: IpAddr,
    /// Its MAC, where it is on the same link and the scanner could see it.
    pub mac: Option<Mac>,
    /// Other MACs that answered for the same address in the same scan: two devices have one address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Mac>,
    /// The vendor that nmap's table gives for the MAC.
    pub vendor: Option<String>,
    /// Its PTR name as the DNS gave it. **Hostile until [`crate::report::host_name`] has seen it.**
    pub ptr: Option<String>,
    /// Round-trip time.
    pub rtt: Option<Duration>,
    /// How it was seen.
    pub seen_by: SeenBy,
}
