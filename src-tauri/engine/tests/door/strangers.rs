//! Another user of the machine: kept out by the socket's permissions, and turned away where those are lost.

use std::{
    fs::Permissions,
    io::Read,
    os::unix::{fs::PermissionsExt, net::UnixStream, process::CommandExt},
    path::Path,
    process::{Command, Stdio},
};

use fieldscan_engine::run;

use crate::{house::*, skip::skip};

const NOBODY: u32 = 65_534;
const SOCKET: &str = "DOOR_TEST_SOCKET";

/// What a process of another user gets out of the door.
fn as_nobody(program: &Path, socket: &Path) -> String {
    let output = Command::new(program)
        .args([
            "--exact",
            "strangers::another_user_is_kept_out",
            "--nocapture",
        ])
        .env_clear()
        .env(SOCKET, socket)
        .current_dir("/")
        .uid(NOBODY)
        .gid(NOBODY)
        .stdin(Stdio::null())
        .output()
        .expect("root may start processes of others");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The other process.
fn knock(socket: &Path) {
    let said = match UnixStream::connect(socket) {
        Ok(mut stream) => {
            let mut said = Vec::new();
            match stream.read_to_end(&mut said) {
                Ok(0) => "turned away".to_owned(),
                Ok(_) => format!("greeted: {}", String::from_utf8_lossy(&said)),
                Err(error) => format!("turned away: {error}"),
            }
        }
        Err(error) => format!("no connection: {:?}", error.kind()),
    };
    eprintln!("{said} as {}", nix::unistd::geteuid());
}

#[test]
fn another_user_is_kept_out() {
    if let Some(socket) = std::env::var_os(SOCKET) {
        knock(socket.as_ref());
        return;
    }
    if !nix::unistd::geteuid().is_root() {
        skip("only root can start a process as another user");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let open = |path: &Path, mode| {
            std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        };
        // Where this program lies, others may not be allowed to look.
        let reachable = tempfile::tempdir().unwrap();
        open(reachable.path(), 0o755);
        let program = reachable.path().join("test");
        std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();

        let house = House::start(Desk::new(false));
        let socket = house.address();
        let knock = || {
            let (program, socket) = (program.clone(), socket.clone());
            tokio::task::spawn_blocking(move || as_nobody(&program, &socket))
        };
        for (how, path) in [("folder", house.data()), ("socket", socket.as_path())] {
            let said = knock().await.unwrap();
            assert!(
                said.contains("no connection: PermissionDenied as 65534"),
                "the {how} keeps others out: {said}"
            );
            open(path, 0o777);
        }
        let said = knock().await.unwrap();
        assert!(
            said.contains("turned away") && said.contains("as 65534"),
            "and so does the agent where nothing else does: {said}"
        );
        assert!(run::connect(house.data()).await.unwrap().is_some());
    });
}
