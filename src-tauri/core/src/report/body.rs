//! A report's body: written as the reference scanner writes it, and read back without trust.
//!
//! A body lies in the database for days. Before it is sent it is held against every rule again, so that a database that
//! somebody tampered with can't get anything past the filter.

use std::{collections::BTreeSet, io, net::IpAddr};

use serde::{Deserialize, Serialize};
use serde_json::ser::{Formatter, Serializer};

use super::{
    MOST_BYTES, MOST_HOSTS,
    admit::{Entry, admit},
};
use crate::{ids::AgentCode, ipam::Subnet, plan::network_of};

/// Why a body may not be sent. Doesn't say what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBody {
    /// Not JSON of the expected shape.
    #[error("it can't be read")]
    Unreadable,
    /// It can be read, but this program would have written it otherwise.
    #[error("it is not as it was written")]
    Altered,
    /// The agent's code has characters that the server could take for something else.
    #[error("the agent's code has characters that may not be sent")]
    Code,
    /// The subnet is not a network in canonical form.
    #[error("the subnet is not a network")]
    Subnet,
    /// A time is not of the form `Y-m-d H:M:S`.
    #[error("the time can't be written as the server reads it")]
    Time,
    /// A host breaks a rule.
    #[error("host {position} breaks a rule of the filter")]
    Host {
        /// Which one, from 1.
        position: usize,
    },
    /// More hosts or bytes than a report may have.
    #[error("it is too large")]
    TooLarge,
}

/// What a body tells, after it was held against the rules: for comparing with the report's own record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// `subnet/mask` as phpIPAM has it.
    pub cidr: String,
    /// The hosts, in address order.
    pub hosts: Vec<IpAddr>,
    /// Their `lastSeen`; `None` without hosts.
    pub last_seen: Option<String>,
}

/// Holds a body against every rule, as if anybody could have written it. To be called before it is sent.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(body: &str) -> Result<Told, BadBody> {
    let told = read(body)?;
    let results = told.scan.results;
    Ok(Told {
        cidr: told.scan.subnet,
        last_seen: results.first().map(|entry| entry.last_seen().to_owned()),
        hosts: results.iter().map(Entry::ip).collect(),
    })
}

/// The body without some hosts, and otherwise the same to the byte.
///
/// # Errors
/// The body breaks a rule ([`check`]).
pub fn without(body: &str, leave_out: &BTreeSet<IpAddr>) -> Result<String, BadBody> {
    let mut told = read(body)?;
    told.scan
        .results
        .retain(|entry| !leave_out.contains(&entry.ip()));
    Ok(write(&told))
}

/// The body as it may be shown: the agent's code is masked. `None` if it breaks a rule, since what it then holds is not known.
pub fn masked(body: &str) -> Option<String> {
    let mut told = read(body).ok()?;
    told.code = AgentCode::new("…");
    Some(write(&told))
}

/// All of a body but its hosts.
pub(super) struct Envelope {
    code: AgentCode,
    subnet: String,
}

impl Envelope {
    pub(super) fn new(code: &AgentCode, subnet: &Subnet) -> Self {
        Self {
            code: code.clone(),
            subnet: subnet.cidr.clone(),
        }
    }

    pub(super) fn write(&self, results: Vec<Entry>) -> String {
        write(&Wire {
            code: self.code.clone(),
            scan: WireScan {
                subnet: self.subnet.clone(),
                results,
                tz: Utc::Utc,
            },
        })
    }
}

/// The bytes by which an entry lengthens a body, at the most.
pub(super) fn length(entry: &Entry) -> usize {
    write(entry).len() + ", ".len()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    code: AgentCode,
    scan: WireScan,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireScan {
    subnet: String,
    results: Vec<Entry>,
    tz: Utc,
}

/// The server's arithmetic for any other zone is wrong.
#[derive(Serialize, Deserialize)]
enum Utc {
    #[serde(rename = "+0000")]
    Utc,
}

fn read(body: &str) -> Result<Wire, BadBody> {
    if body.len() > MOST_BYTES {
        return Err(BadBody::TooLarge);
    }
    let wire: Wire = serde_json::from_str(body).map_err(|_| BadBody::Unreadable)?;
    let scan = &wire.scan;
    if scan.results.len() > MOST_HOSTS {
        return Err(BadBody::TooLarge);
    }
    if !is_clean_code(wire.code.reveal()) {
        return Err(BadBody::Code);
    }
    let network = network_of(&scan.subnet)
        .filter(|network| network.prefix() > 0)
        .ok_or(BadBody::Subnet)?;
    let subnet = scan.results.first().and_then(Entry::subnet);
    let mut before: Option<&Entry> = None;
    for (position, entry) in (1..).zip(&scan.results) {
        let passes = subnet.is_some_and(|subnet| {
            admit(&entry.as_candidate(subnet, network)).as_ref() == Ok(entry)
        });
        let follows = before.is_none_or(|before| {
            before.ip() < entry.ip() && before.last_seen() == entry.last_seen()
        });
        if !passes || !follows {
            return Err(BadBody::Host { position });
        }
        before = Some(entry);
    }
    // Other notations of the same values: escapes, nulls, spaces, another order.
    if write(&wire) != body {
        return Err(BadBody::Altered);
    }
    Ok(wire)
}

/// Characters with which no text in SQL ends and no template begins. phpIPAM's own codes have letters, digits, `-` and `_`.
fn is_clean_code(code: &str) -> bool {
    (1..=255).contains(&code.len())
        && code
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"'\"\\{}".contains(&b))
}

fn write<T: Serialize>(value: &T) -> String {
    let mut bytes = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced));
    debug_assert!(written.is_ok(), "writing text into memory can't fail");
    String::from_utf8(bytes).unwrap_or_default()
}

/// JSON as Python's `json.dumps` spaces it.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
