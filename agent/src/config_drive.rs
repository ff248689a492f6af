//! The CD-ROM with a machine's metadata, which the guest finds by its label `config-2`.

use std::{collections::BTreeMap, fs, io, path::Path};

use contracts::hosts::HostError;
use uuid::Uuid;

use crate::{
    confined,
    fault::refused,
    file::{blocking, is_there, make_folder, publish, remove_folder},
    layout::{Layout, part},
};

const LABEL: &str = "config-2";
/// As in OpenStack.
const MOST: usize = 64 << 20;
const MOST_FILES: usize = 1000;

/// Makes a machine's config drive, unless it has one: a guest may have read it already.
pub(crate) async fn ensure(
    layout: &Layout,
    machine: Uuid,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<(), HostError> {
    let image = layout.config_drive(machine);
    if is_there(image.clone()).await? {
        return Ok(());
    }
    check(files)?;
    let (tree, unfinished) = (layout.machine(machine).join("config"), part(&image));
    let (root, content) = (tree.clone(), files.clone());
    blocking("writing the config drive's files", move || write_tree(&root, &content)).await?;
    let arguments = ["-quiet", "-J", "-r", "-V", LABEL, "-o"].map(Into::into);
    let made = confined::run(
        "genisoimage",
        arguments.into_iter().chain([unfinished.clone().into_os_string(), tree.clone().into_os_string()]),
    )
    .await;
    let cleared = blocking("removing the config drive's files", move || remove_folder(&tree)).await;
    made?;
    cleared?;
    blocking("writing the config drive", move || publish(&unfinished, &image, 0o600)).await
}

/// Paths come from the controller; they must stay in the tree even so.
fn check(files: &BTreeMap<String, Vec<u8>>) -> Result<(), HostError> {
    let fit = |part: &str| {
        !part.is_empty()
            && part.len() <= 100
            && !part.starts_with(['.', '-'])
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    if let Some(path) = files.keys().find(|path| path.len() > 200 || !path.split('/').all(fit)) {
        return Err(refused(format!("{path:?} can't be a file of a config drive")));
    }
    if files.len() > MOST_FILES || files.values().map(Vec::len).sum::<usize>() > MOST {
        return Err(refused("the config drive is too large"));
    }
    Ok(())
}

fn write_tree(root: &Path, files: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    remove_folder(root)?;
    make_folder(root)?;
    for (path, content) in files {
        let path = root.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, content)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[&str]) -> BTreeMap<String, Vec<u8>> {
        paths.iter().map(|path| ((*path).to_owned(), format!("content of {path}").into_bytes())).collect()
    }

    #[test]
    fn a_file_can_not_leave_the_drive() {
        assert!(check(&files(&["openstack/latest/meta_data.json", "ec2/2009-04-04/meta-data.json"])).is_ok());
        for path in ["../x", "/etc/passwd", "a//b", "a/../../b", "", "-o", "a/-b", "a\nb", ".hidden"] {
            assert!(check(&files(&[path])).is_err(), "{path:?}");
        }
    }

    #[tokio::test]
    async fn a_drive_has_its_label_and_files_and_is_never_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().into(), folder.path().into());
        let id = Uuid::new_v4();
        make_folder(&layout.machine(id)).unwrap();
        ensure(&layout, id, &files(&["openstack/latest/meta_data.json"])).await.unwrap();
        let made = fs::read(layout.config_drive(id)).unwrap();
        // ISO 9660: the primary volume descriptor is sector 16, the volume's name is 40 bytes into it.
        assert_eq!(&made[0x8000 + 40..0x8000 + 48], LABEL.as_bytes());
        let content = b"content of openstack/latest/meta_data.json";
        assert!(made.windows(content.len()).any(|window| window == content));
        ensure(&layout, id, &files(&["other"])).await.unwrap();
        assert!(fs::read(layout.config_drive(id)).unwrap() == made);
        let left: Vec<_> =
            fs::read_dir(layout.machine(id)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["config.iso"]);
    }
}
