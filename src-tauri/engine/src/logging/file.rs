//! The thread that writes the log, so that no disk holds the loop up.

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};

use super::{
    redact::Redactor,
    roll::{Limits, RollingFile},
};

/// Lines that may wait for the disk. With more than that, lines are dropped and counted.
const WAITING: usize = 16_384;
/// How long an end waits for the disk.
const PATIENCE: Duration = Duration::from_secs(2);

enum Message {
    Line(String),
    Flush(SyncSender<()>),
}

/// The way to the thread. It ends when the last way to it is gone.
#[derive(Debug)]
pub(super) struct FileThread {
    /// `None` if no thread could be started.
    queue: Option<SyncSender<Message>>,
    dropped: Arc<AtomicU64>,
    redactor: Redactor,
}

impl FileThread {
    pub(super) fn start(folder: PathBuf, limits: Limits, redactor: Redactor) -> Self {
        let (queue, messages) = sync_channel(WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let count = dropped.clone();
        let file = RollingFile::new(folder, limits);
        let started = thread::Builder::new()
            .name("log".into())
            .spawn(move || work(&messages, file, &count));
        if let Err(error) = &started {
            tell(&format!("the log can't be written: {error}"));
        }
        Self {
            queue: started.is_ok().then_some(queue),
            dropped,
            redactor,
        }
    }

    pub(super) fn flush(&self) {
        let Some(queue) = &self.queue else {
            return;
        };
        let (done, told) = sync_channel(1);
        // A queue that is full belongs to a disk that hangs; waiting for room in it would have no end.
        if queue.try_send(Message::Flush(done)).is_ok() {
            let _ = told.recv_timeout(PATIENCE);
        }
    }

    fn line(&self, line: String) {
        let Some(queue) = &self.queue else {
            return;
        };
        match queue.try_send(Message::Line(line)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

fn work(messages: &Receiver<Message>, mut file: RollingFile, dropped: &AtomicU64) {
    let mut lost = 0;
    for message in messages {
        match message {
            Message::Line(line) => {
                lost += dropped.swap(0, Ordering::Relaxed);
                if lost > 0 && file.write(lost_lines(lost).as_bytes()).is_ok() {
                    lost = 0;
                }
                if let Err(error) = file.write(line.as_bytes()) {
                    if lost == 0 {
                        tell(&format!(
                            "the log can't be written, going on without: {error}"
                        ));
                    }
                    lost += 1;
                }
            }
            // The other side may have lost its patience.
            Message::Flush(done) => drop(done.send(())),
        }
    }
}

fn lost_lines(lost: u64) -> String {
    format!("(lines missing here because they could not be written: {lost})\n")
}

/// Says it where a person or the journal can see it; that it may be closed can't be helped.
fn tell(what: &str) {
    let _ = writeln!(io::stderr(), "fieldscan: {what}");
}

impl Write for &FileThread {
    /// `tracing-subscriber` hands over each event whole.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        self.line(one_line(&self.redactor.text(&text)));
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The text with one line feed, at its end; other control characters are written out, so that nothing that comes from a
/// network can forge lines or steer a terminal.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 1);
    for c in text.trim_end_matches(['\n', '\r']).chars() {
        if c.is_control() && c != '\t' {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line.push('\n');
    line
}
