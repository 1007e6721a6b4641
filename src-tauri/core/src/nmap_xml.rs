//! nmap's XML output → hosts, streaming: tolerant of what nmap prints, strict about what it returns.
//!
//! [`Reader`] is pushed whatever bytes have come and returns what they complete. Unknown elements and attributes are
//! passed over. It judges nothing: whether a host belongs to the target is the caller's question, and names and vendors
//! are as the network gave them.
//!
//! A document that ends early is no result: see [`Summary::is_complete`].

mod document;
mod markup;

use std::{net::IpAddr, time::Duration};

use document::Document;
use markup::{Markup, Splitter};

use crate::host::Host;

/// The bytes are not nmap's XML. Once it has been returned, the reader takes nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// The document is something else.
    #[error("not nmap's XML")]
    NotNmap,
    /// It is not well-formed.
    #[error("malformed XML: {0}")]
    Malformed(&'static str),
    /// A piece of markup is longer than 1 MiB.
    #[error("an XML element is too long")]
    TooLong,
    /// Elements are nested too deep.
    #[error("XML elements are nested too deep")]
    TooDeep,
    /// A host without an address that can be read.
    #[error("a host has no valid address")]
    NoAddress,
}

/// What nmap told.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The scan began.
    Started {
        /// nmap's version, for instance `7.93`.
        version: String,
    },
    /// How far a task is.
    Progress {
        /// The task, for instance `Ping Scan`.
        task: String,
        /// 0 to 100.
        percent: f32,
    },
    /// A host is up.
    Up(Host),
    /// A host is down. nmap tells so only in verbose mode; else they are counted in [`Event::Finished`].
    Down(IpAddr),
    /// nmap didn't scan a target: there is no route to it.
    Skipped {
        /// The target as nmap writes it.
        target: String,
    },
    /// The scan ended.
    Finished(Finished),
}

/// What nmap says at the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// Whether nmap calls it a success. It does so even if it could not scan anything.
    pub success: bool,
    /// nmap's words for what went wrong.
    pub error: Option<String>,
    /// How long it took.
    pub elapsed: Option<Duration>,
    /// Hosts up.
    pub up: u32,
    /// Hosts down.
    pub down: u32,
    /// Addresses scanned. Those without a route are not among them.
    pub total: u32,
}

/// What a whole document came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// nmap's version, if the document got that far.
    pub version: Option<String>,
    /// nmap's end statement; `None` if the document ends before.
    pub finished: Option<Finished>,
    /// Hosts that the document told as up.
    pub up: u32,
    /// Targets that nmap didn't scan.
    pub skipped: u32,
    /// Whether the document is closed.
    closed: bool,
}

impl Summary {
    /// Whether the document is all that nmap had to say: closed, with its end statement, and with as many hosts up as
    /// that statement counts. Anything less is no result, and never "nobody is up".
    pub fn is_complete(&self) -> bool {
        self.closed && matches!(&self.finished, Some(finished) if finished.up == self.up)
    }
}

/// Reads one document. Does no I/O.
#[derive(Debug)]
pub struct Reader {
    splitter: Splitter,
    document: Document,
    failed: Option<XmlError>,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// At the beginning of a document.
    pub fn new() -> Self {
        Self {
            splitter: Splitter::new(),
            document: Document::default(),
            failed: None,
        }
    }

    /// Takes the next bytes, however many, and returns what they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Event>, XmlError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut events = Vec::new();
        let document = std::cell::RefCell::new(&mut self.document);
        let result = self.splitter.feed(
            bytes,
            |markup| match markup {
                Markup::Start {
                    name,
                    attributes,
                    empty,
                } => {
                    let mut document = document.borrow_mut();
                    document.start(name, attributes, &mut events)?;
                    match empty {
                        true => document.end(name, &mut events),
                        false => Ok(()),
                    }
                }
                Markup::End { name } => document.borrow_mut().end(name, &mut events),
            },
            |text| document.borrow().text(text),
        );
        match result {
            Ok(()) => Ok(events),
            Err(error) => {
                self.failed = Some(error);
                Err(error)
            }
        }
    }

    /// Ends the document and says what it came to.
    pub fn finish(self) -> Result<Summary, XmlError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let document = self.document;
        Ok(Summary {
            version: document.version,
            finished: document.finished,
            up: document.up,
            skipped: document.skipped,
            closed: document.closed && self.splitter.at_rest(),
        })
    }
}

#[cfg(test)]
mod tests;
