//! What is wrong with a settings file, in words that never hold a secret.

use std::fmt;

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
    pub expected: String,
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

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: unknown key, not used", self.at, self.key)?;
        match self.nearest {
            Some(nearest) => write!(f, "; did you mean {nearest}?"),
            None => Ok(()),
        }
    }
}
