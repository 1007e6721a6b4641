//! Replaces a site's addresses and names by tokens that are the same throughout one bundle.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    net::{IpAddr, SocketAddr},
};

use fieldscan_core::host::Mac;
use serde_json::Value;

/// The longest text that an address with a port can have.
const LONGEST_ADDRESS: usize = 60;

/// Words that are longer hold no name that helps to find a fault.
const LONGEST_WORD: usize = 1_024;

/// Words that are the agent's own, whatever a site calls its hosts.
const OURS: &[&str] = &[
    "error",
    "warn",
    "info",
    "debug",
    "trace",
    "fieldscan",
    "phpipam",
    "nmap",
    "localhost",
    "true",
    "false",
    "null",
];

/// Endings of file names. Those that are also top-level domains are not in here: a name is worse to tell than to hide.
const FILE_ENDINGS: &[&str] = &[
    "log", "yaml", "yml", "json", "xml", "toml", "sqlite", "db", "conf", "txt", "csv", "pem",
    "crt", "exe", "tmp", "lock", "service",
];

/// Which token stands for what. Kept in memory, for one bundle.
#[derive(Debug, Default)]
pub(super) struct Pseudonyms {
    ips: HashMap<IpAddr, usize>,
    macs: HashMap<Mac, usize>,
    names: HashMap<String, usize>,
    /// Known names and phrases by their first word, the longest first; all in lower case.
    known: HashMap<String, Vec<String>>,
}

/// Whether a document's key holds one of the agent's own words.
fn is_code(key: &str) -> bool {
    matches!(
        key,
        "code" | "reason" | "refusal" | "outcome" | "severity" | "standing" | "stage" | "trigger"
    )
}

/// Whether a document's key holds free text or a name.
pub(super) fn is_name(key: &str) -> bool {
    matches!(
        key,
        "description"
            | "agent_name"
            | "hostname"
            | "host_name"
            | "ptr"
            | "owner"
            | "note"
            | "client_name"
            | "client_user"
            | "user"
    )
}

impl Pseudonyms {
    /// Knows these names beforehand; others are known by their form (`host.example.com`).
    pub(super) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut all = BTreeSet::new();
        for name in names {
            let name = name.trim().to_lowercase();
            // The short form of a host's name is used as often as the long one.
            if let Some((label, _)) = name.split_once('.').filter(|_| is_host_name(&name)) {
                all.insert(label.to_owned());
            }
            all.insert(name);
        }
        let mut known: HashMap<String, Vec<String>> = HashMap::new();
        for name in all {
            let Some((_, first)) = words(&name).next() else {
                continue;
            };
            let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
            if name.chars().count() >= 2 && !is_number && !OURS.contains(&name.as_str()) {
                known
                    .entry(first.to_owned())
                    .or_default()
                    .push(name.clone());
            }
        }
        for phrases in known.values_mut() {
            phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
        }
        Self {
            known,
            ..Self::default()
        }
    }

    /// A document with tokens for addresses and names in its strings; fields of the site's own making are left out.
    pub(super) fn json(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(all) => all.iter().map(|one| self.json(one)).collect(),
            Value::Object(all) => all
                .iter()
                .filter(|(key, _)| *key != "custom")
                .map(|(key, value)| {
                    let value = match value {
                        // A code, whatever a site calls its hosts.
                        Value::String(_) if is_code(key) => value.clone(),
                        Value::String(text) if is_name(key) && !text.is_empty() => {
                            Value::String(self.name(text))
                        }
                        value => self.json(value),
                    };
                    (self.text(key), value)
                })
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// A text with tokens for addresses and names.
    pub(super) fn text(&mut self, text: &str) -> String {
        let lower = lowered(text);
        let mut clean = String::with_capacity(text.len());
        let mut from = 0;
        for (at, word) in words(text) {
            if at < from {
                continue;
            }
            clean += &text[from..at];
            from = at;
            if let Some(phrase) = self.phrase(&lower, at, word.len()) {
                clean += &self.name(&phrase);
                from += phrase.len();
            } else {
                clean += &self.word(word);
                from += word.len();
            }
        }
        clean + &text[from..]
    }

    /// The longest known name at this place, if it ends with a word.
    fn phrase(&self, lower: &str, at: usize, word: usize) -> Option<String> {
        let first = lower.get(at..at + word)?;
        let phrases = self.known.get(first)?;
        let rest = &lower[at..];
        phrases
            .iter()
            .find(|phrase| {
                rest.starts_with(phrase.as_str())
                    && !rest[phrase.len()..].starts_with(char::is_alphanumeric)
            })
            .cloned()
    }

    /// A word: letters, digits and what addresses and names are joined with.
    fn word(&mut self, word: &str) -> String {
        // Looking for addresses takes the square of a word's length, and logs hold what networks send.
        if word.len() > LONGEST_WORD {
            return "(a long word)".to_owned();
        }
        let mut clean = String::new();
        let mut rest = word;
        loop {
            if let Some(token) = self.address(rest) {
                return clean + &token;
            }
            let Some((from, to, token)) = self.address_within(rest) else {
                return clean + &self.parts(rest);
            };
            clean += &self.parts(&rest[..from]);
            clean += &token;
            rest = &rest[to..];
        }
    }

    fn parts(&mut self, word: &str) -> String {
        let parts: Vec<String> = word.split(':').map(|part| self.part(part)).collect();
        parts.join(":")
    }

    /// A part of a word between colons.
    fn part(&mut self, part: &str) -> String {
        let bare = part.trim_matches(['.', '-', '_']);
        let lower = lowered(bare);
        let is_known = self
            .known
            .get(lower.as_ref())
            .is_some_and(|phrases| phrases.iter().any(|phrase| *phrase == lower));
        if bare.is_empty() || !(is_known || is_host_name(bare) || has_dashed_address(bare)) {
            return part.to_owned();
        }
        let token = self.name(bare);
        part.replacen(bare, &token, 1)
    }

    fn name(&mut self, name: &str) -> String {
        let next = self.names.len() + 1;
        let number = *self.names.entry(name.to_lowercase()).or_insert(next);
        format!("name-{number}")
    }

    /// The token for a text that is an address as a whole.
    fn address(&mut self, text: &str) -> Option<String> {
        if text.len() > LONGEST_ADDRESS {
            return None;
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Some(self.ip(ip, text));
        }
        if let Ok(socket) = text.parse::<SocketAddr>() {
            let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
            return Some(format!("{}:{}", self.ip(socket.ip(), host), socket.port()));
        }
        let mac: Mac = text.parse().ok()?;
        let next = self.macs.len() + 1;
        Some(format!("mac-{}", self.macs.entry(mac).or_insert(next)))
    }

    fn ip(&mut self, ip: IpAddr, text: &str) -> String {
        // These tell nothing of a site.
        if ip.is_loopback() || ip.is_unspecified() {
            return text.to_owned();
        }
        let next = self.ips.len() + 1;
        format!("ip-{}", self.ips.entry(ip).or_insert(next))
    }

    /// The first and longest address inside a word such as `mac:02:77:00:00:00:01` or `10.0.0.1-10.0.0.9`.
    fn address_within(&mut self, word: &str) -> Option<(usize, usize, String)> {
        let mut edges: Vec<usize> = vec![0];
        for (at, c) in word.char_indices() {
            if matches!(c, ':' | '-' | '_' | '.') {
                edges.push(at);
                edges.push(at + 1);
            }
        }
        edges.push(word.len());
        edges.dedup();
        for (index, &from) in edges.iter().enumerate() {
            let after = &edges[index + 1..];
            let near = after.partition_point(|to| to - from <= LONGEST_ADDRESS);
            for &to in after[..near].iter().rev() {
                let part = &word[from..to];
                if part.len() == word.len() || part.len() < 4 {
                    continue;
                }
                // A name that has an address in front is a name (`10.0.0.1.example.com`).
                let torn = word[..from].ends_with('.')
                    || word[to..].starts_with('.') && word[to..].len() > 1;
                if torn && part.contains('.') && is_host_name(word) {
                    continue;
                }
                if let Some(token) = self.address(part) {
                    return Some((from, to, token));
                }
            }
        }
        None
    }
}

/// Lower case, byte for byte at the same places as before; letters whose lower case has another length stay.
fn lowered(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_uppercase) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .map(|c| {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) if one.len_utf8() == c.len_utf8() => one,
                _ => c,
            }
        })
        .collect()
}

/// The words of a text and where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = None;
    let mut chars = text.char_indices();
    std::iter::from_fn(move || {
        loop {
            match chars.next() {
                Some((at, c)) if c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':') => {
                    from.get_or_insert(at);
                }
                Some((at, _)) => {
                    if let Some(from) = from.take() {
                        return Some((from, &text[from..at]));
                    }
                }
                None => return from.take().map(|from| (from, &text[from..])),
            }
        }
    })
}

/// Whether a word has the form of a host's full name.
fn is_host_name(word: &str) -> bool {
    let Some((rest, top)) = word.rsplit_once('.') else {
        return false;
    };
    let top = top.to_lowercase();
    let is_top =
        top.starts_with("xn--") || top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
    is_top
        && !FILE_ENDINGS.contains(&top.as_str())
        && rest.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        })
}

/// Whether a name has an address with dashes in it (`10-77-0-5`), as providers name their hosts.
fn has_dashed_address(word: &str) -> bool {
    let groups: Vec<&str> = word.split(['-', '_', '.']).collect();
    groups
        .windows(4)
        .any(|four| four.iter().all(|group| group.parse::<u8>().is_ok()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(text: &str) -> String {
        Pseudonyms::new(["gw.example.com".to_owned(), "Hall B printers".to_owned()]).text(text)
    }

    #[test]
    fn addresses_and_names_become_tokens_and_the_rest_stays() {
        for (text, expected) in [
            ("10.77.0.0/24 has 10.77.0.1", "ip-1/24 has ip-2"),
            ("10.0.0.1-10.0.0.9", "ip-1-ip-2"),
            (
                "mac:02:77:00:00:00:01, 02-77-00-00-00-01",
                "mac:mac-1, mac-1",
            ),
            ("[fe80::1]:443 10.0.0.1:5000", "[ip-1]:443 ip-2:5000"),
            ("2001:DB8::1 and 2001:db8:0::1", "ip-1 and ip-1"),
            ("127.0.0.1:5000 ::1", "127.0.0.1:5000 ::1"),
            ("GW at gw.example.com:443", "name-1 at name-2:443"),
            ("in hall b PRINTERS.", "in name-1."),
            ("other.example.org", "name-1"),
            ("host-10-77-9-5", "name-1"),
            ("5.0.77.10.in-addr.arpa", "name-1"),
            (
                "fieldscan_engine::store: opened settings.yaml",
                "fieldscan_engine::store: opened settings.yaml",
            ),
            (
                "2026-03-13T14:00:00.123456Z took 1.5s, nmap 7.94",
                "2026-03-13T14:00:00.123456Z took 1.5s, nmap 7.94",
            ),
        ] {
            assert_eq!(clean(text), expected, "for {text}");
        }
    }

    #[test]
    fn free_text_of_a_document_is_one_token() {
        let document = serde_json::json!({
            "cidr": "10.0.0.0/24",
            "custom": {"room": "vault"},
            "description": "Client Miller, 2nd floor",
            "progress": {"10.0.0.1": 3},
        });
        assert_eq!(
            Pseudonyms::default().json(&document),
            serde_json::json!({
                "cidr": "ip-1/24",
                "description": "name-1",
                "progress": {"ip-2": 3},
            }),
            "numbers and prefixes stay, names and the site's own fields don't"
        );
    }

    proptest! {
        #[test]
        fn no_address_survives_whatever_is_around_it(
            octets in (1u8..127, any::<u8>(), any::<u8>(), any::<u8>()),
            bytes: [u8; 6],
            before in "[ -~]{0,10}[ =/(\"',;:_-]",
            after in "([ =/)\"',;:_-][ -~]{0,10})?",
        ) {
            let ip = std::net::Ipv4Addr::new(octets.0, octets.1, octets.2, octets.3);
            let mac = Mac(bytes);
            for hidden in [ip.to_string(), mac.to_string(), mac.to_string().to_lowercase()] {
                // What stands around it may hold the same text, or make it a part of a longer one, by chance.
                let text = format!("{before}{hidden}{after}");
                let clean = Pseudonyms::default().text(&text);
                prop_assert!(!clean.contains(&hidden), "{text} → {clean}");
            }
        }

        #[test]
        fn any_text_can_be_cleaned(text in "\\PC{0,80}") {
            Pseudonyms::new(["ß İ".to_owned()]).text(&text);
        }
    }
}
