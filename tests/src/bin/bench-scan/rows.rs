//! The networks that are scanned: one row of the table each.

use std::{net::Ipv4Addr, time::Duration};

use fieldscan_core::plan::Profile;
use fieldscan_tests::network::{Host, Layout, Quality};
use ipnetwork::{IpNetwork, Ipv4Network};

/// A simulated network, what is scanned of it, and what must come of it.
pub(crate) struct Row {
    /// For `--only`.
    pub(crate) name: &'static str,
    /// What it is, in the table's words.
    pub(crate) says: &'static str,
    /// What is scanned; several are due at the same time.
    pub(crate) targets: Vec<Ipv4Network>,
    /// Whether the targets are on the scanner's own link.
    on_link: bool,
    live: Live,
    quality: Quality,
    /// The profiles it is measured with, with how many times faster than plain nmap each must be.
    pub(crate) profiles: &'static [(Profile, f64)],
    /// The longest that it may take with [`Profile::Fast`].
    pub(crate) at_most: Option<Duration>,
    /// Whether plain nmap takes minutes for it: then that is measured once, not for each seed.
    pub(crate) long: bool,
    /// Whether plain nmap is measured at all.
    pub(crate) plain: bool,
}

/// Which addresses of the targets somebody is at.
#[derive(Clone, Copy)]
enum Live {
    Nobody,
    /// Every so many-th address.
    Every(u32),
    /// Every so many-th address of the lower half.
    LowerHalf(u32),
}

impl Live {
    fn at(self, network: Ipv4Network) -> impl Iterator<Item = Ipv4Addr> {
        let (step, among) = match self {
            Live::Nobody => (1, 0),
            Live::Every(step) => (step, network.size()),
            Live::LowerHalf(step) => (step, network.size() / 2),
        };
        let first = u32::from(network.network());
        let last = network.size() - 1;
        // Not the network's own address, the scanner's, the gateway's and the broadcast address.
        let taken = move |offset: &u32| *offset < 3 || *offset == last;
        (0..among)
            .step_by(step as usize)
            .map(move |offset| offset + step / 2)
            .filter(move |offset| !taken(offset))
            .map(move |offset| Ipv4Addr::from(first + offset))
    }
}

impl Row {
    /// The network, with its chances decided by `seed`.
    pub(crate) fn layout(&self, seed: u64) -> Layout {
        let mut layout = Layout::new().seed(seed).quality(self.quality);
        if self.on_link {
            for network in &self.targets {
                let own = Ipv4Addr::from(u32::from(network.network()) + 1);
                layout = layout.on_link(with_prefix(own, network.prefix()));
            }
        } else {
            layout = layout
                .on_link(with_prefix(Ipv4Addr::new(10, 77, 0, 1), 24))
                .gateway([10, 77, 0, 2]);
            for network in &self.targets {
                layout = layout.routed(IpNetwork::V4(*network));
            }
        }
        layout.hosts(self.live_hosts().into_iter().map(Host::new))
    }

    /// Everybody whom a scan could find, but the scanner itself.
    pub(crate) fn live_hosts(&self) -> Vec<Ipv4Addr> {
        self.targets
            .iter()
            .flat_map(|network| self.live.at(*network))
            .collect()
    }

    /// How many of the target addresses are the scanner's own; every scan finds them.
    pub(crate) fn own_addresses(&self) -> usize {
        match self.on_link {
            true => self.targets.len(),
            false => 0,
        }
    }
}

fn with_prefix(ip: Ipv4Addr, prefix: u8) -> IpNetwork {
    IpNetwork::new(ip.into(), prefix).expect("a prefix of ours")
}

fn networks(texts: &[&str]) -> Vec<Ipv4Network> {
    texts
        .iter()
        .map(|text| text.parse().expect("a network of ours"))
        .collect()
}

const fn quality(latency: u64, jitter: u64, loss: f64) -> Quality {
    Quality {
        latency: Duration::from_millis(latency),
        jitter: Duration::from_millis(jitter),
        loss,
    }
}

/// All rows, in the table's order.
pub(crate) fn rows() -> Vec<Row> {
    const LOSSY: Quality = quality(30, 0, 0.03);
    const SHAKY: Quality = quality(30, 15, 0.03);
    const GOOD: Quality = quality(1, 0, 0.0);
    let row = |name, says, targets: &[&str], on_link, live, quality, profiles| Row {
        name,
        says,
        targets: networks(targets),
        on_link,
        live,
        quality,
        profiles,
        at_most: None,
        long: false,
        plain: true,
    };
    use Profile::{Fast, Normal};
    vec![
        Row {
            long: true,
            ..row(
                "empty-24",
                "routed /24, nobody there",
                &["10.78.0.0/24"],
                false,
                Live::Nobody,
                GOOD,
                &[(Normal, 40.0), (Fast, 40.0)],
            )
        },
        row(
            "routed-22",
            "routed /22, a quarter live, rtt 30 ms, loss 3 %",
            &["10.78.0.0/22"],
            false,
            Live::Every(4),
            LOSSY,
            &[(Normal, 1.0), (Fast, 1.0)],
        ),
        row(
            "routed-20",
            "routed /20, a quarter live in its lower half, rtt 30 ± 15 ms, loss 3 %",
            &["10.78.0.0/20"],
            false,
            Live::LowerHalf(4),
            SHAKY,
            &[(Normal, 5.0), (Fast, 15.0)],
        ),
        row(
            "link-24",
            "on-link /24, a quarter live, rtt 30 ms, loss 3 %",
            &["10.76.0.0/24"],
            true,
            Live::Every(4),
            LOSSY,
            &[(Normal, 1.0), (Fast, 1.0)],
        ),
        row(
            "link-22",
            "on-link /22, half live, rtt 30 ms, loss 3 %",
            &["10.76.0.0/22"],
            true,
            Live::Every(2),
            LOSSY,
            &[(Normal, 3.0), (Fast, 3.0)],
        ),
        row(
            "one-24",
            "routed /24, a quarter live, rtt 30 ms, loss 3 %",
            &["10.78.0.0/24"],
            false,
            Live::Every(4),
            LOSSY,
            &[(Normal, 1.0), (Fast, 1.0)],
        ),
        row(
            "four-24",
            "four such /24 at once",
            &[
                "10.78.0.0/24",
                "10.78.1.0/24",
                "10.78.2.0/24",
                "10.78.3.0/24",
            ],
            false,
            Live::Every(4),
            LOSSY,
            &[(Normal, 1.0), (Fast, 1.0)],
        ),
        Row {
            at_most: Some(Duration::from_secs(90)),
            long: true,
            // It would take hours: 63,500 addresses are silent.
            plain: false,
            ..row(
                "routed-16",
                "routed /16, 2,048 live, no loss",
                &["10.80.0.0/16"],
                false,
                Live::Every(32),
                GOOD,
                &[(Fast, 1.0)],
            )
        },
    ]
}
