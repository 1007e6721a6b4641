use fieldscan_core::host::SeenBy;
use fieldscan_core::plan::Profile;
use tokio_util::sync::CancellationToken;

use super::{ip, target};
use crate::nmap::Nmap;

pub(super) async fn nmap() -> Nmap {
    let found = Nmap::find(None).await;
    found.expect("nmap is installed, as `cargo xtask test` does")
}

#[tokio::test]
async fn loopback_is_scanned_chunk_by_chunk() {
    let nmap = nmap().await;
    let mut target = target("127.0.0.0/24", &["127.0.0.0/30", "127.0.0.9/32"]);
    target.chunks[0].exclude = vec![ip("127.0.0.2")];
    target.chunks[0].addresses = 3;
    let mut progress = Vec::new();
    let cancel = CancellationToken::new();
    let scanned = nmap
        .scan(&target, Profile::Normal, &cancel, |done, up| {
            progress.push((done, up))
        })
        .await;
    let hosts = scanned.result.unwrap();
    assert_eq!(
        hosts.iter().map(|host| host.ip).collect::<Vec<_>>(),
        [
            ip("127.0.0.0"),
            ip("127.0.0.1"),
            ip("127.0.0.3"),
            ip("127.0.0.9")
        ],
        "all but the excluded one, in address order"
    );
    assert!(progress.is_sorted(), "progress never falls: {progress:?}");
    assert!(
        progress.iter().all(|(done, up)| done >= up),
        "who has answered was tried: {progress:?}"
    );
    assert_eq!(progress.last(), Some(&(4, 4)));
}

/// The reference scanner reports nothing when exactly one host is up.
#[tokio::test]
async fn exactly_one_live_host_is_one_host() {
    let cancel = CancellationToken::new();
    let target = target("127.0.0.0/8", &["127.0.0.1/32"]);
    let nmap = Nmap {
        privileged: false,
        ..nmap().await
    };
    let scanned = nmap
        .scan(&target, Profile::Normal, &cancel, |_, _| {})
        .await;
    let hosts = scanned.result.unwrap();
    assert_eq!(hosts.len(), 1);
    assert_eq!(hosts[0].mac, None, "the scanner's own address has no MAC");
    assert!(matches!(
        hosts[0].seen_by,
        SeenBy::LocalhostResponse | SeenBy::ConnRefused | SeenBy::SynAck
    ));
}
