//! What may stand on the command line. Says nothing of what it does.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, builder::styling};
use fieldscan_core::ids::{ReportId, RunId};
use ipnetwork::IpNetwork;

const STYLES: styling::Styles = styling::Styles::styled()
    .header(styling::Style::new().bold())
    .usage(styling::Style::new().bold())
    .literal(styling::AnsiColor::Cyan.on_default());

const EXIT_CODES: &str = "\
Exit codes: 0 all done; 1 finished with problems; 2 wrong use or settings; 3 nothing could be done; 130 stopped.

Secrets are kept in the system's keychain (`fieldscan secret set`). On machines without one they are read from \
FIELDSCAN_CLIENT_TOKEN, FIELDSCAN_AUTH_TOKEN and FIELDSCAN_CLIENT_PASSWORD, or from the files client_token, auth_token and client_password in $CREDENTIALS_DIRECTORY.";

/// Scans the subnets that phpIPAM assigns to this machine, and reports what it found.
#[derive(Debug, Parser)]
#[command(
    name = "fieldscan",
    version,
    styles = STYLES,
    after_help = EXIT_CODES,
    max_term_width = 100,
    propagate_version = false,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Globals {
    /// Settings file, instead of the one in the user's configuration folder
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        help_heading = "General options"
    )]
    pub(crate) config: Option<PathBuf>,
    /// Folder of the database and the logs, instead of the user's data folder
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        help_heading = "General options"
    )]
    pub(crate) data_dir: Option<PathBuf>,
    /// Print one JSON document on standard output, and nothing else there
    #[arg(long, global = true, help_heading = "General options")]
    pub(crate) json: bool,
    /// Show the log on standard error; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "General options")]
    pub(crate) verbose: u8,
    /// The nmap to run, instead of the first one in PATH
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        help_heading = "General options"
    )]
    pub(crate) nmap: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Scan now, report, and show what was found. Ends once the reports are sent
    Scan(Scan),
    /// One sentence on where things stand, and what needs a look
    Status,
    /// The assigned subnets, how they are scanned, and their last results
    Subnets,
    /// The addresses of a subnet: what phpIPAM says beside what was seen
    Addresses(Addresses),
    /// The runs so far, the newest first
    Runs(Runs),
    /// One run: what became of each subnet
    Run(RunOf),
    /// The reports: where each is, and how it came there
    Reports(Reports),
    /// Show, change or import the settings
    #[command(subcommand)]
    Config(Config),
    /// Keep the secrets in the system's keychain
    #[command(subcommand)]
    Secret(Secret),
    /// Try every step from the settings to the scan server, and say what to do where one fails
    Doctor,
    /// Let scans without root see all that root's see (Linux): one capability for one small program
    Grant(Grant),
    /// At which places subnets are scanned, and where this machine is
    Places(Places),
    /// Follow the schedule until stopped
    Watch,
    /// Hold scans back: those of the running Fieldscan, the one that goes on too, or of the next one
    Pause(Pause),
    /// End a pause
    Resume,
    /// Stop the scan that the running Fieldscan is at
    Stop,
    /// Write the addresses of a subnet to a file
    Export(Export),
    /// Write a bundle for a fault report, without secrets
    Diagnostics(Diagnostics),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Write the manual pages, or print the main one
    Man(Man),
}

/// `scan`
#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// Only these of the assigned subnets
    #[arg(value_name = "CIDR")]
    pub(crate) networks: Vec<IpNetwork>,
    /// Ask phpIPAM even if what it told is not yet out of date
    #[arg(long)]
    pub(crate) refresh: bool,
    /// Keep the reports in the outbox; a later run sends them
    #[arg(long, conflicts_with = "wait_confirmed")]
    pub(crate) no_upload: bool,
    /// Wait up to so many seconds until phpIPAM shows what was reported
    #[arg(long, value_name = "SECS")]
    pub(crate) wait_confirmed: Option<u64>,
    /// How fast to scan, instead of what the settings say: slower is kinder to the network
    #[arg(long)]
    pub(crate) profile: Option<ProfileName>,
}

/// A profile on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    /// For shared or fragile links
    Gentle,
    /// The default
    Normal,
    /// For a link of one's own
    Fast,
}

/// `pause`
#[derive(Debug, Args)]
pub(crate) struct Pause {
    /// How long: a duration such as 1h, `tomorrow` (six in the morning), or `resumed` (until `fieldscan resume`)
    #[arg(default_value = "resumed")]
    pub(crate) until: String,
}

/// `addresses`
#[derive(Debug, Args)]
pub(crate) struct Addresses {
    /// An assigned subnet, or any network
    #[arg(value_name = "CIDR")]
    pub(crate) network: IpNetwork,
    /// Only what needs a look: Unknown, Missing, Mismatch
    #[arg(long)]
    pub(crate) problems: bool,
}

/// `runs`
#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// How many
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(crate) limit: u32,
}

/// `run`
#[derive(Debug, Args)]
pub(crate) struct RunOf {
    /// Its number, as `fieldscan runs` shows it
    #[arg(value_name = "ID")]
    pub(crate) id: RunId,
}

/// `reports`
#[derive(Debug, Args)]
pub(crate) struct Reports {
    /// Send again what waits, was refused or can't be seen in phpIPAM: all of it, or one report
    #[arg(long, value_name = "ID", num_args = 0..=1, conflicts_with = "show")]
    pub(crate) retry: Option<Option<ReportId>>,
    /// Show one report's journey and the hosts that it tells of
    #[arg(long, value_name = "ID")]
    pub(crate) show: Option<ReportId>,
    /// Confirmed ones too
    #[arg(long, conflicts_with_all = ["retry", "show"])]
    pub(crate) all: bool,
    /// How many
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) limit: u32,
}

/// `config`
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// All settings, with where they come from
    Show,
    /// Change one setting; an empty value takes it back to its default
    Set {
        /// The setting's name
        key: String,
        /// Its new value
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Take over a file of the reference scanner; its tokens go into the keychain
    Import(Import),
    /// Where the settings file is
    Path,
}

/// `config import`
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// For instance /etc/phpipam/scan_agent.yaml
    pub(crate) file: PathBuf,
    /// Empty the tokens in that file once they are kept elsewhere, without asking
    #[arg(long, conflicts_with = "keep")]
    pub(crate) blank: bool,
    /// Leave that file as it is, without asking
    #[arg(long)]
    pub(crate) keep: bool,
    /// Replace the values of settings that are there already
    #[arg(long)]
    pub(crate) force: bool,
}

/// `secret`
#[derive(Debug, Subcommand)]
pub(crate) enum Secret {
    /// Read a secret from a prompt, or from standard input, and keep it
    Set(SecretOf),
    /// Which secrets are there, and where they come from
    Status,
    /// Delete a secret from the keychain
    Delete(SecretOf),
}

/// A secret's name, and nothing else.
#[derive(Debug, Args)]
pub(crate) struct SecretOf {
    /// Which one
    pub(crate) name: SecretName,
}

/// A secret on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum SecretName {
    /// phpIPAM's App code
    ClientToken,
    /// The scan server's token
    AuthToken,
    /// Password of `client_user`
    ClientPassword,
}

/// `grant`
#[derive(Debug, Args)]
pub(crate) struct Grant {
    /// Take the capability away again
    #[arg(long)]
    pub(crate) remove: bool,
    /// Don't ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// `places`
#[derive(Debug, Args)]
pub(crate) struct Places {
    #[command(subcommand)]
    pub(crate) change: Option<PlacesChange>,
}

/// What a person says about places.
#[derive(Debug, Subcommand)]
pub(crate) enum PlacesChange {
    /// Bind a subnet to the present place, whatever later scans find
    Choose {
        /// An assigned subnet
        #[arg(value_name = "CIDR")]
        network: IpNetwork,
    },
    /// Forget where a subnet is scanned; the next good scan binds it again
    Forget {
        /// An assigned subnet
        #[arg(value_name = "CIDR", required_unless_present = "all")]
        network: Option<IpNetwork>,
        /// All of them
        #[arg(long, conflicts_with = "network")]
        all: bool,
    },
    /// Give the place of a subnet a name
    Name {
        /// An assigned subnet
        #[arg(value_name = "CIDR")]
        network: IpNetwork,
        /// The place's name
        name: String,
    },
}

/// `export`
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// An assigned subnet, or any network
    #[arg(value_name = "CIDR")]
    pub(crate) network: IpNetwork,
    /// The file's format; without it, csv, or json with `--json`
    #[arg(long)]
    pub(crate) format: Option<Format>,
    /// Where to; standard output if left out
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace that file if it is there already
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

/// Formats of `export`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For spreadsheets; guarded against formulas
    Csv,
    /// As `fieldscan addresses --json`
    Json,
    /// One element for each address
    Xml,
}

/// `diagnostics`
#[derive(Debug, Args)]
pub(crate) struct Diagnostics {
    /// The bundle to write
    #[arg(value_name = "FILE.zip")]
    pub(crate) file: PathBuf,
}

/// `completions`
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    pub(crate) shell: clap_complete::Shell,
}

/// `man`
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Folder for the pages of all commands
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_and_option_says_what_it_does() {
        fn look(command: &clap::Command) {
            assert!(
                command.get_about().is_some(),
                "{} has no help",
                command.get_name()
            );
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} of {} has no help",
                    argument.get_id(),
                    command.get_name()
                );
            }
            command.get_subcommands().for_each(look);
        }
        look(&Cli::command());
    }

    #[test]
    fn retry_takes_one_report_or_all() {
        let retry = |args: &[&str]| match Cli::try_parse_from(args).unwrap().command {
            Command::Reports(reports) => reports.retry,
            other => panic!("{other:?}"),
        };
        assert_eq!(retry(&["fieldscan", "reports"]), None, "not asked for");
        assert_eq!(
            retry(&["fieldscan", "reports", "--retry"]),
            Some(None),
            "all of them"
        );
        assert_eq!(
            retry(&["fieldscan", "reports", "--retry", "12"]),
            Some(Some(ReportId(12))),
            "this one"
        );
    }

    #[test]
    fn a_secret_is_never_an_argument() {
        for args in [
            &["fieldscan", "secret", "set", "client_token", "value"][..],
            &["fieldscan", "secret", "set", "client_token", "--value=x"],
        ] {
            assert!(
                Cli::try_parse_from(args).is_err(),
                "it would be in the shell's history and in every process list"
            );
        }
    }
}
