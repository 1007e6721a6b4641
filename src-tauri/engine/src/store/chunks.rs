//! Finished chunks of scans that have not ended, so that a scan that was cut short can go on.

use std::collections::BTreeMap;

use fieldscan_core::{
    host::Host,
    ids::SubnetId,
    plan::{Target, Unfinished},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    CacheKey, Reader, Result, Source, Store, source, source_or_new,
    value::{Id, Json, Ms},
};

impl Store {
    /// Keeps a finished chunk of a scan that began at `started_at`, by its place in the target. Chunks of the subnet's other
    /// scans (of another target or start, or with other rights) are forgotten. [`Store::commit`] forgets them all.
    ///
    /// # Errors
    /// If the database can't be written.
    pub fn save_chunk(
        &mut self,
        key: &CacheKey,
        target: &Target,
        started_at: Timestamp,
        privileged: bool,
        index: usize,
        hosts: &[Host],
    ) -> Result<()> {
        let tx = self.write()?;
        let source = source_or_new(&tx, key)?;
        let subnet = Id(target.subnet.0);
        let kept: bool = tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM unfinished
                 WHERE (source, subnet, started_at, privileged, target) = (?1, ?2, ?3, ?4, ?5))",
            )?
            .query_row(
                params![source.0, subnet, Ms(started_at), privileged, Json(target)],
                |row| row.get(0),
            )?;
        if !kept {
            forget(&tx, source, target.subnet)?;
            tx.execute(
                "INSERT INTO unfinished (source, subnet, started_at, privileged, target) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![source.0, subnet, Ms(started_at), privileged, Json(target)],
            )?;
        }
        tx.prepare_cached(
            "INSERT INTO chunks (source, subnet, place, hosts) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET hosts = excluded.hosts",
        )?
        .execute(params![source.0, subnet, Id(index as u64), Json(hosts)])?;
        Ok(tx.commit()?)
    }

    /// Forgets what is unfinished of a subnet: it will not be gone on with.
    ///
    /// # Errors
    /// If the database can't be written.
    pub fn forget_chunks(&mut self, key: &CacheKey, subnet: SubnetId) -> Result<()> {
        let tx = self.write()?;
        if let Some(source) = source(&tx, key)? {
            forget(&tx, source, subnet)?;
        }
        Ok(tx.commit()?)
    }
}

impl Reader {
    /// What a scan of the subnet that was cut short has left.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn unfinished(&self, key: &CacheKey, subnet: SubnetId) -> Result<Option<Unfinished>> {
        let tx = self.conn.unchecked_transaction()?;
        let Some(source) = source(&tx, key)? else {
            return Ok(None);
        };
        let found: Option<(Ms, bool, Json<Target>)> = tx
            .prepare_cached(
                "SELECT started_at, privileged, target FROM unfinished WHERE source = ?1 AND subnet = ?2",
            )?
            .query_row(params![source.0, Id(subnet.0)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((Ms(started_at), privileged, Json(target))) = found else {
            return Ok(None);
        };
        let chunks: BTreeMap<usize, Vec<Host>> = tx
            .prepare_cached("SELECT place, hosts FROM chunks WHERE source = ?1 AND subnet = ?2")?
            .query_map(params![source.0, Id(subnet.0)], |row| {
                let (Id(place), Json(hosts)) = (row.get(0)?, row.get(1)?);
                Ok((usize::try_from(place).unwrap_or(usize::MAX), hosts))
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Some(Unfinished {
            target,
            started_at,
            privileged,
            chunks,
        }))
    }
}

impl Reader {
    /// The hosts that the finished parts of a scan that goes on have found, in address order; of one that was cut short too.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn hosts_so_far(&self, key: &CacheKey, subnet: SubnetId) -> Result<Vec<Host>> {
        let chunks = self.unfinished(key, subnet)?.map(|left| left.chunks);
        let mut hosts: Vec<Host> = chunks.unwrap_or_default().into_values().flatten().collect();
        hosts.sort_unstable_by_key(|host| host.ip);
        Ok(hosts)
    }
}

pub(super) fn forget(conn: &Connection, source: Source, subnet: SubnetId) -> Result<()> {
    conn.prepare_cached("DELETE FROM unfinished WHERE source = ?1 AND subnet = ?2")?
        .execute(params![source.0, Id(subnet.0)])?;
    Ok(())
}
