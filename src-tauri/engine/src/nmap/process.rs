//! A child process in a group of its own: started, read, watched, stopped, waited for. Knows nothing of nmap's options
//! or output.
//!
//! Whatever way [`run`] ends, dropping its future included, no process of the group is left. On Linux the child also
//! dies with this process, even by SIGKILL; elsewhere it goes on until it is done.

#[cfg(unix)]
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};
use std::{
    ffi::OsString,
    io,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use super::Limits;

/// How much of the child's last words is kept, in bytes.
const LAST_WORDS: usize = 8 << 10;
/// How long after the child's end its output may still come: another process may hold the pipe.
const DRAIN: Duration = Duration::from_millis(500);

/// How a child ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// By itself, or by somebody else's signal.
    Exited {
        status: ExitStatus,
        /// The end of its standard error.
        words: String,
    },
    /// It was stopped, because that was asked for.
    Stopped,
    /// It was stopped, because it said nothing for too long.
    Hung,
    /// It was stopped, because its output was refused.
    Refused { why: String, words: String },
}

/// For [`run`]: all of the standard error is worth keeping.
pub(super) fn keep_all(error_output: &[u8], words: &mut Vec<u8>) {
    words.extend_from_slice(error_output);
}

/// The longest answer of a program that is asked one thing, in bytes.
const ANSWER: usize = 4096;

/// Asks a program one thing, by one argument, and returns how it ended and what it said.
pub(super) async fn ask(program: &Path, word: &str, limits: Limits) -> io::Result<(Ended, String)> {
    let mut said = Vec::new();
    let never = CancellationToken::new();
    let args = [OsString::from(word)];
    let ended = run(
        program,
        &args,
        limits,
        limits.version,
        &never,
        |bytes| {
            said.extend_from_slice(&bytes[..bytes.len().min(ANSWER - said.len())]);
            Ok(())
        },
        keep_all,
    )
    .await?;
    Ok((ended, String::from_utf8_lossy(&said).into_owned()))
}

/// Runs a program to its end and hands on its output as it comes. `quiet` is how long it may say nothing. `on_error_output`
/// puts what is to be kept of the standard error into the words; it is called with nothing once no more comes.
pub(super) async fn run(
    program: &Path,
    args: &[OsString],
    limits: Limits,
    quiet: Duration,
    cancel: &CancellationToken,
    mut on_output: impl FnMut(&[u8]) -> Result<(), String>,
    mut on_error_output: impl FnMut(&[u8], &mut Vec<u8>),
) -> io::Result<Ended> {
    if cancel.is_cancelled() {
        return Ok(Ended::Stopped);
    }
    let mut group = spawn(command(program, args)).await?;
    let (stdout, stderr) = (group.child.stdout.take(), group.child.stderr.take());
    let (Some(mut stdout), Some(mut stderr)) = (stdout, stderr) else {
        return Err(io::Error::other("no pipes"));
    };
    let mut pipes = Pipes::default();
    let mut deadline = Instant::now() + quiet;
    let status = loop {
        let heard = tokio::select! {
            biased;
            () = cancel.cancelled() => {
                group.stop(limits.grace).await;
                return Ok(Ended::Stopped);
            }
            heard = pipes.read(&mut stdout, &mut stderr) => heard,
            status = group.child.wait() => break status?,
            () = sleep_until(deadline) => {
                group.stop(limits.grace).await;
                return Ok(Ended::Hung);
            }
        };
        deadline = Instant::now() + quiet;
        if let Err(why) = pipes.hand_on(heard, &mut on_output, &mut on_error_output) {
            group.stop(limits.grace).await;
            let words = pipes.words();
            return Ok(Ended::Refused { why, words });
        }
    };
    group.kill();
    let drained_by = Instant::now() + DRAIN;
    while pipes.open() {
        let heard = tokio::select! {
            biased;
            heard = pipes.read(&mut stdout, &mut stderr) => heard,
            () = sleep_until(drained_by) => break,
        };
        if let Err(why) = pipes.hand_on(heard, &mut on_output, &mut on_error_output) {
            let words = pipes.words();
            return Ok(Ended::Refused { why, words });
        }
        if Instant::now() >= drained_by {
            break;
        }
    }
    on_error_output(&[], &mut pipes.words);
    let words = pipes.words();
    Ok(Ended::Exited { status, words })
}

/// Somebody's words, fit for a line: control characters out, the last 400 characters.
pub(super) fn words(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let line: String = lines
        .join("; ")
        .chars()
        .filter(|character| !character.is_control())
        .collect();
    let skip = line.chars().count().saturating_sub(400);
    line.chars().skip(skip).collect()
}

fn command(program: &Path, args: &[OsString]) -> Command {
    let mut command = Command::new(program);
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    clean_environment(&mut command);
    #[cfg(unix)]
    command.process_group(0);
    command
}

/// Variables that could make the child another program (`LD_PRELOAD`), give it other data (`NMAPDIR`) or other
/// options (`NMAP_ARGS`) are not handed on, nor anything else that it doesn't need.
fn clean_environment(command: &mut Command) {
    let kept: &[&str] = if cfg!(windows) {
        &[
            "PATH",
            "SystemRoot",
            "SystemDrive",
            "TEMP",
            "TMP",
            "ProgramData",
        ]
    } else {
        &["PATH"]
    };
    command.env_clear().env("LC_ALL", "C");
    for name in kept {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
}

/// What came out of a pipe.
enum Heard {
    Output(usize),
    Words(usize),
}

struct Pipes {
    output: Box<[u8]>,
    error: Box<[u8]>,
    output_open: bool,
    error_open: bool,
    words: Vec<u8>,
}

impl Default for Pipes {
    fn default() -> Self {
        Self {
            output: vec![0; 64 << 10].into(),
            error: vec![0; 16 << 10].into(),
            output_open: true,
            error_open: true,
            words: Vec::new(),
        }
    }
}

impl Pipes {
    fn open(&self) -> bool {
        self.output_open || self.error_open
    }

    /// Waits for output; for ever once both pipes are closed. Loses nothing when dropped.
    async fn read(
        &mut self,
        stdout: &mut (impl AsyncRead + Unpin),
        stderr: &mut (impl AsyncRead + Unpin),
    ) -> Heard {
        loop {
            if !self.open() {
                return std::future::pending().await;
            }
            let (heard, open) = tokio::select! {
                biased;
                read = stdout.read(&mut self.output), if self.output_open => {
                    // A broken pipe has no more to say, like a closed one.
                    let length = read.unwrap_or(0);
                    (Heard::Output(length), &mut self.output_open)
                }
                read = stderr.read(&mut self.error), if self.error_open => {
                    let length = read.unwrap_or(0);
                    (Heard::Words(length), &mut self.error_open)
                }
            };
            match heard {
                Heard::Output(0) | Heard::Words(0) => *open = false,
                Heard::Output(_) | Heard::Words(_) => return heard,
            }
        }
    }

    fn hand_on(
        &mut self,
        heard: Heard,
        on_output: &mut impl FnMut(&[u8]) -> Result<(), String>,
        on_error_output: &mut impl FnMut(&[u8], &mut Vec<u8>),
    ) -> Result<(), String> {
        match heard {
            Heard::Output(length) => on_output(&self.output[..length]),
            Heard::Words(length) => {
                on_error_output(&self.error[..length], &mut self.words);
                let surplus = self.words.len().saturating_sub(LAST_WORDS);
                self.words.drain(..surplus);
                Ok(())
            }
        }
    }

    fn words(&self) -> String {
        String::from_utf8_lossy(&self.words).into_owned()
    }
}

/// The groups that may have processes, for an end at which nothing is dropped.
#[cfg(unix)]
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

#[cfg(unix)]
fn groups() -> MutexGuard<'static, BTreeSet<i32>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills all processes that were started here, at once. Only for a process that ends without dropping anything.
pub fn kill_all() {
    #[cfg(unix)]
    for id in &*groups() {
        let id = nix::unistd::Pid::from_raw(*id);
        // Fails only if nobody is left.
        let _ = nix::sys::signal::killpg(id, nix::sys::signal::Signal::SIGKILL);
    }
}

/// The child with its process group. Dropped while the child runs, it kills the group.
struct Group {
    child: Child,
    /// The group's id, which is the child's.
    #[cfg(unix)]
    id: Option<nix::unistd::Pid>,
}

impl Group {
    /// Starts the child as the head of a group of its own.
    #[cfg(unix)]
    fn start(command: &mut Command) -> io::Result<Self> {
        // Held meanwhile, so that none is started that [`kill_all`] doesn't know of.
        let mut groups = groups();
        let child = command.spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        groups.extend(id);
        Ok(Self {
            id: id.map(nix::unistd::Pid::from_raw),
            child,
        })
    }

    /// Starts the child.
    #[cfg(not(unix))]
    fn start(command: &mut Command) -> io::Result<Self> {
        Ok(Self {
            child: command.spawn()?,
        })
    }

    /// Asks the group to end, then makes it, and waits for the child.
    async fn stop(&mut self, grace: Duration) {
        #[cfg(unix)]
        {
            self.signal(nix::sys::signal::Signal::SIGTERM);
            let _ = timeout(grace, self.child.wait()).await;
        }
        self.kill();
        // A killed process ends at once, unless the kernel holds it; then it is reaped in the background.
        let _ = timeout(grace.max(DRAIN), self.child.wait()).await;
        self.forget_once_reaped();
    }

    /// Kills what is left of the group.
    fn kill(&mut self) {
        #[cfg(unix)]
        {
            self.signal(nix::sys::signal::Signal::SIGKILL);
            self.forget_once_reaped();
        }
        // A job object has its place here; nmap starts no processes of its own.
        #[cfg(not(unix))]
        let _ = self.child.start_kill();
    }

    /// The id of a group that is empty may be given to another one.
    fn forget_once_reaped(&mut self) {
        #[cfg(unix)]
        if self.child.id().is_none()
            && let Some(id) = self.id.take()
        {
            groups().remove(&id.as_raw());
        }
    }

    #[cfg(unix)]
    fn signal(&self, signal: nix::sys::signal::Signal) {
        if let Some(id) = self.id {
            // Fails only if nobody is left.
            let _ = nix::sys::signal::killpg(id, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        // Reaped in the background from now on, after which its id may be another's.
        #[cfg(unix)]
        if let Some(id) = self.id {
            groups().remove(&id.as_raw());
        }
    }
}

#[cfg(not(target_os = "linux"))]
async fn spawn(mut command: Command) -> io::Result<Group> {
    Group::start(&mut command)
}

#[cfg(target_os = "linux")]
use with_parent::spawn;

/// Children that the kernel kills when this process dies. nmap ignores SIGPIPE, so closed pipes would not end it.
#[cfg(target_os = "linux")]
mod with_parent {
    use std::{
        io,
        sync::{OnceLock, mpsc},
        thread,
    };

    use nix::{
        sys::{prctl::set_pdeathsig, signal::Signal},
        unistd::{Pid, getppid},
    };
    use tokio::{process::Command, runtime::Handle, sync::oneshot};

    use super::Group;

    type Job = Box<dyn FnOnce() + Send>;

    /// Starts `command` from a thread that lives as long as the process does: the kernel's signal comes when the thread
    /// ends that started the child, and a runtime's threads may end before.
    pub(super) async fn spawn(mut command: Command) -> io::Result<Group> {
        static THREAD: OnceLock<mpsc::Sender<Job>> = OnceLock::new();

        die_with(&mut command, Pid::this());
        let thread = THREAD.get_or_init(|| {
            let (jobs, queue) = mpsc::channel::<Job>();
            // If no thread can be started, the queue is dropped, and the send below says so.
            let _ = thread::Builder::new()
                .name("child-starter".to_owned())
                .spawn(move || queue.into_iter().for_each(|job| job()));
            jobs
        });
        let runtime = Handle::current();
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move || {
            let _entered = runtime.enter();
            // A child that nobody waits for any more is killed as it is dropped.
            let _ = answer.send(Group::start(&mut command));
        });
        let gone = || io::Error::other("no thread to start a process from");
        thread.send(job).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    #[expect(
        unsafe_code,
        reason = "the signal must be set between fork and exec; there is no safe call for that"
    )]
    fn die_with(command: &mut Command, parent: Pid) {
        let set = move || {
            set_pdeathsig(Signal::SIGKILL)?;
            // The parent may have died before that.
            if getppid() != parent {
                return Err(io::Error::from(io::ErrorKind::NotConnected));
            }
            Ok(())
        };
        // SAFETY: the closure makes two system calls and allocates nothing, as is needed after a fork.
        unsafe {
            command.pre_exec(set);
        }
    }
}
