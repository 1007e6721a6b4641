//! XML markup out of a stream of bytes: finds where each piece of markup ends, and reads a tag's attributes.
//! Knows nothing of nmap. Expands nothing but the five named entities and numeric references; text between tags is passed over.

use std::borrow::Cow;

use memchr::{memchr, memchr3};

use super::XmlError;

/// The longest piece of markup that is taken, in bytes.
pub(super) const LONGEST: usize = 1 << 20;

/// A piece of markup, without its angle brackets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Markup<'a> {
    /// `<name …>` or, if `empty`, `<name …/>`.
    Start {
        name: &'a [u8],
        attributes: Attributes<'a>,
        empty: bool,
    },
    /// `</name>`.
    End { name: &'a [u8] },
}

/// Where the scan of a piece of markup stands, so that no byte is looked at twice however the input is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Text,
    /// After `<`, as long as the kind of markup is not clear.
    Opening,
    Tag,
    TagQuote(u8),
    Comment,
    CData,
    Instruction,
    Doctype {
        /// Open `[` and `<`.
        depth: u32,
    },
    DoctypeQuote {
        depth: u32,
        quote: u8,
    },
}

/// Splits a stream into markup.
#[derive(Debug)]
pub(super) struct Splitter {
    /// Markup that is not complete yet.
    carry: Vec<u8>,
    within: Within,
}

impl Splitter {
    pub(super) fn new() -> Self {
        Self {
            carry: Vec::new(),
            within: Within::Text,
        }
    }

    /// Whether the input ended between two pieces of markup.
    pub(super) fn at_rest(&self) -> bool {
        self.within == Within::Text
    }

    /// Takes bytes and hands on each tag that they complete.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        mut tag: impl FnMut(Markup<'_>) -> Result<(), XmlError>,
        mut text: impl FnMut(&[u8]) -> Result<(), XmlError>,
    ) -> Result<(), XmlError> {
        let mut carry = std::mem::take(&mut self.carry);
        // Where the scan goes on: what was carried over has been scanned.
        let mut at = carry.len();
        let carried = !carry.is_empty();
        if carried {
            carry.extend_from_slice(bytes);
        }
        let input: &[u8] = if carried { &carry } else { bytes };
        let mut start = 0;
        loop {
            if self.within == Within::Text {
                let Some(found) = memchr(b'<', &input[at..]) else {
                    text(&input[at..])?;
                    return Ok(());
                };
                if found > 0 {
                    text(&input[at..at + found])?;
                }
                start = at + found;
                at = start + 1;
                self.within = Within::Opening;
            }
            let Some(end) = self.end_of_markup(input, start, &mut at) else {
                break;
            };
            let whole = &input[start..end];
            if whole.len() > LONGEST {
                return Err(XmlError::TooLong);
            }
            if self.within == Within::Tag {
                tag(parse_tag(&whole[1..whole.len() - 1])?)?;
            }
            self.within = Within::Text;
            at = end;
        }
        if input.len() - start > LONGEST {
            return Err(XmlError::TooLong);
        }
        self.carry = match carried && start == 0 {
            true => carry,
            false => input[start..].to_vec(),
        };
        Ok(())
    }

    /// Moves `at` on until the markup that begins at `start` is complete; `None` if the input ends before.
    fn end_of_markup(&mut self, input: &[u8], start: usize, at: &mut usize) -> Option<usize> {
        loop {
            let rest = &input[*at..];
            match self.within {
                Within::Text => return None,
                Within::Opening => {
                    self.within = opening(&input[start..])?;
                    // From the first byte after `<` once more, so that a `>` in it counts. Comments and CDATA begin with
                    // characters that can't end them.
                    *at = start
                        + match self.within {
                            Within::Comment => 4,
                            Within::CData => 9,
                            _ => 1,
                        };
                }
                Within::Tag => {
                    let Some(found) = memchr3(b'>', b'"', b'\'', rest) else {
                        *at = input.len();
                        return None;
                    };
                    *at += found + 1;
                    match rest[found] {
                        b'>' => return Some(*at),
                        quote => self.within = Within::TagQuote(quote),
                    }
                }
                Within::TagQuote(quote) => {
                    let Some(found) = memchr(quote, rest) else {
                        *at = input.len();
                        return None;
                    };
                    *at += found + 1;
                    self.within = Within::Tag;
                }
                Within::Comment | Within::CData | Within::Instruction => {
                    let Some(found) = memchr(b'>', rest) else {
                        *at = input.len();
                        return None;
                    };
                    *at += found + 1;
                    let (ending, shortest): (&[u8], usize) = match self.within {
                        Within::Comment => (b"-->", 7),
                        Within::CData => (b"]]>", 12),
                        _ => (b"?>", 4),
                    };
                    let whole = &input[start..*at];
                    if whole.len() >= shortest && whole.ends_with(ending) {
                        return Some(*at);
                    }
                }
                Within::Doctype { depth } => {
                    let Some(found) = rest
                        .iter()
                        .position(|byte| matches!(byte, b'[' | b']' | b'<' | b'>' | b'"' | b'\''))
                    else {
                        *at = input.len();
                        return None;
                    };
                    *at += found + 1;
                    match rest[found] {
                        b'>' if depth == 0 => return Some(*at),
                        b'[' | b'<' => self.within = Within::Doctype { depth: depth + 1 },
                        b']' | b'>' => {
                            self.within = Within::Doctype {
                                depth: depth.saturating_sub(1),
                            };
                        }
                        quote => self.within = Within::DoctypeQuote { depth, quote },
                    }
                }
                Within::DoctypeQuote { depth, quote } => {
                    let Some(found) = memchr(quote, rest) else {
                        *at = input.len();
                        return None;
                    };
                    *at += found + 1;
                    self.within = Within::Doctype { depth };
                }
            }
        }
    }
}

/// What kind of markup begins here; `None` as long as that can't be told.
fn opening(markup: &[u8]) -> Option<Within> {
    let begins = |with: &[u8]| {
        let length = markup.len().min(with.len());
        (markup[..length] == with[..length]).then_some(markup.len() >= with.len())
    };
    match markup.get(1)? {
        b'?' => Some(Within::Instruction),
        b'!' => {
            if let Some(whole) = begins(b"<!--") {
                return whole.then_some(Within::Comment);
            }
            if let Some(whole) = begins(b"<![CDATA[") {
                return whole.then_some(Within::CData);
            }
            Some(Within::Doctype { depth: 0 })
        }
        _ => Some(Within::Tag),
    }
}

fn parse_tag(inside: &[u8]) -> Result<Markup<'_>, XmlError> {
    let name_of = |text: &[u8]| {
        text.iter()
            .position(|&byte| is_space(byte) || byte == b'/')
            .unwrap_or(text.len())
    };
    if let Some(name) = inside.strip_prefix(b"/") {
        let (name, rest) = name.split_at(name_of(name));
        return match !name.is_empty() && rest.iter().all(|&byte| is_space(byte)) {
            true => Ok(Markup::End { name }),
            false => Err(XmlError::Malformed("end tag")),
        };
    }
    let (name, rest) = inside.split_at(name_of(inside));
    let plausible =
        |byte: u8| byte.is_ascii_alphanumeric() || b"_:-.".contains(&byte) || byte >= 0x80;
    if name.is_empty() || name.len() > 256 || !name.iter().all(|&byte| plausible(byte)) {
        return Err(XmlError::Malformed("tag name"));
    }
    let (rest, empty) = match rest.strip_suffix(b"/") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    Ok(Markup::Start {
        name,
        attributes: Attributes(rest),
        empty,
    })
}

/// The attributes of a start tag, in order, each with its value as it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attributes<'a>(&'a [u8]);

impl<'a> Attributes<'a> {
    /// Calls `attribute` with each name and raw value.
    pub(super) fn each(
        self,
        mut attribute: impl FnMut(&'a [u8], &'a [u8]),
    ) -> Result<(), XmlError> {
        let malformed = XmlError::Malformed("attribute");
        let mut rest = self.0.trim_ascii_start();
        while !rest.is_empty() {
            let Some(equals) = memchr(b'=', rest) else {
                return Err(malformed);
            };
            let name = rest[..equals].trim_ascii_end();
            let value = rest[equals + 1..].trim_ascii_start();
            if name.is_empty()
                || name
                    .iter()
                    .any(|&b| is_space(b) || matches!(b, b'"' | b'\'' | b'<'))
            {
                return Err(malformed);
            }
            let (Some(&quote @ (b'"' | b'\'')), Some(inside)) = (value.first(), value.get(1..))
            else {
                return Err(malformed);
            };
            let Some(end) = memchr(quote, inside) else {
                return Err(malformed);
            };
            attribute(name, &inside[..end]);
            rest = inside[end + 1..].trim_ascii_start();
        }
        Ok(())
    }
}

fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

/// A value with its references expanded. What is no reference that XML knows by itself stays as it stands.
pub(super) fn unescape(raw: &[u8]) -> Cow<'_, str> {
    let Some(first) = memchr(b'&', raw) else {
        return String::from_utf8_lossy(raw);
    };
    // nmap writes each byte of a name that is not plain ASCII as a reference of its own, so the bytes are put together
    // before they are taken for UTF-8.
    let mut bytes = raw[..first].to_vec();
    let mut rest = &raw[first..];
    while let Some(at) = memchr(b'&', rest) {
        bytes.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let reference = memchr(b';', &rest[..rest.len().min(12)]).map(|end| &rest[1..end]);
        match reference.and_then(|name| Some((name.len() + 2, character(name)?))) {
            Some((length, character)) => {
                match u8::try_from(u32::from(character)) {
                    Ok(byte) => bytes.push(byte),
                    Err(_) => {
                        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes())
                    }
                }
                rest = &rest[length..];
            }
            None => {
                bytes.push(b'&');
                rest = &rest[1..];
            }
        }
    }
    bytes.extend_from_slice(rest);
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn character(name: &[u8]) -> Option<char> {
    match name {
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"amp" => Some('&'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        _ => {
            let digits = std::str::from_utf8(name.strip_prefix(b"#")?).ok()?;
            let code = match digits.strip_prefix('x') {
                Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => {
                    u32::from_str_radix(hex, 16).ok()?
                }
                None if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
                _ => return None,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn references_are_expanded_and_nothing_else() {
        for (raw, text) in [
            ("plain", "plain"),
            ("&lt;&gt;&amp;&quot;&apos;", "<>&\"'"),
            ("-&#45;x&#x41;", "--xA"),
            ("&#xc3;&#xa9;", "é"),
            ("&#x20ac;", "€"),
            (
                "&file; &#xZZ; &#; & &#x110000;",
                "&file; &#xZZ; &#; & &#x110000;",
            ),
            ("&#+65;", "&#+65;"),
            ("&amp;lt;", "&lt;"),
        ] {
            assert_eq!(unescape(raw.as_bytes()), text, "of {raw:?}");
        }
    }

    fn names(document: &str) -> Result<Vec<String>, XmlError> {
        let mut names = Vec::new();
        Splitter::new().feed(
            document.as_bytes(),
            |markup| {
                names.push(match markup {
                    Markup::Start { name, .. } => String::from_utf8_lossy(name).into_owned(),
                    Markup::End { name } => format!("/{}", String::from_utf8_lossy(name)),
                });
                Ok(())
            },
            |_| Ok(()),
        )?;
        Ok(names)
    }

    #[test]
    fn what_is_no_tag_hides_no_tag_and_makes_none() {
        let document = r#"<?xml a="?"?><!DOCTYPE x [<!ENTITY e "<no>]>">]><!-- <no> - -- > --><a b="<no>" c='>'/><![CDATA[<no>]]]><d/>"#;
        assert_eq!(
            names(document),
            Ok(vec!["a".to_owned(), "d".to_owned()]),
            "only real tags count"
        );
    }

    proptest! {
        #[test]
        fn unescaping_never_panics(raw in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = unescape(&raw);
        }
    }
}
