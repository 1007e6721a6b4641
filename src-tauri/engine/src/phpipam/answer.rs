//! Reads phpIPAM's answers: status, envelope, rows. Pure: given what came, says what it means.
//!
//! "Nothing there" is only what phpIPAM says in one of three messages. Everything else that has no rows is a problem, so that
//! no failing server, portal or misread answer can ever look like an empty subnet.

use std::collections::{BTreeMap, BTreeSet};

use fieldscan_core::{
    ids::{AgentCode, AgentId, SubnetId},
    ipam::{Address, Subnet},
    problem::Problem,
};
use secrecy::SecretString;

use super::{
    envelope::{EMPTY, Said, not_understood, problem, rows, said},
    field::{Field, Fields},
    row::{self, Agent, Branch, Row, SubnetRow},
};
use crate::http::words;

/// An answer as it came.
#[derive(Clone, Copy)]
pub struct Raw<'a> {
    /// HTTP status.
    pub status: u16,
    /// `Location`, if there was one.
    pub location: Option<&'a str>,
    /// The body, unpacked.
    pub body: &'a [u8],
}

/// The rows of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows<T> {
    /// Those that could be read.
    pub rows: Vec<T>,
    /// How many could not, by reason. No reason holds anything of the row.
    pub skipped: BTreeMap<&'static str, u32>,
}

/// The subnets of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnets {
    /// Them, by id; `is_parent` is set only for what these rows themselves show.
    pub subnets: Rows<Subnet>,
    /// The subnets that these lie inside.
    pub masters: BTreeSet<SubnetId>,
}

/// A user's token.
#[derive(Debug, Clone)]
pub struct Login {
    /// The token.
    pub token: SecretString,
}

/// Reads the answer to `tools/scanagents/?filter_by=code`: the id and name of the agent with this code.
///
/// # Errors
/// [`Problem::AgentCodeUnknown`] if no row has exactly this code.
pub fn agent(raw: Raw<'_>, code: &AgentCode) -> Result<(AgentId, String), Problem> {
    let text = raw.text();
    let data = match said(raw, &text)? {
        Said::Data(data) => data,
        Said::Failed(404, message)
            if EMPTY.contains(&message.trim()) || message.trim() == "No objects found" =>
        {
            return Err(Problem::AgentCodeUnknown);
        }
        Said::Failed(status, message) => return Err(problem(status, &message)),
    };
    let mut found = 0_u32;
    for raw_row in rows(data)? {
        let Ok(row) = serde_json::from_str::<Row<'_>>(raw_row.get()) else {
            continue;
        };
        found += 1;
        let agent = Agent::of(row);
        if agent.code.as_deref() == Some(code.reveal())
            && let Some(id) = agent.id
        {
            return Ok((AgentId(id), agent.name.unwrap_or_default()));
        }
    }
    if found == 0 {
        return Err(not_understood("no row of the scan agents can be read"));
    }
    Err(Problem::AgentCodeUnknown)
}

/// Reads the answer to `subnets/?filter_by=scanAgent`. Rows of other agents are left out: some servers ignore the filter.
///
/// # Errors
/// Any but an answer with rows or one of the messages that mean empty.
pub fn subnets(raw: Raw<'_>, agent: AgentId) -> Result<Subnets, Problem> {
    let mut masters = BTreeSet::new();
    let mut subnets = list(raw, |row| {
        let row = SubnetRow::of(row)?;
        if row.agent != Some(agent) {
            return Err("a subnet of another agent");
        }
        masters.extend(row.master);
        Ok(row.subnet)
    })?;
    subnets.rows.sort_by_key(|subnet| subnet.id);
    subnets.rows.dedup_by_key(|subnet| subnet.id);
    for subnet in &mut subnets.rows {
        subnet.is_parent = masters.contains(&subnet.id);
    }
    Ok(Subnets { subnets, masters })
}

/// Reads the answer to `subnets/`: which subnets have others inside. Only asked for once some subnet is known to exist.
///
/// # Errors
/// Any but an answer with rows.
pub fn parents(raw: Raw<'_>) -> Result<BTreeSet<SubnetId>, Problem> {
    let rows = list(raw, |row| {
        let branch = Branch::of(&row);
        match (branch.id, branch.master) {
            (Some(_), Some(master)) => Ok(master),
            (None, _) => Err("a subnet without an id"),
            (_, None) => Err("a subnet without a place in the tree"),
        }
    })?;
    if rows.rows.is_empty() {
        return Err(not_understood(
            "no subnets at all, where some are assigned to this agent",
        ));
    }
    Ok(rows
        .rows
        .into_iter()
        .filter(|master| *master != 0)
        .map(SubnetId)
        .collect())
}

/// Reads the answer to `subnets/{id}/addresses/`, in address order.
///
/// # Errors
/// [`Problem::SubnetGone`], or any but an answer with rows or one of the messages that mean empty.
pub fn addresses(raw: Raw<'_>, subnet: SubnetId) -> Result<Rows<Address>, Problem> {
    let mut addresses =
        list(raw, |row| row::address(row, subnet)).map_err(|problem| gone(raw, subnet, problem))?;
    if addresses.skipped.contains_key(row::EXCLUDED_WITHOUT_ID) {
        return Err(not_understood(row::EXCLUDED_WITHOUT_ID));
    }
    addresses
        .rows
        .sort_by_key(|address| (address.ip, address.id));
    addresses.rows.dedup_by_key(|address| address.id);
    Ok(addresses)
}

/// Reads the answer to `subnets/{id}/`: its `lastDiscovery`, as text.
///
/// # Errors
/// [`Problem::SubnetGone`] if there is none with this id.
pub fn last_discovery(raw: Raw<'_>, subnet: SubnetId) -> Result<Option<String>, Problem> {
    let rows = list(raw, SubnetRow::of).map_err(|problem| gone(raw, subnet, problem))?;
    if rows.rows.is_empty() {
        // A folder: nobody ever discovers one.
        return Ok(None);
    }
    rows.rows
        .into_iter()
        .find(|row| row.subnet.id == subnet)
        .map(|row| row.subnet.last_discovery)
        .ok_or_else(|| not_understood("another subnet than the one asked for"))
}

/// Reads the answer to `POST user/`.
///
/// # Errors
/// [`Problem::IpamTokenRejected`] for a wrong name or password, and for apps that want no log-in.
pub fn login(raw: Raw<'_>) -> Result<Login, Problem> {
    let text = raw.text();
    match said(raw, &text)? {
        Said::Data(data) => serde_json::from_str::<Fields<'_>>(data.get())
            .ok()
            .and_then(|fields| fields.get("token").and_then(Field::trimmed))
            .map(|token| Login {
                token: token.into(),
            })
            .ok_or_else(|| not_understood("a log-in without a token")),
        Said::Failed(_, message) if message.contains("username") => {
            Err(Problem::IpamTokenRejected {
                words: words(&message, &[]),
            })
        }
        Said::Failed(409, message) => Err(Problem::IpamTokenRejected {
            words: words(
                &format!("{message} (the app takes an app code: leave client_user empty)"),
                &[],
            ),
        }),
        Said::Failed(status, message) => Err(problem(status, &message)),
    }
}

/// Whether an answer came from phpIPAM's API, and the app was known there. Read from a call without a token.
///
/// # Errors
/// The problem, if it is another one than the token that is missing.
pub fn api(raw: Raw<'_>) -> Result<(), Problem> {
    let text = raw.text();
    match said(raw, &text)? {
        Said::Data(_) | Said::Failed(401 | 404, _) => Ok(()),
        Said::Failed(status, message) => match problem(status, &message) {
            Problem::IpamTokenOfOtherApp { .. } | Problem::IpamTokenRejected { .. } => Ok(()),
            other => Err(other),
        },
    }
}

/// Whether the token of a call was taken, whatever else the answer says.
///
/// # Errors
/// What phpIPAM says instead.
pub fn token(raw: Raw<'_>) -> Result<(), Problem> {
    let text = raw.text();
    match said(raw, &text)? {
        Said::Data(_) | Said::Failed(404, _) => Ok(()),
        Said::Failed(status, message) => Err(problem(status, &message)),
    }
}

/// Whether an answer says that a user's token is no longer good.
pub fn wants_log_in(raw: Raw<'_>) -> bool {
    match said(raw, &raw.text()) {
        Ok(Said::Failed(401, _)) => true,
        Ok(Said::Failed(403, message)) => message.contains("expired"),
        Ok(Said::Data(_) | Said::Failed(..)) | Err(_) => false,
    }
}

/// The rows of a list; none if phpIPAM says so in one of its messages.
fn list<'a, T>(
    raw: Raw<'a>,
    mut read: impl FnMut(Row<'_>) -> Result<T, row::Unreadable>,
) -> Result<Rows<T>, Problem> {
    let text = raw.text();
    let mut list = Rows {
        rows: Vec::new(),
        skipped: BTreeMap::new(),
    };
    let data = match said(raw, &text)? {
        Said::Data(data) => data,
        Said::Failed(404, message) if EMPTY.contains(&message.trim()) => return Ok(list),
        Said::Failed(status, message) => return Err(problem(status, &message)),
    };
    for raw_row in rows(data)? {
        let row = serde_json::from_str::<Row<'_>>(raw_row.get())
            .map_err(|_| "a row that is none")
            .and_then(&mut read);
        match row {
            Ok(row) => list.rows.push(row),
            Err(reason) => *list.skipped.entry(reason).or_default() += 1,
        }
    }
    match list.skipped.first_key_value() {
        Some((reason, _)) if list.rows.is_empty() => {
            Err(not_understood(&format!("no row can be used: {reason}")))
        }
        _ => Ok(list),
    }
}

fn gone(raw: Raw<'_>, subnet: SubnetId, problem: Problem) -> Problem {
    match said(raw, &raw.text()) {
        Ok(Said::Failed(400 | 404, message)) if message.trim().starts_with("Invalid subnet Id") => {
            Problem::SubnetGone { subnet }
        }
        Ok(Said::Data(_) | Said::Failed(..)) | Err(_) => problem,
    }
}
