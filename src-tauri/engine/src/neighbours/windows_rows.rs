//! What a row of Windows' table says. Knows nothing of how rows come.

use std::{net::IpAddr, time::Duration};

use super::{Neighbour, mac};

/// A row of `GetIpNetTable2`, in its own numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) ip: IpAddr,
    pub(super) physical: &'a [u8],
    /// `NL_NEIGHBOR_STATE`.
    pub(super) state: i32,
    /// Milliseconds since it was last reachable.
    pub(super) last_reachable: u32,
}

const INCOMPLETE: i32 = 1;
const PROBE: i32 = 2;
const DELAY: i32 = 3;
const STALE: i32 = 4;
const REACHABLE: i32 = 5;

pub(super) fn neighbour(row: Row<'_>) -> Option<Neighbour> {
    let asking = match row.state {
        INCOMPLETE | PROBE | DELAY => true,
        STALE | REACHABLE => false,
        // Unreachable, entered by hand, or of a state to come.
        _ => return None,
    };
    let mac = mac(row.physical).filter(|_| row.state != INCOMPLETE);
    if mac.is_none() && row.state != INCOMPLETE {
        return None;
    }
    Some(Neighbour {
        ip: row.ip,
        mac,
        asking,
        answered: mac.map(|_| Duration::from_millis(row.last_reachable.into())),
    })
}

#[cfg(test)]
mod tests {
    use fieldscan_core::host::Mac;

    use super::*;

    #[test]
    fn each_state_of_windows_is_understood() {
        let device = [2, 0, 0, 0, 0, 9];
        let of = |state, physical| {
            neighbour(Row {
                ip: [10, 0, 0, 9].into(),
                physical,
                state,
                last_reachable: 1_500,
            })
            .map(|entry| (entry.mac, entry.asking, entry.answered))
        };
        let ago = Some(Duration::from_millis(1_500));
        let seen = |asking| Some((Some(Mac(device)), asking, ago));
        assert_eq!(of(REACHABLE, &device[..]), seen(false));
        assert_eq!(of(STALE, &device[..]), seen(false));
        assert_eq!(of(DELAY, &device[..]), seen(true));
        assert_eq!(of(PROBE, &device[..]), seen(true));
        assert_eq!(of(INCOMPLETE, &[][..]), Some((None, true, None)));
        assert_eq!(of(INCOMPLETE, &device[..]), Some((None, true, None)));
        for state in [0, 6, 7, -1] {
            assert_eq!(of(state, &device[..]), None, "state {state}");
        }
        assert_eq!(of(REACHABLE, &[0xff; 6][..]), None, "broadcast");
        assert_eq!(of(REACHABLE, &[][..]), None, "a tunnel");
    }
}
