//! The tables, and how older ones become the present ones.

use rusqlite::{Connection, TransactionBehavior};

use super::error::StoreError;

/// Step `i` brings format `i` to format `i + 1`; format 0 is the empty file. A step that was released never changes.
pub(super) const MIGRATIONS: &[&str] = &[V1, V2, V3, V4, V5];

/// The format that this version writes (`PRAGMA user_version`).
pub(super) fn known() -> i64 {
    MIGRATIONS.len() as i64
}

/// The format of a database.
pub(super) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings a database of a known format up to the present one: each step in a transaction of its own.
pub(super) fn migrate(conn: &mut Connection, steps: &[&str]) -> Result<(), StoreError> {
    let from = usize::try_from(version(conn)?).unwrap_or(usize::MAX);
    for (index, step) in steps.iter().enumerate().skip(from) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        tx.execute_batch(step)?;
        tx.pragma_update(None, "user_version", index as i64 + 1)?;
        tx.commit()?;
    }
    Ok(())
}

const V1: &str = r#"
-- Whose data: one row for each phpIPAM, app and agent.
CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    api_url TEXT NOT NULL,
    app TEXT NOT NULL,
    agent_code TEXT NOT NULL,
    UNIQUE (api_url, app, agent_code)
) STRICT;

-- The cache: what phpIPAM said last.
CREATE TABLE assignments (
    source INTEGER PRIMARY KEY REFERENCES sources,
    agent INTEGER NOT NULL,
    agent_name TEXT NOT NULL,
    fetched_at INTEGER NOT NULL
) STRICT;
CREATE TABLE subnets (
    source INTEGER NOT NULL REFERENCES assignments ON DELETE CASCADE,
    position INTEGER NOT NULL,
    id INTEGER NOT NULL,
    cidr TEXT NOT NULL,
    network TEXT,
    description TEXT NOT NULL,
    is_folder INTEGER NOT NULL,
    is_parent INTEGER NOT NULL,
    discover INTEGER NOT NULL,
    ping INTEGER NOT NULL,
    resolve_dns INTEGER NOT NULL,
    name_servers TEXT NOT NULL,
    last_discovery TEXT,
    last_scan TEXT,
    custom TEXT,
    PRIMARY KEY (source, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE books (
    source INTEGER NOT NULL REFERENCES sources,
    subnet INTEGER NOT NULL,
    fetched_at INTEGER NOT NULL,
    PRIMARY KEY (source, subnet)
) STRICT, WITHOUT ROWID;
CREATE TABLE addresses (
    source INTEGER NOT NULL,
    subnet INTEGER NOT NULL,
    ip BLOB NOT NULL,
    id INTEGER NOT NULL,
    hostname TEXT,
    mac BLOB,
    description TEXT,
    owner TEXT,
    note TEXT,
    is_gateway INTEGER NOT NULL,
    exclude_ping INTEGER NOT NULL,
    tag INTEGER,
    last_seen TEXT,
    edit_date TEXT,
    custom TEXT,
    PRIMARY KEY (source, subnet, ip, id),
    FOREIGN KEY (source, subnet) REFERENCES books ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- History.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES sources,
    trigger TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    stopped INTEGER NOT NULL,
    problem TEXT
) STRICT;
CREATE INDEX runs_by_source ON runs (source, id);
CREATE TABLE run_subnets (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    position INTEGER NOT NULL,
    subnet INTEGER NOT NULL,
    cidr TEXT NOT NULL,
    description TEXT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE scans (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES sources,
    subnet INTEGER NOT NULL,
    run INTEGER NOT NULL,
    cidr TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    mode TEXT NOT NULL,
    addresses INTEGER NOT NULL,
    privileged INTEGER NOT NULL,
    ipam_at INTEGER NOT NULL,
    ipam_stale INTEGER NOT NULL,
    known INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    unseen INTEGER NOT NULL,
    missing INTEGER NOT NULL,
    mismatch INTEGER NOT NULL,
    excluded INTEGER NOT NULL,
    changes TEXT
) STRICT;
CREATE INDEX scans_by_subnet ON scans (source, subnet, id);
CREATE INDEX scans_by_run ON scans (run);
CREATE TABLE latest_scans (
    source INTEGER NOT NULL,
    subnet INTEGER NOT NULL,
    scan INTEGER NOT NULL,
    PRIMARY KEY (source, subnet)
) STRICT, WITHOUT ROWID;
-- One row for a host over any number of consecutive scans of its subnet in which address, MAC and name stayed the same:
-- the hosts of scan s are those with first_scan <= s <= last_scan. The other columns are those of the last of them.
CREATE TABLE sightings (
    source INTEGER NOT NULL REFERENCES sources,
    subnet INTEGER NOT NULL,
    ip BLOB NOT NULL,
    first_scan INTEGER NOT NULL,
    last_scan INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    mac BLOB,
    name TEXT,
    vendor TEXT,
    seen_by TEXT NOT NULL,
    rtt_us INTEGER,
    PRIMARY KEY (source, subnet, ip, first_scan)
) STRICT, WITHOUT ROWID;
-- Of each subnet's last scan only.
CREATE TABLE findings (
    source INTEGER NOT NULL REFERENCES sources,
    subnet INTEGER NOT NULL,
    ip BLOB NOT NULL,
    address INTEGER,
    standing TEXT,
    misses INTEGER,
    PRIMARY KEY (source, subnet, ip)
) STRICT, WITHOUT ROWID;
-- Scans that have not ended: of each subnet the last one at the most, with the hosts of its finished chunks.
CREATE TABLE unfinished (
    source INTEGER NOT NULL REFERENCES sources,
    subnet INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    privileged INTEGER NOT NULL,
    target TEXT NOT NULL,
    PRIMARY KEY (source, subnet)
) STRICT, WITHOUT ROWID;
CREATE TABLE chunks (
    source INTEGER NOT NULL,
    subnet INTEGER NOT NULL,
    place INTEGER NOT NULL,
    hosts TEXT NOT NULL,
    PRIMARY KEY (source, subnet, place),
    FOREIGN KEY (source, subnet) REFERENCES unfinished ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The outbox.
CREATE TABLE reports (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES sources,
    subnet INTEGER NOT NULL,
    scan INTEGER NOT NULL,
    cidr TEXT NOT NULL,
    part INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    last_seen TEXT NOT NULL,
    hosts BLOB NOT NULL,
    stale INTEGER NOT NULL,
    left_out TEXT NOT NULL,
    ahead TEXT NOT NULL,
    baseline TEXT,
    sends INTEGER NOT NULL,
    state_name TEXT NOT NULL,
    state TEXT NOT NULL,
    journey TEXT NOT NULL
) STRICT;
CREATE INDEX reports_by_source ON reports (source, id);
CREATE INDEX reports_by_scan ON reports (scan);
CREATE INDEX reports_open ON reports (source, subnet, id) WHERE state_name NOT IN ('confirmed', 'superseded');
CREATE TABLE bodies (
    report INTEGER PRIMARY KEY REFERENCES reports ON DELETE CASCADE,
    source INTEGER NOT NULL,
    subnet INTEGER NOT NULL,
    scan INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX bodies_by_subnet ON bodies (source, subnet, scan);

-- The rest, one row each.
CREATE TABLE last_ids (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    run INTEGER NOT NULL,
    scan INTEGER NOT NULL,
    report INTEGER NOT NULL
) STRICT;
INSERT INTO last_ids VALUES (1, 0, 0, 0);
CREATE TABLE lasting (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    value TEXT NOT NULL
) STRICT;
"#;

const V2: &str = r#"
-- What the person was told. The ids of notices that were deleted are never given again.
CREATE TABLE notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source INTEGER NOT NULL REFERENCES sources,
    at INTEGER NOT NULL,
    category TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    page TEXT NOT NULL,
    things TEXT NOT NULL
) STRICT;
CREATE INDEX notices_by_source ON notices (source, id);
"#;

const V3: &str = r#"
-- At which site a subnet can be scanned.
CREATE TABLE places (
    source INTEGER NOT NULL REFERENCES sources,
    subnet INTEGER NOT NULL,
    gateway_mac BLOB NOT NULL,
    prefix TEXT NOT NULL,
    name TEXT NOT NULL,
    chosen INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (source, subnet)
) STRICT, WITHOUT ROWID;
"#;

/// Other MACs that answered for a host's address (a list), and what nmap was allowed in a scan: 0 nothing, 1 raw sockets, 2 raw
/// sockets through `fieldscan-nmap`. Before, `privileged` was 0 or 1.
const V4: &str = r#"
ALTER TABLE sightings ADD COLUMN also TEXT;
ALTER TABLE scans RENAME COLUMN privileged TO rights;
"#;

/// What a notice says, as facts; null in older ones, which have only words.
const V5: &str = "ALTER TABLE notices ADD COLUMN facts TEXT;";

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: &[&str] = &[
        "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);",
        "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 5;",
        "UPDATE a SET x = x + y;",
    ];

    #[test]
    fn every_older_format_becomes_the_present_one() {
        for from in 0..=STEPS.len() {
            let mut conn = Connection::open_in_memory().unwrap();
            migrate(&mut conn, &STEPS[..from]).unwrap();
            assert_eq!(version(&conn).unwrap(), from as i64);
            migrate(&mut conn, STEPS).unwrap();
            assert_eq!(version(&conn).unwrap(), 3, "from format {from}");
            let x: i64 = conn
                .query_row("SELECT x FROM a", [], |row| row.get(0))
                .unwrap();
            assert_eq!(x, 6, "each step ran exactly once from format {from}");
        }
    }

    #[test]
    fn a_step_that_fails_leaves_the_format_before_it() {
        let mut conn = Connection::open_in_memory().unwrap();
        let broken = [
            STEPS[0],
            "INSERT INTO a VALUES (2); INSERT INTO nowhere VALUES (1);",
        ];
        migrate(&mut conn, &broken).unwrap_err();
        assert_eq!(version(&conn).unwrap(), 1, "the first step stays");
        let rows: i64 = conn
            .query_row("SELECT count(*) FROM a", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1, "nothing of the failed step stays");
    }

    #[test]
    fn the_real_steps_run() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn, MIGRATIONS).unwrap();
        assert_eq!(version(&conn).unwrap(), known());
    }
}
