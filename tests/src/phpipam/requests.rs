//! What was asked, for assertions: which calls, how often, with which headers. Tokens are judged, never kept.

use std::collections::HashSet;

use super::checks::TokenSeen;
use super::faults::contains_in_order;
use crate::listener::Call;

/// One request as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestSeen {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path with its query, percent-encoded.
    pub target: String,
    /// Whether it brought a session cookie that this server gave out.
    pub had_cookie: bool,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Accept-Encoding`.
    pub accept_encoding: Option<String>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// Whether the token was right.
    pub token: TokenSeen,
    /// The status that was answered; `None` when nothing was.
    pub status: Option<u16>,
}

impl RequestSeen {
    /// Whether the parts of `pattern` between `*` occur in the target, one after the other.
    #[must_use]
    pub fn matches(&self, pattern: &str) -> bool {
        contains_in_order(&self.target, &pattern.split('*').collect::<Vec<_>>())
    }
}

/// The requests and PHP's sessions.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    pub(crate) seen: Vec<RequestSeen>,
    sessions: HashSet<String>,
    pub(crate) sessions_given: usize,
}

impl Requests {
    /// Whether the request belongs to a session that was given out before.
    pub(crate) fn knows_session_of(&self, call: &Call) -> bool {
        let cookies = call.header("cookie").unwrap_or("");
        let mut ids = cookies
            .split(';')
            .filter_map(|cookie| cookie.trim().strip_prefix("phpipam="));
        ids.any(|id| self.sessions.contains(id))
    }

    /// A new row in the session table; gives its cookie.
    pub(crate) fn new_session(&mut self, secure: bool) -> String {
        self.sessions_given += 1;
        let id = format!("session{:019}", self.sessions_given);
        self.sessions.insert(id.clone());
        let secure = if secure { " Secure;" } else { "" };
        format!("phpipam={id}; Max-Age=86400; path=/; SameSite=Lax;{secure} HttpOnly;")
    }
}
