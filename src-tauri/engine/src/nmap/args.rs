//! nmap's arguments for a chunk: options of ours and canonical networks, and nothing that came as text from elsewhere.

use std::{collections::BTreeSet, ffi::OsString, net::IpAddr, time::Duration};

use fieldscan_core::plan::{Chunk, Dns, Target, Timing};
use ipnetwork::IpNetwork;

/// The argument vector for one nmap on `chunk` of `target`, without the program's name.
///
/// The probes are those that nmap sends by default. `--noninteractive` is not among the options, because with it nmap
/// keeps silent about its progress; in a process group of its own and without standard input it doesn't touch a terminal.
pub fn arguments(
    target: &Target,
    chunk: &Chunk,
    timing: &Timing,
    privileged: bool,
) -> Vec<OsString> {
    let mut args: Vec<String> = ["-sn", "-oX", "-", "--stats-every", "1s"]
        .map(str::to_owned)
        .into();
    args.push(match privileged {
        true => "--privileged".to_owned(),
        false => "--unprivileged".to_owned(),
    });
    if target.network.is_ipv6() {
        args.push("-6".to_owned());
    }
    match &target.dns {
        Dns::Off => args.push("-n".to_owned()),
        Dns::Servers(servers) if !servers.is_empty() => {
            args.extend(["--dns-servers".to_owned(), list(servers)]);
        }
        Dns::System | Dns::Servers(_) => args.push("--system-dns".to_owned()),
    }
    args.extend(pace(timing));
    let excluded: BTreeSet<_> = chunk
        .exclude
        .iter()
        .filter(|ip| ip.is_ipv6() == target.network.is_ipv6())
        .collect();
    if !excluded.is_empty() {
        args.extend(["--exclude".to_owned(), list(excluded)]);
    }
    args.extend(
        chunk
            .networks
            .iter()
            .map(|network| canonical(*network).to_string()),
    );
    args.into_iter().map(OsString::from).collect()
}

/// nmap's words for a timing. With both rates the same, nmap keeps it evenly; with `--max-rate` alone it makes up for
/// every pause in a burst, and so breaks it.
fn pace(timing: &Timing) -> [String; 10] {
    let ms = |duration: Duration| format!("{}ms", duration.as_millis());
    [
        "--max-rate".to_owned(),
        timing.rate.to_string(),
        "--min-rate".to_owned(),
        timing.rate.to_string(),
        "--initial-rtt-timeout".to_owned(),
        ms(timing.patience),
        "--max-rtt-timeout".to_owned(),
        ms(timing.longest_wait),
        "--max-retries".to_owned(),
        timing.retries.to_string(),
    ]
}

/// The network without host bits.
pub(super) fn canonical(network: IpNetwork) -> IpNetwork {
    IpNetwork::new(network.network(), network.prefix()).unwrap_or(network)
}

fn list<'a>(addresses: impl IntoIterator<Item = &'a IpAddr>) -> String {
    addresses
        .into_iter()
        .map(IpAddr::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

#[cfg(test)]
mod tests {
    use fieldscan_core::{
        ids::SubnetId,
        plan::{self, Mode, Observed, Place},
    };
    use proptest::prelude::*;

    use super::*;

    fn target(network: &str, dns: Dns) -> Target {
        Target {
            subnet: SubnetId(1),
            network: network.parse().unwrap(),
            mode: Mode::Sweep,
            dns,
            chunks: Vec::new(),
        }
    }

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

    fn joined(target: &Target, chunk: &Chunk, privileged: bool) -> String {
        let args = arguments(target, chunk, &timing(), privileged);
        let args: Vec<_> = args.iter().map(|arg| arg.to_str().unwrap()).collect();
        args.join(" ")
    }

    #[test]
    fn each_kind_of_target_has_its_arguments() {
        let start = "-sn -oX - --stats-every 1s";
        assert_eq!(
            joined(
                &target("10.0.0.0/24", Dns::Off),
                &chunk(&["10.0.0.0/24"], &[]),
                true
            ),
            format!("{start} --privileged -n {PACE} 10.0.0.0/24")
        );
        assert_eq!(
            joined(
                &target("10.0.0.0/24", Dns::System),
                &chunk(
                    &["10.0.0.9/25", "10.0.0.200"],
                    &["10.0.0.7", "10.0.0.5", "10.0.0.7", "fd00::1"]
                ),
                false
            ),
            format!(
                "{start} --unprivileged --system-dns {PACE} --exclude 10.0.0.5,10.0.0.7 10.0.0.0/25 10.0.0.200/32"
            )
        );
        assert_eq!(
            joined(
                &target("fd00::/64", Dns::Servers(Vec::new())),
                &chunk(&["fd00::1"], &[]),
                true
            ),
            format!("{start} --privileged -6 --system-dns {PACE} fd00::1/128")
        );
    }

    /// The reference scanner passes two name servers as two words, so that the second is scanned.
    #[test]
    fn a_second_name_server_is_no_target() {
        let dns = Dns::Servers(vec![
            "10.9.9.1".parse().unwrap(),
            "10.9.9.2".parse().unwrap(),
        ]);
        let line = joined(
            &target("10.0.0.0/24", dns),
            &chunk(&["10.0.0.0/24"], &[]),
            true,
        );
        assert!(
            line.ends_with(&format!(
                "--dns-servers 10.9.9.1,10.9.9.2 {PACE} 10.0.0.0/24"
            )),
            "both servers are one argument of the option: {line}"
        );
    }

    /// In the reference scanner a subnet's name server stays for the next subnet.
    #[test]
    fn a_name_server_does_not_leak_into_the_next_subnet() {
        let dns = Dns::Servers(vec!["10.9.9.1".parse().unwrap()]);
        let _ = joined(
            &target("10.0.0.0/24", dns),
            &chunk(&["10.0.0.0/24"], &[]),
            true,
        );
        let next = joined(
            &target("10.0.1.0/24", Dns::System),
            &chunk(&["10.0.1.0/24"], &[]),
            true,
        );
        assert!(!next.contains("10.9.9.1"), "{next}");
    }

    proptest! {
        /// Whatever the addresses are: options of ours, then networks, each one canonical.
        #[test]
        fn targets_are_canonical_networks_and_nothing_follows_them(
            networks in prop::collection::vec((any::<std::net::Ipv4Addr>(), 0u8..=32), 1..20),
            exclude in prop::collection::vec(any::<IpAddr>(), 0..20),
            servers in prop::collection::vec(any::<IpAddr>(), 0..4),
        ) {
            let networks: Vec<_> = networks.into_iter().map(|(ip, prefix)| IpNetwork::new(ip.into(), prefix).unwrap()).collect();
            let count = networks.len();
            let chunk = Chunk { networks, exclude, addresses: 0 };
            let args = arguments(&target("10.0.0.0/8", Dns::Servers(servers)), &chunk, &timing(), true);
            let (options, targets) = args.split_at(args.len() - count);
            for target in targets {
                let text = target.to_str().unwrap();
                let network: IpNetwork = text.parse().unwrap();
                prop_assert_eq!(network.ip(), network.network());
                prop_assert_eq!(network.to_string(), text);
            }
            let values = [
                "--stats-every", "--dns-servers", "--exclude", "-oX", "--max-rate", "--min-rate",
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
