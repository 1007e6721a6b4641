//! Where settings and data lie on this platform. Creates the data folder, and nothing else.

use std::{
    io,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;

/// The user has no home folder, so there is no place for settings and data but a named one.
#[derive(Debug, thiserror::Error)]
#[error("this user has no home folder: name the places with --config and --data-dir")]
pub struct NoHome;

/// The settings file: `~/.config/fieldscan/settings.yaml` on Linux (or below `$XDG_CONFIG_HOME`),
/// `~/Library/Application Support/Fieldscan/settings.yaml` on macOS, `%APPDATA%\Fieldscan\settings.yaml` on Windows.
///
/// # Errors
/// [`NoHome`].
pub fn settings_file() -> Result<PathBuf, NoHome> {
    let base = etcetera::base_strategy::choose_native_strategy().map_err(|_| NoHome)?;
    let folder = if cfg!(target_os = "macos") {
        base.data_dir().join("Fieldscan")
    } else if cfg!(windows) {
        base.config_dir().join("Fieldscan")
    } else {
        base.config_dir().join("fieldscan")
    };
    Ok(folder.join("settings.yaml"))
}

/// The folder of the database and the logs: `~/.local/share/fieldscan` on Linux (or below `$XDG_DATA_HOME`),
/// `~/Library/Application Support/Fieldscan` on macOS, `%LOCALAPPDATA%\Fieldscan` on Windows (a database doesn't roam).
///
/// # Errors
/// [`NoHome`].
pub fn data_folder() -> Result<PathBuf, NoHome> {
    let base = etcetera::base_strategy::choose_native_strategy().map_err(|_| NoHome)?;
    Ok(if cfg!(target_os = "macos") {
        base.data_dir().join("Fieldscan")
    } else if cfg!(windows) {
        base.cache_dir().join("Fieldscan")
    } else {
        base.data_dir().join("fieldscan")
    })
}

/// Creates a folder with its parents, for this user alone. An existing one stays as it is.
///
/// # Errors
/// The system's.
pub fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_data_have_places_of_their_own() {
        let (settings, data) = (settings_file().unwrap(), data_folder().unwrap());
        assert!(settings.is_absolute() && data.is_absolute());
        assert_eq!(settings.file_name().unwrap(), "settings.yaml");
        #[cfg(all(unix, not(target_os = "macos")))]
        assert!(
            settings.ends_with("fieldscan/settings.yaml") && data.ends_with("fieldscan"),
            "{settings:?} {data:?}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_data_folder_is_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt;

        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("a/b");
        create_private(&folder).unwrap();
        create_private(&folder).unwrap();
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "others must not read the database");
    }
}
