//! The table by rtnetlink: one question for each family, no rights needed.

use std::{io, net::IpAddr, time::Duration};

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    neighbour::{
        NeighbourAddress, NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState,
    },
    route::RouteType,
};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};

use super::{Neighbour, mac};

/// The kernel tells ages in hundredths of a second (its `USER_HZ`).
const TICK: Duration = Duration::from_millis(10);
/// Answers that are read at the most: more than any table needs, and an end if the kernel never says that it is done.
const ANSWERS: usize = 100_000;

pub(super) fn read() -> io::Result<Vec<Neighbour>> {
    let mut table = Vec::new();
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        ask(family, &mut table)?;
    }
    Ok(table)
}

fn ask(family: AddressFamily, table: &mut Vec<Neighbour>) -> io::Result<()> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    let mut wanted = NeighbourMessage::default();
    wanted.header.family = family;
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_DUMP | NLM_F_REQUEST;
    let mut request = NetlinkMessage::new(
        header,
        NetlinkPayload::from(RouteNetlinkMessage::GetNeighbour(wanted)),
    );
    request.finalize();
    let mut bytes = vec![0; request.buffer_len()];
    request.serialize(&mut bytes);
    socket.send(&bytes, 0)?;
    for _ in 0..ANSWERS {
        let (bytes, _) = socket.recv_from_full()?;
        if take(&bytes, table)? {
            return Ok(());
        }
    }
    Err(io::Error::other("the table of neighbours has no end"))
}

/// Takes the entries of one datagram; whether it was the last.
fn take(mut bytes: &[u8], table: &mut Vec<Neighbour>) -> io::Result<bool> {
    while !bytes.is_empty() {
        let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(bytes)
            .map_err(|error| io::Error::other(format!("the table of neighbours: {error}")))?;
        match &message.payload {
            NetlinkPayload::Done(_) => return Ok(true),
            NetlinkPayload::Error(error) => return Err(error.to_io()),
            NetlinkPayload::Overrun(_) => {
                return Err(io::Error::other("the table of neighbours was cut off"));
            }
            NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewNeighbour(entry)) => {
                table.extend(neighbour(entry));
            }
            // The kernel may say other things in between.
            _ => {}
        }
        // Messages begin at multiples of four bytes.
        let length = (message.header.length as usize).next_multiple_of(4).max(4);
        bytes = bytes.get(length..).unwrap_or_default();
    }
    Ok(false)
}

fn neighbour(entry: &NeighbourMessage) -> Option<Neighbour> {
    let asking = match entry.header.state {
        NeighbourState::Reachable | NeighbourState::Stale => false,
        NeighbourState::Incomplete | NeighbourState::Delay | NeighbourState::Probe => true,
        // Nobody has answered: not any more, or not ever.
        _ => return None,
    };
    if entry.header.kind != RouteType::Unicast || entry.header.flags.contains(NeighbourFlags::Proxy)
    {
        return None;
    }
    let (mut ip, mut mac_of, mut answered) = (None, None, None);
    for attribute in &entry.attributes {
        match attribute {
            NeighbourAttribute::Destination(NeighbourAddress::Inet(v4)) => {
                ip = Some(IpAddr::V4(*v4));
            }
            NeighbourAttribute::Destination(NeighbourAddress::Inet6(v6)) => {
                ip = Some(IpAddr::V6(*v6));
            }
            NeighbourAttribute::LinkLayerAddress(bytes) => mac_of = mac(bytes),
            NeighbourAttribute::CacheInfo(info) => answered = Some(TICK * info.confirmed),
            _ => {}
        }
    }
    let incomplete = entry.header.state == NeighbourState::Incomplete;
    let mac = mac_of.filter(|_| !incomplete);
    if mac.is_none() && !incomplete {
        return None;
    }
    Some(Neighbour {
        ip: ip?,
        mac,
        asking,
        answered: answered.filter(|_| mac.is_some()),
    })
}

#[cfg(test)]
mod tests {
    use fieldscan_core::host::Mac;

    use super::*;

    /// What a kernel 6.18 told for each family: neighbours in all states, among them ones that were entered by hand and ones
    /// that never answered.
    const V4: &str = include_str!("fixtures/neighbours-v4.hex");
    const V6: &str = include_str!("fixtures/neighbours-v6.hex");

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
        digits
            .chunks_exact(2)
            .map(|pair| (pair[0] << 4 | pair[1]) as u8)
            .collect()
    }

    fn read(hex: &str) -> Vec<Neighbour> {
        let mut table = Vec::new();
        take(&bytes(hex), &mut table).unwrap();
        table.sort_unstable_by_key(|entry| entry.ip);
        table
    }

    fn told(table: &[Neighbour], ip: &str) -> Option<(Option<Mac>, bool)> {
        let ip: IpAddr = ip.parse().unwrap();
        let entry = table.iter().find(|entry| entry.ip == ip)?;
        Some((entry.mac, entry.asking))
    }

    #[test]
    fn each_state_of_the_kernels_is_understood() {
        let table = read(V4);
        let mac = |last| Some(Mac([2, 0, 0, 0, 0, last]));
        for (ip, expected, why) in [
            ("10.9.0.2", Some((mac(2), false)), "reachable"),
            ("10.9.0.3", Some((mac(3), false)), "stale"),
            ("10.9.0.9", Some((mac(9), true)), "it is being asked again"),
            (
                "10.9.0.8",
                Some((None, true)),
                "incomplete: no MAC, whatever stands there",
            ),
            ("10.9.0.5", None, "entered by hand"),
            ("10.9.0.6", None, "failed"),
            ("10.9.0.7", None, "nobody is asked for it"),
            ("10.9.0.11", None, "answered for by this machine"),
        ] {
            assert_eq!(told(&table, ip), expected, "{ip}: {why}");
        }
        let table = read(V6);
        assert_eq!(told(&table, "fd09::2"), Some((mac(2), false)));
        assert_eq!(told(&table, "fd09::8"), Some((None, true)));
        assert!(table.iter().all(|entry| !entry.ip.is_multicast()));
    }

    #[test]
    fn an_age_is_told_of_whoever_has_a_mac() {
        for entry in read(V4).into_iter().chain(read(V6)) {
            assert_eq!(entry.answered.is_some(), entry.mac.is_some(), "{entry:?}");
            let hour = Duration::from_secs(3600);
            assert!(entry.answered.is_none_or(|ago| ago < hour), "{entry:?}");
        }
    }

    #[test]
    fn what_is_cut_off_is_an_error_and_no_entry() {
        let whole = bytes(V4);
        for length in 0..whole.len() {
            let mut table = Vec::new();
            // Either is fine, a panic is not, and nor is an entry that was not told.
            let _ = take(&whole[..length], &mut table);
            let all = read(V4);
            assert!(
                table.iter().all(|entry| all.contains(entry)),
                "{length} bytes"
            );
        }
    }
}
