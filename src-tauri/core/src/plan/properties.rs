//! The guard and the cut into chunks, for whatever a server may hand out.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnetwork::IpNetwork;
use proptest::prelude::*;

use super::{samples::subnet, *};
use crate::{
    ids::AddressId,
    ipam::{Address, Subnet},
};

/// Whether an address may be scanned without being named, by other means than the guard's.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_loopback(),
    }
}

/// Whether no host can have it.
fn is_never(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.octets()[0] == 0 || ip.is_multicast() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_unspecified() || ip.is_multicast() || ip.to_ipv4_mapped().is_some(),
    }
}

fn v4() -> impl Strategy<Value = Ipv4Addr> {
    let any4 = any::<u32>().prop_map(Ipv4Addr::from);
    let near = (
        prop::sample::select(vec![
            0u32,
            0x0a00_0000,
            0x0aff_ffff,
            0x6440_0000,
            0x647f_ffff,
            0x7f00_0000,
            0xa9fe_0000,
            0xac10_0000,
            0xac1f_ffff,
            0xc0a8_0000,
            0xc0a8_ffff,
            0xe000_0000,
            0xffff_ffff,
            0xcb00_7100,
        ]),
        -3000i64..3000,
    )
        .prop_map(|(base, off)| {
            Ipv4Addr::from((i64::from(base) + off).clamp(0, 0xffff_ffff) as u32)
        });
    prop_oneof![any4, near]
}

fn v6() -> impl Strategy<Value = Ipv6Addr> {
    let near = (
        prop::sample::select(vec![
            0u128,
            1,
            0xffff_0000_0000,
            0xfc00 << 112,
            0xfdff << 112,
            0xfe80 << 112,
            0xfebf << 112,
            0xff02 << 112,
            0x2001_0db8 << 96,
            u128::MAX,
        ]),
        0u128..5000,
    )
        .prop_map(|(base, off)| Ipv6Addr::from(base.saturating_add(off)));
    prop_oneof![any::<u128>().prop_map(Ipv6Addr::from), near]
}

/// A network, host bits set at times, of any size but often of one that can be swept.
fn network() -> impl Strategy<Value = IpNetwork> {
    prop_oneof![
        3 => (v4(), prop_oneof![0u8..=32, 16u8..=32])
            .prop_map(|(ip, prefix)| IpNetwork::new(ip.into(), prefix).unwrap()),
        1 => (v6(), prop_oneof![0u8..=128, 112u8..=128])
            .prop_map(|(ip, prefix)| IpNetwork::new(ip.into(), prefix).unwrap()),
    ]
}

fn canonical(network: IpNetwork) -> IpNetwork {
    IpNetwork::new(network.network(), network.prefix()).unwrap()
}

fn guard() -> impl Strategy<Value = Guard> {
    (prop::collection::vec(network(), 0..3), any::<bool>())
        .prop_map(|(public, large)| Guard { public, large })
}

/// The text of a subnet: mostly canonical, at times with host bits or rubbish.
fn cidr() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => network().prop_map(|network| canonical(network).to_string()),
        1 => network().prop_map(|network| network.to_string()),
        1 => ".{0,20}",
        1 => "[0-9./; rm-]{0,20}",
    ]
}

/// Rows that lie in the subnet, beside it, or anywhere.
fn book(subnet: &Subnet) -> impl Strategy<Value = Vec<Address>> + use<> {
    let base = subnet
        .network
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |n| n.network());
    let inside = (0u32..5000).prop_map(move |off| match base {
        IpAddr::V4(ip) => IpAddr::V4(u32::from(ip).saturating_add(off).into()),
        IpAddr::V6(ip) => IpAddr::V6(u128::from(ip).saturating_add(off.into()).into()),
    });
    let ip = prop_oneof![
        5 => inside,
        1 => v4().prop_map(IpAddr::V4),
        1 => v6().prop_map(IpAddr::V6),
    ];
    let id = subnet.id;
    prop::collection::vec((ip, any::<bool>(), 0u64..9), 0..60).prop_map(move |rows| {
        (1..)
            .zip(rows)
            .map(|(n, (ip, exclude_ping, other))| Address {
                id: AddressId(n),
                subnet: if other == 0 { SubnetId(id.0 + 1) } else { id },
                ip,
                exclude_ping,
                ..super::samples::address(n, &subnet_of(id), "10.0.0.1")
            })
            .collect()
    })
}

fn subnet_of(id: SubnetId) -> Subnet {
    subnet(id.0, "10.0.0.0/24")
}

fn subnet_and_book() -> impl Strategy<Value = (Subnet, Vec<Address>)> {
    (cidr(), any::<bool>(), any::<bool>(), any::<bool>()).prop_flat_map(
        |(cidr, discover, ping, parsed)| {
            let mut subnet = Subnet {
                discover,
                ping,
                ..subnet(7, &cidr)
            };
            if parsed {
                // As a reader that is less strict than the plan would leave it.
                subnet.network = cidr.parse().ok();
            }
            let book = book(&subnet);
            (Just(subnet), book)
        },
    )
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Sweep), Just(Mode::Known)]
}

fn every_address(chunk: &Chunk) -> impl Iterator<Item = IpAddr> + '_ {
    chunk.networks.iter().flat_map(|network| network.iter())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn nothing_that_may_not_be_scanned_comes_out_of_target(
        (subnet, book) in subnet_and_book(), mode in mode(), guard in guard(),
    ) {
        let Ok(target) = target(&subnet, mode, &book, &guard) else { return Ok(()) };
        prop_assert!(target.network.is_ipv4() || target.mode == Mode::Known, "IPv6 is never swept");
        let allowed = |ip: IpAddr| {
            is_private(ip) || guard.public.iter().any(|public| public.contains(ip))
        };
        let mut scanned = BTreeSet::new();
        for chunk in &target.chunks {
            prop_assert!(chunk.addresses >= 1 && chunk.addresses <= CHUNK);
            let all: BTreeSet<_> = every_address(chunk).collect();
            prop_assert!(chunk.exclude.is_sorted() && chunk.exclude.iter().all(|ip| all.contains(ip)));
            for ip in &all {
                prop_assert!(allowed(*ip) && !is_never(*ip), "{ip} may not be scanned");
            }
            let mut count = 0;
            for ip in all.iter().filter(|ip| !chunk.exclude.contains(ip)) {
                count += 1;
                prop_assert!(scanned.insert(*ip), "{ip} would be scanned twice");
            }
            prop_assert_eq!(count, chunk.addresses);
        }
        prop_assert_eq!(target.addresses() as usize, scanned.len());

        // Exactly what was meant to be scanned.
        let within = |ip: &IpAddr| target.network.contains(*ip);
        let excluded: BTreeSet<_> =
            book.iter().filter(|a| a.exclude_ping && within(&a.ip)).map(|a| a.ip).collect();
        let expected: BTreeSet<IpAddr> = match target.mode {
            Mode::Sweep => target.network.iter().filter(|ip| !excluded.contains(ip)).collect(),
            Mode::Known => book
                .iter()
                .filter(|a| a.subnet == subnet.id && within(&a.ip) && !excluded.contains(&a.ip))
                .map(|a| a.ip)
                .collect(),
        };
        prop_assert_eq!(&scanned, &expected);
        for ip in scanned.iter().chain(&excluded).chain(book.iter().map(|a| &a.ip)) {
            prop_assert_eq!(target.covers(*ip), scanned.contains(ip));
        }
        if target.mode == Mode::Sweep {
            let most = if guard.large { LARGEST } else { LARGE };
            prop_assert!(target.network.iter().count() <= most as usize);
        }
    }

    #[test]
    fn the_guard_judges_a_network_by_each_of_its_addresses(network in network(), guard in guard()) {
        let Ok(()) = judge(&network, &guard) else { return Ok(()) };
        prop_assert_eq!(network.ip(), network.network());
        let public = guard.public.iter().any(|p| p.contains(network.network()) && p.contains(network.broadcast()));
        for ip in network.iter() {
            prop_assert!((public || is_private(ip)) && !is_never(ip), "{ip} of {network}");
            prop_assert_eq!(judge(&IpNetwork::from(ip), &guard), Ok(()), "what holds for all holds for each");
        }
    }

    #[test]
    fn a_private_address_needs_no_setting_and_another_does(ip in prop_oneof![
        v4().prop_map(IpAddr::V4), v6().prop_map(IpAddr::V6),
    ]) {
        let judged = judge(&IpNetwork::from(ip), &Guard::default());
        let expected = if is_never(ip) {
            Err(Refusal::NotUnicast)
        } else if is_private(ip) {
            Ok(())
        } else {
            Err(Refusal::Public)
        };
        prop_assert_eq!(judged, expected);
    }

    #[test]
    fn what_the_survey_lets_through_never_overlaps_and_can_be_made_a_target(
        subnets in prop::collection::vec((cidr(), 0u64..20, any::<bool>()), 0..20), guard in guard(),
    ) {
        let subnets: Vec<_> = subnets
            .into_iter()
            .map(|(cidr, id, ping)| Subnet { ping, discover: !ping, ..subnet(id, &cidr) })
            .collect();
        let plan = survey(&subnets, &guard);
        prop_assert_eq!(plan.len(), subnets.len());
        let scanned: Vec<_> = plan
            .iter()
            .zip(&subnets)
            .filter_map(|((id, judged), subnet)| {
                assert_eq!(*id, subnet.id);
                judged.as_ref().ok().map(|mode| (subnet, *mode))
            })
            .collect();
        for (n, (a, mode)) in scanned.iter().enumerate() {
            match target(a, *mode, &[], &guard) {
                Ok(target) => prop_assert_eq!(target.mode, *mode),
                Err(why) => prop_assert_eq!(why, LeftOut::NothingKnown),
            }
            for (b, _) in &scanned[n + 1..] {
                let (a, b) = (a.network.unwrap(), b.network.unwrap());
                prop_assert!(
                    !a.contains(b.network()) && !b.contains(a.network()),
                    "{a} and {b} would both be scanned"
                );
            }
        }
        for (_, judged) in &plan {
            if let Err(LeftOut::Refused(Refusal::Duplicate { of } | Refusal::Overlaps { with: of })) = judged {
                prop_assert!(scanned.iter().any(|(s, _)| s.id == *of), "{of} is not scanned instead");
            }
        }
    }

    #[test]
    fn no_text_is_taken_for_another_network(text in prop_oneof![".{0,30}", "[0-9a-f:./]{0,20}", cidr()]) {
        if let Some(network) = network_of(&text) {
            prop_assert_eq!(text.parse::<IpNetwork>().ok(), Some(network));
            if network.is_ipv4() {
                prop_assert_eq!(network.to_string(), text);
            }
        }
    }
}
