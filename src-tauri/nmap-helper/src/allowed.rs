//! The public networks that root allows, from a file that only root can change: a canonical network in each line; empty
//! lines and lines that begin with `#` say nothing.

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use fieldscan_core::plan::network_of;
use ipnetwork::IpNetwork;

use crate::{Refused, trusted};

const PATH: &str = "/etc/fieldscan/allowed-networks";
/// No list is longer, in bytes.
const LONGEST: u64 = 64 << 10;

/// The list; empty if there is none. One that can't be trusted or understood refuses everything, so that root hears of it.
pub(crate) fn networks() -> Result<Vec<IpNetwork>, Refused> {
    let path = Path::new(PATH);
    let opened = OpenOptions::new()
        .read(true)
        // A link, or a pipe that nobody writes to, is no list.
        .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(_) => return Err(Refused::Allowed("it can't be read")),
    };
    let only_root = file
        .metadata()
        .is_ok_and(|meta| meta.is_file() && trusted::only_root_changes(&meta));
    if !only_root || !path.ancestors().skip(1).all(trusted::folder) {
        return Err(Refused::Allowed("others than root can change it"));
    }
    parse(&text(file)?)
}

fn text(file: File) -> Result<String, Refused> {
    let mut text = String::new();
    let read = file.take(LONGEST + 1).read_to_string(&mut text);
    match read {
        Ok(length) if length as u64 <= LONGEST => Ok(text),
        Ok(_) => Err(Refused::Allowed("it is too long")),
        Err(_) => Err(Refused::Allowed("it can't be read")),
    }
}

fn parse(text: &str) -> Result<Vec<IpNetwork>, Refused> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| network_of(line).ok_or(Refused::Allowed("a line is no network")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_whole_or_not_at_all() {
        let list = parse("# ours\n\n 203.0.113.0/24 \n2001:db8::/64\n").unwrap();
        assert_eq!(list.len(), 2);
        for bad in ["203.0.113.0", "203.0.113.1/24", "all", "10.0.0.0/8 # x"] {
            assert!(parse(&format!("192.0.2.0/24\n{bad}\n")).is_err(), "{bad}");
        }
    }
}
