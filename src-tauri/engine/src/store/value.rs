//! How the core's values stand in columns.

use std::net::IpAddr;

use fieldscan_core::host::Mac;
use jiff::Timestamp;
use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef},
};
use serde::{Serialize, de::DeserializeOwned};

/// An id, bit for bit: SQLite's integers are signed, and a server may send any number.
#[derive(Clone, Copy)]
pub(super) struct Id(pub(super) u64);

impl ToSql for Id {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.cast_signed().into())
    }
}

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(value.as_i64()?.cast_unsigned()))
    }
}

/// A time, in milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy)]
pub(super) struct Ms(pub(super) Timestamp);

impl ToSql for Ms {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_millisecond().into())
    }
}

impl FromSql for Ms {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Timestamp::from_millisecond(value.as_i64()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

/// An address, as 4 or 16 bytes.
#[derive(Clone, Copy)]
pub(super) struct Ip(pub(super) IpAddr);

impl ToSql for Ip {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(Value::Blob(match self.0 {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        })))
    }
}

impl FromSql for Ip {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
            Ok(Self(v4.into()))
        } else if let Ok(v6) = <[u8; 16]>::try_from(bytes) {
            Ok(Self(v6.into()))
        } else {
            Err(FromSqlError::InvalidBlobSize {
                expected_size: 16,
                blob_size: bytes.len(),
            })
        }
    }
}

/// A MAC, as 6 bytes.
#[derive(Clone, Copy)]
pub(super) struct MacBytes(pub(super) Mac);

impl ToSql for MacBytes {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0.0)))
    }
}

impl FromSql for MacBytes {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        let mac = bytes
            .try_into()
            .map_err(|_| FromSqlError::InvalidBlobSize {
                expected_size: 6,
                blob_size: bytes.len(),
            })?;
        Ok(Self(Mac(mac)))
    }
}

/// A structured value, as JSON text.
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(text.into())
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

/// A value that has one text.
pub(super) struct Text<T>(pub(super) T);

impl<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>> FromSql for Text<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value
            .as_str()?
            .parse()
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

/// Addresses as runs of neighbours: most reports tell of dense ranges, and history keeps thousands of them.
pub(super) struct Runs(pub(super) Vec<IpAddr>);

impl ToSql for Runs {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let mut bytes = Vec::new();
        let mut rest = self.0.as_slice();
        while let Some(&first) = rest.first() {
            let length = rest
                .windows(2)
                .take_while(|pair| next(pair[0]) == Some(pair[1]))
                .count()
                + 1;
            match first {
                IpAddr::V4(ip) => {
                    bytes.push(4);
                    bytes.extend(ip.octets());
                }
                IpAddr::V6(ip) => {
                    bytes.push(6);
                    bytes.extend(ip.octets());
                }
            }
            // A report has at most as many hosts as a scan has addresses, far below this.
            bytes.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
            rest = &rest[length..];
        }
        Ok(ToSqlOutput::Owned(Value::Blob(bytes)))
    }
}

impl FromSql for Runs {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let mut rest = value.as_blob()?;
        read_runs(&mut rest)
            .map(Self)
            .ok_or(FromSqlError::InvalidType)
    }
}

fn read_runs(rest: &mut &[u8]) -> Option<Vec<IpAddr>> {
    // What a damaged count may make of memory.
    const MOST: usize = 1 << 20;
    let mut all = Vec::new();
    while let Some((family, tail)) = rest.split_first() {
        *rest = tail;
        let mut ip: IpAddr = match family {
            4 => take::<4>(rest)?.into(),
            6 => take::<16>(rest)?.into(),
            _ => return None,
        };
        let length = u32::from_be_bytes(take(rest)?) as usize;
        if length == 0 || length + all.len() > MOST {
            return None;
        }
        all.push(ip);
        for _ in 1..length {
            ip = next(ip)?;
            all.push(ip);
        }
    }
    Some(all)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

fn next(ip: IpAddr) -> Option<IpAddr> {
    match ip {
        IpAddr::V4(ip) => ip
            .to_bits()
            .checked_add(1)
            .map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(ip) => ip
            .to_bits()
            .checked_add(1)
            .map(|bits| IpAddr::V6(bits.into())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::*;

    fn back<T: ToSql, U: FromSql>(value: T) -> rusqlite::Result<U> {
        Connection::open_in_memory()
            .unwrap()
            .query_row("SELECT ?1", [value], |row| row.get(0))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_id_comes_back(id: u64) {
            prop_assert_eq!(back::<_, Id>(Id(id)).unwrap().0, id);
        }

        #[test]
        fn any_list_of_addresses_comes_back(
            starts in prop::collection::vec((any::<IpAddr>(), 1usize..40), 0..12)
        ) {
            let mut list = Vec::new();
            for (start, length) in starts {
                list.extend(std::iter::successors(Some(start), |ip| next(*ip)).take(length));
            }
            prop_assert_eq!(back::<_, Runs>(Runs(list.clone())).unwrap().0, list);
        }

        #[test]
        fn any_bytes_in_the_place_of_addresses_are_read_without_harm(bytes: Vec<u8>) {
            let _ = read_runs(&mut bytes.as_slice());
            let _ = back::<_, Ip>(bytes.clone());
            let _ = back::<_, MacBytes>(bytes);
        }
    }

    #[test]
    fn a_full_24_is_one_run() {
        let list: Vec<IpAddr> = (1..255u8)
            .map(|last| IpAddr::from([10, 0, 0, last]))
            .collect();
        let bytes: Vec<u8> = back(Runs(list)).unwrap();
        assert_eq!(
            bytes.len(),
            9,
            "history keeps one such list for each report of a stable subnet"
        );
    }

    #[test]
    fn the_last_address_has_no_neighbour() {
        let list = vec![
            IpAddr::from([255, 255, 255, 255]),
            IpAddr::from([0, 0, 0, 0]),
            IpAddr::from([0xff; 16]),
        ];
        assert_eq!(
            back::<_, Runs>(Runs(list.clone())).unwrap().0,
            list,
            "no wrap-around"
        );
    }

    #[test]
    fn a_count_beyond_reason_is_refused() {
        let bytes = vec![4, 10, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
        assert!(
            back::<_, Runs>(bytes).is_err(),
            "a damaged row must not take all memory"
        );
    }
}
