//! What is wrong with a settings file, in words that never hold a secret.

use std::{fmt, net::IpAddr};

use ipnetwork::IpNetwork;
use serde::Serialize;
use ts_rs::TS;

use super::file::NOT_A_NAME;

/// The keys of secrets. They belong into the keychain or the environment, and in a settings file they stay empty.
pub const SECRET_KEYS: [&str; 3] = ["client_token", "auth_token", "client_password"];

/// A place in a file, both counted from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Something that keeps the settings from being used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands; `None` for a value that comes from a command line or a window.
    pub at: Option<Position>,
    /// The key, or "" when the file as a whole is meant.
    pub key: String,
    /// What was found.
    pub found: String,
    /// What is expected there.
    pub expected: Expected,
}

/// What is expected in the place of what was found: facts for whoever has words of their own, and words that follow "expected".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "expects", rename_all = "kebab-case")]
pub enum Expected {
    /// What the key takes, whatever was found there.
    Value {
        /// In words.
        #[serde(skip)]
        #[ts(skip)]
        words: &'static str,
    },
    /// A network without bits beside its mask, or the one address.
    Network {
        /// The network that was meant, perhaps.
        #[ts(type = "string")]
        network: IpNetwork,
        /// The address that was meant, perhaps.
        #[ts(type = "string")]
        address: IpAddr,
    },
    /// An address of the scan server without a port, or with the one that `http_port` names.
    Port {
        /// That port.
        port: u16,
    },
    /// A key that exists.
    KnownKey {
        /// The known one that comes nearest, when one is near.
        nearest: Option<&'static str>,
    },
    /// No secret among the settings.
    NoSecret {
        /// The secret's name.
        name: String,
    },
    /// A file whose form leaves a place for a change.
    ByHand,
    /// Another text of the file as a whole.
    Text {
        /// In words.
        #[serde(skip)]
        #[ts(skip)]
        words: &'static str,
    },
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expected::Value { words } | Expected::Text { words } => f.write_str(words),
            Expected::Network { network, address } => write!(f, "{network} or {address}"),
            Expected::Port { port } => {
                write!(f, "no port, or the one that http_port names ({port})")
            }
            Expected::KnownKey {
                nearest: Some(nearest),
            } => write!(f, "a known key; did you mean {nearest}?"),
            Expected::KnownKey { nearest: None } => f.write_str("a known key"),
            Expected::NoSecret { name } => write!(
                f,
                "no secret among the settings: store it with `fieldscan secret set {name}`, or take a whole file over with `fieldscan config import FILE`"
            ),
            Expected::ByHand => f.write_str("lines like `key: value`; change it by hand"),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.at {
            write!(f, "{at}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "found {}, expected {}", self.found, self.expected)
    }
}

impl std::error::Error for Mistake {}

/// A key that nobody knows. It is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where it stands.
    pub at: Position,
    /// The key.
    pub key: String,
    /// The known key that comes nearest, when one is near.
    pub nearest: Option<&'static str>,
}

impl Warning {
    /// The key, unless it looks like none: then it may be a value that stands in the wrong place, and is not shown.
    pub fn name(&self) -> Option<&str> {
        (self.key != NOT_A_NAME).then_some(self.key.as_str())
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: unknown key, not used", self.at, self.key)?;
        match self.nearest {
            Some(nearest) => write!(f, "; did you mean {nearest}?"),
            None => Ok(()),
        }
    }
}
