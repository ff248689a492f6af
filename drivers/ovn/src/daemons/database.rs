//! Making a database file, and bringing one of an older release up to the schema that is installed.

use std::path::PathBuf;

use contracts::driver::{DriverError, DriverResult};
use tokio::process::Command;

use crate::binary;

/// A database file, and the schema it is to have.
#[derive(Debug, Clone)]
pub(super) struct DatabaseFile {
    pub(super) path: PathBuf,
    schema: &'static str,
}

impl DatabaseFile {
    pub(super) fn new(path: PathBuf, schema: &'static str) -> Self {
        DatabaseFile { path, schema }
    }

    /// Makes it so. Its server must not run.
    pub(super) async fn prepare(&self) -> DriverResult<()> {
        if !self.path.exists() {
            // Made aside and moved, so that a half-written one is never found.
            let draft = self.path.with_extension("new");
            let _ = std::fs::remove_file(&draft);
            self.tool("create", &draft).await?;
            return std::fs::rename(&draft, &self.path)
                .map_err(|error| DriverError::Refused(format!("{}: {error}", self.path.display())));
        }
        if self.tool("needs-conversion", &self.path).await?.trim() == "yes" {
            tracing::info!(database = %self.path.display(), "converting to the installed schema");
            self.tool("convert", &self.path).await?;
        }
        Ok(())
    }

    async fn tool(&self, action: &str, path: &std::path::Path) -> DriverResult<String> {
        let tool = binary::find("ovsdb-tool").ok_or_else(|| {
            DriverError::Refused("ovsdb-tool is not installed (package openvswitch-common)".to_owned())
        })?;
        let output = Command::new(tool).arg(action).arg(path).arg(self.schema).output().await;
        let output = output.map_err(|error| DriverError::Unavailable(format!("ovsdb-tool: {error}")))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(DriverError::Refused(format!("ovsdb-tool {action} {}: {}", path.display(), said.trim())))
    }
}
