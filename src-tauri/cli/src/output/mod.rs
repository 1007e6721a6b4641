//! How results leave: as text for people, or as one JSON document for programs.

pub(crate) mod style;
pub(crate) mod table;

use std::io::{self, ErrorKind, IsTerminal, Write};

use fieldscan_engine::document;
use serde::Serialize;

pub(crate) use self::{
    style::{Style, Tone},
    table::{Cell, Column, Table},
};
use crate::failure::{Exit, Failure};
pub(crate) use fieldscan_engine::text::{self, plain};

/// Where results go, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    /// Of standard output.
    pub(crate) style: Style,
    /// Columns of the terminal, where standard output is one.
    pub(crate) width: Option<usize>,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        let size = console::Term::stdout().size_checked();
        Self {
            json,
            style: Style::stdout(),
            width: size
                .filter(|_| terminal)
                .map(|(_, columns)| usize::from(columns)),
        }
    }

    /// Whether a program reads it.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Shows a result: the document, or the text that is made of it.
    pub(crate) fn show<T: Serialize>(
        &self,
        document: &T,
        text: impl FnOnce(&Self) -> String,
    ) -> Result<(), Failure> {
        if self.json {
            write_stdout(&json(document)?)
        } else {
            write_stdout(&text(self))
        }
    }

    /// Sentences, wrapped where the terminal ends, with `indent` spaces before each line.
    pub(crate) fn prose(&self, text: &str, indent: usize) -> String {
        let width = self
            .width
            .map_or(usize::MAX, |width| width.saturating_sub(indent));
        let blank = " ".repeat(indent);
        table::wrap(text, width.max(24))
            .into_iter()
            .map(|line| format!("{blank}{line}\n"))
            .collect()
    }

    /// Sets a table as this output wants it.
    pub(crate) fn table(&self, table: &Table, indent: usize) -> String {
        table.set(self.style, indent, self.width)
    }
}

/// A document as text, harmless for terminals.
pub(crate) fn json<T: Serialize>(document: &T) -> Result<String, Failure> {
    document::json(document).map_err(|error| {
        Failure::new(Exit::Fault, "json", "The JSON document could not be made.")
            .detail(error.to_string())
    })
}

/// Writes to standard output. A reader that has gone away (`| head`) is no failure.
pub(crate) fn write_stdout(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(
                Failure::new(Exit::Problems, "output", "The result could not be written.")
                    .detail(error.to_string()),
            )
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a line to standard error. Nobody may be reading it, and then there is nobody to tell.
pub(crate) fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
