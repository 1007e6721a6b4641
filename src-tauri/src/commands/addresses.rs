//! The addresses of a subnet, told so that the window shows the largest at once and stays at hand while the rest arrives.

use std::net::IpAddr;

use fieldscan_core::ids::SubnetId;
use fieldscan_engine::{
    document::{AddressDocument, AddressesDocument},
    query,
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

/// The order in which they are told: what a person looks at first comes first, as in the window's list.
const URGENCY: [Option<&str>; 7] = [
    Some("unknown"),
    Some("missing"),
    Some("mismatch"),
    Some("known"),
    Some("unseen"),
    Some("excluded"),
    None,
];

/// The addresses as [`AddressesDocument`], in slices: see [`whole`]. Where there is more than one slice, an [`advance`] is sent
/// before: all that a map needs, and all of the first rows.
#[tauri::command]
pub(crate) async fn addresses(
    app: State<'_, App>,
    subnet: SubnetId,
    advance: Channel,
) -> Result<Response, Refusal> {
    let written = move |document| tell(document, &advance);
    let none = written.clone();
    let found = ask(&app, move |records| {
        query::addresses(records, subnet).map(written)
    })
    .await?;
    let lines = found.unwrap_or_else(|| none(AddressesDocument::none(subnet)));
    let lines = lines.map_err(|error| Refusal::broke_off(&error))?;
    Ok(Response::new(lines))
}

fn tell(mut document: AddressesDocument, ahead: &Channel) -> serde_json::Result<Vec<u8>> {
    let mut rows = std::mem::take(&mut document.addresses);
    rows.sort_by_key(|row| {
        URGENCY
            .iter()
            .position(|standing| *standing == row.standing)
    });
    if rows.len() > SLICE {
        let body = InvokeResponseBody::Raw(advance(&document, &rows)?);
        if let Err(error) = ahead.send(body) {
            // All of it follows in any case.
            tracing::debug!(%error, "no advance");
        }
    }
    whole(&document, &rows)
}

/// A long list as lines of JSON: the document, then its rows in slices, an array each. A subnet of 65,536 addresses has 40 MB:
/// read in one piece, it would hold up the window for a quarter of a second and more.
fn whole(document: &impl Serialize, rows: &[impl Serialize]) -> serde_json::Result<Vec<u8>> {
    let mut lines = serde_json::to_vec(document)?;
    for slice in rows.chunks(SLICE) {
        lines.push(b'\n');
        serde_json::to_writer(&mut lines, slice)?;
    }
    Ok(lines)
}

/// Addresses one after another of which the same is to be said.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Alike<'a> {
    standing: Option<&'a str>,
    ips: Vec<IpAddr>,
}

/// What is told before the whole: the document, the first slice of its rows, and of the others what a map shows, as [`Alike`].
fn advance(document: &impl Serialize, rows: &[AddressDocument]) -> serde_json::Result<Vec<u8>> {
    let (first, others) = rows.split_at(SLICE.min(rows.len()));
    let mut lines = whole(document, first)?;
    lines.push(b'\n');
    serde_json::to_writer(&mut lines, &outline(others))?;
    Ok(lines)
}

fn outline(rows: &[AddressDocument]) -> Vec<Alike<'_>> {
    let parts = rows.chunk_by(|a, b| a.standing == b.standing);
    parts
        .filter_map(|part| {
            Some(Alike {
                standing: part.first()?.standing,
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

    use fieldscan_core::compare::Standing;
    use fieldscan_engine::store::AddressRow;
    use serde_json::{Value, json};

    use super::*;

    fn rows(standings: &[Option<Standing>]) -> Vec<AddressDocument> {
        let rows = (0x0A28_0000..)
            .zip(standings)
            .map(|(value, standing)| AddressRow {
                ip: Ipv4Addr::from(value).into(),
                subnet: SubnetId(7),
                ipam: None,
                seen: None,
                standing: standing.clone(),
            });
        rows.map(|row| (&row).into()).collect()
    }

    fn document(addresses: Vec<AddressDocument>) -> AddressesDocument {
        AddressesDocument {
            addresses,
            ..AddressesDocument::none(SubnetId(7))
        }
    }

    /// What is told of a document: ahead, if anything is, and then.
    fn told(document: AddressesDocument) -> (Option<Vec<Value>>, Vec<Value>) {
        let sent = Arc::new(Mutex::new(None));
        let keep = sent.clone();
        let channel = Channel::new(move |body| {
            let InvokeResponseBody::Raw(bytes) = body else {
                panic!("{body:?}")
            };
            *keep.lock().unwrap() = Some(lines(&bytes));
            Ok(())
        });
        let then = lines(&tell(document, &channel).unwrap());
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
        let (ahead, then) = told(document(rows(&standings)));
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
        let (_, then) = told(document(rows(&standings)));
        let sizes: Vec<usize> = then[1..].iter().map(|slice| ips(slice).len()).collect();
        assert_eq!(
            sizes,
            [SLICE, SLICE, 1],
            "no line holds more than one slice"
        );
        let all: Vec<&str> = then[1..].iter().flat_map(ips).collect();
        let sent = serde_json::to_value(rows(&standings)).unwrap();
        assert_eq!(all, ips(&sent), "all of them, in their order");
    }

    #[test]
    fn ahead_of_a_long_list_goes_what_a_map_shows() {
        let mut standings = vec![Some(Standing::Known); SLICE];
        standings.extend([None, Some(Standing::Unseen { misses: 1 }), None]);
        let (ahead, then) = told(document(rows(&standings)));
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
        let (ahead, then) = told(document(Vec::new()));
        assert_eq!((ahead, then.len()), (None, 1));
        assert_eq!(then[0]["subnet"], 7);
    }
}
