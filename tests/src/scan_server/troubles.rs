//! How the simulated scan server can be made to fail.

use std::time::Duration;

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The request is read and never answered; the report is not taken.
    Stall,
    /// The connection is closed without an answer; the report is not taken.
    HangUpBeforeTaking,
    /// The report is taken, then the connection is closed without an answer.
    HangUpAfterTaking,
    /// 200 as if it were taken, and nothing happens.
    Swallow,
    /// Another status from the server or from a proxy in front of it; the report is not taken.
    Status {
        /// For instance 413, 429, 500, 503.
        status: u16,
        /// The header `Retry-After`, in whole seconds.
        retry_after: Option<Duration>,
    },
}

/// A trouble, and how often.
pub(crate) struct TroubleRule {
    pub(crate) left: Option<u32>,
    pub(crate) trouble: Trouble,
}

/// The trouble that strikes next; counts the strike.
pub(crate) fn strike(rules: &mut [TroubleRule]) -> Option<Trouble> {
    let rule = rules.iter_mut().find(|rule| rule.left != Some(0))?;
    if let Some(left) = &mut rule.left {
        *left -= 1;
    }
    Some(rule.trouble)
}
