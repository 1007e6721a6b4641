//! At which sites subnets can be scanned.

use std::collections::BTreeMap;

use fieldscan_core::{
    ids::SubnetId,
    place::{Binding, Site, Spot},
};
use rusqlite::{Connection, Row, named_params, params};

use super::{
    CacheKey, Reader, Result, Source, Store, source, source_or_new,
    value::{Id, MacBytes, Ms, Text},
};

impl Store {
    /// Keeps these bindings, and forgets those that are `None`. Others stay.
    ///
    /// # Errors
    /// If the database can't be written; what it had is still there.
    pub fn save_places(
        &mut self,
        key: &CacheKey,
        places: &BTreeMap<SubnetId, Option<Binding>>,
    ) -> Result<()> {
        let tx = self.write()?;
        let Source(source) = source_or_new(&tx, key)?;
        for (subnet, binding) in places {
            match binding {
                Some(binding) => tx
                    .prepare_cached(
                        "INSERT OR REPLACE INTO places (source, subnet, gateway_mac, prefix, name, chosen, since)
                         VALUES (:source, :subnet, :gateway_mac, :prefix, :name, :chosen, :since)",
                    )?
                    .execute(named_params! {
                        ":source": source,
                        ":subnet": Id(subnet.0),
                        ":gateway_mac": MacBytes(binding.site.spot.gateway_mac),
                        ":prefix": binding.site.spot.prefix.to_string(),
                        ":name": binding.site.name,
                        ":chosen": binding.chosen,
                        ":since": Ms(binding.since),
                    })?,
                None => tx.execute(
                    "DELETE FROM places WHERE source = ?1 AND subnet = ?2",
                    params![source, Id(subnet.0)],
                )?,
            };
        }
        Ok(tx.commit()?)
    }
}

impl Reader {
    /// At which sites subnets can be scanned.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn places(&self, key: &CacheKey) -> Result<BTreeMap<SubnetId, Binding>> {
        match source(&self.conn, key)? {
            Some(source) => places(&self.conn, source),
            None => Ok(BTreeMap::new()),
        }
    }
}

pub(super) fn places(
    conn: &Connection,
    Source(source): Source,
) -> Result<BTreeMap<SubnetId, Binding>> {
    let mut query = conn.prepare_cached("SELECT * FROM places WHERE source = ?1")?;
    let rows = query.query_map([source], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<(SubnetId, Binding)> {
    let spot = Spot {
        gateway_mac: row.get::<_, MacBytes>("gateway_mac")?.0,
        prefix: row.get::<_, Text<_>>("prefix")?.0,
    };
    let binding = Binding {
        site: Site {
            spot,
            name: row.get("name")?,
        },
        chosen: row.get("chosen")?,
        since: row.get::<_, Ms>("since")?.0,
    };
    Ok((SubnetId(row.get::<_, Id>("subnet")?.0), binding))
}
