//! The door on Windows: a named pipe with a name that nobody can guess, for its owner alone.
//!
//! The name stands in the note beside the data folder's lock, and a pipe of that name is only believed as long as the lock
//! is held.

use std::{
    hash::{BuildHasher, RandomState},
    io,
    path::Path,
};

use interprocess::{
    local_socket::{
        GenericFilePath, ListenerOptions, Name, ToFsName,
        tokio::{Listener as PipeListener, Stream as PipeStream},
        traits::tokio::{Listener as _, Stream as _},
    },
    os::windows::{local_socket::ListenerOptionsExt, security_descriptor::SecurityDescriptor},
};

/// All rights for the owner, and none for anybody else; nothing is inherited.
const OWNER_ALONE: &widestring::U16CStr = widestring::u16cstr!("D:P(A;;GA;;;OW)");

pub(super) type Stream = PipeStream;

/// A pipe's name that no other process has, nor can have waited for.
pub(super) fn address(_data_dir: &Path) -> io::Result<String> {
    // Its keys come from the system's source of randomness.
    let random = || RandomState::new().hash_one(std::process::id());
    Ok(format!(
        r"\\.\pipe\fieldscan-{:016x}{:016x}",
        random(),
        random()
    ))
}

/// An open door.
#[derive(Debug)]
pub(super) struct Listener(PipeListener);

impl Listener {
    /// Opens the door. A pipe of that name that is there already is an error.
    pub(super) fn open(address: &str) -> io::Result<Self> {
        let options = ListenerOptions::new()
            .name(name(address)?)
            .security_descriptor(SecurityDescriptor::deserialize(OWNER_ALONE)?);
        Ok(Self(options.create_tokio()?))
    }

    /// The next visitor.
    pub(super) async fn accept(&self) -> io::Result<Option<Stream>> {
        self.0.accept().await.map(Some)
    }
}

/// Goes through the door.
pub(super) async fn connect(_data_dir: &Path, address: &str) -> io::Result<Stream> {
    PipeStream::connect(name(address)?).await
}

fn name(address: &str) -> io::Result<Name<'_>> {
    address.to_fs_name::<GenericFilePath>()
}
