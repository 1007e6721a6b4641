//! The table by `GetIpNetTable2`: no rights needed.

use std::{io, net::IpAddr, ptr, slice};

use windows_sys::Win32::{
    Foundation::NO_ERROR,
    NetworkManagement::IpHelper::{FreeMibTable, GetIpNetTable2, MIB_IPNET_ROW2, MIB_IPNET_TABLE2},
    Networking::WinSock::{AF_INET, AF_INET6, AF_UNSPEC},
};

use super::{
    Neighbour,
    windows_rows::{Row, neighbour},
};

/// The system's table, given back as it is dropped.
struct Table(*mut MIB_IPNET_TABLE2);

impl Drop for Table {
    #[expect(
        unsafe_code,
        reason = "the system's memory is given back by a call of the system's"
    )]
    fn drop(&mut self) {
        // SAFETY: the pointer came from GetIpNetTable2 and is given back once.
        unsafe { FreeMibTable(self.0.cast_const().cast()) };
    }
}

#[expect(
    unsafe_code,
    reason = "there is no safe call for the table of neighbours"
)]
pub(super) fn read() -> io::Result<Vec<Neighbour>> {
    let mut table = ptr::null_mut();
    // SAFETY: the pointer may be written to.
    let status = unsafe { GetIpNetTable2(AF_UNSPEC, &mut table) };
    if status != NO_ERROR {
        return Err(io::Error::from_raw_os_error(status as i32));
    }
    let table = Table(table);
    // SAFETY: the call succeeded, so the table holds as many rows as it says, and lives as long as `table`.
    let rows = unsafe {
        let count = (*table.0).NumEntries as usize;
        slice::from_raw_parts(
            (&raw const (*table.0).Table).cast::<MIB_IPNET_ROW2>(),
            count,
        )
    };
    Ok(rows.iter().filter_map(read_row).collect())
}

#[expect(unsafe_code, reason = "the address stands in a union")]
fn read_row(row: &MIB_IPNET_ROW2) -> Option<Neighbour> {
    // SAFETY: the family says which address stands there; all of them are plain bytes.
    let (ip, last_reachable) = unsafe {
        let ip = match row.Address.si_family {
            AF_INET => IpAddr::from(row.Address.Ipv4.sin_addr.S_un.S_addr.to_ne_bytes()),
            AF_INET6 => IpAddr::from(row.Address.Ipv6.sin6_addr.u.Byte),
            _ => return None,
        };
        (ip, row.ReachabilityTime.LastReachable)
    };
    let length = (row.PhysicalAddressLength as usize).min(row.PhysicalAddress.len());
    neighbour(Row {
        ip,
        physical: &row.PhysicalAddress[..length],
        state: row.State,
        last_reachable,
    })
}
