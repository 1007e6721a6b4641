//! Whether the system starts Fieldscan when its person logs in.

use std::{io, path::PathBuf};

use super::commands::refusal::Refusal;

/// The program and the arguments with which the system starts it.
fn program() -> io::Result<PathBuf> {
    // An AppImage runs from a place that is gone at the next start.
    match std::env::var_os("APPIMAGE") {
        Some(image) if cfg!(target_os = "linux") => Ok(image.into()),
        Some(_) | None => std::env::current_exe(),
    }
}

/// It can't be read or changed.
#[derive(Debug)]
pub(crate) struct Failed(String);

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<Failed> for Refusal {
    fn from(Failed(why): Failed) -> Self {
        Self::new(
            "autostart-unchanged",
            "Whether Fieldscan starts at log-in could not be read or changed.",
            "Check the permissions of your own start-up programs.",
        )
        .detail(why)
    }
}

#[cfg(target_os = "linux")]
pub(crate) use self::desktop_entry::{is_on, set};
#[cfg(not(target_os = "linux"))]
pub(crate) use self::native::{is_on, set};

/// Windows: the registry's `Run` key; macOS: a launch agent.
#[cfg(not(target_os = "linux"))]
mod native {
    use auto_launch::{AutoLaunch, AutoLaunchBuilder};

    use super::{Failed, program};

    pub(crate) fn is_on() -> Result<bool, Failed> {
        Ok(entry(&[])?.is_enabled()?)
    }

    pub(crate) fn set(on: bool, args: &[String]) -> Result<(), Failed> {
        let entry = entry(args)?;
        match on {
            true => entry.enable()?,
            false => entry.disable()?,
        }
        Ok(())
    }

    fn entry(args: &[String]) -> Result<AutoLaunch, Failed> {
        let program = program()?;
        Ok(AutoLaunchBuilder::new()
            .set_app_name("Fieldscan")
            .set_app_path(&program.to_string_lossy())
            .set_args(args)
            .build()?)
    }

    impl From<auto_launch::Error> for Failed {
        fn from(error: auto_launch::Error) -> Self {
            Self(error.to_string())
        }
    }
}

/// Linux desktops: an entry in the autostart folder of the XDG specification.
#[cfg(target_os = "linux")]
mod desktop_entry {
    use std::{
        fs, io,
        path::{Path, PathBuf},
    };

    use super::{Failed, program};

    pub(crate) fn is_on() -> Result<bool, Failed> {
        match fs::read_to_string(file()?) {
            Ok(entry) => Ok(is_enabled(&entry)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn set(on: bool, args: &[String]) -> Result<(), Failed> {
        let file = file()?;
        if !on {
            return match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
                Ok(()) | Err(_) => Ok(()),
            };
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(file, entry(&program()?, args))?)
    }

    fn file() -> Result<PathBuf, Failed> {
        let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
        let config = config.filter(|folder| folder.is_absolute());
        let config = config
            .or_else(|| Some(std::env::home_dir()?.join(".config")))
            .ok_or_else(|| io::Error::other("there is no home folder"))?;
        Ok(config.join("autostart").join("fieldscan.desktop"))
    }

    /// Session managers let people switch an entry off without deleting it.
    fn is_enabled(entry: &str) -> bool {
        !entry.lines().any(|line| {
            let line: String = line.split_whitespace().collect();
            line == "Hidden=true" || line == "X-GNOME-Autostart-enabled=false"
        })
    }

    fn entry(program: &Path, args: &[String]) -> String {
        let words = std::iter::once(program.to_string_lossy().into_owned()).chain(args.to_vec());
        let exec: Vec<String> = words.map(|word| quoted(&word)).collect();
        format!(
            "[Desktop Entry]\nType=Application\nName=Fieldscan\nComment=Scan agent for phpIPAM\nIcon=io.github.fieldscan\nExec={}\nTerminal=false\nStartupNotify=false\n",
            exec.join(" ")
        )
    }

    /// A word of `Exec`: quoted for the command line, then escaped as every value, with `%` doubled since it marks a field.
    fn quoted(word: &str) -> String {
        let mut text = String::from("\"");
        for c in word.chars() {
            match c {
                '"' | '`' | '$' => text.extend(['\\', '\\', c]),
                '\\' => text.push_str("\\\\\\\\"),
                '%' => text.push_str("%%"),
                '\n' => text.push_str("\\n"),
                c => text.push(c),
            }
        }
        text + "\""
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn paths_of_every_kind_come_through() {
            let entry = entry(
                Path::new("/opt/100% \"new\" $apps/fieldscan-tray"),
                &[
                    "--autostart".to_owned(),
                    "--data-dir".to_owned(),
                    r"/a\b".to_owned(),
                ],
            );
            let exec = entry
                .lines()
                .find(|line| line.starts_with("Exec="))
                .unwrap();
            assert_eq!(
                exec,
                r#"Exec="/opt/100%% \\"new\\" \\$apps/fieldscan-tray" "--autostart" "--data-dir" "/a\\\\b""#,
                "as the desktop entry specification has it"
            );
        }

        #[test]
        fn an_entry_that_a_session_manager_switched_off_is_off() {
            let entry = entry(Path::new("/usr/bin/fieldscan-tray"), &[]);
            assert!(is_enabled(&entry));
            assert!(!is_enabled(&format!("{entry}Hidden=true\n")));
            assert!(!is_enabled(&format!(
                "{entry}X-GNOME-Autostart-enabled = false\n"
            )));
        }
    }
}
