//! Ethernet, ARP, IPv4, IPv6, ICMP, TCP and UDP as bytes: reading what a
//! scanner sends and writing what a host would answer.
//!
//! Only what a scan needs: no VLANs, no IP options in replies, no fragments.
//! Checksums of incoming packets are not verified.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::layout::Mac;

pub(super) const ETHER_IPV4: u16 = 0x0800;
pub(super) const ETHER_ARP: u16 = 0x0806;
pub(super) const ETHER_IPV6: u16 = 0x86dd;

pub(super) const ICMP: u8 = 1;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const ICMPV6: u8 = 58;

pub(super) const FIN: u8 = 0x01;
pub(super) const SYN: u8 = 0x02;
pub(super) const RST: u8 = 0x04;
pub(super) const ACK: u8 = 0x10;

/// One Ethernet II frame.
pub(super) struct Ethernet<'a> {
    pub(super) to: Mac,
    pub(super) from: Mac,
    pub(super) kind: u16,
    pub(super) payload: &'a [u8],
}

impl<'a> Ethernet<'a> {
    pub(super) fn read(frame: &'a [u8]) -> Option<Self> {
        let (to, rest) = frame.split_first_chunk::<6>()?;
        let (from, rest) = rest.split_first_chunk::<6>()?;
        let (kind, payload) = rest.split_first_chunk::<2>()?;
        Some(Self {
            to: Mac(*to),
            from: Mac(*from),
            kind: u16::from_be_bytes(*kind),
            payload,
        })
    }
}

/// An ARP request for an IPv4 address.
pub(super) struct ArpRequest {
    pub(super) sender_mac: Mac,
    pub(super) sender: Ipv4Addr,
    pub(super) target: Ipv4Addr,
}

impl ArpRequest {
    /// `None` for anything but an Ethernet/IPv4 request.
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let arp = payload.first_chunk::<28>()?;
        if arp[..8] != [0, 1, 8, 0, 6, 4, 0, 1] {
            return None;
        }
        Some(Self {
            sender_mac: Mac(*arp[8..].first_chunk()?),
            sender: Ipv4Addr::from(*arp[14..].first_chunk::<4>()?),
            target: Ipv4Addr::from(*arp[24..].first_chunk::<4>()?),
        })
    }

    /// The reply that says `mac` has the address asked for.
    pub(super) fn reply(&self, to: Mac, mac: Mac) -> Vec<u8> {
        let mut frame = Vec::with_capacity(42);
        ethernet(&mut frame, to, mac, ETHER_ARP);
        frame.extend([0, 1, 8, 0, 6, 4, 0, 2]);
        frame.extend(mac.0);
        frame.extend(self.target.octets());
        frame.extend(self.sender_mac.0);
        frame.extend(self.sender.octets());
        frame
    }
}

/// An unfragmented IPv4 or IPv6 packet.
pub(super) struct Packet<'a> {
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    pub(super) protocol: u8,
    pub(super) payload: &'a [u8],
    /// The packet with its header, which ICMP errors quote.
    pub(super) whole: &'a [u8],
}

impl<'a> Packet<'a> {
    pub(super) fn read(kind: u16, bytes: &'a [u8]) -> Option<Self> {
        match kind {
            ETHER_IPV4 => Self::read_v4(bytes),
            ETHER_IPV6 => Self::read_v6(bytes),
            _ => None,
        }
    }

    fn read_v4(bytes: &'a [u8]) -> Option<Self> {
        let header = bytes.first_chunk::<20>()?;
        let header_len = usize::from(header[0] & 0x0f) * 4;
        let total = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let fragment = u16::from_be_bytes([header[6], header[7]]) & 0x3fff;
        if header[0] >> 4 != 4 || header_len < 20 || fragment != 0 {
            return None;
        }
        Some(Self {
            from: Ipv4Addr::from(*header[12..].first_chunk::<4>()?).into(),
            to: Ipv4Addr::from(*header[16..].first_chunk::<4>()?).into(),
            protocol: header[9],
            payload: bytes.get(header_len..total)?,
            whole: bytes.get(..total)?,
        })
    }

    fn read_v6(bytes: &'a [u8]) -> Option<Self> {
        let header = bytes.first_chunk::<40>()?;
        let total = 40 + usize::from(u16::from_be_bytes([header[4], header[5]]));
        if header[0] >> 4 != 6 {
            return None;
        }
        Some(Self {
            from: Ipv6Addr::from(*header[8..].first_chunk::<16>()?).into(),
            to: Ipv6Addr::from(*header[24..].first_chunk::<16>()?).into(),
            protocol: header[6],
            payload: bytes.get(40..total)?,
            whole: bytes.get(..total)?,
        })
    }
}

/// The fields of a TCP segment that decide how it is answered.
pub(super) struct Segment {
    pub(super) from_port: u16,
    pub(super) to_port: u16,
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) flags: u8,
    /// Bytes of data it carries.
    pub(super) len: u32,
}

impl Segment {
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let head = payload.first_chunk::<20>()?;
        let offset = usize::from(head[12] >> 4) * 4;
        let len = payload.len().checked_sub(offset)?;
        Some(Self {
            from_port: u16::from_be_bytes([head[0], head[1]]),
            to_port: u16::from_be_bytes([head[2], head[3]]),
            seq: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            ack: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
            flags: head[13],
            len: u32::try_from(len).ok()?,
        })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut segment = Vec::with_capacity(20);
        segment.extend(self.from_port.to_be_bytes());
        segment.extend(self.to_port.to_be_bytes());
        segment.extend(self.seq.to_be_bytes());
        segment.extend(self.ack.to_be_bytes());
        let window: u16 = if self.flags & RST == 0 { 64240 } else { 0 };
        segment.extend([5 << 4, self.flags]);
        segment.extend(window.to_be_bytes());
        segment.extend([0, 0, 0, 0]);
        segment
    }
}

/// A UDP datagram.
pub(super) struct Datagram<'a> {
    pub(super) from_port: u16,
    pub(super) to_port: u16,
    pub(super) data: &'a [u8],
}

impl<'a> Datagram<'a> {
    pub(super) fn read(payload: &'a [u8]) -> Option<Self> {
        let head = payload.first_chunk::<8>()?;
        let len = usize::from(u16::from_be_bytes([head[4], head[5]]));
        Some(Self {
            from_port: u16::from_be_bytes([head[0], head[1]]),
            to_port: u16::from_be_bytes([head[2], head[3]]),
            data: payload.get(8..len)?,
        })
    }

    /// `None` when the data is longer than a datagram can be.
    pub(super) fn write(&self) -> Option<Vec<u8>> {
        let len = u16::try_from(self.data.len() + 8).ok()?;
        let mut datagram = Vec::with_capacity(self.data.len() + 8);
        datagram.extend(self.from_port.to_be_bytes());
        datagram.extend(self.to_port.to_be_bytes());
        datagram.extend(len.to_be_bytes());
        datagram.extend([0, 0]);
        datagram.extend(self.data);
        Some(datagram)
    }
}

/// Where an answer goes, and from where.
#[derive(Clone, Copy)]
pub(super) struct Envelope {
    pub(super) to_mac: Mac,
    pub(super) from_mac: Mac,
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    /// Time to live, or hop limit.
    pub(super) ttl: u8,
}

impl Envelope {
    /// The Ethernet frame around `segment`, with every checksum filled in.
    /// `None` when the two addresses are not of one family.
    pub(super) fn seal(self, protocol: u8, mut segment: Vec<u8>) -> Option<Vec<u8>> {
        let len = u16::try_from(segment.len()).ok()?;
        let mut frame = Vec::with_capacity(54 + segment.len());
        let pseudo = match (self.from, self.to) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                ethernet(&mut frame, self.to_mac, self.from_mac, ETHER_IPV4);
                let mut header = [0u8; 20];
                header[0] = 0x45;
                header[2..4].copy_from_slice(&len.checked_add(20)?.to_be_bytes());
                header[8] = self.ttl;
                header[9] = protocol;
                header[12..16].copy_from_slice(&from.octets());
                header[16..20].copy_from_slice(&to.octets());
                let sum = checksum(0, &header);
                header[10..12].copy_from_slice(&sum.to_be_bytes());
                frame.extend(header);
                sum_words(sum_words(0, &from.octets()), &to.octets())
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                ethernet(&mut frame, self.to_mac, self.from_mac, ETHER_IPV6);
                frame.extend([0x60, 0, 0, 0]);
                frame.extend(len.to_be_bytes());
                frame.extend([protocol, self.ttl]);
                frame.extend(from.octets());
                frame.extend(to.octets());
                sum_words(sum_words(0, &from.octets()), &to.octets())
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return None,
        };
        let (at, initial) = match protocol {
            TCP => (16, pseudo + u32::from(protocol) + u32::from(len)),
            UDP => (6, pseudo + u32::from(protocol) + u32::from(len)),
            ICMPV6 => (2, pseudo + u32::from(protocol) + u32::from(len)),
            _ => (2, 0),
        };
        let sum = match checksum(initial, &segment) {
            // Zero would mean "no checksum" in UDP.
            0 if protocol == UDP => 0xffff,
            sum => sum,
        };
        segment
            .get_mut(at..at + 2)?
            .copy_from_slice(&sum.to_be_bytes());
        frame.extend(segment);
        Some(frame)
    }
}

fn ethernet(frame: &mut Vec<u8>, to: Mac, from: Mac, kind: u16) {
    frame.extend(to.0);
    frame.extend(from.0);
    frame.extend(kind.to_be_bytes());
}

fn sum_words(initial: u32, bytes: &[u8]) -> u32 {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let sum = pairs.iter().fold(initial, |sum, pair| {
        sum + u32::from(u16::from_be_bytes(*pair))
    });
    sum + rest.first().map_or(0, |byte| u32::from(*byte) << 8)
}

/// The internet checksum of RFC 1071 over `bytes`, begun with `initial`.
pub(super) fn checksum(initial: u32, bytes: &[u8]) -> u16 {
    let mut sum = sum_words(initial, bytes);
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_rfc() {
        // The example of RFC 1071, section 3.
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(
            checksum(0, &bytes),
            !0xddf2,
            "kernels drop packets whose checksum is wrong"
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let envelope = Envelope {
            to_mac: Mac([2; 6]),
            from_mac: Mac([4; 6]),
            from: [10, 0, 0, 1].into(),
            to: [10, 0, 0, 2].into(),
            ttl: 64,
        };
        let datagram = Datagram {
            from_port: 53,
            to_port: 4000,
            data: b"odd",
        };
        let frame = envelope.seal(UDP, datagram.write().unwrap()).unwrap();
        let ethernet = Ethernet::read(&frame).unwrap();
        let packet = Packet::read(ethernet.kind, ethernet.payload).unwrap();
        assert_eq!((packet.from, packet.to), (envelope.from, envelope.to));
        let datagram = Datagram::read(packet.payload).unwrap();
        assert_eq!((datagram.from_port, datagram.to_port), (53, 4000));
        assert_eq!(datagram.data, b"odd");
        assert_eq!(
            checksum(0, &packet.whole[..20]),
            0,
            "a header's sum with its checksum is 0"
        );
    }

    #[test]
    fn short_and_odd_frames_are_refused_not_panicked_on() {
        let frame = [0x45u8; 80];
        for len in 0..frame.len() {
            for kind in [ETHER_IPV4, ETHER_IPV6] {
                if let Some(packet) = Packet::read(kind, &frame[..len]) {
                    Segment::read(packet.payload);
                    Datagram::read(packet.payload);
                }
            }
            Ethernet::read(&frame[..len]);
            ArpRequest::read(&frame[..len]);
            Segment::read(&frame[..len]);
            Datagram::read(&frame[..len]);
        }
    }
}
