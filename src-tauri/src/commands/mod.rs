//! What the window may ask. Each command only translates; the list stands once more in `permissions/ask-the-agent.toml`,
//! which says who may call it.

mod addresses;
pub(crate) mod agent;
pub(crate) mod events;
mod export;
mod lists;
pub(crate) mod machine;
pub(crate) mod refusal;
pub(crate) mod settings;
pub(crate) mod takeover;

use self::refusal::Refusal;

/// Declares the commands, for the handler and for the test that holds the permissions against it.
macro_rules! commands {
    ($($module:ident::$name:ident),* $(,)?) => {
        /// Every command.
        pub(crate) fn all() -> impl Fn(tauri::ipc::Invoke) -> bool + Send + Sync + 'static {
            tauri::generate_handler![$($module::$name),*]
        }

        #[cfg(test)]
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

commands![
    agent::snapshot,
    agent::scan,
    agent::stop,
    agent::refresh,
    agent::pause,
    agent::resume,
    agent::retry,
    agent::quit,
    addresses::addresses,
    lists::address_history,
    lists::hosts_over_time,
    lists::runs,
    lists::run,
    lists::compare_runs,
    lists::reports,
    lists::report,
    lists::notices,
    settings::settings,
    settings::check_settings,
    settings::apply_settings,
    settings::preview_schedule,
    settings::set_secret,
    settings::delete_secret,
    machine::test_everything,
    machine::autostart,
    machine::set_autostart,
    machine::logs,
    machine::privileges,
    machine::about,
    machine::open_in_ipam,
    export::export_subnet,
    export::export_diagnostics,
    takeover::import_settings,
];

/// Does what may block where it may.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Refusal::broke_off(&error))?
}

#[cfg(test)]
mod tests {
    use super::NAMES;

    #[test]
    fn the_window_may_call_each_command_and_no_other() {
        let permitted = include_str!("../../permissions/ask-the-agent.toml");
        let list = permitted.split_once("commands.allow = [").unwrap().1;
        let list = list.split_once(']').unwrap().0;
        let mut permitted: Vec<&str> = list
            .split(',')
            .map(|name| name.trim().trim_matches('"'))
            .filter(|name| !name.is_empty())
            .collect();
        let mut named = NAMES.to_vec();
        permitted.sort_unstable();
        named.sort_unstable();
        assert_eq!(permitted, named, "both lists are one");
    }
}
