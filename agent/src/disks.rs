//! A machine's disks on this host.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use contracts::{
    driver::Disk,
    hosts::HostError,
    machine::{DiskSource, DiskSpec},
};
use uuid::Uuid;

use crate::{
    config::Storage,
    confined,
    fault::refused,
    file::{blocking, is_there, publish, remove_file},
    image::ImageCache,
    layout::{Device, Layout, part},
};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const LARGEST: u64 = 1 << 53;

pub(crate) struct Disks {
    layout: Layout,
    storage: Storage,
    images: ImageCache,
}

/// A disk that a machine is to have, with what its making needs in place.
pub(crate) struct PlannedDisk {
    disk: Disk,
    make: Option<Make>,
}

/// A copy-on-write disk that is made unless it is there.
struct Make {
    base: Option<(PathBuf, String)>,
    size: u64,
}

impl Disks {
    pub(crate) fn new(layout: Layout, storage: Storage, images: ImageCache) -> Self {
        Self { layout, storage, images }
    }

    /// Fetches the image that the disk is based upon, and says what is to be made. This may take long.
    pub(crate) async fn plan(&self, machine: Uuid, spec: &DiskSpec) -> Result<PlannedDisk, HostError> {
        let device = Device::new(&spec.device)?;
        let own = self.layout.disk(machine, device);
        let qcow2 = "qcow2".to_owned();
        let (path, format, cdrom, make) = match &spec.source {
            DiskSource::Image { image, format, sha512, size_gib } => {
                let cached = self.images.get(*image, format, sha512).await?;
                if format == "iso" {
                    // A CD-ROM is only read: all machines have the same.
                    (cached.path, "raw".to_owned(), true, None)
                } else {
                    let size = size_upon(cached.virtual_size, *size_gib)?;
                    (own, qcow2, false, Some(Make { base: Some((cached.path, format.clone())), size }))
                }
            }
            DiskSource::Blank { size_mib } => {
                let size = size_mib.checked_mul(MIB).filter(|size| (1..=LARGEST).contains(size));
                let size = size.ok_or_else(|| refused(format!("a disk can't have {size_mib} MiB")))?;
                (own, qcow2, false, Some(Make { base: None, size }))
            }
            DiskSource::File { path, format } => (volume(path, format)?, format.clone(), false, None),
        };
        let disk = Disk {
            device: spec.device.clone(),
            bus: spec.bus,
            path,
            format,
            cdrom,
            boot_index: spec.boot_index,
            serial: spec.serial.clone(),
        };
        Ok(PlannedDisk { disk, make })
    }

    /// Makes the disk unless it is there: what a guest wrote is never made again.
    pub(crate) async fn ensure(&self, planned: PlannedDisk) -> Result<Disk, HostError> {
        let PlannedDisk { disk, make } = planned;
        if let Some(make) = make
            && self.storage == Storage::Real
            && !is_there(disk.path.clone()).await?
        {
            let (unfinished, path) = (part(&disk.path), disk.path.clone());
            confined::run("qemu-img", arguments(&make, &unfinished)).await?;
            blocking("keeping the disk", move || publish(&unfinished, &path, 0o600)).await?;
        }
        Ok(disk)
    }

    /// Removes a disk that was the host's own. Volumes and images are others'.
    pub(crate) async fn discard(&self, machine: Uuid, device: &str) -> Result<(), HostError> {
        let path = self.layout.disk(machine, Device::new(device)?);
        blocking("removing the disk", move || remove_file(&path)).await
    }
}

/// `-u`: the base's header was inspected here, so that QEMU need not open the base to make a disk upon it.
fn arguments(make: &Make, to: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = ["create", "-q", "-f", "qcow2"].map(Into::into).into();
    if let Some((base, format)) = &make.base {
        arguments.extend(["-u".into(), "-b".into(), base.into(), "-F".into(), format.into()]);
    }
    arguments.extend([to.into(), make.size.to_string().into()]);
    arguments
}

/// How large a disk upon an image is: as asked for, or as the image. Never smaller than the image.
fn size_upon(image: u64, size_gib: u64) -> Result<u64, HostError> {
    match size_gib.checked_mul(GIB).filter(|size| *size <= LARGEST) {
        None => Err(refused(format!("a disk can't have {size_gib} GiB"))),
        Some(0) => Ok(image),
        Some(size) if size < image => {
            Err(refused(format!("a disk of {size_gib} GiB is too small for an image of {image} bytes")))
        }
        Some(size) => Ok(size),
    }
}

fn volume(path: &str, format: &str) -> Result<PathBuf, HostError> {
    if !["raw", "qcow2"].contains(&format) {
        return Err(refused(format!("a volume's format can't be {format:?}")));
    }
    let path = PathBuf::from(path);
    let plain = path.is_absolute() && !path.components().any(|part| part == std::path::Component::ParentDir);
    if plain { Ok(path) } else { Err(refused("a volume's path must be absolute")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_never_smaller_than_its_image() {
        assert_eq!(size_upon(5 * MIB, 0).unwrap(), 5 * MIB);
        assert_eq!(size_upon(5 * MIB, 1).unwrap(), GIB);
        assert!(matches!(size_upon(GIB + 1, 1), Err(HostError::Refused { .. })));
        assert!(matches!(size_upon(1, u64::MAX), Err(HostError::Refused { .. })));
    }

    #[test]
    fn a_volume_is_an_absolute_path_of_a_known_format() {
        assert!(volume("/var/lib/volumes/one", "raw").is_ok());
        for (path, format) in [("one", "raw"), ("/a/../etc/shadow", "raw"), ("/a", "vmdk"), ("", "qcow2")] {
            assert!(volume(path, format).is_err(), "{path} {format}");
        }
    }
}
