//! Words for why a subnet is not scanned, and for what a scan says of an address.

use crate::{
    compare::{Difference, Standing},
    plan::{LARGEST, LeftOut, Refusal},
    run::Rights,
};

use super::{count, mac, number};

/// Why a subnet is not scanned, and what changes that, in one or two sentences.
pub fn left_out(why: &LeftOut) -> String {
    match why {
        LeftOut::Folder => "It is a folder: it holds subnets and has no addresses of its own.".to_owned(),
        LeftOut::Parent => "Other subnets lie inside it. Those are scanned instead.".to_owned(),
        LeftOut::NoMask => "It has no usable mask in phpIPAM.".to_owned(),
        LeftOut::NotEnabled => {
            "Neither “Check hosts status” nor “Discover new hosts” is on for it in phpIPAM. Turn one of them on to have it scanned.".to_owned()
        }
        LeftOut::NothingKnown => {
            "Only its known addresses are to be checked, and phpIPAM has none that may be scanned. Turn “Discover new hosts” on in phpIPAM to sweep it.".to_owned()
        }
        LeftOut::Elsewhere { site } => format!(
            "This machine is not at {site}, where it can be scanned. It is scanned again there. To scan it here all the same, ask for this subnet alone."
        ),
        LeftOut::Refused(why) => refusal(why),
    }
}

/// Why the guard refused a subnet, and what to do.
pub fn refusal(why: &Refusal) -> String {
    match why {
        Refusal::NotANetwork => {
            "What phpIPAM gives for it is not a network address with its mask. Correct the subnet in phpIPAM.".to_owned()
        }
        Refusal::Public => {
            "It reaches outside the private ranges. If it is your own, add it to `allow_public` in the settings.".to_owned()
        }
        Refusal::NotUnicast => {
            "It holds addresses that no host can have (multicast, broadcast or unspecified). Correct the subnet in phpIPAM.".to_owned()
        }
        Refusal::Large { addresses } => format!(
            "It has {} addresses. To scan subnets of this size, set `allow_large` in the settings.",
            number(*addresses)
        ),
        Refusal::TooLarge { addresses } => format!(
            "It has {} addresses, and more than {} are never swept. Divide it into smaller subnets in phpIPAM.",
            number(*addresses),
            number(u64::from(LARGEST))
        ),
        Refusal::Duplicate { of } => format!(
            "phpIPAM assigns the same network twice: subnet {of} is scanned instead. Take one of them from this scan agent in phpIPAM."
        ),
        Refusal::Overlaps { with } => format!(
            "It overlaps subnet {with}, which is scanned instead. Put one inside the other in phpIPAM, or take one of them from this scan agent."
        ),
    }
}

/// The one word for a standing. There are no synonyms.
pub fn standing_name(standing: &Standing) -> &'static str {
    match standing {
        Standing::Known => "Known",
        Standing::Unknown => "Unknown",
        Standing::Unseen { .. } => "Not seen",
        Standing::Missing { .. } => "Missing",
        Standing::Mismatch { .. } => "Mismatch",
        Standing::Excluded => "Excluded",
    }
}

/// What is to be said of an address, as a sentence with both truths side by side.
pub fn standing(standing: &Standing) -> String {
    match standing {
        Standing::Known => "In phpIPAM, and as documented.".to_owned(),
        Standing::Unknown => "Answers, but is not in phpIPAM.".to_owned(),
        Standing::Unseen { misses } => format!(
            "In phpIPAM, not seen {}. Not yet taken for missing.",
            times(*misses)
        ),
        Standing::Missing { misses } => format!("In phpIPAM, not seen {}.", times(*misses)),
        Standing::Mismatch { differences } => {
            let all: Vec<String> = differences.iter().map(difference).collect();
            if all.is_empty() {
                "Seen, but not as documented.".to_owned()
            } else {
                all.join(" ")
            }
        }
        Standing::Excluded => "Excluded from scans in phpIPAM.".to_owned(),
    }
}

fn times(n: u32) -> String {
    match n {
        0 | 1 => "in the last scan".to_owned(),
        n => format!("{} in a row", count(u64::from(n), "time", "times")),
    }
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Mac { ipam, seen } => {
            format!("MAC: phpIPAM says {}, seen {}.", mac(*ipam), mac(*seen))
        }
        Difference::DuplicateMac { seen } => {
            let all: Vec<String> = seen.iter().map(|one| mac(*one)).collect();
            format!(
                "Several devices answer for this address: {}.",
                all.join(", ")
            )
        }
        Difference::HostName { ipam, seen } => {
            format!("Host name: phpIPAM says {ipam}, seen {seen}.")
        }
    }
}

/// What nmap was allowed, in a few words.
pub fn rights(rights: Rights) -> &'static str {
    match rights {
        Rights::Raw => "raw sockets",
        Rights::Helper => "raw sockets through fieldscan-nmap",
        Rights::Connect => "TCP connections only",
    }
}

/// Whom a scan can't see for want of rights, as a sentence.
pub fn cannot_see(rights: Rights) -> Option<&'static str> {
    match rights {
        Rights::Raw | Rights::Helper => None,
        Rights::Connect => Some(
            "Not seen: behind a router, who answers ping but no TCP on 80 or 443. MACs are those in the system's table of neighbours.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SubnetId;

    #[test]
    fn every_reason_is_a_sentence() {
        let reasons = [
            LeftOut::Folder,
            LeftOut::Parent,
            LeftOut::NoMask,
            LeftOut::NotEnabled,
            LeftOut::NothingKnown,
            LeftOut::Elsewhere {
                site: "Depot".to_owned(),
            },
            LeftOut::Refused(Refusal::NotANetwork),
            LeftOut::Refused(Refusal::Public),
            LeftOut::Refused(Refusal::Large { addresses: 8_192 }),
            LeftOut::Refused(Refusal::TooLarge {
                addresses: 16_777_216,
            }),
            LeftOut::Refused(Refusal::Duplicate { of: SubnetId(7) }),
            LeftOut::Refused(Refusal::Overlaps { with: SubnetId(7) }),
        ];
        for reason in reasons {
            let text = left_out(&reason);
            assert!(text.ends_with('.') && !text.contains('!'), "{text}");
        }
        assert_eq!(
            refusal(&Refusal::TooLarge {
                addresses: 16_777_216
            }),
            "It has 16,777,216 addresses, and more than 65,536 are never swept. Divide it into smaller subnets in phpIPAM.",
            "the person learns the limit and the way out"
        );
    }

    #[test]
    fn a_mismatch_shows_both_truths() {
        let text = standing(&Standing::Mismatch {
            differences: vec![
                Difference::Mac {
                    ipam: "02:77:00:00:00:01".parse().unwrap(),
                    seen: "02:77:00:00:00:AA".parse().unwrap(),
                },
                Difference::HostName {
                    ipam: "gw".to_owned(),
                    seen: "router".to_owned(),
                },
            ],
        });
        assert_eq!(
            text,
            "MAC: phpIPAM says 02:77:00:00:00:01, seen 02:77:00:00:00:aa. Host name: phpIPAM says gw, seen router.",
            "what phpIPAM says stands beside what was seen"
        );
        assert_eq!(
            standing(&Standing::Missing { misses: 3 }),
            "In phpIPAM, not seen 3 times in a row.",
            "with the count"
        );
        assert_eq!(
            standing(&Standing::Unseen { misses: 1 }),
            "In phpIPAM, not seen in the last scan. Not yet taken for missing.",
            "one miss is no alarm"
        );
    }
}
