//! Npcap, from which nmap has raw sockets on Windows, and whom it lets have them.

/// Npcap on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Npcap {
    /// It is not installed.
    Missing,
    /// Everybody may use it.
    Open,
    /// Its installer was told to restrict it to administrators. Whoever else starts nmap with it is asked for an
    /// administrator's consent, in a dialog, at each start.
    Restricted,
}

impl Npcap {
    /// By whether its library is there, and by `AdminOnly` at the places of the registry where its versions keep that.
    fn of(installed: bool, admin_only: [Option<u32>; 2]) -> Self {
        match (
            installed,
            admin_only.into_iter().flatten().any(|on| on != 0),
        ) {
            (false, _) => Self::Missing,
            (true, false) => Self::Open,
            (true, true) => Self::Restricted,
        }
    }

    /// Whether nmap gets raw sockets from it without anybody being asked.
    pub(super) fn serves(self, administrator: bool) -> bool {
        match self {
            Self::Missing => false,
            Self::Open => true,
            Self::Restricted => administrator,
        }
    }

    /// The one that is installed.
    #[cfg(windows)]
    pub(super) fn find() -> Self {
        const SERVICE: &str = r"SYSTEM\CurrentControlSet\Services\npcap";
        let admin_only = |key: &str| {
            windows_registry::LOCAL_MACHINE
                .open(key)
                .and_then(|key| key.get_u32("AdminOnly"))
                .ok()
        };
        let library = std::env::var_os("SystemRoot").is_some_and(|root| {
            std::path::Path::new(&root)
                .join("System32/Npcap/wpcap.dll")
                .is_file()
        });
        Self::of(
            library,
            [
                admin_only(&format!(r"{SERVICE}\Parameters")),
                admin_only(SERVICE),
            ],
        )
    }
}

/// Whether this process runs with an administrator's rights.
#[cfg(windows)]
#[expect(unsafe_code, reason = "the system tells it by a function of its own")]
pub(super) fn is_administrator() -> bool {
    // SAFETY: it takes nothing, and looks at the calling process's token.
    unsafe { windows_sys::Win32::UI::Shell::IsUserAnAdmin() != 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_modes_are_told_apart() {
        for (installed, admin_only, npcap) in [
            (false, [None, None], Npcap::Missing),
            // What an installation leaves in the registry when it goes.
            (false, [Some(1), None], Npcap::Missing),
            (true, [Some(0), None], Npcap::Open),
            (true, [None, None], Npcap::Open),
            (true, [Some(1), None], Npcap::Restricted),
            (true, [None, Some(1)], Npcap::Restricted),
        ] {
            assert_eq!(Npcap::of(installed, admin_only), npcap, "{admin_only:?}");
        }
    }

    #[test]
    fn nobody_is_asked_for_consent_in_the_middle_of_a_scan() {
        assert!(Npcap::Open.serves(false));
        assert!(!Npcap::Restricted.serves(false), "nmap goes without");
        assert!(Npcap::Restricted.serves(true));
        assert!(!Npcap::Missing.serves(true));
    }
}
