//! The command line.

use std::path::PathBuf;

use clap::Parser;
use fieldscan_core::present::Page;

/// The phpIPAM scan agent for the desktop.
#[derive(Debug, Parser)]
#[command(name = "fieldscan-tray", version)]
pub(crate) struct Args {
    /// The settings file, instead of the user's own
    #[arg(long, value_name = "PATH")]
    pub(crate) config: Option<PathBuf>,
    /// The folder of the database and the logs, instead of the user's own
    #[arg(long, value_name = "PATH")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The nmap to run, instead of the first one in PATH
    #[arg(long, value_name = "PATH")]
    pub(crate) nmap: Option<PathBuf>,
    /// Begin silently, as at log-in: no window unless there is something to set up
    #[arg(long)]
    pub(crate) autostart: bool,
    /// Open the window on this page: overview, setup, subnet/ID, history, reports, settings, notices
    #[arg(long, value_name = "PAGE")]
    pub(crate) page: Option<Page>,
    /// Log more on standard error
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

impl Args {
    /// The arguments with which the system is to start this again at log-in: silent, and in the same places.
    pub(crate) fn again(&self) -> Vec<String> {
        let places = [
            ("--config", &self.config),
            ("--data-dir", &self.data_dir),
            ("--nmap", &self.nmap),
        ];
        let mut args = vec!["--autostart".to_owned()];
        for (name, path) in places {
            if let Some(path) = path {
                // The folder of the moment is another one then.
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                args.extend([name.to_owned(), path.to_string_lossy().into_owned()]);
            }
        }
        args
    }
}
