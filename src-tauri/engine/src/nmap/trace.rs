//! What nmap tells of packets on standard error, read as it comes: who answers ARP for which address. nmap itself takes the
//! first answer and says nothing of a second one.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use fieldscan_core::host::{Host, Mac};

/// The longest line that is looked at. nmap's are a tenth of that.
const LINE: usize = 1024;
/// Addresses whose answers are kept, and MACs of each: whatever a network sends, memory stays bounded.
const ADDRESSES: usize = 4_096;
const MACS: usize = 8;

/// How lines begin that nmap writes for a person who looks on, and that say nothing that the XML doesn't.
const CHATTER: [&[u8]; 9] = [
    b"SENT (",
    b"RCVD (",
    b"# Nmap ",
    b"Starting Nmap ",
    b"Nmap scan report for ",
    b"Host is up",
    b"MAC Address: ",
    b"Stats: ",
    b"Nmap done",
];

/// The answers that were told so far.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    macs: BTreeMap<Ipv4Addr, Vec<Mac>>,
}

impl Trace {
    /// Takes output, and puts what is neither trace nor chatter into `words`. Nothing means that no more will come.
    pub(super) fn take(&mut self, bytes: &[u8], words: &mut Vec<u8>) {
        if bytes.is_empty() {
            self.end_of_line(words);
            return;
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.end_of_line(words);
            }
        }
    }

    fn end_of_line(&mut self, words: &mut Vec<u8>) {
        let line = self.line.trim_ascii();
        if let Some((ip, mac)) = arp_reply(line) {
            let room = self.macs.len() < ADDRESSES || self.macs.contains_key(&ip);
            if room {
                let macs = self.macs.entry(ip).or_default();
                if macs.len() < MACS && !macs.contains(&mac) {
                    macs.push(mac);
                }
            }
        } else if !line.is_empty() && !CHATTER.iter().any(|begin| line.starts_with(begin)) {
            words.extend_from_slice(line);
            words.push(b'\n');
        }
        self.line.clear();
    }

    /// Gives hosts the other MACs that have answered for their addresses.
    pub(super) fn tell<'a>(&self, hosts: impl IntoIterator<Item = &'a mut Host>) {
        for host in hosts {
            let IpAddr::V4(ip) = host.ip else { continue };
            let (Some(own), Some(macs)) = (host.mac, self.macs.get(&ip)) else {
                continue;
            };
            host.also = macs.iter().copied().filter(|mac| *mac != own).collect();
        }
    }
}

/// `RCVD (0.0450s) ARP reply 10.0.0.5 is-at 02:00:0A:00:00:05`
fn arp_reply(line: &[u8]) -> Option<(Ipv4Addr, Mac)> {
    let line = str::from_utf8(line.strip_prefix(b"RCVD (")?).ok()?;
    let (_, told) = line.split_once(") ARP reply ")?;
    let (ip, mac) = told.split_once(" is-at ")?;
    Some((ip.parse().ok()?, mac.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As nmap 7.93 wrote it.
    const TRACE: &str = "\
# Nmap 7.93 scan initiated Sat Nov 28 20:33:14 2026 as: nmap -sn -n -oX - --packet-trace -oN /dev/stderr 10.9.0.0/30
SENT (0.0064s) ARP who-has 10.9.0.2 tell 10.9.0.1
SENT (0.0064s) ARP who-has 10.9.0.3 tell 10.9.0.1
RCVD (0.0364s) ARP reply 10.9.0.2 is-at 02:00:00:00:00:02
RCVD (0.0371s) ARP reply 10.9.0.2 is-at 02:00:00:00:00:0B
RCVD (0.0381s) ARP reply 10.9.0.2 is-at 02:00:00:00:00:02
RCVD (0.0391s) ARP reply 10.9.0.3 is-at 02:00:00:00:00:03
Nmap scan report for 10.9.0.2
Host is up (0.030s latency).
MAC Address: 02:00:00:00:00:02 (Unknown)
";

    fn host(last: u8, mac: Option<u8>) -> Host {
        Host {
            ip: [10, 9, 0, last].into(),
            mac: mac.map(|last| Mac([2, 0, 0, 0, 0, last])),
            also: Vec::new(),
            vendor: None,
            ptr: None,
            rtt: None,
            seen_by: fieldscan_core::host::SeenBy::ArpResponse,
        }
    }

    fn also(trace: &Trace) -> [Vec<Mac>; 3] {
        let mut hosts = [host(2, Some(2)), host(3, Some(3)), host(1, None)];
        trace.tell(&mut hosts);
        hosts.map(|host| host.also)
    }

    #[test]
    fn a_second_device_at_an_address_is_told() {
        let second = Mac([2, 0, 0, 0, 0, 0xb]);
        for size in [1, 2, 7, 64, TRACE.len()] {
            let (mut trace, mut words) = (Trace::default(), Vec::new());
            for part in TRACE.as_bytes().chunks(size) {
                trace.take(part, &mut words);
            }
            trace.take(b"", &mut words);
            assert_eq!(
                also(&trace),
                [vec![second], vec![], vec![]],
                "{size} bytes at a time"
            );
            assert_eq!(words, b"", "nothing of it is a word of complaint");
        }
    }

    #[test]
    fn complaints_are_kept_in_between_and_at_the_end() {
        let (mut trace, mut words) = (Trace::default(), Vec::new());
        let told = format!("{TRACE}WARNING: a\n{TRACE}\nfailed to determine route");
        trace.take(told.as_bytes(), &mut words);
        trace.take(b"", &mut words);
        assert_eq!(words, b"WARNING: a\nfailed to determine route\n");
    }

    #[test]
    fn whatever_comes_memory_stays_bounded() {
        let (mut trace, mut words) = (Trace::default(), Vec::new());
        trace.take(&[b'x'; 100 * LINE], &mut words);
        assert!(trace.line.len() <= LINE);
        trace.take(b"\n", &mut words);
        assert!(words.len() <= LINE + 1);
        for n in 0..20_000u32 {
            let ip = Ipv4Addr::from(0x0a00_0000 + n % 10_000);
            let line = format!(
                "RCVD (1s) ARP reply {ip} is-at 02:00:00:00:{:02X}:{:02X}\n",
                n >> 8 & 0xff,
                n & 0xff
            );
            trace.take(line.as_bytes(), &mut words);
        }
        assert_eq!(trace.macs.len(), ADDRESSES);
        for line in [
            "RCVD (",
            "RCVD (1s) ARP reply 10.0.0.1",
            "RCVD (1s) ARP reply x is-at y",
        ] {
            assert_eq!(arp_reply(line.as_bytes()), None, "{line}");
        }
    }
}
