//! YAML text → nodes with their places: line and column for messages, bytes for changes that keep all the rest.
//!
//! Only what settings need: one document, mappings, lists and scalars. Aliases are kept as such and never followed, so
//! that no file can grow beyond its own size.

use std::ops::Range;

use serde_saphyr::granit_parser::{self, Event, Marker, Parser, ScalarStyle, ScanError, Span};

use super::mistake::{Expected, Mistake, Position};

/// A node with its place.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) what: What,
    /// `None` for a value that doesn't come from a file.
    pub(super) at: Option<Position>,
    /// The node's own bytes, its tag and anchor not included. Empty for an absent value.
    pub(super) bytes: Range<usize>,
}

#[derive(Clone)]
pub(super) enum What {
    /// Nothing, `~` or `null`.
    Nothing,
    /// Any other scalar. `plain`: without quotes.
    Text {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// `*name`
    Alias,
    /// A value with a tag of its own, like `!vault`.
    Tagged(String),
}

#[derive(Clone)]
pub(super) struct Entry {
    /// The key's text, or "" when the key is no scalar.
    pub(super) key: String,
    pub(super) at: Position,
    pub(super) key_bytes: Range<usize>,
    pub(super) value: Node,
}

impl Node {
    /// A value from a command line or a window.
    pub(super) fn from_text(text: &str) -> Self {
        let what = match text {
            "" => What::Nothing,
            text => What::Text {
                text: text.to_owned(),
                plain: true,
            },
        };
        Self {
            what,
            at: None,
            bytes: 0..0,
        }
    }

    /// What kind of thing it is, without its content.
    pub(super) fn kind(&self) -> String {
        match &self.what {
            What::Nothing => "nothing".to_owned(),
            What::Text { text, plain: true } if text.parse::<f64>().is_ok() => {
                "a number".to_owned()
            }
            What::Text { .. } => "text".to_owned(),
            What::List(_) => "a list".to_owned(),
            What::Map(_) => "a mapping".to_owned(),
            What::Alias => "an alias (`*name`)".to_owned(),
            What::Tagged(tag) if tag.contains("vault") => {
                "a value that Ansible Vault has encrypted".to_owned()
            }
            What::Tagged(_) => "a value with a tag (`!name`)".to_owned(),
        }
    }

    /// What it is, with its content where that can be shown: cut, on one line, without anything that could be a secret.
    pub(super) fn describe(&self) -> String {
        match &self.what {
            What::Text { text, .. } => show(text),
            _ => self.kind(),
        }
    }
}

/// A text in quotes for a message: at most 60 characters, control characters escaped, nothing that precedes an `@`, and
/// nothing of a text that speaks of a secret.
pub(super) fn show(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    if ["token", "password", "secret", "bearer"]
        .iter()
        .any(|word| lower.contains(word))
    {
        return "text that may hold a secret".to_owned();
    }
    let (cut, text) = match text.rsplit_once('@') {
        Some(("", _)) | None => ("", text),
        Some((_, after)) => ("…@", after),
    };
    let mut short: String = text
        .chars()
        .take(60)
        .flat_map(|c| {
            let escaped = c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
            let (a, b) = match escaped {
                true => (Some(c.escape_unicode()), None),
                false => (None, Some(c)),
            };
            a.into_iter().flatten().chain(b)
        })
        .collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    format!("\"{cut}{short}\"")
}

/// The document's top node; `None` for a file without one.
pub(super) fn read(text: &str) -> Result<Option<Node>, Mistake> {
    let options = granit_parser::options! { emit_comments: false };
    let mut events = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader {
        next: || events.next(),
        text,
    };
    loop {
        match reader.event()? {
            (Event::StreamStart, _) => {}
            (Event::DocumentStart(..), _) => break,
            _ => return Ok(None),
        }
    }
    let (event, span) = reader.event()?;
    let top = reader.node(event, span)?;
    loop {
        match reader.event()? {
            (Event::DocumentEnd, _) => {}
            (Event::StreamEnd, _) => return Ok(Some(top)),
            (_, span) => {
                return Err(Mistake {
                    at: Some(position(&span.start)),
                    key: String::new(),
                    found: "a second document (`---`)".to_owned(),
                    expected: Expected::Text {
                        words: "one document",
                    },
                });
            }
        }
    }
}

struct Reader<'text, F> {
    next: F,
    text: &'text str,
}

impl<'text, F> Reader<'text, F>
where
    F: FnMut() -> Option<Result<(Event<'text>, Span), ScanError>>,
{
    fn event(&mut self) -> Result<(Event<'text>, Span), Mistake> {
        match (self.next)() {
            Some(Ok(event)) => Ok(event),
            // The parser's messages hold none of the file's text but for a single character.
            Some(Err(error)) => Err(Mistake {
                at: Some(tab(self.text, &error).unwrap_or_else(|| position(error.marker()))),
                key: String::new(),
                found: format!("text that is not YAML ({})", error.info()),
                expected: Expected::Text {
                    words: "lines like `key: value`",
                },
            }),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'text>, span: Span) -> Result<Node, Mistake> {
        let mut bytes = self.bytes(&span);
        let what = match event {
            Event::Scalar(text, style, _, tag) => {
                let plain = style == ScalarStyle::Plain;
                let core = |name| {
                    tag.as_ref()
                        .is_some_and(|tag| tag.is_yaml_core_schema_tag(name))
                };
                let text_of = |plain| What::Text {
                    text: text.to_string(),
                    plain,
                };
                match &tag {
                    None if plain && is_nothing(&text) => What::Nothing,
                    None => text_of(plain),
                    Some(_) if core("null") => What::Nothing,
                    Some(_) if core("str") => text_of(false),
                    Some(_) if core("int") || core("bool") || core("float") => text_of(true),
                    Some(tag) => What::Tagged(tag.to_string()),
                }
            }
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    match self.event()? {
                        (Event::SequenceEnd, end) => {
                            bytes.end = self.end(bytes.end, &end, items.last());
                            break What::List(items);
                        }
                        (event, span) => items.push(self.node(event, span)?),
                    }
                }
            }
            Event::MappingStart(..) => {
                let mut entries: Vec<Entry> = Vec::new();
                loop {
                    match self.event()? {
                        (Event::MappingEnd, end) => {
                            let last = entries.last().map(|entry| &entry.value);
                            bytes.end = self.end(bytes.end, &end, last);
                            break What::Map(entries);
                        }
                        (event, span) => {
                            let key = self.node(event, span)?;
                            let (event, span) = self.event()?;
                            let value = self.node(event, span)?;
                            entries.push(Entry {
                                key: match key.what {
                                    What::Text { text, .. } => text,
                                    _ => String::new(),
                                },
                                at: key.at.unwrap_or(Position { line: 1, column: 1 }),
                                key_bytes: key.bytes,
                                value,
                            });
                        }
                    }
                }
            }
            _ => What::Alias,
        };
        Ok(Node {
            what,
            at: Some(position(&span.start)),
            bytes,
        })
    }

    fn bytes(&self, span: &Span) -> Range<usize> {
        let range = span.byte_range().unwrap_or_default();
        match self.text.get(range.clone()) {
            Some(_) => range,
            None => 0..0,
        }
    }

    /// Where a collection ends: with its bracket, or with its last item's content, before any comment or line break.
    fn end(&self, start: usize, end: &Span, last: Option<&Node>) -> usize {
        let end = self.bytes(end);
        match (end.is_empty(), last) {
            (false, _) => end.end,
            (true, Some(last)) => last.bytes.end.max(start),
            (true, None) => start,
        }
    }
}

/// Where the tab stands that a line may not begin with: the parser tells where the text before it began.
fn tab(text: &str, error: &ScanError) -> Option<Position> {
    if !error.info().contains("tab") {
        return None;
    }
    let from = error.marker().line().max(1);
    let lines = text.lines().enumerate().skip(from - 1);
    lines.take(1_000).find_map(|(at, line)| {
        let blank = line.chars().take_while(|c| c.is_whitespace());
        let column = blank.into_iter().position(|c| c == '\t')? + 1;
        Some(Position {
            line: at + 1,
            column,
        })
    })
}

fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn position(marker: &Marker) -> Position {
    Position {
        line: marker.line().max(1),
        column: marker.col() + 1,
    }
}
