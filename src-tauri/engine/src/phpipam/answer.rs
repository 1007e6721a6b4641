//! Reads phpIPAM's answers: status, envelope, rows. Pure: given what came, says what it means.
//!
//! "Nothing there" is only what phpIPAM says in one of three messages. Everything else that has no rows is a problem, so that
//! no failing server, portal or misread answer can ever look like an empty subnet.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use fieldscan_core::{
    ids::{AgentCode, AgentId, SubnetId},
    ipam::{Address, Subnet},
    problem::Problem,
};
use secrecy::SecretString;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    field::{Field, Fields, Key},
    row::{self, Agent, Branch, Row, SubnetRow},
};
use crate::http::words;

/// The only messages that mean "nothing there", each with status 404.
const EMPTY: [&str; 3] = [
    "No results (filter applied)",
    "No addresses found",
    "No subnets found",
];

/// An answer as it came.
#[derive(Clone, Copy)]
pub struct Raw<'a> {
    /// HTTP status.
    pub status: u16,
    /// `Location`, if there was one.
    pub location: Option<&'a str>,
    /// The body, unpacked.
    pub body: &'a [u8],
}

/// The rows of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows<T> {
    /// Those that could be read.
    pub rows: Vec<T>,
    /// How many could not, by reason. No reason holds anything of the row.
    pub skipped: BTreeMap<&'static str, u32>,
}

/// The subnets of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnets {
    /// Them, by id; `is_parent` is set only for what these rows themselves show.
    pub subnets: Rows<Subnet>,
    /// The subnets that these lie inside.
    pub masters: BTreeSet<SubnetId>,
}

/// A user's token.
#[derive(Debug, Clone)]
pub struct Login {
    /// The token.
    pub token: SecretString,
}

/// Reads the answer to `tools/scanagents/?filter_by=code`: the id and name of the agent with this code.
///
/// # Errors
/// [`Problem::AgentCodeUnknown`] if no row has exactly this code.
pub fn agent(raw: Raw<'_>, code: &AgentCode) -> Result<(AgentId, String), Problem> {
    let text = raw.text();
    let data = match said(raw, &text)? {
        Said::Data(data) => data,
        Said::Failed(404, message)
            if EMPTY.contains(&message.trim()) || message.trim() == "No objects found" =>
        {
            return Err(Problem::AgentCodeUnknown);
        }
        Said::Failed(status, message) => return Err(problem(status, &message)),
    };
    let mut found = 0_u32;
    for raw_row in rows(data)? {
        let Ok(row) = serde_json::from_str::<Row<'_>>(raw_row.get()) else {
            continue;
        };
        found += 1;
        let agent = Agent::of(row);
        if agent.code.as_deref() == Some(code.reveal())
            && let Some(id) = agent.id
        {
            return Ok((AgentId(id), agent.name.unwrap_or_default()));
        }
    }
    if found == 0 {
        return Err(not_understood("no row of the scan agents can be read"));
    }
    Err(Problem::AgentCodeUnknown)
}

/// Reads the answer to `subnets/?filter_by=scanAgent`. Rows of other agents are left out: some servers ignore the filter.
///
/// # Errors
/// Any but an answer with rows or one of the messages that mean empty.
pub fn subnets(raw: Raw<'_>, agent: AgentId) -> Result<Subnets, Problem> {
    let mut masters = BTreeSet::new();
    let mut subnets = list(raw, |row| {
        let row = SubnetRow::of(row)?;
        if row.agent != Some(agent) {
            return Err("a subnet of another agent");
        }
        masters.extend(row.master);
        Ok(row.subnet)
    })?;
    subnets.rows.sort_by_key(|subnet| subnet.id);
    subnets.rows.dedup_by_key(|subnet| subnet.id);
    for subnet in &mut subnets.rows {
        subnet.is_parent = masters.contains(&subnet.id);
    }
    Ok(Subnets { subnets, masters })
}

/// Reads the answer to `subnets/`: which subnets have others inside. Only asked for once some subnet is known to exist.
///
/// # Errors
/// Any but an answer with rows.
pub fn parents(raw: Raw<'_>) -> Result<BTreeSet<SubnetId>, Problem> {
    let rows = list(raw, |row| {
        let branch = Branch::of(&row);
        match (branch.id, branch.master) {
            (Some(_), Some(master)) => Ok(master),
            (None, _) => Err("a subnet without an id"),
            (_, None) => Err("a subnet without a place in the tree"),
        }
    })?;
    if rows.rows.is_empty() {
        return Err(not_understood(
            "no subnets at all, where some are assigned to this agent",
        ));
    }
    Ok(rows
        .rows
        .into_iter()
        .filter(|master| *master != 0)
        .map(SubnetId)
        .collect())
}

/// Reads the answer to `subnets/{id}/addresses/`, in address order.
///
/// # Errors
/// [`Problem::SubnetGone`], or any but an answer with rows or one of the messages that mean empty.
pub fn addresses(raw: Raw<'_>, subnet: SubnetId) -> Result<Rows<Address>, Problem> {
    let mut addresses =
        list(raw, |row| row::address(row, subnet)).map_err(|problem| gone(raw, subnet, problem))?;
    if addresses.skipped.contains_key(row::EXCLUDED_WITHOUT_ID) {
        return Err(not_understood(row::EXCLUDED_WITHOUT_ID));
    }
    addresses
        .rows
        .sort_by_key(|address| (address.ip, address.id));
    addresses.rows.dedup_by_key(|address| address.id);
    Ok(addresses)
}

/// Reads the answer to `subnets/{id}/`: its `lastDiscovery`, as text.
///
/// # Errors
/// [`Problem::SubnetGone`] if there is none with this id.
pub fn last_discovery(raw: Raw<'_>, subnet: SubnetId) -> Result<Option<String>, Problem> {
    let rows = list(raw, SubnetRow::of).map_err(|problem| gone(raw, subnet, problem))?;
    if rows.rows.is_empty() {
        // A folder: nobody ever discovers one.
        return Ok(None);
    }
    rows.rows
        .into_iter()
        .find(|row| row.subnet.id == subnet)
        .map(|row| row.subnet.last_discovery)
        .ok_or_else(|| not_understood("another subnet than the one asked for"))
}

/// Reads the answer to `POST user/`.
///
/// # Errors
/// [`Problem::IpamTokenRejected`] for a wrong name or password, and for apps that want no log-in.
pub fn login(raw: Raw<'_>) -> Result<Login, Problem> {
    let text = raw.text();
    match said(raw, &text)? {
        Said::Data(data) => serde_json::from_str::<Fields<'_>>(data.get())
            .ok()
            .and_then(|fields| fields.get("token").and_then(Field::trimmed))
            .map(|token| Login {
                token: token.into(),
            })
            .ok_or_else(|| not_understood("a log-in without a token")),
        Said::Failed(_, message) if message.contains("username") => {
            Err(Problem::IpamTokenRejected {
                words: words(&message, &[]),
            })
        }
        Said::Failed(409, message) => Err(Problem::IpamTokenRejected {
            words: words(
                &format!("{message} (the app takes an app code: leave client_user empty)"),
                &[],
            ),
        }),
        Said::Failed(status, message) => Err(problem(status, &message)),
    }
}

/// Whether an answer came from phpIPAM's API, and the app was known there. Read from a call without a token.
///
/// # Errors
/// The problem, if it is another one than the token that is missing.
pub fn api(raw: Raw<'_>) -> Result<(), Problem> {
    let text = raw.text();
    match said(raw, &text)? {
        Said::Data(_) | Said::Failed(401 | 404, _) => Ok(()),
        Said::Failed(status, message) => match problem(status, &message) {
            Problem::IpamTokenOfOtherApp { .. } | Problem::IpamTokenRejected { .. } => Ok(()),
            other => Err(other),
        },
    }
}

/// Whether the token of a call was taken, whatever else the answer says.
///
/// # Errors
/// What phpIPAM says instead.
pub fn token(raw: Raw<'_>) -> Result<(), Problem> {
    let text = raw.text();
    match said(raw, &text)? {
        Said::Data(_) | Said::Failed(404, _) => Ok(()),
        Said::Failed(status, message) => Err(problem(status, &message)),
    }
}

/// Whether an answer says that a user's token is no longer good.
pub fn wants_log_in(raw: Raw<'_>) -> bool {
    match said(raw, &raw.text()) {
        Ok(Said::Failed(401, _)) => true,
        Ok(Said::Failed(403, message)) => message.contains("expired"),
        Ok(Said::Data(_) | Said::Failed(..)) | Err(_) => false,
    }
}

impl<'a> Raw<'a> {
    /// Broken UTF-8 costs a character, not the answer.
    fn text(self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.body)
    }
}

/// What an envelope says.
enum Said<'a> {
    Data(&'a RawValue),
    /// Status and message.
    Failed(u16, String),
}

/// The rows of a list; none if phpIPAM says so in one of its messages.
fn list<'a, T>(
    raw: Raw<'a>,
    mut read: impl FnMut(Row<'_>) -> Result<T, row::Unreadable>,
) -> Result<Rows<T>, Problem> {
    let text = raw.text();
    let mut list = Rows {
        rows: Vec::new(),
        skipped: BTreeMap::new(),
    };
    let data = match said(raw, &text)? {
        Said::Data(data) => data,
        Said::Failed(404, message) if EMPTY.contains(&message.trim()) => return Ok(list),
        Said::Failed(status, message) => return Err(problem(status, &message)),
    };
    for raw_row in rows(data)? {
        let row = serde_json::from_str::<Row<'_>>(raw_row.get())
            .map_err(|_| "a row that is none")
            .and_then(&mut read);
        match row {
            Ok(row) => list.rows.push(row),
            Err(reason) => *list.skipped.entry(reason).or_default() += 1,
        }
    }
    match list.skipped.first_key_value() {
        Some((reason, _)) if list.rows.is_empty() => {
            Err(not_understood(&format!("no row can be used: {reason}")))
        }
        _ => Ok(list),
    }
}

/// `data` as rows: a list, one row, or a list that PHP wrote as an object (`{"0": …, "2": …}`).
fn rows(data: &RawValue) -> Result<Vec<&RawValue>, Problem> {
    let text = data.get();
    let rows = if text.starts_with('[') {
        serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default()
    } else if text.starts_with('{') {
        let Object(entries) = serde_json::from_str(text)
            .map_err(|_| not_understood("its data are neither a list nor a row"))?;
        let numbered = entries
            .iter()
            .all(|(key, _)| key.bytes().all(|b| b.is_ascii_digit()));
        if numbered {
            entries.into_iter().map(|(_, row)| row).collect()
        } else {
            vec![data]
        }
    } else {
        Vec::new()
    };
    if rows.is_empty() {
        return Err(not_understood(
            "a success without data (phpIPAM says in words when there are none)",
        ));
    }
    Ok(rows)
}

/// Finds the envelope and says what it holds.
fn said<'a>(raw: Raw<'_>, text: &'a str) -> Result<Said<'a>, Problem> {
    let status = raw.status;
    if (300..400).contains(&status) {
        return Err(Problem::IpamNotFound {
            detail: match raw.location {
                Some(to) => words(&format!("HTTP {status}, a redirect to {to}"), &[]),
                None => format!("HTTP {status}, a redirect"),
            },
        });
    }
    let Some(envelope) = envelope(text) else {
        return Err(no_envelope(status, text));
    };
    let message = envelope.message.text().unwrap_or_default();
    if !(200..300).contains(&status) {
        return Ok(Said::Failed(status, message));
    }
    let code = envelope.code.id().and_then(|code| u16::try_from(code).ok());
    match (envelope.success.flag(), code) {
        (Some(true), None | Some(200..=299)) => match envelope.data {
            Some(data) => Ok(Said::Data(data)),
            None => Err(not_understood(&format!(
                "a success without data: {message}"
            ))),
        },
        (_, Some(code @ 400..=599)) => Ok(Said::Failed(code, message)),
        _ => Err(not_understood("neither a success nor a failure")),
    }
}

/// The problem that a failure's status and message stand for. None of them means empty.
fn problem(status: u16, message: &str) -> Problem {
    let said = words(message, &[]);
    if said.contains("IP has been blocked") {
        return Problem::IpamBlocked { words: said };
    }
    match status {
        401 => Problem::IpamTokenRejected { words: said },
        403 if said.contains("expired") => Problem::IpamTokenRejected { words: said },
        403 => Problem::IpamTokenOfOtherApp { words: said },
        400 if said.contains("application id") => Problem::IpamAppUnknown { words: said },
        503 => Problem::IpamApiOff { words: said },
        // An empty table is told in the same words as one that can't be read, so it never counts as empty.
        429 | 500..=599 => Problem::IpamFailing {
            status,
            words: said,
        },
        _ => not_understood(&format!("HTTP {status}: {said}")),
    }
}

/// An answer that is not from phpIPAM's API, or from one that broke down.
fn no_envelope(status: u16, text: &str) -> Problem {
    let text = text.trim_start_matches(['\u{FEFF}', ' ', '\r', '\n', '\t']);
    let html = text.starts_with('<') && !text.starts_with("<?xml");
    let what = match title(text) {
        _ if text.is_empty() => "an empty answer".to_owned(),
        Some(title) if html => format!("a web page ({title})"),
        _ if html => "a web page".to_owned(),
        _ if text.starts_with("<?xml") => "XML".to_owned(),
        _ if text.starts_with('{') || text.starts_with('[') => "JSON of another kind".to_owned(),
        _ => "text of another kind".to_owned(),
    };
    match status {
        500..=599 => Problem::IpamFailing {
            status,
            words: if text.is_empty() { String::new() } else { what },
        },
        429 => Problem::IpamFailing {
            status,
            words: what,
        },
        407 => Problem::IpamUnreachable {
            detail: "the proxy asks for a log-in".to_owned(),
        },
        200..=299 if !html => not_understood(&format!("{what} instead of phpIPAM's envelope")),
        _ => Problem::IpamNotFound {
            detail: format!("HTTP {status}, {what}"),
        },
    }
}

fn title(html: &str) -> Option<String> {
    // ASCII only changes: the positions are the same in both.
    let lower = html
        .get(..4096.min(html.len()))
        .unwrap_or(html)
        .to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let end = start + lower[start..].find("</title>")?;
    let title = words(html.get(start..end)?, &[]);
    (!title.is_empty()).then(|| title.chars().take(80).collect())
}

fn gone(raw: Raw<'_>, subnet: SubnetId, problem: Problem) -> Problem {
    match said(raw, &raw.text()) {
        Ok(Said::Failed(400 | 404, message)) if message.trim().starts_with("Invalid subnet Id") => {
            Problem::SubnetGone { subnet }
        }
        Ok(Said::Data(_) | Said::Failed(..)) | Err(_) => problem,
    }
}

fn not_understood(detail: &str) -> Problem {
    Problem::IpamNotUnderstood {
        detail: words(detail, &[]),
    }
}

/// `{"code", "success", "data" | "message", "time"}`.
#[derive(Default)]
struct Envelope<'a> {
    code: Field<'a>,
    success: Field<'a>,
    message: Field<'a>,
    data: Option<&'a RawValue>,
}

/// The envelope that ends the text. A BOM, empty lines or (1.5 with debugging on) HTML may stand before it; nothing after.
fn envelope(text: &str) -> Option<Envelope<'_>> {
    // A page is not searched without end: where the debugging output is, few objects begin with one of these keys.
    const CANDIDATES: usize = 16;
    let clean = text.trim_start_matches(['\u{FEFF}', ' ', '\r', '\n', '\t']);
    if clean.starts_with('{') {
        return parse_envelope(clean);
    }
    clean
        .match_indices('{')
        .map(|(at, _)| &clean[at..])
        .filter(|rest| {
            let inside = rest[1..].trim_start();
            inside.starts_with("\"code\"") || inside.starts_with("\"success\"")
        })
        .take(CANDIDATES)
        .find_map(parse_envelope)
}

fn parse_envelope(text: &str) -> Option<Envelope<'_>> {
    let envelope: Envelope<'_> = serde_json::from_str(text).ok()?;
    (envelope.success != Field::Null).then_some(envelope)
}

impl<'de: 'a, 'a> Deserialize<'de> for Envelope<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EnvelopeVisitor;
        impl<'de> Visitor<'de> for EnvelopeVisitor {
            type Value = Envelope<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an envelope")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<'de>, A::Error> {
                let mut envelope = Envelope::default();
                while let Some(Key(key)) = map.next_key()? {
                    match &*key {
                        "code" => envelope.code = map.next_value()?,
                        "success" => envelope.success = map.next_value()?,
                        "message" => envelope.message = map.next_value()?,
                        "data" => envelope.data = Some(map.next_value()?),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(envelope)
            }
        }
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

/// An object's entries, unread.
struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;
        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    entries.push((key, map.next_value()?));
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(ObjectVisitor)
    }
}
