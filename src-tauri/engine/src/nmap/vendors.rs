//! Vendors of MACs by nmap's own table, for MACs that nmap has not seen itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use fieldscan_core::host::{Host, Mac};

const FILE: &str = "nmap-mac-prefixes";
/// More than nmap's table ever had.
const LARGEST: u64 = 64 << 20;
/// Hexadecimal digits of prefixes: of the registries of 24, 28 and 36 bits.
const DIGITS: [usize; 3] = [9, 7, 6];

/// Gives hosts that have a MAC and no vendor the vendor of the table that belongs to the nmap at `nmap`, if it can be read.
pub(super) async fn name(nmap: &Path, hosts: &mut [Host]) {
    let nameless = |host: &Host| match host.mac {
        // What a device has made up itself is in no registry.
        Some(mac) => host.vendor.is_none() && !mac.is_locally_administered(),
        None => false,
    };
    let wanted: BTreeSet<Mac> = hosts
        .iter()
        .filter(|host| nameless(host))
        .filter_map(|host| host.mac)
        .collect();
    if wanted.is_empty() {
        return;
    }
    let path = nmap.to_owned();
    let found = tokio::task::spawn_blocking(move || {
        let table = places(&path).find_map(|path| read(&path))?;
        Some(look_up(&table, &wanted))
    });
    let Ok(Some(found)) = found.await else {
        tracing::debug!("nmap's table of vendors can't be read");
        return;
    };
    for host in hosts.iter_mut().filter(|host| nameless(host)) {
        host.vendor = host.mac.and_then(|mac| found.get(&mac).cloned());
    }
}

/// Where the table may be: `share/nmap` beside the folder of the program, as named and as it really lies, and on Windows
/// beside the program itself.
fn places(nmap: &Path) -> impl Iterator<Item = PathBuf> {
    let named = nmap.to_owned();
    let real = nmap.canonicalize().ok();
    [Some(named), real]
        .into_iter()
        .flatten()
        .flat_map(|program| {
            let folder = program.parent().map(Path::to_owned).unwrap_or_default();
            let shared = folder
                .parent()
                .map(|root| root.join("share").join("nmap").join(FILE));
            let beside = cfg!(windows).then(|| folder.join(FILE));
            shared.into_iter().chain(beside)
        })
}

fn read(path: &Path) -> Option<String> {
    let meta = path.metadata().ok()?;
    if !meta.is_file() || meta.len() > LARGEST {
        return None;
    }
    let bytes = std::fs::read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The vendors of these MACs: by the longest prefix that the table has.
fn look_up(table: &str, wanted: &BTreeSet<Mac>) -> BTreeMap<Mac, String> {
    let digits = |mac: &Mac| {
        let Mac(bytes) = mac;
        bytes.map(|byte| format!("{byte:02X}")).concat()
    };
    // Few MACs beside tens of thousands of lines: only what is asked for is kept.
    let mut by_prefix: BTreeMap<String, Option<&str>> = wanted
        .iter()
        .flat_map(|mac| DIGITS.map(|length| digits(mac)[..length].to_owned()))
        .map(|prefix| (prefix, None))
        .collect();
    for line in table.lines() {
        let Some((prefix, vendor)) = line.split_once(char::is_whitespace) else {
            continue;
        };
        if let Some(of) = by_prefix.get_mut(prefix) {
            *of = Some(vendor.trim()).filter(|vendor| !vendor.is_empty());
        }
    }
    wanted
        .iter()
        .filter_map(|mac| {
            let text = digits(mac);
            let mut found = DIGITS
                .iter()
                .filter_map(|length| *by_prefix.get(&text[..*length])?);
            Some((*mac, found.next()?.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
# $Id: nmap-mac-prefixes $ generated
000000 Xerox
00000C Cisco Systems
0055DA IEEE Registration Authority
0055DA0 Shinko Technos
0055DA01F A still smaller one
00000D

garbage
";

    #[test]
    fn the_longest_prefix_names_the_vendor() {
        let macs = [
            [0, 0, 0x0c, 1, 2, 3],
            [0, 0x55, 0xda, 0x01, 0xf2, 3],
            [0, 0x55, 0xda, 0x02, 2, 3],
            [0, 0x55, 0xda, 0xf2, 2, 3],
            [0, 0, 0x0d, 1, 2, 3],
            [0x10, 0, 0, 1, 2, 3],
        ]
        .map(Mac);
        let found = look_up(TABLE, &macs.into());
        let vendors = macs.map(|mac| found.get(&mac).map(String::as_str));
        assert_eq!(
            vendors,
            [
                Some("Cisco Systems"),
                Some("A still smaller one"),
                Some("Shinko Technos"),
                Some("IEEE Registration Authority"),
                None,
                None,
            ]
        );
    }

    #[tokio::test]
    async fn a_vendor_is_found_beside_the_program_and_never_for_a_random_mac() {
        let root = tempfile::tempdir().unwrap();
        let share = root.path().join("share/nmap");
        std::fs::create_dir_all(&share).unwrap();
        std::fs::write(share.join(FILE), "00000C Cisco Systems\n02000C Nobody\n").unwrap();
        let host = |mac| Host {
            ip: [10, 0, 0, 1].into(),
            mac,
            also: Vec::new(),
            vendor: None,
            ptr: None,
            rtt: None,
            seen_by: fieldscan_core::host::SeenBy::Neighbour,
        };
        let mut hosts = [
            host(Some(Mac([0, 0, 0x0c, 0, 0, 1]))),
            host(Some(Mac([2, 0, 0x0c, 0, 0, 1]))),
            host(None),
        ];
        if cfg!(not(windows)) {
            name(&root.path().join("bin/nmap"), &mut hosts).await;
            let vendors = hosts.each_ref().map(|host| host.vendor.as_deref());
            assert_eq!(vendors, [Some("Cisco Systems"), None, None]);
        }
        let mut hosts = [host(Some(Mac([0, 0, 0x0c, 0, 0, 1])))];
        name(Path::new("/no/such/bin/nmap"), &mut hosts).await;
        assert_eq!(hosts[0].vendor, None, "no table, no vendor");
    }
}
