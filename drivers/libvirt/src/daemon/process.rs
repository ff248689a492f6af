//! Starting the daemon in its own mount namespace, and knowing it again.
#![allow(
    unsafe_code,
    reason = "namespaces are entered between fork and exec, for which std only has an unsafe call"
)]

use std::{
    ffi::CString,
    fs::File,
    io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
    process::Stdio,
};

use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, setns, unshare},
    sys::{
        prctl::set_child_subreaper,
        signal::{Signal, kill},
    },
    unistd::{Pid, setsid},
};
use tokio::process::{Child, Command};

use super::layout::Layout;

/// Log files of the daemon are begun anew when they have grown to this.
const LOG_LIMIT: u64 = 8 << 20;
/// All that the daemon gets of an environment: secrets in that of Pileus are none of its business.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What stands between Pileus and the daemon: a shell that does nothing but wait for whoever ends below it. libvirt
/// takes a QEMU for alive until its parent has collected it, and QEMU's parent would be the first process of the
/// system, which in many containers looks for dead children only every few seconds.
const COLLECTOR: &str = r#"
"$0" "$@" & daemon=$!
trap 'kill -TERM $daemon' TERM
while kill -0 $daemon 2>/dev/null; do wait $daemon; done
"#;

/// Starts the daemon below its collector. They have their own session, so that a Ctrl-C for Pileus does not reach them.
pub(super) fn spawn(layout: &Layout) -> io::Result<Child> {
    let output = File::create(layout.output())?;
    let log = layout.log();
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > LOG_LIMIT) {
        std::fs::remove_file(&log)?;
    }
    let mounts = mounts(layout)?;
    let namespace = layout.network_namespace.as_ref().map(File::open).transpose()?;
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", COLLECTOR])
        .arg(&layout.program)
        .args(layout.arguments())
        .env_clear()
        .env("PATH", PATH)
        .env("LANG", "C.UTF-8")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    // SAFETY: between fork and exec only system calls are made, with strings made beforehand; nothing is allocated
    // and no lock is taken.
    unsafe {
        command.pre_exec(move || {
            setsid()?;
            set_child_subreaper(true)?;
            if let Some(namespace) = &namespace {
                setns(namespace, CloneFlags::CLONE_NEWNET)?;
            }
            enter_mounts(&mounts)
        });
    }
    command.spawn()
}

fn mounts(layout: &Layout) -> io::Result<Vec<(CString, CString)>> {
    let text = |path: &Path| CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other);
    layout.mounts().iter().map(|(source, place)| Ok((text(source)?, text(Path::new(place))?))).collect()
}

/// What the host mounts later is seen in the new namespace; what is mounted there never gets out.
fn enter_mounts(mounts: &[(CString, CString)]) -> io::Result<()> {
    const NONE: Option<&std::ffi::CStr> = None;
    unshare(CloneFlags::CLONE_NEWNS)?;
    mount(NONE, c"/", NONE, MsFlags::MS_REC | MsFlags::MS_SLAVE, NONE)?;
    for (source, place) in mounts {
        mount(Some(source.as_c_str()), place.as_c_str(), NONE, MsFlags::MS_BIND, NONE)?;
    }
    Ok(())
}

/// The daemon of this layout that runs already, if one does.
pub(super) fn running(layout: &Layout) -> Option<Pid> {
    let pid: i32 = std::fs::read_to_string(layout.pid_file()).ok()?.trim().parse().ok()?;
    is_ours(layout, pid).then(|| Pid::from_raw(pid))
}

/// Whether that process is this layout's daemon: the same program, told of the same pid file. Numbers are reused.
fn is_ours(layout: &Layout, pid: i32) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let Ok(program) = std::fs::read_link(process.join("exe")) else { return false };
    // After an upgrade the kernel calls the program of the old daemon "... (deleted)".
    let same_program =
        program.to_string_lossy().trim_end_matches(" (deleted)") == layout.program.to_string_lossy();
    let Ok(arguments) = std::fs::read(process.join("cmdline")) else { return false };
    let pid_file = layout.pid_file();
    same_program
        && arguments.split(|byte| *byte == 0).any(|argument| argument == pid_file.as_os_str().as_bytes())
}

/// Whether the daemon is in the network namespace that is wanted: taps are only there.
pub(super) fn in_wanted_network(layout: &Layout, pid: Pid) -> bool {
    let wanted = layout.network_namespace.clone().unwrap_or_else(|| PathBuf::from("/proc/self/ns/net"));
    let identity = |path: &Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    let has = identity(Path::new(&format!("/proc/{pid}/ns/net")));
    has.is_some() && has == identity(&wanted)
}

/// Whether the process is there and not merely a corpse that nobody has collected.
pub(super) fn alive(pid: Pid) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}

/// Asks the daemon to end.
pub(super) fn terminate(pid: Pid) {
    // It may have ended by itself.
    let _ = kill(pid, Signal::SIGTERM);
}

/// Ends the daemon by force.
pub(super) fn end_by_force(pid: Pid) {
    let _ = kill(pid, Signal::SIGKILL);
}
