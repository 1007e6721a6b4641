//! Programs beside Rust that the demo and the tests need: finds what is missing and installs it where apt is.

use std::{
    io::IsTerminal,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

use crate::step::{Look, shown, step, which};

/// A program, or a file, that comes with a package of the system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needed {
    /// The package of Debian and Ubuntu.
    package: &'static str,
    /// The program, or the absolute path of a file, by which one sees that it is there.
    sign: &'static str,
    /// What it is for.
    why: &'static str,
    /// What it is called elsewhere.
    elsewhere: &'static str,
}

/// What the demo needs.
pub(crate) const DEMO: &[Needed] = &[
    Needed {
        package: "nmap",
        sign: "nmap",
        why: "the scans",
        elsewhere: "nmap in every distribution and in Homebrew; nmap.org for Windows",
    },
    Needed {
        package: "iproute2",
        sign: "ip",
        why: "addresses and routes of the simulated network",
        elsewhere: "iproute or iproute2; only on Linux",
    },
    Needed {
        package: "util-linux",
        sign: "unshare",
        why: "the namespace of the simulated network",
        elsewhere: "util-linux; only on Linux",
    },
    Needed {
        package: "ca-certificates",
        sign: "/etc/ssl/certs/ca-certificates.crt",
        why: "the certificates that the system trusts",
        elsewhere: "ca-certificates; macOS and Windows have their own",
    },
];

/// What drives the window's pages outside of the application.
pub(crate) const BROWSER: &[Needed] = &[Needed {
    package: "chromium",
    sign: "chromium",
    why: "pictures and walks of the window's pages",
    elsewhere: "chromium, or Chrome; CHROMIUM names the program",
}];

/// What the tests need beside that.
const TEST: &[Needed] = &[
    Needed {
        package: "libwebkit2gtk-4.1-dev",
        sign: "/usr/include/webkitgtk-4.1/webkit2/webkit2.h",
        why: "the window of the desktop application",
        elsewhere: "webkit2gtk4.1-devel; only on Linux",
    },
    Needed {
        package: "webkit2gtk-driver",
        sign: "WebKitWebDriver",
        why: "to drive that window in tests",
        elsewhere: "comes with webkit2gtk",
    },
    Needed {
        package: "xvfb",
        sign: "Xvfb",
        why: "a display where there is none",
        elsewhere: "xorg-x11-server-Xvfb",
    },
    Needed {
        package: "xauth",
        sign: "xauth",
        why: "to let the application onto that display",
        elsewhere: "xauth or xorg-xauth",
    },
    Needed {
        package: "openbox",
        sign: "openbox",
        why: "a window manager on it",
        elsewhere: "openbox",
    },
    Needed {
        package: "xfce4-panel",
        sign: "xfce4-panel",
        why: "a panel that shows the icon",
        elsewhere: "xfce4-panel",
    },
    Needed {
        package: "xfconf",
        sign: "xfconf-query",
        why: "the settings of that panel",
        elsewhere: "xfconf",
    },
    Needed {
        package: "xdotool",
        sign: "xdotool",
        why: "to press keys and buttons there",
        elsewhere: "xdotool",
    },
    Needed {
        package: "imagemagick",
        sign: "import",
        why: "pictures of that display",
        elsewhere: "ImageMagick",
    },
    Needed {
        package: "dbus",
        sign: "dbus-daemon",
        why: "a private session bus",
        elsewhere: "dbus or dbus-daemon",
    },
    Needed {
        package: "gnome-keyring",
        sign: "gnome-keyring-daemon",
        why: "a real Secret Service on that bus",
        elsewhere: "gnome-keyring",
    },
    Needed {
        package: "libsecret-tools",
        sign: "secret-tool",
        why: "a second opinion on what the keychain holds",
        elsewhere: "libsecret or libsecret-tools",
    },
    Needed {
        package: "libcap2-bin",
        sign: "setcap",
        why: "the capability of fieldscan-nmap",
        elsewhere: "libcap or libcap-progs",
    },
];

/// A compiler whose standard library can be built for another system, with its lints.
pub(crate) const COMPILER: &[Needed] = &[
    // Debian's other compiler has the same program, and is too old.
    Needed {
        package: "rustc-web",
        sign: "/usr/share/doc/rustc-web/copyright",
        why: "a compiler with the sources of its library",
        elsewhere: "rustup component add rust-src",
    },
    Needed {
        package: "rust-web-src",
        sign: "/usr/share/doc/rust-web-src/copyright",
        why: "the library, to be built for another system",
        elsewhere: "rustup component add rust-src",
    },
    Needed {
        package: "rust-web-clippy",
        sign: "/usr/share/doc/rust-web-clippy/copyright",
        why: "that compiler's lints",
        elsewhere: "rustup component add clippy",
    },
];

/// What compiles C for Windows, and links.
pub(crate) const MINGW: &[Needed] = &[Needed {
    package: "gcc-mingw-w64-x86-64",
    sign: "x86_64-w64-mingw32-gcc",
    why: "C for Windows, and linking",
    elsewhere: "mingw-w64 or mingw64-gcc",
}];

/// What runs programs for Windows.
pub(crate) const WINE: &[Needed] = &[
    Needed {
        package: "wine64",
        sign: "/usr/lib/wine/wine64",
        why: "running programs for Windows",
        elsewhere: "wine",
    },
    Needed {
        package: "xvfb",
        sign: "Xvfb",
        why: "a screen for them",
        elsewhere: "xorg-x11-server-Xvfb or xorg-server-xvfb",
    },
    Needed {
        package: "xauth",
        sign: "xauth",
        why: "the key to that screen",
        elsewhere: "xauth or xorg-xauth",
    },
];

/// What makes and checks packages.
const PACKAGING: &[Needed] = &[
    Needed {
        package: "dpkg-dev",
        sign: "dpkg-shlibdeps",
        why: "what a package depends on",
        elsewhere: "dpkg-dev or dpkg",
    },
    Needed {
        package: "binutils",
        sign: "strip",
        why: "programs without what only a debugger needs",
        elsewhere: "binutils",
    },
    Needed {
        package: "desktop-file-utils",
        sign: "desktop-file-validate",
        why: "checking the entry in the menu",
        elsewhere: "desktop-file-utils",
    },
    Needed {
        package: "appstream",
        sign: "appstreamcli",
        why: "checking what software centres show",
        elsewhere: "appstream",
    },
    Needed {
        package: "lintian",
        sign: "lintian",
        why: "checking the .deb",
        elsewhere: "lintian",
    },
    Needed {
        package: "libcap2-bin",
        sign: "setcap",
        why: "the capability of fieldscan-nmap",
        elsewhere: "libcap or libcap-progs",
    },
];

/// What makes and checks the other kind of package.
const RPM: &[Needed] = &[Needed {
    package: "rpm",
    sign: "rpmbuild",
    why: "the .rpm",
    elsewhere: "rpm-build",
}];

/// What packages need, with or without the .rpm.
pub(crate) fn packaging(rpm: bool) -> Vec<Needed> {
    let rpm = if rpm { RPM } else { &[] };
    [PACKAGING, rpm].concat()
}

impl Needed {
    /// The program, or the absolute path of a file, by which one sees that it is there.
    pub(crate) fn sign(&self) -> &'static str {
        self.sign
    }
}

/// `cargo xtask packages [demo|cross]`.
pub(crate) fn run(look: &Look, args: &[String]) -> anyhow::Result<bool> {
    match args {
        [] => step(look, "programs", || install_for_tests(look)),
        [which] if which == "demo" => step(look, "programs", || install(look, DEMO)),
        [which] if which == "cross" => step(look, "programs", || {
            install(look, &[COMPILER, MINGW, WINE].concat())
        }),
        _ => bail!("`packages` takes nothing, or `demo` or `cross`"),
    }
}

/// Installs what the tests need.
pub(crate) fn install_for_tests(look: &Look) -> anyhow::Result<()> {
    install(look, &[DEMO, TEST].concat())
}

/// Installs what is missing of these, after saying so. Does nothing if nothing is missing.
pub(crate) fn install(look: &Look, needed: &[Needed]) -> anyhow::Result<()> {
    let missing: Vec<&Needed> = needed.iter().filter(|needed| !is_there(needed)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("  missing:");
    for needed in &missing {
        println!("    {:<16} {}", needed.package, needed.why);
    }
    if which("apt-get").is_none() || which("dpkg-query").is_none() {
        let mut advice = String::from("this system has no apt; please install:");
        for needed in &missing {
            advice += &format!("\n    {} ({})", needed.sign, needed.elsewhere);
        }
        bail!(advice);
    }
    let packages: Vec<&str> = missing.iter().map(|needed| needed.package).collect();
    if !has_package_lists() {
        apt(look, &["update"])?;
        return apt_install(look, &packages);
    }
    apt_install(look, &packages).or_else(|_| {
        println!(
            "{}",
            look.caution("  the package lists may be too old; once more with new ones")
        );
        apt(look, &["update"])?;
        apt_install(look, &packages)
    })
}

/// Whether it is installed, from a package or otherwise.
fn is_there(needed: &Needed) -> bool {
    let found = if needed.sign.starts_with('/') {
        Path::new(needed.sign).is_file()
    } else {
        which(needed.sign).is_some()
    };
    found || is_installed(needed.package)
}

fn is_installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", package])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| output.status.success() && output.stdout == b"installed")
}

/// Whether apt knows any package: fresh containers have empty lists.
fn has_package_lists() -> bool {
    std::fs::read_dir("/var/lib/apt/lists").is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
    })
}

fn apt_install(look: &Look, packages: &[&str]) -> anyhow::Result<()> {
    let mut args = vec!["install", "-y", "--no-install-recommends"];
    args.extend(packages);
    apt(look, &args)
}

fn apt(look: &Look, args: &[&str]) -> anyhow::Result<()> {
    let mut command = apt_command(args, is_root(), std::io::stdin().is_terminal())?;
    println!("  {}", look.strong(&shown(&command)));
    let status = command.status().context("can't start apt-get")?;
    if !status.success() {
        bail!(
            "{} ended with {status}; please run it yourself, then call this command again",
            shown(&command)
        );
    }
    Ok(())
}

/// apt-get, through sudo for everybody but root. Without a terminal sudo must not ask for a password.
fn apt_command(args: &[&str], root: bool, terminal: bool) -> anyhow::Result<Command> {
    let mut command = if root {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    } else {
        if which("sudo").is_none() {
            bail!("there is no sudo here; as root: apt-get {}", args.join(" "));
        }
        let mut command = Command::new("sudo");
        if !terminal {
            command.arg("-n");
        }
        command.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    };
    command.args(["-o", "DPkg::Lock::Timeout=600"]).args(args);
    // sudo asks on the terminal itself; nothing that apt starts may wait for an answer.
    command.stdin(Stdio::null());
    Ok(command)
}

/// Whether this process may install packages by itself.
fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_needs_no_sudo_and_apt_waits_for_its_lock() {
        let command = apt_command(&["install", "-y", "nmap"], true, false).unwrap();
        assert_eq!(
            shown(&command),
            "apt-get -o DPkg::Lock::Timeout=600 install -y nmap",
            "another apt that runs just then must not make the command fail"
        );
    }

    #[test]
    fn what_is_there_is_not_installed_again() {
        let here = Needed {
            package: "no-such-package",
            sign: "cargo",
            why: "",
            elsewhere: "",
        };
        assert!(
            is_there(&here),
            "it may have come otherwise than from a package"
        );
        let absent = Needed {
            sign: "no-such-program",
            ..here
        };
        assert!(!is_there(&absent), "neither program nor package is there");
    }
}
