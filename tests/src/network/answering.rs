//! How a host answers the IP packets that reach it: ICMP, TCP, UDP and DNS.
//!
//! Which packets reach it, how late, and whether at all, is [`Site`](super::Site)'s
//! to decide.

use std::net::{IpAddr, Ipv4Addr};

use super::{
    dns::NameServer,
    layout::{Behaviour, Host},
    random::mix,
    wire::{self, Datagram, Envelope, Packet, Segment},
};

/// A host with what its answers depend on.
pub(super) struct Answering<'a> {
    pub(super) host: &'a Host,
    /// What answers on its UDP port 53.
    pub(super) server: Option<&'a NameServer>,
    pub(super) seed: u64,
}

impl Answering<'_> {
    /// The frame that answers a packet, if any.
    pub(super) fn answer(&self, packet: &Packet<'_>, envelope: Envelope) -> Option<Vec<u8>> {
        let host = self.host;
        match host.behaviour {
            Behaviour::Silent | Behaviour::ArpOnly => return None,
            Behaviour::Normal | Behaviour::RstOnly | Behaviour::NoPing => {}
        }
        let pings = host.behaviour == Behaviour::Normal;
        match packet.protocol {
            wire::ICMP | wire::ICMPV6 if pings => {
                envelope.seal(packet.protocol, icmp_reply(packet)?)
            }
            wire::TCP => {
                let segment = self.tcp_reply(packet, &Segment::read(packet.payload)?)?;
                envelope.seal(wire::TCP, segment.write())
            }
            wire::UDP => {
                let datagram = Datagram::read(packet.payload)?;
                if let Some(server) = self.server
                    && datagram.to_port == 53
                {
                    let data = server.answer(datagram.data)?;
                    let (from_port, to_port) = (datagram.to_port, datagram.from_port);
                    let answer = Datagram {
                        from_port,
                        to_port,
                        data: &data,
                    };
                    return envelope.seal(wire::UDP, answer.write()?);
                }
                // Port unreachable.
                if pings {
                    unreachable(packet, envelope, 3, 4)
                } else {
                    None
                }
            }
            _ => None,
        }
    }

    /// Answers as RFC 9293 asks, without keeping a connection's state: our
    /// first sequence number is a function of the connection's addresses, so
    /// a later segment tells by itself whether it belongs to one.
    fn tcp_reply(&self, packet: &Packet<'_>, got: &Segment) -> Option<Segment> {
        let answer = |seq, ack, flags| {
            let (from_port, to_port) = (got.to_port, got.from_port);
            Some(Segment {
                from_port,
                to_port,
                seq,
                ack,
                flags,
                len: 0,
            })
        };
        let host = self.host;
        let has = |flag| got.flags & flag != 0;
        let open = host.behaviour != Behaviour::RstOnly && host.open.contains(&got.to_port);
        let filtered = host.behaviour == Behaviour::NoPing;
        if has(wire::RST) || (filtered && !open) {
            return None;
        }
        let after = got.seq.wrapping_add(got.len);
        let after = after.wrapping_add(u32::from(has(wire::SYN)) + u32::from(has(wire::FIN)));
        let isn = self.first_sequence_number(packet, got);
        match (has(wire::SYN), has(wire::ACK)) {
            (true, false) if open => answer(isn, after, wire::SYN | wire::ACK),
            // To the null and FIN probes an open port says nothing.
            (false, false) if open => None,
            (_, false) => answer(0, after, wire::RST | wire::ACK),
            (false, true) if open && (1..=2).contains(&got.ack.wrapping_sub(isn)) => {
                let closed_by_us = got.ack.wrapping_sub(isn) == 2;
                if has(wire::FIN) && !closed_by_us {
                    answer(got.ack, after, wire::FIN | wire::ACK)
                } else if after != got.seq {
                    answer(got.ack, after, wire::ACK)
                } else {
                    None
                }
            }
            (_, true) if filtered => None,
            (_, true) => answer(got.ack, 0, wire::RST),
        }
    }

    fn first_sequence_number(&self, packet: &Packet<'_>, segment: &Segment) -> u32 {
        let number = |ip| match ip {
            IpAddr::V4(ip) => u64::from(Ipv4Addr::to_bits(ip)),
            IpAddr::V6(ip) => {
                let bits = ip.to_bits();
                mix((bits >> 64) as u64) ^ bits as u64
            }
        };
        let ports = u64::from(segment.from_port) << 16 | u64::from(segment.to_port);
        let mixed = mix(mix(mix(self.seed ^ number(packet.to)) ^ number(packet.from)) ^ ports);
        (mixed >> 32) as u32
    }
}

/// The answer to an echo or timestamp request.
fn icmp_reply(packet: &Packet<'_>) -> Option<Vec<u8>> {
    let mut message = packet.payload.to_vec();
    let (kind, _) = message.split_first_chunk_mut::<8>()?;
    kind[0] = match (packet.protocol, kind[0]) {
        (wire::ICMP, 8) => 0,
        (wire::ICMP, 13) => 14,
        (wire::ICMPV6, 128) => 129,
        _ => return None,
    };
    kind[2..4].fill(0);
    if kind[0] == 14 {
        // Received and sent at midnight, in milliseconds, by a clock that
        // isn't right: the mark that RFC 792 has for that.
        message
            .get_mut(12..20)?
            .copy_from_slice(&[0x80, 0, 0, 0, 0x80, 0, 0, 0]);
    }
    Some(message)
}

/// A "destination unreachable" with the code of the packet's family, quoting
/// the packet.
pub(super) fn unreachable(
    packet: &Packet<'_>,
    envelope: Envelope,
    v4: u8,
    v6: u8,
) -> Option<Vec<u8>> {
    let quoted_at_most = match packet.to {
        IpAddr::V4(_) => 28,
        IpAddr::V6(_) => 1232,
    };
    let (protocol, kind, code) = match packet.to {
        IpAddr::V4(_) => (wire::ICMP, 3, v4),
        IpAddr::V6(_) => (wire::ICMPV6, 1, v6),
    };
    let mut message = vec![kind, code, 0, 0, 0, 0, 0, 0];
    message.extend(&packet.whole[..packet.whole.len().min(quoted_at_most)]);
    envelope.seal(protocol, message)
}
