//! The command lines of the daemons.

use std::{net::SocketAddr, path::PathBuf};

use contracts::driver::{DriverError, DriverResult};

use super::{config::DaemonsConfig, database::DatabaseFile, paths::Paths};
use crate::binary;

/// Which daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    NorthboundDatabase,
    SouthboundDatabase,
    LocalDatabase,
    Northd,
    Vswitchd,
    Controller,
}

impl Program {
    /// Its name, also that of its files.
    pub(super) fn name(self) -> &'static str {
        match self {
            Program::NorthboundDatabase => "ovnnb-server",
            Program::SouthboundDatabase => "ovnsb-server",
            Program::LocalDatabase => "ovsdb-server",
            Program::Northd => "ovn-northd",
            Program::Vswitchd => "ovs-vswitchd",
            Program::Controller => "ovn-controller",
        }
    }

    fn binary(self) -> &'static str {
        match self {
            Program::NorthboundDatabase | Program::SouthboundDatabase | Program::LocalDatabase => {
                "ovsdb-server"
            }
            other => other.name(),
        }
    }

    fn package(self) -> &'static str {
        match self {
            Program::NorthboundDatabase | Program::SouthboundDatabase | Program::Northd => "ovn-central",
            Program::Controller => "ovn-host",
            Program::LocalDatabase | Program::Vswitchd => "openvswitch-switch",
        }
    }
}

/// A daemon to be run.
#[derive(Debug, Clone)]
pub(super) struct CommandLine {
    pub(super) program: Program,
    pub(super) binary: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) pid_file: PathBuf,
    /// Its control socket, or `None` for the one that it names after its process.
    pub(super) control: Option<PathBuf>,
    pub(super) namespace: Option<String>,
    /// The database that it serves, which must be there before.
    pub(super) database: Option<DatabaseFile>,
}

/// All daemons of a configuration, in the order in which they depend on one another.
pub(super) fn all(config: &DaemonsConfig, paths: &Paths) -> DriverResult<Vec<CommandLine>> {
    let mut all = Vec::new();
    if let Some(central) = &config.central {
        let northbound = DatabaseFile::new(paths.database("ovnnb.db"), "/usr/share/ovn/ovn-nb.ovsschema");
        let southbound = DatabaseFile::new(paths.database("ovnsb.db"), "/usr/share/ovn/ovn-sb.ovsschema");
        let servers = [
            (Program::NorthboundDatabase, northbound, paths.northbound_socket(), central.northbound_listen),
            (Program::SouthboundDatabase, southbound, paths.southbound_socket(), central.southbound_listen),
        ];
        for (program, database, socket, listen) in servers {
            let mut arguments = vec![format!("--remote=punix:{}", socket.display())];
            arguments.extend(listen.map(passive));
            all.push(command_line(program, arguments, Some(database), config, paths)?);
        }
    }
    if config.chassis.is_some() {
        let database =
            DatabaseFile::new(paths.database("conf.db"), "/usr/share/openvswitch/vswitch.ovsschema");
        let arguments = vec![format!("--remote=punix:{}", paths.local_socket().display())];
        all.push(command_line(Program::LocalDatabase, arguments, Some(database), config, paths)?);
    }
    if config.central.is_some() {
        let arguments =
            vec![format!("--ovnnb-db={}", paths.northbound()), format!("--ovnsb-db={}", paths.southbound())];
        all.push(command_line(Program::Northd, arguments, None, config, paths)?);
    }
    if config.chassis.is_some() {
        all.push(command_line(Program::Vswitchd, vec![paths.local()], None, config, paths)?);
        all.push(command_line(Program::Controller, vec![paths.local()], None, config, paths)?);
    }
    Ok(all)
}

fn passive(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => format!("--remote=ptcp:{}:{}", address.port(), address.ip()),
        SocketAddr::V6(address) => format!("--remote=ptcp:{}:[{}]", address.port(), address.ip()),
    }
}

fn command_line(
    program: Program,
    arguments: Vec<String>,
    database: Option<DatabaseFile>,
    config: &DaemonsConfig,
    paths: &Paths,
) -> DriverResult<CommandLine> {
    let (name, pid_file) = (program.name(), paths.pid_file(program.name()));
    // ovn-controller 23.03 has no option for its control socket.
    let control = (program != Program::Controller).then(|| paths.control(name));
    // `--detach` puts the daemon in a session of its own, and returns when it is ready to answer.
    let mut all = vec![
        "--detach".to_owned(),
        "--no-chdir".to_owned(),
        format!("--pidfile={}", pid_file.display()),
        format!("--log-file={}", paths.log(name).display()),
        "-vconsole:off".to_owned(),
        "-vsyslog:off".to_owned(),
        "-vfile:info".to_owned(),
    ];
    all.extend(control.as_ref().map(|control| format!("--unixctl={}", control.display())));
    all.extend(arguments);
    all.extend(database.as_ref().map(|database| database.path.display().to_string()));
    let binary = find(program)?;
    Ok(CommandLine {
        program,
        binary,
        arguments: all,
        pid_file,
        control,
        namespace: config.namespace.clone(),
        database,
    })
}

fn find(program: Program) -> DriverResult<PathBuf> {
    binary::find(program.binary()).ok_or_else(|| {
        let (binary, package) = (program.binary(), program.package());
        DriverError::Refused(format!("{binary} is not installed (package {package})"))
    })
}
