//! A DNS server of reverse names, on the level of messages.
//!
//! It knows PTR records only; every other question gets NXDOMAIN. Names are
//! bytes, so that hostile and malformed ones can be served.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// A domain name as it stands in a DNS message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(Vec<u8>);

impl Name {
    /// A name of these labels, which may be of any bytes. Labels are cut at
    /// 63 bytes, the most that a message can hold.
    pub fn of_labels<L: AsRef<[u8]>>(labels: impl IntoIterator<Item = L>) -> Self {
        let mut wire = Vec::new();
        for label in labels {
            let label = label.as_ref();
            let label = &label[..label.len().min(63)];
            wire.push(u8::try_from(label.len()).unwrap_or(63));
            wire.extend(label);
        }
        wire.push(0);
        Self(wire)
    }

    /// A name of exactly these bytes, well formed or not.
    pub fn of_wire(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }
}

impl From<&str> for Name {
    /// A name in its usual writing: `printer.example.net`.
    fn from(name: &str) -> Self {
        Self::of_labels(name.split('.').filter(|label| !label.is_empty()))
    }
}

/// How a name server treats questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameServerMode {
    /// With its names, or NXDOMAIN.
    #[default]
    Answers,
    /// Never: the questions vanish.
    Dead,
    /// With SERVFAIL.
    Fails,
}

/// A DNS server and the reverse names it knows.
#[derive(Clone, Debug, Default)]
pub struct NameServer {
    names: HashMap<IpAddr, Name>,
    mode: NameServerMode,
}

const NO_ERROR: u8 = 0;
const SERVER_FAILURE: u8 = 2;
const NO_SUCH_NAME: u8 = 3;
const NOT_IMPLEMENTED: u8 = 4;
const TYPE_PTR: u16 = 12;
const CLASS_IN: u16 = 1;

impl NameServer {
    /// A server that knows no names.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the name of an address.
    #[must_use]
    pub fn name(mut self, ip: impl Into<IpAddr>, name: impl Into<Name>) -> Self {
        self.set_name(ip.into(), name.into());
        self
    }

    /// Says how it treats questions.
    #[must_use]
    pub fn mode(mut self, mode: NameServerMode) -> Self {
        self.set_mode(mode);
        self
    }

    /// Adds or replaces the name of an address.
    pub fn set_name(&mut self, ip: IpAddr, name: Name) {
        self.names.insert(ip, name);
    }

    /// Forgets the name of an address.
    pub fn remove_name(&mut self, ip: IpAddr) {
        self.names.remove(&ip);
    }

    /// Changes how it treats questions.
    pub fn set_mode(&mut self, mode: NameServerMode) {
        self.mode = mode;
    }

    /// The answer to one message; `None` to what is no query, or when dead.
    pub(super) fn answer(&self, query: &[u8]) -> Option<Vec<u8>> {
        let header = query.first_chunk::<12>()?;
        let is_query = header[2] & 0x80 == 0;
        if !is_query || self.mode == NameServerMode::Dead {
            return None;
        }
        let opcode = header[2] & 0x78;
        let questions = u16::from_be_bytes([header[4], header[5]]);
        let question = if questions == 1 {
            Question::read(&query[12..])
        } else {
            None
        };
        let (code, name) = match (&question, self.mode) {
            (_, NameServerMode::Fails) => (SERVER_FAILURE, None),
            (Some(question), NameServerMode::Answers) if opcode == 0 => {
                match question.address().and_then(|ip| self.names.get(&ip)) {
                    Some(name) => (NO_ERROR, Some(name)),
                    None => (NO_SUCH_NAME, None),
                }
            }
            (_, NameServerMode::Answers | NameServerMode::Dead) => (NOT_IMPLEMENTED, None),
        };

        let mut message = Vec::with_capacity(query.len() + 64);
        message.extend(&header[..2]);
        // Response, authoritative; "recursion desired" as asked, and available.
        message.extend([0x84 | opcode | (header[2] & 1), 0x80 | code]);
        message.extend([
            0,
            u8::from(question.is_some()),
            0,
            u8::from(name.is_some()),
            0,
            0,
            0,
            0,
        ]);
        if let Some(question) = question {
            message.extend(question.bytes);
        }
        if let Some(Name(wire)) = name {
            message.extend([0xc0, 12]);
            message.extend(TYPE_PTR.to_be_bytes());
            message.extend(CLASS_IN.to_be_bytes());
            message.extend(3600u32.to_be_bytes());
            message.extend(u16::try_from(wire.len()).ok()?.to_be_bytes());
            message.extend(wire);
        }
        Some(message)
    }
}

struct Question<'a> {
    labels: Vec<&'a [u8]>,
    kind: u16,
    bytes: &'a [u8],
}

impl<'a> Question<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut labels = Vec::new();
        let mut at = 0;
        loop {
            let len = usize::from(*bytes.get(at)?);
            at += 1;
            if len == 0 {
                break;
            }
            if len > 63 {
                return None;
            }
            labels.push(bytes.get(at..at + len)?);
            at += len;
        }
        let kind = u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?);
        Some(Self {
            labels,
            kind,
            bytes: bytes.get(..at + 4)?,
        })
    }

    /// The address whose name is asked for.
    fn address(&self) -> Option<IpAddr> {
        if self.kind != TYPE_PTR {
            return None;
        }
        let (zone, digits) = match self.labels.as_slice() {
            [digits @ .., zone, arpa] if arpa.eq_ignore_ascii_case(b"arpa") => (*zone, digits),
            _ => return None,
        };
        let number =
            |label: &&[u8], radix| u8::from_str_radix(std::str::from_utf8(label).ok()?, radix).ok();
        if zone.eq_ignore_ascii_case(b"in-addr") {
            let octets: Option<Vec<u8>> = digits.iter().rev().map(|d| number(d, 10)).collect();
            let octets: [u8; 4] = octets?.try_into().ok()?;
            Some(Ipv4Addr::from(octets).into())
        } else if zone.eq_ignore_ascii_case(b"ip6") && digits.len() == 32 {
            let bits = digits.iter().rev().try_fold(0u128, |bits, digit| {
                Some(bits << 4 | u128::from(number(digit, 16).filter(|n| *n < 16)?))
            })?;
            Some(Ipv6Addr::from(bits).into())
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str, kind: u16) -> Vec<u8> {
        let mut message = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        message.extend(Name::from(name).0);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1]);
        message
    }

    #[test]
    fn a_known_address_has_its_name_whatever_its_bytes() {
        let hostile = Name::of_labels([&b"';id>/tmp/x\0"[..], b"\xff\xfe"]);
        let server = NameServer::new().name([10, 1, 2, 3], hostile.clone());
        let answer = server.answer(&query("3.2.1.10.in-addr.arpa", 12)).unwrap();
        assert_eq!(
            answer[..2],
            [0xab, 0xcd],
            "the answer must carry the query's number"
        );
        assert_eq!(answer[3] & 15, NO_ERROR);
        assert!(
            answer.ends_with(&hostile.0),
            "the name must arrive byte for byte"
        );
    }

    #[test]
    fn ipv6_addresses_have_names_too() {
        let ip: IpAddr = "fd00::1:2".parse().unwrap();
        let server = NameServer::new().name(ip, "six.example");
        let zone = "2.0.0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa";
        let answer = server.answer(&query(zone, 12)).unwrap();
        assert!(answer.ends_with(&Name::from("six.example").0));
    }

    #[test]
    fn the_rest_is_nxdomain_servfail_or_silence() {
        let mut server = NameServer::new().name([10, 1, 2, 3], "a.example");
        let code =
            |server: &NameServer, name, kind| server.answer(&query(name, kind)).map(|a| a[3] & 15);
        assert_eq!(
            code(&server, "4.2.1.10.in-addr.arpa", 12),
            Some(NO_SUCH_NAME)
        );
        assert_eq!(code(&server, "a.example", 1), Some(NO_SUCH_NAME));
        server.remove_name([10, 1, 2, 3].into());
        assert_eq!(
            code(&server, "3.2.1.10.in-addr.arpa", 12),
            Some(NO_SUCH_NAME)
        );
        server.set_mode(NameServerMode::Fails);
        assert_eq!(
            code(&server, "3.2.1.10.in-addr.arpa", 12),
            Some(SERVER_FAILURE)
        );
        server.set_mode(NameServerMode::Dead);
        assert_eq!(
            code(&server, "3.2.1.10.in-addr.arpa", 12),
            None,
            "a dead server never answers"
        );
    }

    #[test]
    fn garbage_is_survived() {
        let server = NameServer::new();
        let whole = query("3.2.1.10.in-addr.arpa", 12);
        for len in 0..whole.len() {
            server.answer(&whole[..len]);
        }
        assert_eq!(server.answer(&whole[..5]), None, "no header, no answer");
    }
}
