//! Files that only root can change, and the system's nmap among them.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::Refused;

/// Where the system's nmap may be, with its data.
const PLACES: [(&str, &str); 2] = [
    ("/usr/bin/nmap", "/usr/share/nmap"),
    ("/usr/local/bin/nmap", "/usr/local/share/nmap"),
];

/// The first nmap that only root can change, as it is named in its place.
pub(crate) fn nmap() -> Result<PathBuf, Refused> {
    let mut places = PLACES.iter().map(|(program, _)| Path::new(program));
    let found = places.find(|path| program(path));
    found.map(Path::to_owned).ok_or(Refused::NoNmap)
}

/// The data that belong to that nmap. Named, they come before those that the caller may have in a folder of its own.
pub(crate) fn data_of(nmap: &Path) -> Option<&'static str> {
    let (_, data) = PLACES
        .iter()
        .find(|(program, _)| Path::new(program) == nmap)?;
    Path::new(data).ancestors().all(folder).then_some(*data)
}

/// Whether it is a program, both where it is named and where it really lies, that nobody but root can change.
fn program(path: &Path) -> bool {
    let Ok(real) = path.canonicalize() else {
        return false;
    };
    let file = real
        .symlink_metadata()
        .is_ok_and(|meta| meta.is_file() && meta.mode() & 0o111 != 0 && only_root_changes(&meta));
    file && [path, &real]
        .into_iter()
        .flat_map(|path| path.ancestors().skip(1))
        .all(folder)
}

/// Whether it is a folder that only root can change. Its own parents are not looked at.
pub(crate) fn folder(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|meta| meta.is_dir() && only_root_changes(&meta))
}

/// Whether only root can write it: by its owner, and by what its group and the others may do.
pub(crate) fn only_root_changes(meta: &Metadata) -> bool {
    let writable_by_group = meta.mode() & 0o020 != 0 && meta.gid() != 0;
    meta.uid() == 0 && !writable_by_group && meta.mode() & 0o002 == 0
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn a_program_in_a_folder_that_others_can_change_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nmap");
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(
            !program(&path),
            "the folder for temporary files is everybody's"
        );
        assert!(!program(Path::new("/usr/bin/no-such-program")));
        assert!(!program(Path::new("/usr/bin")), "a folder is no program");
    }

    #[test]
    fn what_others_may_write_is_not_root_s_alone() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o646)).unwrap();
        assert!(!only_root_changes(&file.path().metadata().unwrap()));
    }
}
