//! How the simulated phpIPAM can be made to fail, and which of real phpIPAM's variants it plays.

use std::time::Duration;

/// What goes wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 503 `API server disabled`: the administrator switched the API off.
    ApiOff,
    /// 401 `Unauthorized`, whatever the token.
    Unauthorized,
    /// 500 `Your IP has been blocked …`: too many failed logins from this address.
    Blocked,
    /// 500 with an empty body: PHP died, or the database is down.
    EmptyError,
    /// Any status with phpIPAM's envelope around a message.
    Message {
        /// HTTP status, also `code` in the envelope.
        status: u16,
        /// `message`.
        message: String,
    },
    /// Any status with an HTML page: a proxy in front of phpIPAM fails (502, 503, 504).
    Page(u16),
    /// 302 to the login page.
    Login,
    /// 200 and an HTML page where JSON should be: a captive portal.
    Html,
    /// 200 and JSON that breaks off.
    Garbage,
    /// The request is taken and never answered.
    Stall,
    /// The connection is closed instead of an answer.
    HangUp,
    /// Half of the right answer, then the connection is closed.
    CutBody,
    /// The right answer, `size` bytes at a time with a pause after each.
    SlowBody {
        /// Bytes per piece.
        size: usize,
        /// The pause after a piece.
        pause: Duration,
    },
    /// 200 and a JSON string that never ends.
    EndlessBody,
}

/// A fault, where it strikes, and how often.
#[derive(Debug, Clone)]
pub(crate) struct FaultRule {
    /// Parts of `path?query` that must follow one another, from a pattern with `*`.
    parts: Vec<String>,
    left: Option<u32>,
    fault: Fault,
}

impl FaultRule {
    pub(crate) fn new(pattern: &str, times: Option<u32>, fault: Fault) -> FaultRule {
        FaultRule {
            parts: pattern.split('*').map(str::to_owned).collect(),
            left: times,
            fault,
        }
    }

    /// The fault if it strikes here; counts the strike.
    pub(crate) fn strike(&mut self, target: &str) -> Option<Fault> {
        if self.left == Some(0) || !contains_in_order(target, &self.parts) {
            return None;
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        Some(self.fault.clone())
    }
}

/// Whether `parts` occur in `text` one after the other; the pattern language of faults and counters.
pub(crate) fn contains_in_order(text: &str, parts: &[impl AsRef<str>]) -> bool {
    let mut rest = text;
    for part in parts {
        match rest.split_once(part.as_ref()) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

/// Which phpIPAM is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// Its version.
    pub version: Version,
    /// Every number as a string, as if each request had asked for `api-stringify-results`.
    pub stringify: bool,
    /// What stands before the JSON.
    pub prefix: Prefix,
    /// Folders show up in `subnets/` too. 1.8.2 doesn't show them there.
    pub folders_in_lists: bool,
    /// With more addresses than this, whatever loads the whole address table dies as PHP does: 500, empty body.
    pub address_table_limit: usize,
    /// Apps with tokens also answer over plain HTTP (`$api_allow_unsafe`).
    pub allow_plain_http: bool,
    /// Seconds that are added to the header `Date`.
    pub date_skew_seconds: i64,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            version: Version::V1_8_2,
            stringify: false,
            prefix: Prefix::Nothing,
            folders_in_lists: false,
            address_table_limit: 30_000,
            allow_plain_http: false,
            date_skew_seconds: 0,
        }
    }
}

/// The version that is played, where versions differ for an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Answers 415 without a `Content-Type`, ignores `api-stringify-results` and that an app is disabled.
    V1_6_0,
    /// The newest measured.
    V1_8_2,
}

/// What stands before the JSON of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    /// Nothing.
    Nothing,
    /// A UTF-8 byte order mark: `config.php` was saved with one.
    ByteOrderMark,
    /// A newline after PHP's closing tag.
    Newline,
    /// A PHP warning in HTML, as 1.5 prints it in debug mode.
    DebugHtml,
}

impl Prefix {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Prefix::Nothing => "",
            Prefix::ByteOrderMark => "\u{feff}",
            Prefix::Newline => "\n",
            Prefix::DebugHtml => {
                "<br />\n<b>Warning</b>:  Undefined array key \"HTTP_X\" {in} <b>/phpipam/api/index.php</b> on line <b>71</b><br />\n"
            }
        }
    }
}
