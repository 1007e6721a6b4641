//! Judges every assigned subnet before its addresses are read, each on its own and then among each other.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use super::{
    Guard, LeftOut, Mode, Refusal,
    guard::{inside, judge, judge_place, network_of},
};
use crate::{ids::SubnetId, ipam::Subnet};

/// Which of the assigned subnets are scanned, and how; in the order given.
///
/// Of the same network twice, the lowest id stays: the scan server looks subnets up by network and mask, so that it could
/// not tell them apart. Of overlapping ones, the smallest stay.
pub fn survey(subnets: &[Subnet], guard: &Guard) -> Vec<(SubnetId, Result<Mode, LeftOut>)> {
    let mut plan: Vec<_> = subnets
        .iter()
        .map(|subnet| (subnet.id, alone(subnet, guard).map(|(_, mode)| mode)))
        .collect();
    let mut rivals: Vec<(IpNetwork, SubnetId, usize)> = plan
        .iter()
        .enumerate()
        .filter(|(_, (_, judged))| judged.is_ok())
        .filter_map(|(at, (id, _))| Some((network_of(&subnets[at].cidr)?, *id, at)))
        .collect();
    // A network comes directly before what lies inside it, and equal ones stand together, the lowest id first.
    rivals.sort_by_key(|(network, id, _)| (network.network(), network.prefix(), *id));

    let mut refuse = |at: usize, refusal| plan[at].1 = Err(LeftOut::Refused(refusal));
    rivals.dedup_by(|later, first| {
        let same = later.0 == first.0;
        if same {
            refuse(later.2, Refusal::Duplicate { of: first.1 });
        }
        same
    });
    // From the end, so that each finds out which of those inside it is scanned.
    let mut next: Option<(IpNetwork, SubnetId)> = None;
    let mut gave_way = Vec::new();
    for (network, id, at) in rivals.into_iter().rev() {
        let scanned = match next {
            Some((smaller, scanned)) if inside(&smaller, &network) => {
                refuse(at, Refusal::Overlaps { with: scanned });
                gave_way.push((network, scanned));
                scanned
            }
            _ => id,
        };
        next = Some((network, scanned));
    }
    // The same network under another id gave way as well: to what is scanned, not to its equal.
    for (at, (_, judged)) in plan.iter_mut().enumerate() {
        if let Err(LeftOut::Refused(refusal @ Refusal::Duplicate { .. })) = judged {
            let network = network_of(&subnets[at].cidr);
            if let Some((_, with)) = gave_way.iter().find(|(gave, _)| network == Some(*gave)) {
                *refusal = Refusal::Overlaps { with: *with };
            }
        }
    }
    plan
}

/// What is to be said of a subnet without regard to the others.
pub(super) fn alone(subnet: &Subnet, guard: &Guard) -> Result<(IpNetwork, Mode), LeftOut> {
    if subnet.is_folder {
        return Err(LeftOut::Folder);
    }
    if subnet.is_parent {
        return Err(LeftOut::Parent);
    }
    if has_no_mask(&subnet.cidr) {
        return Err(LeftOut::NoMask);
    }
    if !subnet.discover && !subnet.ping {
        return Err(LeftOut::NotEnabled);
    }
    let network = network_of(&subnet.cidr)
        .filter(|network| subnet.network == Some(*network))
        .ok_or(LeftOut::Refused(Refusal::NotANetwork))?;
    let mode = if subnet.discover && network.is_ipv4() {
        Mode::Sweep
    } else {
        Mode::Known
    };
    may_scan(&network, mode, guard)?;
    Ok((network, mode))
}

/// The guard's word on a subnet's network.
pub(super) fn may_scan(network: &IpNetwork, mode: Mode, guard: &Guard) -> Result<(), LeftOut> {
    match mode {
        Mode::Sweep => judge(network, guard),
        Mode::Known => judge_place(network, guard),
    }
    .map_err(LeftOut::Refused)
}

fn has_no_mask(cidr: &str) -> bool {
    match cidr.rsplit_once('/') {
        Some((_, mask)) => mask.bytes().all(|b| b == b'0'),
        None => cidr.parse::<IpAddr>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::samples::subnet;

    fn survey_of(subnets: &[Subnet]) -> Vec<Result<Mode, LeftOut>> {
        let plan = survey(subnets, &Guard::default());
        assert!(
            plan.iter()
                .map(|(id, _)| *id)
                .eq(subnets.iter().map(|s| s.id)),
            "one word for each subnet, in the order given"
        );
        plan.into_iter().map(|(_, judged)| judged).collect()
    }

    fn refused(refusal: Refusal) -> Result<Mode, LeftOut> {
        Err(LeftOut::Refused(refusal))
    }

    #[test]
    fn duplicates_of_a_network_that_gives_way_name_what_is_scanned() {
        let plan = survey_of(&[
            subnet(1, "10.0.0.0/24"),
            subnet(2, "10.0.0.0/24"),
            subnet(3, "10.0.0.0/25"),
        ]);
        let gave_way = refused(Refusal::Overlaps { with: SubnetId(3) });
        assert_eq!(
            plan,
            [gave_way.clone(), gave_way, Ok(Mode::Sweep)],
            "neither /24 is scanned instead of the other"
        );
    }

    #[test]
    fn flags_decide_how_a_subnet_is_scanned() {
        let with = |id, cidr: &str, discover, ping| Subnet {
            discover,
            ping,
            ..subnet(id, cidr)
        };
        let plan = survey_of(&[
            with(1, "10.0.1.0/24", true, true),
            with(2, "10.0.2.0/24", true, false),
            with(3, "10.0.3.0/24", false, true),
            with(4, "10.0.4.0/24", false, false),
            with(5, "fd00:5::/64", true, false),
            with(6, "fd00:6::/64", false, true),
            with(7, "fd00:7::/64", false, false),
            with(8, "10.8.0.0/14", false, true),
        ]);
        assert_eq!(
            plan,
            [
                Ok(Mode::Sweep),
                Ok(Mode::Sweep),
                Ok(Mode::Known),
                Err(LeftOut::NotEnabled),
                Ok(Mode::Known),
                Ok(Mode::Known),
                Err(LeftOut::NotEnabled),
                Ok(Mode::Known),
            ],
            "discover sweeps, ping alone checks what is known however large the range, IPv6 is never swept"
        );
    }

    #[test]
    fn nonsense_gets_a_named_refusal_and_the_others_are_scanned() {
        let folder = Subnet {
            is_folder: true,
            ..subnet(1, "0.0.0.0/")
        };
        let parent = Subnet {
            is_parent: true,
            ..subnet(2, "10.77.0.0/16")
        };
        let lying = Subnet {
            network: Some("10.9.0.0/24".parse().unwrap()),
            ..subnet(3, "8.8.8.0/24")
        };
        let plan = survey_of(&[
            folder,
            parent,
            lying,
            subnet(4, "0.0.0.0/0"),
            subnet(5, "10.1.0.0/"),
            subnet(6, "10.1.0.0"),
            subnet(7, "; rm -rf /24"),
            subnet(8, "; rm"),
            subnet(9, "10.1.0.1/24"),
            subnet(10, "10.0.0.0/8"),
            subnet(11, "8.8.8.0/24"),
            subnet(12, "224.0.0.0/24"),
            subnet(13, "10.2.0.0/19"),
            subnet(14, "10.3.0.0/24"),
        ]);
        assert_eq!(
            plan,
            [
                Err(LeftOut::Folder),
                Err(LeftOut::Parent),
                refused(Refusal::NotANetwork),
                Err(LeftOut::NoMask),
                Err(LeftOut::NoMask),
                Err(LeftOut::NoMask),
                refused(Refusal::NotANetwork),
                refused(Refusal::NotANetwork),
                refused(Refusal::NotANetwork),
                refused(Refusal::TooLarge { addresses: 1 << 24 }),
                refused(Refusal::Public),
                refused(Refusal::NotUnicast),
                refused(Refusal::Large { addresses: 8_192 }),
                Ok(Mode::Sweep),
            ]
        );
    }

    #[test]
    fn of_duplicates_the_lowest_id_stays() {
        let plan = survey_of(&[
            subnet(9, "10.0.0.0/24"),
            subnet(3, "10.0.0.0/24"),
            subnet(5, "10.0.0.0/24"),
        ]);
        let duplicate = refused(Refusal::Duplicate { of: SubnetId(3) });
        assert_eq!(plan, [duplicate.clone(), Ok(Mode::Sweep), duplicate]);
    }

    #[test]
    fn a_duplicate_that_is_not_scanned_is_no_rival() {
        let off = Subnet {
            discover: false,
            ..subnet(1, "10.0.0.0/24")
        };
        assert_eq!(
            survey_of(&[off, subnet(2, "10.0.0.0/24"), subnet(3, "10.0.0.0/8")]),
            [
                Err(LeftOut::NotEnabled),
                Ok(Mode::Sweep),
                refused(Refusal::TooLarge { addresses: 1 << 24 }),
            ],
            "only what would be scanned can push another out"
        );
    }

    #[test]
    fn of_overlapping_ones_the_smallest_stay() {
        let plan = survey_of(&[
            subnet(1, "10.0.0.0/20"),
            subnet(2, "10.0.1.0/24"),
            subnet(3, "10.0.1.128/25"),
            subnet(4, "10.0.2.0/24"),
            subnet(5, "10.0.16.0/24"),
            subnet(6, "10.0.0.0/21"),
            subnet(7, "10.0.0.0/21"),
        ]);
        let overlaps = refused(Refusal::Overlaps { with: SubnetId(3) });
        assert_eq!(
            plan,
            [
                overlaps.clone(),
                overlaps.clone(),
                Ok(Mode::Sweep),
                Ok(Mode::Sweep),
                Ok(Mode::Sweep),
                overlaps.clone(),
                overlaps,
            ],
            "each wider one names one that is scanned"
        );
    }
}
