//! The daemon's directories, files and settings.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::{DaemonConfig, DaemonError};

/// Directories that libvirt has by heart, and the names of those that take their place.
const PLACES: [(&str, &str); 5] = [
    ("run", "/run/libvirt"),
    ("lib", "/var/lib/libvirt"),
    ("etc", "/etc/libvirt"),
    ("cache", "/var/cache/libvirt"),
    ("log", "/var/log/libvirt"),
];
const PROGRAM_DIRECTORIES: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/libexec"];

/// QEMU runs as root, as disks and taps are root's, with the paths as they are: nothing changes owners of files, no
/// namespace hides devices, and no log daemon is needed.
const QEMU_CONF: &str = r#"user = "+0"
group = "+0"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = "file"
vnc_listen = "127.0.0.1"
max_core = 0
"#;

/// The daemon is root's alone; who may enter the state directory may use it.
const DAEMON_CONF: &str = r#"unix_sock_group = "root"
unix_sock_rw_perms = "0700"
unix_sock_ro_perms = "0700"
unix_sock_admin_perms = "0700"
auth_unix_ro = "none"
auth_unix_rw = "none"
max_clients = 64
max_workers = 32
max_client_requests = 32
log_level = 3
log_outputs = "3:file:/var/log/libvirt/daemon.log"
"#;

/// Where everything of one daemon is.
#[derive(Debug)]
pub(super) struct Layout {
    root: PathBuf,
    pub(super) program: PathBuf,
    pub(super) network_namespace: Option<PathBuf>,
    modular: bool,
}

impl Layout {
    pub(super) fn new(config: DaemonConfig) -> Result<Self, DaemonError> {
        let wrong = |why: &str| DaemonError::StateDir(config.state_dir.clone(), why.to_owned());
        if !config.state_dir.is_absolute() {
            return Err(wrong("it is not an absolute path"));
        }
        // The daemon sees its own directories in these places, and no longer what was there.
        if PLACES.iter().any(|(_, place)| config.state_dir.starts_with(place)) {
            return Err(wrong("libvirt's own directories are replaced for the daemon"));
        }
        let program = config.program.clone().or_else(find_program).ok_or(DaemonError::NotInstalled)?;
        let modular = program.file_name().is_some_and(|name| name == "virtqemud");
        let layout = Self {
            root: config.state_dir.join("libvirt"),
            program: program.canonicalize().unwrap_or(program),
            network_namespace: config.network_namespace.clone(),
            modular,
        };
        let socket = layout.socket();
        let text = socket.to_str().ok_or_else(|| wrong("it is not UTF-8"))?;
        if text.len() > 107 {
            return Err(wrong("it is too long for a Unix socket in it"));
        }
        if !text.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.".contains(c)) {
            return Err(wrong("it has signs that a libvirt address can't carry"));
        }
        Ok(layout)
    }

    /// Makes directories and settings. What the daemon itself keeps there stays.
    pub(super) fn prepare(&self) -> Result<(), DaemonError> {
        for (name, place) in PLACES {
            make_directory(&self.root.join(name), 0o700)?;
            if !Path::new(place).is_dir() {
                make_directory(Path::new(place), 0o755)?;
            }
        }
        // QEMU's directories are looked at by nobody but root either.
        write(&self.root.join("etc").join(self.conf_name()), DAEMON_CONF)?;
        write(&self.root.join("etc/qemu.conf"), QEMU_CONF)
    }

    /// What is mounted where in the daemon's mount namespace.
    pub(super) fn mounts(&self) -> Vec<(PathBuf, &'static str)> {
        PLACES.iter().map(|(name, place)| (self.root.join(name), *place)).collect()
    }

    pub(super) fn arguments(&self) -> Vec<std::ffi::OsString> {
        let conf = format!("/etc/libvirt/{}", self.conf_name());
        vec!["-f".into(), conf.into(), "-p".into(), self.pid_file().into()]
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.root.join("run/pileus-daemon.pid")
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.root.join(if self.modular { "run/virtqemud-sock" } else { "run/libvirt-sock" })
    }

    pub(super) fn output(&self) -> PathBuf {
        self.root.join("log/daemon.out")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.root.join("log/daemon.log")
    }

    pub(super) fn qemu_logs(&self) -> PathBuf {
        self.root.join("log/qemu")
    }

    pub(super) fn uri(&self) -> String {
        let mode = if self.modular { "&mode=direct" } else { "" };
        format!("qemu+unix:///system?socket={}{mode}", self.socket().display())
    }

    fn conf_name(&self) -> &'static str {
        if self.modular { "virtqemud.conf" } else { "libvirtd.conf" }
    }
}

fn find_program() -> Option<PathBuf> {
    ["libvirtd", "virtqemud"]
        .iter()
        .flat_map(|name| PROGRAM_DIRECTORIES.iter().map(move |directory| Path::new(directory).join(name)))
        .find(|path| path.is_file())
}

fn make_directory(path: &Path, mode: u32) -> Result<(), DaemonError> {
    DirBuilder::new().recursive(true).mode(mode).create(path).map_err(|error| at(path, error))?;
    if mode == 0o700 {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|error| at(path, error))?;
    }
    Ok(())
}

/// Writes by rename, so that a daemon that reads it meanwhile sees the old or the new text.
fn write(path: &Path, content: &str) -> Result<(), DaemonError> {
    if fs::read_to_string(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    let new = path.with_extension("conf.new");
    fs::write(&new, content).and_then(|()| fs::rename(&new, path)).map_err(|error| at(path, error))
}

fn at(path: &Path, error: io::Error) -> DaemonError {
    DaemonError::Io(path.display().to_string(), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(state_dir: &str) -> Result<Layout, DaemonError> {
        Layout::new(DaemonConfig {
            program: Some("/usr/sbin/libvirtd".into()),
            ..DaemonConfig::new(state_dir)
        })
    }

    #[test]
    fn state_directories_that_libvirt_could_not_use_are_refused() {
        assert!(layout("relative").is_err());
        assert!(layout("/var/lib/libvirt/pileus").is_err());
        assert!(layout(&format!("/{}", "long/".repeat(20))).is_err());
        assert!(layout("/srv/with space").is_err());
        assert!(layout("/srv/with&mode=x").is_err());
        assert!(layout("/var/lib/pileus").is_ok());
    }

    #[test]
    fn the_address_names_the_socket_in_the_state_directory() {
        let uri = layout("/srv/p").unwrap().uri();
        assert_eq!(uri, "qemu+unix:///system?socket=/srv/p/libvirt/run/libvirt-sock");
    }
}
