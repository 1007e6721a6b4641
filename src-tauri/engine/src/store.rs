//! SQLite: cache, scans, hosts, outbox. Everything that survives the process stands here.
//!
//! The calls block: one thread owns the [`Store`]. One process at a time holds it; any number of others read with a
//! [`Reader`] meanwhile. Nothing is decided here, and no secret comes in: tokens live in the keychain. What identifies the
//! agent to phpIPAM (`scanagent_code`) stands here in clear, in the outbox's bodies too, as it does in the settings file.
//!
//! Times are columns of milliseconds since 1970-01-01 UTC: no time zone moves them. Addresses are blobs of 4 or 16 bytes, so
//! that the database sorts them as people do.

mod addresses;
mod cache;
mod chunks;
mod error;
mod hosts;
mod lock;
mod notices;
mod open;
mod outbox;
mod places;
mod prune;
mod restore;
mod runs;
mod salvage;
mod scans;
mod schema;
mod value;

use std::path::PathBuf;

use fieldscan_core::{ids::AgentCode, problem::Problem, settings::Settings};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

pub use self::{
    addresses::{AddressRow, Scope, Seen},
    cache::SubnetRow,
    error::{OpenError, StoreError},
    hosts::Sighting,
    lock::{Holder, holder},
    open::{DATABASE, Opened},
    outbox::ReportFilter,
};
pub(crate) use lock::program;

/// A result of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Whose data: ids of subnets and addresses mean something only within one phpIPAM, and the assigned subnets only for one
/// agent. What is kept under one key is never seen under another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    /// `api_url`, as the settings have it after parsing.
    pub api_url: String,
    /// `client_name`: the app id.
    pub app: String,
    /// `scanagent_code`.
    pub agent_code: AgentCode,
}

impl CacheKey {
    /// The key under which these settings keep their data.
    pub fn of(settings: &Settings) -> Self {
        Self {
            api_url: settings
                .api_url
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            app: settings.client_name.clone().unwrap_or_default(),
            agent_code: settings
                .scanagent_code
                .clone()
                .unwrap_or_else(|| AgentCode::new("")),
        }
    }
}

/// The database, held by this process alone.
///
/// Every writing function is one transaction: after an error nothing of it is there.
#[derive(Debug)]
pub struct Store {
    reader: Reader,
    dir: PathBuf,
    // Released last, after the connection is closed.
    _lock: lock::Lock,
}

impl Store {
    /// Queries over the same connection.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    fn write(&mut self) -> Result<Transaction<'_>> {
        Ok(self
            .reader
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}

/// Queries. Opened by itself ([`Reader::open`]) it changes nothing, whether or not another process holds the store.
#[derive(Debug)]
pub struct Reader {
    conn: Connection,
}

/// The row id of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Source(i64);

/// The source of a key, if anything was ever kept under it.
fn source(conn: &Connection, key: &CacheKey) -> Result<Option<Source>> {
    let found = conn
        .prepare_cached(
            "SELECT id FROM sources WHERE api_url = ?1 AND app = ?2 AND agent_code = ?3",
        )?
        .query_row(
            params![key.api_url, key.app, key.agent_code.reveal()],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found.map(Source))
}

/// The source of a key, made if need be.
fn source_or_new(tx: &Transaction<'_>, key: &CacheKey) -> Result<Source> {
    if let Some(source) = source(tx, key)? {
        return Ok(source);
    }
    tx.execute(
        "INSERT INTO sources (api_url, app, agent_code) VALUES (?1, ?2, ?3)",
        params![key.api_url, key.app, key.agent_code.reveal()],
    )?;
    Ok(Source(tx.last_insert_rowid()))
}

impl Store {
    /// After [`StoreError::Damaged`]: sets the damaged files aside and begins anew, with what could be saved of the outbox.
    ///
    /// # Errors
    /// If the files can't be moved or the new database can't be made; the store then holds nothing and every call fails.
    pub fn set_aside(&mut self, now: jiff::Timestamp) -> Result<Problem> {
        // Closed first: Windows moves no open file, and SQLite must not write into what is set aside.
        self.reader.conn = Connection::open_in_memory()?;
        let (conn, problem) = open::begin_anew(&self.dir, now)?;
        self.reader.conn = conn;
        Ok(problem)
    }
}
