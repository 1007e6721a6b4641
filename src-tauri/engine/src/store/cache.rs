//! What phpIPAM said last: the assigned subnets, and the addresses of each.

use fieldscan_core::{
    ids::{AddressId, AgentId, SubnetId},
    ipam::{Address, AddressBook, Assignment, Subnet},
    run::Scan,
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use serde::Serialize;

use super::{
    CacheKey, Reader, Result, Source, Store, source, source_or_new,
    value::{Id, Ip, Json, MacBytes, Ms},
};

/// An assigned subnet with what is known of its last scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubnetRow {
    /// The subnet as phpIPAM has it.
    pub subnet: Subnet,
    /// When phpIPAM last told its addresses.
    pub addresses_at: Option<Timestamp>,
    /// The last finished scan of it.
    pub last_scan: Option<Scan>,
}

impl Store {
    /// Keeps the assigned subnets in the place of those from before.
    ///
    /// # Errors
    /// If the database can't be written; what it had is still there.
    pub fn save_assignment(&mut self, key: &CacheKey, assignment: &Assignment) -> Result<()> {
        let tx = self.write()?;
        let Source(source) = source_or_new(&tx, key)?;
        tx.execute("DELETE FROM assignments WHERE source = ?1", [source])?;
        tx.execute(
            "INSERT INTO assignments (source, agent, agent_name, fetched_at) VALUES (?1, ?2, ?3, ?4)",
            params![
                source,
                Id(assignment.agent.0),
                assignment.agent_name,
                Ms(assignment.fetched_at)
            ],
        )?;
        {
            let mut insert = tx.prepare_cached(
                "INSERT INTO subnets VALUES (:source, :position, :id, :cidr, :network, :description, :is_folder, :is_parent,
                 :discover, :ping, :resolve_dns, :name_servers, :last_discovery, :last_scan, :custom)",
            )?;
            for (position, subnet) in assignment.subnets.iter().enumerate() {
                insert.execute(named_params! {
                    ":source": source,
                    ":position": position as i64,
                    ":id": Id(subnet.id.0),
                    ":cidr": subnet.cidr,
                    ":network": subnet.network.map(|network| network.to_string()),
                    ":description": subnet.description,
                    ":is_folder": subnet.is_folder,
                    ":is_parent": subnet.is_parent,
                    ":discover": subnet.discover,
                    ":ping": subnet.ping,
                    ":resolve_dns": subnet.resolve_dns,
                    ":name_servers": Json(&subnet.name_servers),
                    ":last_discovery": subnet.last_discovery,
                    ":last_scan": subnet.last_scan,
                    ":custom": (!subnet.custom.is_empty()).then_some(Json(&subnet.custom)),
                })?;
            }
        }
        Ok(tx.commit()?)
    }

    /// Keeps a subnet's addresses in the place of those from before.
    ///
    /// # Errors
    /// If the database can't be written; what it had is still there.
    pub fn save_addresses(
        &mut self,
        key: &CacheKey,
        subnet: SubnetId,
        book: &AddressBook,
    ) -> Result<()> {
        let tx = self.write()?;
        let Source(source) = source_or_new(&tx, key)?;
        tx.execute(
            "DELETE FROM addresses WHERE source = ?1 AND subnet = ?2",
            params![source, Id(subnet.0)],
        )?;
        tx.execute(
            "INSERT INTO books (source, subnet, fetched_at) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET fetched_at = excluded.fetched_at",
            params![source, Id(subnet.0), Ms(book.fetched_at)],
        )?;
        {
            let mut insert = tx.prepare_cached(
                "INSERT OR REPLACE INTO addresses VALUES (:source, :subnet, :ip, :id, :hostname, :mac, :description, :owner,
                 :note, :is_gateway, :exclude_ping, :tag, :last_seen, :edit_date, :custom)",
            )?;
            for address in &book.addresses {
                insert.execute(named_params! {
                    ":source": source,
                    ":subnet": Id(subnet.0),
                    ":ip": Ip(address.ip),
                    ":id": Id(address.id.0),
                    ":hostname": address.hostname,
                    ":mac": address.mac.map(MacBytes),
                    ":description": address.description,
                    ":owner": address.owner,
                    ":note": address.note,
                    ":is_gateway": address.is_gateway,
                    ":exclude_ping": address.exclude_ping,
                    ":tag": address.tag.map(Id),
                    ":last_seen": address.last_seen,
                    ":edit_date": address.edit_date,
                    ":custom": (!address.custom.is_empty()).then_some(Json(&address.custom)),
                })?;
            }
        }
        Ok(tx.commit()?)
    }
}

impl Reader {
    /// The assigned subnets as phpIPAM told them last; `None` if it never did under this key.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn assignment(&self, key: &CacheKey) -> Result<Option<Assignment>> {
        match source(&self.conn, key)? {
            Some(source) => assignment(&self.conn, source),
            None => Ok(None),
        }
    }

    /// The assigned subnets, each with its last scan. Empty if phpIPAM never told any.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn subnets(&self, key: &CacheKey) -> Result<Vec<SubnetRow>> {
        let tx = self.conn.unchecked_transaction()?;
        let Some(source) = source(&tx, key)? else {
            return Ok(Vec::new());
        };
        let Some(assignment) = assignment(&tx, source)? else {
            return Ok(Vec::new());
        };
        let mut last: std::collections::HashMap<_, _> = super::scans::last_scans(&tx, source)?
            .into_iter()
            .map(|scan| (scan.subnet, scan))
            .collect();
        assignment
            .subnets
            .into_iter()
            .map(|subnet| {
                Ok(SubnetRow {
                    addresses_at: fetched_at(&tx, source, subnet.id)?,
                    last_scan: last.remove(&subnet.id),
                    subnet,
                })
            })
            .collect()
    }

    /// A subnet's addresses as phpIPAM told them last; `None` if it never did under this key.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn address_book(&self, key: &CacheKey, subnet: SubnetId) -> Result<Option<AddressBook>> {
        let tx = self.conn.unchecked_transaction()?;
        match source(&tx, key)? {
            Some(source) => address_book(&tx, source, subnet),
            None => Ok(None),
        }
    }

    /// When phpIPAM told a subnet's addresses last; `None` if it never did under this key.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn addresses_fetched_at(
        &self,
        key: &CacheKey,
        subnet: SubnetId,
    ) -> Result<Option<Timestamp>> {
        let tx = self.conn.unchecked_transaction()?;
        match source(&tx, key)? {
            Some(source) => fetched_at(&tx, source, subnet),
            None => Ok(None),
        }
    }
}

fn fetched_at(conn: &Connection, source: Source, subnet: SubnetId) -> Result<Option<Timestamp>> {
    let at = conn
        .prepare_cached("SELECT fetched_at FROM books WHERE source = ?1 AND subnet = ?2")?
        .query_row(params![source.0, Id(subnet.0)], |row| row.get(0))
        .optional()?;
    Ok(at.map(|Ms(at)| at))
}

pub(super) fn assignment(conn: &Connection, source: Source) -> Result<Option<Assignment>> {
    let head = conn
        .prepare_cached("SELECT agent, agent_name, fetched_at FROM assignments WHERE source = ?1")?
        .query_row([source.0], |row| {
            Ok(Assignment {
                agent: AgentId(row.get::<_, Id>(0)?.0),
                agent_name: row.get(1)?,
                subnets: Vec::new(),
                fetched_at: row.get::<_, Ms>(2)?.0,
            })
        })
        .optional()?;
    let Some(mut assignment) = head else {
        return Ok(None);
    };
    assignment.subnets = conn
        .prepare_cached("SELECT * FROM subnets WHERE source = ?1 ORDER BY position")?
        .query_map([source.0], read_subnet)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(assignment))
}

fn read_subnet(row: &Row<'_>) -> rusqlite::Result<Subnet> {
    let network: Option<String> = row.get("network")?;
    Ok(Subnet {
        id: SubnetId(row.get::<_, Id>("id")?.0),
        cidr: row.get("cidr")?,
        network: network.and_then(|network| network.parse().ok()),
        description: row.get("description")?,
        is_folder: row.get("is_folder")?,
        is_parent: row.get("is_parent")?,
        discover: row.get("discover")?,
        ping: row.get("ping")?,
        resolve_dns: row.get("resolve_dns")?,
        name_servers: row.get::<_, Json<_>>("name_servers")?.0,
        last_discovery: row.get("last_discovery")?,
        last_scan: row.get("last_scan")?,
        custom: row
            .get::<_, Option<Json<_>>>("custom")?
            .map_or_else(Default::default, |Json(custom)| custom),
    })
}

pub(super) fn address_book(
    conn: &Connection,
    source: Source,
    subnet: SubnetId,
) -> Result<Option<AddressBook>> {
    let Some(fetched_at) = fetched_at(conn, source, subnet)? else {
        return Ok(None);
    };
    let addresses = addresses(conn, source, subnet)?;
    Ok(Some(AddressBook {
        addresses,
        fetched_at,
    }))
}

/// A subnet's addresses, in address order.
pub(super) fn addresses(
    conn: &Connection,
    source: Source,
    subnet: SubnetId,
) -> Result<Vec<Address>> {
    let mut query = conn.prepare_cached(
        "SELECT id, subnet, ip, hostname, mac, description, owner, note, is_gateway, exclude_ping, tag, last_seen, edit_date,
         custom FROM addresses WHERE source = ?1 AND subnet = ?2 ORDER BY ip, id",
    )?;
    let rows = query.query_map(params![source.0, Id(subnet.0)], read_address)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn read_address(row: &Row<'_>) -> rusqlite::Result<Address> {
    Ok(Address {
        id: AddressId(row.get::<_, Id>(0)?.0),
        subnet: SubnetId(row.get::<_, Id>(1)?.0),
        ip: row.get::<_, Ip>(2)?.0,
        hostname: row.get(3)?,
        mac: row.get::<_, Option<MacBytes>>(4)?.map(|mac| mac.0),
        description: row.get(5)?,
        owner: row.get(6)?,
        note: row.get(7)?,
        is_gateway: row.get(8)?,
        exclude_ping: row.get(9)?,
        tag: row.get::<_, Option<Id>>(10)?.map(|tag| tag.0),
        last_seen: row.get(11)?,
        edit_date: row.get(12)?,
        custom: row
            .get::<_, Option<Json<_>>>(13)?
            .map_or_else(Default::default, |Json(custom)| custom),
    })
}
