//! The operating system's table of neighbours, ARP and ND: which MAC is behind an address on the link, and whether it has
//! answered lately. It is only read; whoever connects to an address has the system ask there.
//!
//! An entry that is incomplete has no MAC, and nothing here makes one up. What a person has entered by hand is passed over:
//! nobody has answered for it.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(target_os = "macos", test))]
mod text;
mod watch;
#[cfg(windows)]
mod windows;
#[cfg(any(windows, test))]
mod windows_rows;

use std::{io, net::IpAddr, time::Duration};

use fieldscan_core::host::Mac;

pub(crate) use watch::Watch;

/// An entry of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// The address.
    pub ip: IpAddr,
    /// Its MAC; `None` as long as nobody has answered.
    pub mac: Option<Mac>,
    /// Whether the system is just asking, or is about to: what it knows is not certain.
    pub asking: bool,
    /// How long ago it answered, where the system tells that.
    pub answered: Option<Duration>,
}

/// A MAC that can be a device's own: no group's, and not nobody's.
fn mac(bytes: &[u8]) -> Option<Mac> {
    let bytes: [u8; 6] = bytes.try_into().ok()?;
    (bytes != [0; 6] && bytes[0] & 1 == 0).then_some(Mac(bytes))
}

/// The table as it is now.
///
/// # Errors
/// If the system doesn't tell it.
#[cfg(target_os = "linux")]
pub async fn read() -> io::Result<Vec<Neighbour>> {
    linux::read()
}

/// The table as it is now.
///
/// # Errors
/// If the system doesn't tell it.
#[cfg(windows)]
pub async fn read() -> io::Result<Vec<Neighbour>> {
    windows::read()
}

/// The table as it is now.
///
/// # Errors
/// If the system doesn't tell it.
#[cfg(target_os = "macos")]
pub async fn read() -> io::Result<Vec<Neighbour>> {
    use std::process::Stdio;

    /// How long a program may take that only prints a table.
    const PATIENCE: Duration = Duration::from_secs(2);

    async fn said(program: &str) -> io::Result<String> {
        let mut command = tokio::process::Command::new(program);
        command
            .arg("-an")
            .env_clear()
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output()).await??;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
    let arp = said("/usr/sbin/arp").await?;
    let ndp = said("/usr/sbin/ndp").await?;
    Ok(text::arp(&arp).chain(text::ndp(&ndp)).collect())
}

/// Not read elsewhere.
///
/// # Errors
/// Always.
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
pub async fn read() -> io::Result<Vec<Neighbour>> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_nobody_have_no_mac_of_a_device() {
        assert_eq!(mac(&[2, 0, 0, 0, 0, 1]), Some(Mac([2, 0, 0, 0, 0, 1])));
        for bytes in [
            &[0, 0, 0, 0, 0, 0][..],
            &[0xff; 6],
            &[0x33, 0x33, 0, 0, 0, 1],
            &[1, 0, 0x5e, 0, 0, 1],
            &[2, 0, 0, 0, 0],
            &[2, 0, 0, 0, 0, 1, 0, 0],
            &[],
        ] {
            assert_eq!(mac(bytes), None, "{bytes:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_systems_table_can_be_read() {
        // What is in it is another matter.
        read().await.unwrap();
    }
}
