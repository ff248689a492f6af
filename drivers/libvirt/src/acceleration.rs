//! KVM or QEMU's own emulation (TCG): decided by the processor's flags and a trial, never by `/dev/kvm` alone.
//!
//! Containers and nested machines often have a `/dev/kvm` that opens and then hangs or kills the first guest.

use std::{io::Write, path::Path, process::Stdio, time::Duration};

use tokio::process::Command;

/// What runs the guests' instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accelerator {
    /// The processor itself.
    Kvm,
    /// QEMU's translator.
    Tcg,
}

/// How the accelerator is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Acceleration {
    /// KVM where it works, TCG otherwise.
    #[default]
    Auto,
    /// As the operator said.
    Fixed(Accelerator),
}

/// The trial guest: a boot sector that writes 0x10 to QEMU's exit port and halts.
const TRIAL_CODE: [u8; 7] = [0xb0, 0x10, 0xe6, 0xf4, 0xf4, 0xeb, 0xfd];
/// The exit code that QEMU makes of that 0x10.
const TRIAL_EXIT: i32 = 0x21;
const TRIAL_LIMIT: Duration = Duration::from_secs(5);

impl Acceleration {
    /// Decides; the trial takes a fraction of a second where there is KVM at all.
    pub async fn decide(self, emulator: &Path) -> Accelerator {
        match self {
            Self::Fixed(accelerator) => accelerator,
            Self::Auto => {
                let flags = tokio::fs::read_to_string("/proc/cpuinfo").await.unwrap_or_default();
                if !virtualises(&flags) || !Path::new("/dev/kvm").exists() {
                    return Accelerator::Tcg;
                }
                if trial_boots(emulator, Accelerator::Kvm).await {
                    return Accelerator::Kvm;
                }
                tracing::warn!(
                    "the processor offers KVM, but a trial guest did not run on it: machines are emulated"
                );
                Accelerator::Tcg
            }
        }
    }
}

/// Whether the processor's flags (in the form of `/proc/cpuinfo`) have hardware virtualisation.
pub fn virtualises(cpuinfo: &str) -> bool {
    cpuinfo
        .lines()
        .filter(|line| line.starts_with("flags"))
        .any(|line| line.split_whitespace().any(|flag| flag == "vmx" || flag == "svm"))
}

/// Boots the trial guest and tells whether it came to its end.
pub async fn trial_boots(emulator: &Path, accelerator: Accelerator) -> bool {
    let Ok(disk) = trial_disk() else { return false };
    let accelerator = match accelerator {
        Accelerator::Kvm => "kvm",
        Accelerator::Tcg => "tcg",
    };
    let mut command = Command::new(emulator);
    command
        .args(["-accel", accelerator, "-machine", "pc", "-m", "16", "-display", "none"])
        .args(["-nodefaults", "-no-user-config", "-no-reboot"])
        .args(["-device", "isa-debug-exit,iobase=0xf4,iosize=1", "-drive"])
        .arg(format!("file={},format=raw,if=ide", disk.path().display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .env_clear()
        .kill_on_drop(true);
    match tokio::time::timeout(TRIAL_LIMIT, command.status()).await {
        Ok(Ok(status)) => status.code() == Some(TRIAL_EXIT),
        _ => false,
    }
}

fn trial_disk() -> std::io::Result<tempfile::NamedTempFile> {
    let mut sector = [0_u8; 512];
    sector[..TRIAL_CODE.len()].copy_from_slice(&TRIAL_CODE);
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    let mut disk = tempfile::NamedTempFile::new()?;
    disk.write_all(&sector)?;
    disk.flush()?;
    Ok(disk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_flags_of_intel_and_amd_count_as_virtualisation() {
        assert!(virtualises("processor: 0\nflags\t\t: fpu vmx sse\n"));
        assert!(virtualises("flags\t\t: svm\n"));
        assert!(!virtualises("flags\t\t: fpu hypervisor svm_lock\nmodel name: vmx\n"));
    }

    #[tokio::test]
    async fn the_trial_guest_runs_where_guests_run() {
        let emulator = Path::new("/usr/bin/qemu-system-x86_64");
        if !emulator.exists() {
            eprintln!("skipped: no QEMU");
            return;
        }
        assert!(trial_boots(emulator, Accelerator::Tcg).await);
        assert!(!trial_boots(Path::new("/bin/false"), Accelerator::Tcg).await);
    }
}
