//! What came in and what became of it, for assertions.

use jiff::Timestamp;
use serde_json::Value;

/// One POST as it came in, whatever was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// When.
    pub at: Timestamp,
    /// The path; the agent posts to `/`.
    pub path: String,
    /// The body, unzipped.
    pub body: Vec<u8>,
    /// The body as JSON, if it is.
    pub json: Option<Value>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// Whether the token was right. The token itself is not kept.
    pub authorized: bool,
    /// Whether it went into the queue.
    pub taken: bool,
    /// The status that was answered; `None` when the connection was left without an answer.
    pub status: Option<u16>,
}

/// One step of the background work. `report` is the index in [`super::ScanServer::received`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing was done with it.
    Ignored {
        /// Which report.
        report: usize,
        /// Why.
        why: String,
    },
    /// The subnet's `lastDiscovery` was set.
    Began {
        /// Which report.
        report: usize,
        /// The subnet.
        subnet_id: i64,
    },
    /// A host was written or skipped.
    Host {
        /// Which report.
        report: usize,
        /// The host's `ip`.
        ip: String,
        /// What was done.
        write: HostWrite,
    },
    /// The rest of the report is lost, this host included.
    Spoiled {
        /// Which report.
        report: usize,
        /// The bad host's `ip`; `None` when the whole report was bad.
        ip: Option<String>,
        /// Why.
        why: String,
    },
    /// All of its hosts are done.
    Finished {
        /// Which report.
        report: usize,
    },
    /// The server was restarted and lost this many reports, the one in work included.
    Restarted {
        /// How many.
        lost: usize,
    },
}

/// What was done with a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostWrite {
    /// The row with the host's `id` was updated.
    UpdatedById {
        /// The row.
        address_id: i64,
    },
    /// Without `id`: the first row with this address, in whatever subnet.
    UpdatedByIp {
        /// The row.
        address_id: i64,
        /// Its subnet, which may be another one than the report's.
        subnet_id: i64,
    },
    /// A new row.
    Inserted {
        /// The row.
        address_id: i64,
    },
    /// `subnetId` is not the subnet's.
    SkippedOtherSubnet,
}
