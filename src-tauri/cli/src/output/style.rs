//! Colour, sparingly: normal is calm, and only what needs a look stands out. Never the only carrier of a meaning.

use std::{fmt::Display, io::IsTerminal};

/// What a piece of text is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it comes.
    #[default]
    Plain,
    /// A heading or the answer.
    Strong,
    /// Beside the point: ages, units.
    Faint,
    /// As it should be.
    Known,
    /// Not in phpIPAM.
    Unknown,
    /// Missing, or a failure.
    Missing,
    /// Differs, or a caution.
    Mismatch,
}

/// Whether colours are shown on a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    coloured: bool,
}

impl Style {
    /// For standard output.
    pub(crate) fn stdout() -> Self {
        Self::of(std::io::stdout().is_terminal())
    }

    /// For standard error.
    pub(crate) fn stderr() -> Self {
        Self::of(std::io::stderr().is_terminal())
    }

    /// Without colours.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self { coloured: false }
    }

    fn of(terminal: bool) -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            coloured: terminal
                && set("NO_COLOR").is_none()
                && set("TERM").is_none_or(|term| term != "dumb"),
        }
    }

    /// The text in its tone.
    pub(crate) fn paint(self, tone: Tone, text: impl Display) -> String {
        let code = match tone {
            Tone::Plain => return text.to_string(),
            Tone::Strong => "1",
            Tone::Faint => "2",
            Tone::Known => "36",
            Tone::Unknown => "35",
            Tone::Missing => "31",
            Tone::Mismatch => "33",
        };
        if self.coloured {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_there_are_no_escapes() {
        assert_eq!(
            Style::none().paint(Tone::Missing, 3),
            "3",
            "for files and pipes"
        );
        let coloured = Style { coloured: true };
        assert_eq!(
            coloured.paint(Tone::Missing, 3),
            "\u{1b}[31m3\u{1b}[0m",
            "and with them each ends"
        );
    }
}
