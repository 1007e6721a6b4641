//! phpIPAM's envelope: finds it, tells a success from each kind of failure, and takes the rows out unread.

use std::{borrow::Cow, fmt};

use fieldscan_core::problem::Problem;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    answer::Raw,
    field::{Field, Key},
};
use crate::http::words;

/// The only messages that mean "nothing there", each with status 404.
pub(super) const EMPTY: [&str; 3] = [
    "No results (filter applied)",
    "No addresses found",
    "No subnets found",
];

impl<'a> Raw<'a> {
    /// Broken UTF-8 costs a character, not the answer.
    pub(super) fn text(self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.body)
    }
}

/// What an envelope says.
pub(super) enum Said<'a> {
    Data(&'a RawValue),
    /// Status and message.
    Failed(u16, String),
}

/// Finds the envelope and says what it holds.
pub(super) fn said<'a>(raw: Raw<'_>, text: &'a str) -> Result<Said<'a>, Problem> {
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

/// `data` as rows: a list, one row, or a list that PHP wrote as an object (`{"0": …, "2": …}`).
pub(super) fn rows(data: &RawValue) -> Result<Vec<&RawValue>, Problem> {
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

/// The problem that a failure's status and message stand for. None of them means empty.
pub(super) fn problem(status: u16, message: &str) -> Problem {
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

pub(super) fn not_understood(detail: &str) -> Problem {
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
