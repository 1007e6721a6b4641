use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::{super::wire::Segment, *};

const SCANNER: Mac = Mac([0x0e, 0, 0, 0, 0, 1]);
const SCANNER_IP: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const BROADCAST: Mac = Mac([0xff; 6]);
const NEAR: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 5);
const FAR: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 5);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 254);

fn layout() -> Layout {
    Layout::new()
        .on_link("10.77.0.1/24".parse().unwrap())
        .gateway(GATEWAY)
        .routed("10.78.0.0/24".parse().unwrap())
        .host(Host::new(NEAR).open([80]))
        .host(Host::new(FAR).open([80]))
}

fn mac(ip: Ipv4Addr) -> Mac {
    Mac::of(ip.into())
}

fn arp(target: Ipv4Addr) -> Vec<u8> {
    let mut frame = [BROADCAST.0, SCANNER.0].concat();
    frame.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend(SCANNER.0);
    frame.extend(SCANNER_IP.octets());
    frame.extend([0; 6]);
    frame.extend(target.octets());
    frame
}

fn packet(to_mac: Mac, to: Ipv4Addr, protocol: u8, segment: Vec<u8>) -> Vec<u8> {
    let (from, to) = (SCANNER_IP.into(), to.into());
    Envelope {
        to_mac,
        from_mac: SCANNER,
        from,
        to,
        ttl: 64,
    }
    .seal(protocol, segment)
    .unwrap()
}

fn ping(to_mac: Mac, to: Ipv4Addr) -> Vec<u8> {
    packet(
        to_mac,
        to,
        wire::ICMP,
        vec![8, 0, 0, 0, 0x12, 0x34, 0, 1, b'h', b'i'],
    )
}

fn tcp(to: Ipv4Addr, to_port: u16, flags: u8, seq: u32, ack: u32, data: &[u8]) -> Vec<u8> {
    let segment = Segment {
        from_port: 4000,
        to_port,
        seq,
        ack,
        flags,
        len: 0,
    };
    packet(mac(to), to, wire::TCP, [&segment.write(), data].concat())
}

/// The frames that come back, with no regard to time.
fn answers(site: &mut Site, frame: &[u8]) -> Vec<Vec<u8>> {
    site.answer(frame, Duration::ZERO)
        .into_iter()
        .map(|reply| reply.frame)
        .collect()
}

/// Flags, sequence and acknowledgement number of the one segment that comes back.
fn tcp_answer(site: &mut Site, frame: &[u8]) -> Option<(u8, u32, u32)> {
    let frames = answers(site, frame);
    let packet = Packet::read(wire::ETHER_IPV4, &frames.first()?[14..]).unwrap();
    let segment = Segment::read(packet.payload).unwrap();
    assert_eq!(
        segment.to_port, 4000,
        "an answer goes back to the port that asked"
    );
    Some((segment.flags, segment.seq, segment.ack))
}

#[test]
fn arp_is_answered_with_the_mac_of_who_is_there() {
    let mut site = Site::new(&layout()).unwrap();
    let frames = answers(&mut site, &arp(NEAR));
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0][..6], SCANNER.0);
    assert_eq!(
        frames[0][22..28],
        mac(NEAR).0,
        "the sender of the reply is the host"
    );
    assert_eq!(frames[0][28..32], NEAR.octets());
    assert_eq!(answers(&mut site, &arp(GATEWAY)).len(), 1);
    for nobody in [[10, 77, 0, 6].into(), FAR, SCANNER_IP] {
        assert!(
            answers(&mut site, &arp(nobody)).is_empty(),
            "{nobody} has no host on the link"
        );
    }
}

#[test]
fn an_address_that_two_devices_claim_has_two_answers() {
    let other = Mac([0, 1, 2, 3, 4, 5]);
    let mut site = Site::new(&layout().host(Host::new(NEAR).duplicate(other))).unwrap();
    let frames = answers(&mut site, &arp(NEAR));
    let macs: Vec<_> = frames.iter().map(|frame| &frame[22..28]).collect();
    assert_eq!(macs, [&mac(NEAR).0, &other.0]);
    assert_eq!(answers(&mut site, &ping(other, NEAR))[0][6..12], other.0);
}

#[test]
fn echo_comes_back_whole_and_from_where_it_should() {
    let mut site = Site::new(&layout()).unwrap();
    for (to, via, ttl) in [(NEAR, mac(NEAR), 64), (FAR, mac(GATEWAY), 63)] {
        let frames = answers(&mut site, &ping(via, to));
        assert_eq!(frames.len(), 1, "{to} answers");
        assert_eq!(
            frames[0][6..12],
            via.0,
            "what is far is heard from the gateway"
        );
        assert_eq!(
            frames[0][22], ttl,
            "a gateway takes one from the time to live"
        );
        let packet = Packet::read(wire::ETHER_IPV4, &frames[0][14..]).unwrap();
        assert_eq!(packet.payload[..2], [0, 0]);
        assert_eq!(packet.payload[4..], [0x12, 0x34, 0, 1, b'h', b'i']);
        assert_eq!(wire::checksum(0, packet.payload), 0);
    }
    for (to, via) in [(NEAR, mac(GATEWAY)), (FAR, mac(NEAR)), (NEAR, Mac([2; 6]))] {
        let frames = answers(&mut site, &ping(via, to));
        assert!(frames.is_empty(), "{to} is not to be reached through {via}");
    }
}

#[test]
fn each_behaviour_answers_as_it_says() {
    use Behaviour::{ArpOnly, NoPing, Normal, RstOnly, Silent};
    let (reset, accepted) = (Some(wire::RST | wire::ACK), Some(wire::SYN | wire::ACK));
    let table = [
        // behaviour, ARP, echo, SYN to an open port, SYN to a closed one, stray ACK
        (Normal, true, true, accepted, reset, Some(wire::RST)),
        (Silent, false, false, None, None, None),
        (ArpOnly, true, false, None, None, None),
        (RstOnly, true, false, reset, reset, Some(wire::RST)),
        (NoPing, true, false, accepted, None, None),
    ];
    for (behaviour, by_arp, by_ping, open, closed, stray) in table {
        let host = Host::new(NEAR).open([80]).behaves(behaviour);
        let mut site = Site::new(&layout().host(host)).unwrap();
        assert_eq!(
            !answers(&mut site, &arp(NEAR)).is_empty(),
            by_arp,
            "{behaviour:?}: ARP"
        );
        let pinged = answers(&mut site, &ping(mac(NEAR), NEAR));
        assert_eq!(!pinged.is_empty(), by_ping, "{behaviour:?}: echo");
        let mut flags = |port, flags| {
            tcp_answer(&mut site, &tcp(NEAR, port, flags, 9, 8, b"")).map(|(flags, ..)| flags)
        };
        assert_eq!(
            flags(80, wire::SYN),
            open,
            "{behaviour:?}: SYN to an open port"
        );
        assert_eq!(
            flags(81, wire::SYN),
            closed,
            "{behaviour:?}: SYN to a closed port"
        );
        assert_eq!(
            flags(80, wire::ACK),
            stray,
            "{behaviour:?}: ACK without a connection"
        );
        assert_eq!(
            flags(80, wire::RST),
            None,
            "{behaviour:?}: a reset is never answered"
        );
    }
}

#[test]
fn a_connection_is_opened_used_and_closed_by_the_numbers() {
    let mut site = Site::new(&layout()).unwrap();
    let mut send =
        |flags, seq, ack, data: &[u8]| tcp_answer(&mut site, &tcp(NEAR, 80, flags, seq, ack, data));
    let (flags, isn, ack) = send(wire::SYN, u32::MAX, 0, b"").unwrap();
    assert_eq!(
        (flags, ack),
        (wire::SYN | wire::ACK, 0),
        "sequence numbers wrap"
    );
    let next = isn.wrapping_add(1);
    assert_eq!(
        send(wire::ACK, 0, next, b""),
        None,
        "the handshake's last word needs no answer"
    );
    assert_eq!(
        send(wire::ACK, 0, next, b"abc"),
        Some((wire::ACK, next, 3)),
        "data is confirmed"
    );
    let fin = wire::FIN | wire::ACK;
    assert_eq!(
        send(fin, 3, next, b""),
        Some((fin, next, 4)),
        "a close is answered by a close"
    );
    assert_eq!(
        send(wire::ACK, 4, next.wrapping_add(1), b""),
        None,
        "and that is the end"
    );
    let stray = send(wire::ACK, 4, next.wrapping_add(9), b"");
    assert_eq!(
        stray,
        Some((wire::RST, next.wrapping_add(9), 0)),
        "no such connection"
    );
    let again = send(wire::SYN | wire::ACK, 1, 7, b"");
    assert_eq!(again, Some((wire::RST, 7, 0)), "nobody asked for this");
}

#[test]
fn a_gateway_may_say_that_nobody_is_there() {
    let nobody = Ipv4Addr::new(10, 78, 0, 99);
    let probe = ping(mac(GATEWAY), nobody);
    assert!(answers(&mut Site::new(&layout()).unwrap(), &probe).is_empty());
    let frames = answers(&mut Site::new(&layout().unreachable()).unwrap(), &probe);
    let packet = Packet::read(wire::ETHER_IPV4, &frames[0][14..]).unwrap();
    assert_eq!(packet.from, IpAddr::from(GATEWAY));
    assert_eq!(packet.payload[..2], [3, 1], "host unreachable");
    assert_eq!(
        packet.payload[8..],
        probe[14..14 + 28],
        "it quotes what could not be delivered"
    );
}

#[test]
fn without_its_gateway_a_network_is_silent() {
    let mut site = Site::new(&layout()).unwrap();
    site.remove_host(GATEWAY);
    assert!(answers(&mut site, &arp(GATEWAY)).is_empty());
    assert!(answers(&mut site, &ping(mac(GATEWAY), FAR)).is_empty());
    let moved = Mac([0, 9, 9, 9, 9, 9]);
    site.set_host(Host::new(GATEWAY).mac(moved));
    assert!(
        answers(&mut site, &ping(mac(GATEWAY), FAR)).is_empty(),
        "the old MAC is gone"
    );
    assert_eq!(
        answers(&mut site, &ping(moved, FAR)).len(),
        1,
        "another gateway took over"
    );
}

#[test]
fn loss_takes_its_share_and_repeats_with_its_seed() {
    let heard = |seed| {
        let quality = Quality {
            loss: 0.2,
            ..Quality::default()
        };
        let mut site = Site::new(&layout().quality(quality).seed(seed)).unwrap();
        let probe = ping(mac(NEAR), NEAR);
        (0..5000)
            .map(|_| answers(&mut site, &probe).len())
            .collect::<Vec<_>>()
    };
    let first = heard(1);
    let count: usize = first.iter().sum();
    // 0.8² of 5000 are 3200, with a standard deviation of 34.
    assert!((3050..=3350).contains(&count), "{count} of 5000");
    assert_eq!(first, heard(1), "a run must repeat");
    assert_ne!(first, heard(2), "seeds must differ");
}

#[test]
fn answers_take_their_time_within_the_jitter() {
    let ms = Duration::from_millis;
    let slow = Quality {
        latency: ms(50),
        jitter: ms(20),
        loss: 0.0,
    };
    let subnet = "10.78.0.0/24".parse().unwrap();
    let mut site = Site::new(&layout().subnet_quality(subnet, slow)).unwrap();
    let mut delay = |to, via| site.answer(&ping(via, to), ms(1000))[0].at - ms(1000);
    assert_eq!(
        delay(NEAR, mac(NEAR)),
        Duration::ZERO,
        "the other subnet is fast"
    );
    let delays: Vec<_> = (0..1000).map(|_| delay(FAR, mac(GATEWAY))).collect();
    assert!(delays.iter().all(|delay| (ms(30)..=ms(70)).contains(delay)));
    let (least, most) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
    assert!(
        *least < ms(33) && *most > ms(67),
        "{least:?} to {most:?} is not the whole range"
    );
}

#[test]
fn a_layout_that_cannot_work_is_refused() {
    let far_gateway = Layout::new()
        .on_link("10.77.0.1/24".parse().unwrap())
        .gateway(FAR);
    let no_gateway = Layout::new().routed("10.78.0.0/24".parse().unwrap());
    let lost_host = layout().host(Host::new([192, 0, 2, 1]));
    let own = layout().host(Host::new(SCANNER_IP));
    for wrong in [far_gateway, no_gateway, lost_host, own] {
        assert!(Site::new(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn counts_tell_the_kinds_apart() {
    let mut site = Site::new(&layout()).unwrap();
    for frame in [
        arp(NEAR),
        ping(mac(NEAR), NEAR),
        tcp(NEAR, 80, wire::SYN, 0, 0, b""),
        tcp(NEAR, 81, wire::SYN, 0, 0, b""),
        vec![0; 20],
    ] {
        site.answer(&frame, Duration::ZERO);
    }
    let counters = site.counters();
    let kinds = (
        counters.arp,
        counters.icmp,
        counters.tcp,
        counters.udp,
        counters.other,
    );
    assert_eq!(kinds, (1, 1, 2, 0, 1));
    assert_eq!((counters.replies, counters.peak_per_second), (4, 4));
    site.reset_counters();
    assert_eq!(site.counters(), Counters::default());
}

#[test]
fn one_core_answers_far_more_than_a_scan_can_send() {
    let hosts = (0..65_536u32).map(|n| Host::new(Ipv4Addr::from(0x0a50_0000 + n)));
    let layout = layout()
        .routed("10.80.0.0/16".parse().unwrap())
        .hosts(hosts);
    let mut site = Site::new(&layout).unwrap();
    let via = mac(GATEWAY);
    let frames: Vec<_> = (0..65_536u32)
        .map(|n| ping(via, Ipv4Addr::from(0x0a50_0000 + n)))
        .collect();
    let began = std::time::Instant::now();
    let replies: usize = frames
        .iter()
        .map(|f| site.answer(f, began.elapsed()).len())
        .sum();
    let rate = 65_536.0 / began.elapsed().as_secs_f64();
    eprintln!("{rate:.0} answers/s");
    assert_eq!(replies, 65_536);
    assert!(
        rate > 20_000.0,
        "the thread also reads and writes: {rate:.0} answers/s are too few"
    );
}

proptest! {
    #[test]
    fn no_frame_is_too_odd(start in 0usize..4, change in any::<(usize, u8)>(), len in 0usize..80,
                           noise in proptest::collection::vec(any::<u8>(), 0..80)) {
        let mut site = Site::new(&layout()).unwrap();
        let frames = [
            arp(NEAR),
            ping(mac(NEAR), NEAR),
            tcp(NEAR, 80, wire::SYN, 0, 0, b""),
            noise,
        ];
        let mut frame = frames[start].clone();
        if let Some(at) = change.0.checked_rem(frame.len()) {
            frame[at] = change.1;
        }
        frame.truncate(len);
        site.answer(&frame, Duration::ZERO);
    }
}
