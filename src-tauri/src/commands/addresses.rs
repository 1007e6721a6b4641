//! The addresses of a subnet, told so that the window shows the largest at once and stays at hand while the rest arrives.

use std::net::IpAddr;

use fieldscan_core::{compare::Standing, ids::SubnetId};
use fieldscan_engine::{
    document::{AddressDocument, AddressesDocument, standing_code},
    query,
    store::AddressRow,
};
use serde::Serialize;
use tauri::{
    State,
    ipc::{Channel, InvokeResponseBody, Response},
};

use super::{lists::ask, refusal::Refusal};
use crate::app::App;

/// Rows in a slice: few enough that the window reads them in a moment in which nobody waits for it.
const SLICE: usize = 2_048;

/// The addresses as [`AddressesDocument`], in slices: see [`whole`]. Where there is more than one slice, an [`advance`] is sent
/// before: all that a map needs, and all of the first rows.
#[tauri::command]
pub(crate) async fn addresses(
    app: State<'_, App>,
    subnet: SubnetId,
    advance: Channel,
) -> Result<Response, Refusal> {
    let told = ask(&app, move |records| {
        let (document, rows) = query::address_rows(records, subnet)?;
        Ok(tell(&document, &rows, &advance))
    })
    .await?;
    let lines = told.unwrap_or_else(|| whole(&AddressesDocument::none(subnet), &[]));
    let lines = lines.map_err(|error| Refusal::broke_off(&error))?;
    Ok(Response::new(lines))
}

fn tell(
    document: &AddressesDocument,
    rows: &[AddressRow],
    ahead: &Channel,
) -> serde_json::Result<Vec<u8>> {
    let mut rows: Vec<&AddressRow> = rows.iter().collect();
    rows.sort_by_key(|row| urgency(row.standing.as_ref()));
    if rows.len() > SLICE {
        let body = InvokeResponseBody::Raw(advance(document, &rows)?);
        if let Err(error) = ahead.send(body) {
            // All of it follows in any case.
            tracing::debug!(%error, "no advance");
        }
    }
    whole(document, &rows)
}

/// Orders as the window's list does: what a person looks at first comes first.
fn urgency(standing: Option<&Standing>) -> u8 {
    match standing {
        Some(Standing::Unknown) => 0,
        Some(Standing::Missing { .. }) => 1,
        Some(Standing::Mismatch { .. }) => 2,
        Some(Standing::Known) => 3,
        Some(Standing::Unseen { .. }) => 4,
        Some(Standing::Excluded) => 5,
        None => 6,
    }
}

/// A long list as lines of JSON: the document, then its rows in slices, an array each. A subnet of 65,536 addresses has 40 MB:
/// read in one piece, it would hold up the window for a quarter of a second and more.
fn whole(document: &AddressesDocument, rows: &[&AddressRow]) -> serde_json::Result<Vec<u8>> {
    let mut lines = serde_json::to_vec(document)?;
    for slice in rows.chunks(SLICE) {
        let slice: Vec<AddressDocument> = slice.iter().map(|row| (*row).into()).collect();
        lines.push(b'\n');
        serde_json::to_writer(&mut lines, &slice)?;
    }
    Ok(lines)
}

/// Addresses one after another of the same standing.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Alike {
    standing: Option<&'static str>,
    ips: Vec<IpAddr>,
}

/// What is told before the whole: the document, the first slice of its rows, and of the others what a map shows, as [`Alike`].
fn advance(document: &AddressesDocument, rows: &[&AddressRow]) -> serde_json::Result<Vec<u8>> {
    let (first, others) = rows.split_at(SLICE.min(rows.len()));
    let mut lines = whole(document, first)?;
    lines.push(b'\n');
    serde_json::to_writer(&mut lines, &outline(others))?;
    Ok(lines)
}

fn outline(rows: &[&AddressRow]) -> Vec<Alike> {
    let code = |row: &AddressRow| row.standing.as_ref().map(standing_code);
    rows.chunk_by(|a, b| code(a) == code(b))
        .filter_map(|part| {
            Some(Alike {
                standing: code(part.first()?),
                ips: part.iter().map(|row| row.ip).collect(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::{
        net::Ipv4Addr,
        sync::{Arc, Mutex},
    };

    use serde_json::{Value, json};

    use super::*;

    fn ip(place: u32) -> IpAddr {
        Ipv4Addr::from(0x0A28_0000 + place).into()
    }

    /// What is told of addresses with these standings: ahead, if anything is, and then.
    fn told(standings: &[Option<Standing>]) -> (Option<Vec<Value>>, Vec<Value>) {
        let rows = (0..).zip(standings).map(|(place, standing)| AddressRow {
            ip: ip(place),
            subnet: SubnetId(7),
            ipam: None,
            seen: None,
            standing: standing.clone(),
        });
        let rows: Vec<AddressRow> = rows.collect();
        let sent = Arc::new(Mutex::new(None));
        let keep = sent.clone();
        let channel = Channel::new(move |body| {
            let InvokeResponseBody::Raw(bytes) = body else {
                panic!("{body:?}")
            };
            *keep.lock().unwrap() = Some(lines(&bytes));
            Ok(())
        });
        let document = AddressesDocument::none(SubnetId(7));
        let then = lines(&tell(&document, &rows, &channel).unwrap());
        let ahead = sent.lock().unwrap().take();
        (ahead, then)
    }

    fn lines(bytes: &[u8]) -> Vec<Value> {
        let lines = bytes.split(|byte| *byte == b'\n');
        lines
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }

    fn ips(rows: &Value) -> Vec<&str> {
        let rows = rows.as_array().unwrap();
        rows.iter().map(|row| row["ip"].as_str().unwrap()).collect()
    }

    #[test]
    fn what_needs_a_look_comes_first() {
        let standings = [
            None,
            Some(Standing::Known),
            Some(Standing::Missing { misses: 3 }),
            Some(Standing::Excluded),
            Some(Standing::Unknown),
            Some(Standing::Known),
        ];
        let (ahead, then) = told(&standings);
        assert_eq!(ahead, None, "a short list has no advance");
        assert_eq!(then[0]["addresses"], json!([]));
        assert_eq!(
            ips(&then[1]),
            [4, 2, 1, 5, 3, 0].map(|last| format!("10.40.0.{last}"))
        );
    }

    #[test]
    fn a_long_list_comes_in_slices_and_whole() {
        let standings = vec![Some(Standing::Known); SLICE * 2 + 1];
        let (_, then) = told(&standings);
        let sizes: Vec<usize> = then[1..].iter().map(|slice| ips(slice).len()).collect();
        assert_eq!(
            sizes,
            [SLICE, SLICE, 1],
            "no line holds more than one slice"
        );
        let all: Vec<&str> = then[1..].iter().flat_map(ips).collect();
        let order: Vec<String> = (0..)
            .map(|place| ip(place).to_string())
            .take(all.len())
            .collect();
        assert_eq!(all, order, "all of them, in their order");
    }

    #[test]
    fn ahead_of_a_long_list_goes_what_a_map_shows() {
        let mut standings = vec![Some(Standing::Known); SLICE];
        standings.extend([None, Some(Standing::Unseen { misses: 1 }), None]);
        let (ahead, then) = told(&standings);
        let ahead = ahead.unwrap();
        assert_eq!(ahead[..2], then[..2], "the first slice is as it will be");
        assert_eq!(
            ahead[2],
            json!([
                {"standing": "unseen", "ips": ["10.40.8.1"]},
                {"standing": null, "ips": ["10.40.8.0", "10.40.8.2"]},
            ])
        );
    }

    #[test]
    fn a_list_without_rows_is_one_line() {
        let (ahead, then) = told(&[]);
        assert_eq!((ahead, then.len()), (None, 1));
        assert_eq!(then[0]["subnet"], 7);
    }
}
