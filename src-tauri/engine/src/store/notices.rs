//! What the person was told: to be read again, and so that it is not told twice.

use fieldscan_core::{
    ids::NoticeId,
    notice::{Notice, Thing, Told},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    CacheKey, Reader, Result, Source, Store, source, source_or_new,
    value::{Id, Json, Ms},
};

/// As many of the newest notices say what was told. Far more than a day brings.
const REMEMBERED: u32 = 1_000;

impl Store {
    /// Keeps a notice. Keeping the same one again changes nothing.
    ///
    /// # Errors
    /// If the database can't be written.
    pub fn save_notice(&mut self, key: &CacheKey, notice: &Notice) -> Result<()> {
        let tx = self.write()?;
        let Source(source) = source_or_new(&tx, key)?;
        tx.prepare_cached(
            "INSERT INTO notices (id, source, at, category, title, text, page, things, facts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            Id(notice.id.0),
            source,
            Ms(notice.at),
            Json(notice.category),
            notice.title,
            notice.text,
            Json(&notice.page),
            Json(&notice.things),
            notice.facts.as_ref().map(Json),
        ])?;
        Ok(tx.commit()?)
    }
}

impl Reader {
    /// Notices, the newest first.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn notices(&self, key: &CacheKey, limit: u32) -> Result<Vec<Notice>> {
        let tx = self.conn.unchecked_transaction()?;
        let Some(Source(source)) = source(&tx, key)? else {
            return Ok(Vec::new());
        };
        let mut query =
            tx.prepare_cached("SELECT * FROM notices WHERE source = ?1 ORDER BY id DESC LIMIT ?2")?;
        let notices = query.query_map(params![source, limit], read)?;
        Ok(notices.collect::<rusqlite::Result<_>>()?)
    }
}

/// What was told, and when.
pub(super) fn told(conn: &Connection, Source(source): Source) -> Result<Told> {
    let mut query = conn.prepare_cached(
        "SELECT at, things FROM notices WHERE source = ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    let rows = query.query_map(params![source, REMEMBERED], |row| {
        Ok((row.get::<_, Ms>(0)?.0, row.get::<_, Json<_>>(1)?.0))
    })?;
    let newest_first: Vec<(Timestamp, Vec<Thing>)> = rows.collect::<rusqlite::Result<_>>()?;
    Ok(Told::restore(newest_first.into_iter().rev()))
}

/// The highest id that a notice ever had.
pub(super) fn last_id(conn: &Connection) -> Result<NoticeId> {
    let last: Option<Id> = conn
        .query_row(
            "SELECT seq FROM sqlite_sequence WHERE name = 'notices'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    Ok(NoticeId(last.map_or(0, |id| id.0)))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Notice> {
    Ok(Notice {
        id: NoticeId(row.get::<_, Id>("id")?.0),
        at: row.get::<_, Ms>("at")?.0,
        category: row.get::<_, Json<_>>("category")?.0,
        title: row.get("title")?,
        text: row.get("text")?,
        // Its words are there all the same, so that facts that can't be read are no reason to show nothing.
        facts: row
            .get::<_, Option<String>>("facts")?
            .and_then(|facts| serde_json::from_str(&facts).ok()),
        page: row.get::<_, Json<_>>("page")?.0,
        things: row.get::<_, Json<_>>("things")?.0,
    })
}
