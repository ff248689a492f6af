//! Finding the programs of other packages.

use std::path::PathBuf;

/// Where a program is. The directories of administrators' programs are looked at too: `PATH` may lack them.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/sbin", "/bin"];
    let places = std::env::split_paths(&path).chain(usual.iter().map(PathBuf::from));
    places.map(|place| place.join(name)).find(|path| path.is_file())
}

/// Where a program is, or its bare name, so that running it says that it is missing.
pub(crate) fn path_of(name: &str) -> PathBuf {
    find(name).unwrap_or_else(|| name.into())
}
