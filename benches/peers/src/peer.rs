//! A peer's process.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::Duration,
};

use plunge::wgpu::DeviceType;
use plunge_peers_protocol::{Answer, Request};

use crate::roster::{Member, Program, Stored};

/// How long a peer may take to start or to answer: shaders are compiled meanwhile.
const PATIENCE: Duration = Duration::from_secs(240);

/// A running peer.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) member: Member,
    pub(crate) version: String,
    pub(crate) device: Option<String>,
    child: Child,
    requests: Option<ChildStdin>,
    answers: Receiver<Answer>,
    log: PathBuf,
}

impl Peer {
    /// Starts a peer beside an adapter of this type. `scratch` is a folder for its log and for what its driver wants to keep.
    ///
    /// The error says why it is absent.
    pub(crate) fn start(member: Member, adapter: DeviceType, scratch: &Path) -> Result<Self, String> {
        let log = scratch.join(format!("{}.log", member.name));
        let stderr = File::create(&log).map_err(|error| error.to_string())?;
        let mut child = command(&member, adapter, scratch)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .map_err(|error| format!("not installed, see setup.sh ({error})"))?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let (send, answers) = channel();
        // Ends with the process; lines that are no answers are the library's own.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Ok(answer) = serde_json::from_str(&line)
                    && send.send(answer).is_err()
                {
                    return;
                }
            }
        });
        let requests = child.stdin.take();
        let mut peer = Self { member, version: String::new(), device: None, child, requests, answers, log };
        match peer.answer()? {
            Answer::Hello { version, device } => (peer.version, peer.device) = (version, device),
            Answer::Unavailable { why } => return Err(why),
            other => return Err(format!("began with {other:?}")),
        }
        Ok(peer)
    }

    /// Asks one thing and waits for the answer. The error is for a process that is gone or silent: it is of no use any more.
    pub(crate) fn ask(&mut self, request: &Request) -> Result<Answer, String> {
        let requests = self.requests.as_mut().ok_or("has ended")?;
        let mut line = serde_json::to_vec(request).map_err(|error| error.to_string())?;
        line.push(b'\n');
        if let Err(error) = requests.write_all(&line).and_then(|()| requests.flush()) {
            self.end();
            return Err(self.last_words(&error.to_string()));
        }
        self.answer()
    }

    fn answer(&mut self) -> Result<Answer, String> {
        self.answers.recv_timeout(PATIENCE).map_err(|error| {
            self.end();
            match error {
                RecvTimeoutError::Timeout => format!("silent for {} s", PATIENCE.as_secs()),
                RecvTimeoutError::Disconnected => self.last_words("ended"),
            }
        })
    }

    /// The last line of the log, which is where a library that ends says why.
    fn last_words(&self, instead: &str) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or(instead).to_owned()
    }

    fn end(&mut self) {
        self.requests = None;
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.end();
    }
}

/// What starts a peer.
fn command(member: &Member, adapter: DeviceType, scratch: &Path) -> Result<Command, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut command, dawn) = match member.program {
        Program::Burn => {
            let own = std::env::current_exe().map_err(|error| error.to_string())?;
            let mut command = Command::new(own.with_file_name("plunge-peer-burn"));
            command.arg(if member.stored == Stored::Last { "nhwc" } else { "nchw" }).arg(kind(adapter));
            (command, false)
        }
        Program::Python { script, arguments, dawn } => {
            let mut command = Command::new(here.join(".venv/bin/python"));
            command.arg(here.join("python").join(script)).args(arguments);
            (command, dawn)
        }
        Program::Node => {
            let mut command = Command::new("node");
            command.arg(here.join("tfjs/peer.mjs"));
            (command, true)
        }
    };
    command.env_remove("VK_INSTANCE_LAYERS");
    if dawn && adapter == DeviceType::Cpu {
        command.env("VK_LAYER_PATH", here.join("layer")).env("VK_INSTANCE_LAYERS", "VK_LAYER_plunge_dawn");
        command.env("ORT_WEBGPU_EP_ALLOW_SOFTWARE_ADAPTER", "1").env("XDG_RUNTIME_DIR", scratch);
    }
    Ok(command)
}

/// The kind of adapter that burn is to take.
fn kind(adapter: DeviceType) -> &'static str {
    match adapter {
        DeviceType::Cpu => "software",
        DeviceType::DiscreteGpu => "discrete",
        DeviceType::IntegratedGpu => "integrated",
        DeviceType::VirtualGpu => "virtual",
        DeviceType::Other => "any",
    }
}
