//! The way to phpIPAM in the browser. The URL is made here, from the settings: the window names only what it wants to see.

use std::net::IpAddr;

use fieldscan_core::{ids::SubnetId, snapshot::Snapshot};
use url::Url;

use crate::commands::refusal::Refusal;

/// phpIPAM's page for an address, or for a subnet: its search, which needs no numbers of its own.
pub(crate) fn page_of(
    api_url: Option<&Url>,
    snapshot: &Snapshot,
    subnet: SubnetId,
    ip: Option<IpAddr>,
) -> Result<Url, Refusal> {
    let Some(api_url) = api_url else {
        return Err(Refusal::new(
            "setting-missing",
            "phpIPAM's address is not set.",
            "Set it in the settings.",
        ));
    };
    let Some(subnet) = snapshot.subnets.iter().find(|it| it.id == subnet) else {
        return Err(Refusal::new(
            "no-such-subnet",
            format!("The subnet {subnet} is not assigned to this agent."),
            "Ask phpIPAM again.",
        ));
    };
    let wanted = match ip {
        Some(ip) => ip.to_string(),
        None => subnet.cidr.clone(),
    };
    let mut url = api_url.clone();
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    let mut url = url
        .join("index.php")
        .map_err(|error| Refusal::broke_off(&error))?;
    url.query_pairs_mut()
        .append_pair("page", "tools")
        .append_pair("section", "search")
        .append_pair("ip", &wanted);
    Ok(url)
}

/// Opens a page in the person's browser.
pub(crate) fn open(url: &Url) -> Result<(), Refusal> {
    open::that_detached(url.as_str()).map_err(|error| {
        Refusal::new(
            "no-browser",
            "No browser could be opened.",
            "Set one as the system's standard browser.",
        )
        .detail(error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use fieldscan_core::{
        plan::Mode,
        snapshot::{PlanView, SubnetView},
    };

    use super::*;

    fn snapshot() -> Snapshot {
        Snapshot {
            subnets: vec![SubnetView {
                id: SubnetId(7),
                cidr: "10.77.0.0/24".to_owned(),
                network: None,
                description: "Depot".to_owned(),
                plan: PlanView::Scanned(Mode::Sweep),
                last_scan: None,
            }],
            ..Snapshot::default()
        }
    }

    #[test]
    fn every_page_is_below_phpipams_own_address() {
        for base in [
            "https://ipam.example.com",
            "https://example.com/ipam",
            "https://example.com/ipam/",
        ] {
            let base: Url = base.parse().unwrap();
            let ip = "10.77.0.9".parse().ok();
            let url = page_of(Some(&base), &snapshot(), SubnetId(7), ip).unwrap();
            assert_eq!(url.origin(), base.origin());
            assert!(
                url.path().starts_with(base.path().trim_end_matches('/')),
                "{url}"
            );
            assert!(
                url.as_str()
                    .ends_with("index.php?page=tools&section=search&ip=10.77.0.9"),
                "{url}"
            );
        }
    }

    #[test]
    fn only_what_is_assigned_is_opened() {
        let base: Url = "https://ipam.example.com".parse().unwrap();
        let refused = page_of(Some(&base), &snapshot(), SubnetId(8), None).unwrap_err();
        assert_eq!(refused.code, "no-such-subnet");
        let refused = page_of(None, &snapshot(), SubnetId(7), None).unwrap_err();
        assert_eq!(refused.code, "setting-missing", "there is nowhere to go");
    }
}
