//! The door on Unix: a socket in the data folder, or in the runtime folder where that path is too long for one.
//!
//! Its permissions keep others out; and whoever comes through is asked for its user, on either side, since a folder may be
//! open to others and a system may not look at a socket's permissions.

use std::{
    fs::{self, DirBuilder, Permissions},
    hash::{Hash, Hasher},
    io,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, PermissionsExt},
        net::SocketAddr,
    },
    path::{Path, PathBuf},
};

use nix::unistd::geteuid;
use tokio::net::{UnixListener, UnixStream};

const SOCKET: &str = "fieldscan.sock";

pub(super) type Stream = UnixStream;

/// The socket of an absolute data folder.
pub(super) fn address(data_dir: &Path) -> io::Result<String> {
    let mut socket = data_dir.join(SOCKET);
    if !fits(&socket) {
        let mut hasher = std::hash::DefaultHasher::new();
        data_dir.hash(&mut hasher);
        socket = runtime_dir()?.join(format!("fieldscan-{:016x}.sock", hasher.finish()));
    }
    if !fits(&socket) {
        return Err(io::Error::other("every path for a socket is too long"));
    }
    let socket = socket.into_os_string().into_string();
    socket.map_err(|_| io::Error::other("the data folder's name is no text"))
}

/// Whether the system takes the path for a socket, the one that it has while it is made included.
fn fits(socket: &Path) -> bool {
    SocketAddr::from_pathname(in_the_making(socket)).is_ok()
}

/// A folder for this user alone that the next start of the machine may empty.
fn runtime_dir() -> io::Result<PathBuf> {
    if let Some(named) = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from)
        && named.is_absolute()
        && is_private(&named).is_ok()
    {
        return Ok(named);
    }
    let own = std::env::temp_dir().join(format!("fieldscan-{}", geteuid()));
    match DirBuilder::new().mode(0o700).create(&own) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    is_private(&own).map(|()| own)
}

/// Others may have been there first.
fn is_private(folder: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(folder)?;
    if found.is_dir() && found.uid() == geteuid().as_raw() && found.mode() & 0o077 == 0 {
        return Ok(());
    }
    let told = format!("{} is not this user's alone", folder.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, told))
}

/// An open door. Closing it takes the socket away.
#[derive(Debug)]
pub(super) struct Listener {
    socket: PathBuf,
    listener: UnixListener,
}

impl Listener {
    /// Opens the door. Only for the holder of the data folder's lock: it takes the place of what another left there.
    pub(super) fn open(address: &str) -> io::Result<Self> {
        let socket = PathBuf::from(address);
        // Made elsewhere and moved: it is never there without its permissions, nor gone while a dead process's is replaced.
        let making = in_the_making(&socket);
        match fs::remove_file(&making) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(&making)?;
        fs::set_permissions(&making, Permissions::from_mode(0o600))?;
        fs::rename(&making, &socket)?;
        Ok(Self { socket, listener })
    }

    /// The next visitor, or `None` for somebody who has no business here.
    pub(super) async fn accept(&self) -> io::Result<Option<Stream>> {
        let (stream, _) = self.listener.accept().await?;
        let uid = stream.peer_cred()?.uid();
        if uid == geteuid().as_raw() || uid == 0 {
            return Ok(Some(stream));
        }
        tracing::warn!(uid, "a process of another user was turned away");
        Ok(None)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.socket);
    }
}

/// Goes through the door of a process that runs as this user; root may go to the folder's owner, too.
pub(super) async fn connect(data_dir: &Path, address: &str) -> io::Result<Stream> {
    let stream = UnixStream::connect(address).await?;
    let (uid, own) = (stream.peer_cred()?.uid(), geteuid());
    let owner = own.is_root() && fs::metadata(data_dir)?.uid() == uid;
    if uid == own.as_raw() || owner {
        return Ok(stream);
    }
    let told = format!("the process behind {address} is of another user");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, told))
}

fn in_the_making(socket: &Path) -> PathBuf {
    socket.with_extension("new")
}
