//! What one nmap is asked to do for a chunk. How that is spelled, [`fieldscan_core::nmap_args`] says.

use fieldscan_core::{
    nmap_args::{Pace, Request, Steady},
    plan::{self, Chunk, Profile, Timing},
};

pub(super) use fieldscan_core::nmap_args::canonical;

/// What is asked of nmap, whichever way it is started.
pub(super) fn request(chunk: &Chunk, timing: &Timing, trace: bool) -> Request {
    // A part's rate is a share of its profile's; the gentlest profile that allows it says as much.
    let profile = [Profile::Gentle, Profile::Normal]
        .into_iter()
        .find(|profile| timing.rate <= plan::limit(*profile))
        .unwrap_or(Profile::Fast);
    Request {
        networks: chunk.networks.clone(),
        exclude: chunk.exclude.clone(),
        trace,
        profile,
        pace: Pace {
            rate: timing.rate,
            steady: Some(Steady {
                patience: timing.patience,
                longest_wait: timing.longest_wait,
                retries: timing.retries,
            }),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use fieldscan_core::plan::{self, Observed, Place};
    use ipnetwork::IpNetwork;
    use proptest::prelude::*;

    use super::*;

    fn chunk(networks: &[&str], exclude: &[&str]) -> Chunk {
        Chunk {
            networks: networks
                .iter()
                .map(|network| network.parse().unwrap())
                .collect(),
            exclude: exclude.iter().map(|ip| ip.parse().unwrap()).collect(),
            addresses: 0,
        }
    }

    fn timing() -> Timing {
        plan::timing(Place::Behind, &Observed::default(), 2_000)
    }

    const PACE: &str = "--max-rate 2000 --min-rate 2000 --initial-rtt-timeout 1000ms --max-rtt-timeout 10000ms --max-retries 3";

    fn joined(chunk: &Chunk, privileged: bool, trace: bool) -> String {
        let args = request(chunk, &timing(), trace).for_nmap(privileged);
        let args: Vec<_> = args.iter().map(|arg| arg.to_str().unwrap()).collect();
        args.join(" ")
    }

    #[test]
    fn each_kind_of_target_has_its_arguments() {
        let start = "-sn -n -oX - --stats-every 1s";
        assert_eq!(
            joined(&chunk(&["10.0.0.0/24"], &[]), true, false),
            format!("{start} --privileged {PACE} 10.0.0.0/24")
        );
        assert_eq!(
            joined(&chunk(&["10.0.0.0/24"], &[]), true, true),
            format!("{start} --privileged --packet-trace -oN /dev/stderr {PACE} 10.0.0.0/24")
        );
        let exclude = ["10.0.0.7", "10.0.0.5", "10.0.0.7", "fd00::1"];
        assert_eq!(
            joined(
                &chunk(&["10.0.0.9/25", "10.0.0.200"], &exclude),
                false,
                false
            ),
            format!(
                "{start} --unprivileged {PACE} --exclude 10.0.0.5,10.0.0.7 10.0.0.0/25 10.0.0.200/32"
            )
        );
        assert_eq!(
            joined(&chunk(&["fd00::1"], &[]), true, false),
            format!("{start} --privileged -6 {PACE} fd00::1/128")
        );
    }

    proptest! {
        /// Whatever the addresses are: options of ours, then networks, each one canonical.
        #[test]
        fn targets_are_canonical_networks_and_nothing_follows_them(
            networks in prop::collection::vec((any::<std::net::Ipv4Addr>(), 0u8..=32), 1..20),
            exclude in prop::collection::vec(any::<IpAddr>(), 0..20),
            trace in any::<bool>(),
        ) {
            let networks: Vec<_> = networks.into_iter().map(|(ip, prefix)| IpNetwork::new(ip.into(), prefix).unwrap()).collect();
            let count = networks.len();
            let chunk = Chunk { networks, exclude, addresses: 0 };
            let args = request(&chunk, &timing(), trace).for_nmap(true);
            let (options, targets) = args.split_at(args.len() - count);
            for target in targets {
                let text = target.to_str().unwrap();
                let network: IpNetwork = text.parse().unwrap();
                prop_assert_eq!(network.ip(), network.network());
                prop_assert_eq!(network.to_string(), text);
            }
            let values = [
                "--stats-every", "--exclude", "-oX", "-oN", "--max-rate", "--min-rate",
                "--initial-rtt-timeout", "--max-rtt-timeout", "--max-retries",
            ];
            let mut options = options.iter().map(|option| option.to_str().unwrap());
            while let Some(option) = options.next() {
                prop_assert!(option.starts_with('-'), "{} would be a target", option);
                if values.contains(&option) {
                    prop_assert!(options.next().is_some());
                }
            }
        }
    }
}
