//! One value of a row, whatever type phpIPAM's version, options and database driver gave it.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// A JSON value as far as rows need it. Empty lists and objects count as null: PHP has one type for both, and for nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Field<'a> {
    #[default]
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Cow<'a, str>),
    Nested,
}

impl Field<'_> {
    /// A number from 0 on, written as a number or as text.
    pub(super) fn id(&self) -> Option<u64> {
        match self {
            Self::Int(number) => u64::try_from(*number).ok(),
            Self::Float(number) if number.fract() == 0.0 && (0.0..9e15).contains(number) => {
                Some(*number as u64)
            }
            Self::Text(text) => digits(text.trim()),
            Self::Null | Self::Bool(_) | Self::Float(_) | Self::Nested => None,
        }
    }

    /// A flag; `None` if it is neither set nor unset in any of the known ways.
    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Self::Null => Some(false),
            Self::Bool(set) => Some(*set),
            Self::Int(number) => Some(*number != 0),
            Self::Float(number) => Some(*number != 0.0),
            Self::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "" | "false" | "no" | "off" | "null" => Some(false),
                "true" | "yes" | "on" => Some(true),
                number => digits(number).map(|number| number != 0),
            },
            Self::Nested => None,
        }
    }

    /// Text as it stands, without control characters; `None` for nothing.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => {
                let kept: String = text
                    .chars()
                    .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
                    .collect();
                (!kept.trim().is_empty()).then_some(kept)
            }
            Self::Int(number) => Some(number.to_string()),
            Self::Float(number) => Some(number.to_string()),
            Self::Bool(true) => Some("1".to_owned()),
            // PHP's false is what many of its functions give for "nothing".
            Self::Bool(false) | Self::Null | Self::Nested => None,
        }
    }

    /// Text without space around it.
    pub(super) fn trimmed(&self) -> Option<String> {
        let text = self.text()?;
        let trimmed = text.trim();
        Some(if trimmed.len() == text.len() {
            text
        } else {
            trimmed.to_owned()
        })
    }

    /// A time as phpIPAM has it; `None` for its ways to say "never".
    pub(super) fn time(&self) -> Option<String> {
        let text = self.trimmed()?;
        let never = ["0000-00-00", "1970-01-01"];
        (!never.iter().any(|marker| text.starts_with(marker)) && text != "0").then_some(text)
    }
}

/// Digits only: no sign, which `parse` would take.
fn digits(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Field<'de>, E> {
        Ok(Field::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Field<'de>, E> {
        Ok(Field::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Field<'de>, E> {
        Ok(Field::Int(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Field<'de>, E> {
        Ok(Field::Int(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Field<'de>, E> {
        Ok(Field::Float(value))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Field<'de>, A::Error> {
        let mut field = Field::Null;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            field = Field::Nested;
        }
        Ok(field)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field<'de>, A::Error> {
        let mut field = Field::Null;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            field = Field::Nested;
        }
        Ok(field)
    }
}

/// The keys and values of an object; nothing for any other value. A key that stands twice counts as it stands last.
#[derive(Debug, Default)]
pub(super) struct Fields<'a>(pub(super) Vec<(Cow<'a, str>, Field<'a>)>);

impl<'a> Fields<'a> {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Field<'a>> {
        self.0.iter().rfind(|(name, _)| name == key).map(|(_, f)| f)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            fields.push((key, map.next_value()?));
        }
        Ok(Fields(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Fields<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Fields::default())
    }

    fn visit_unit<E: Error>(self) -> Result<Fields<'de>, E> {
        Ok(Fields::default())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Fields<'de>, E> {
        Ok(Fields::default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Fields<'de>, E> {
        Ok(Fields::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Fields<'de>, E> {
        Ok(Fields::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Fields<'de>, E> {
        Ok(Fields::default())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Fields<'de>, E> {
        Ok(Fields::default())
    }
}

/// A key, borrowed where it has no escapes.
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}
