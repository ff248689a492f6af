//! `POST /servers/{id}/action`: each action with its policy, the microversions that have it, and what it needs.

mod addresses;
mod admin;
mod console_output;
mod image;
mod lock;
mod password;
mod power;
mod rebuild;
mod rescue;
mod resize;
mod security_groups;
mod shelve;

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use futures::future::BoxFuture;
use http::StatusCode;
use platform::{
    http::{self as web, Cx, Fault, Routes},
    wire::{Range, Schema, Version, schema},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{lookup, remote_consoles};
use crate::{
    Nova,
    error::NovaError,
    model::{
        instance_action, resize as resize_rows,
        server::{self, Model},
    },
    quota,
    server::state::{Task, VmState},
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    // The rule of each action is in the table below; the route's own is what every action needs at least.
    Routes::new()
        .post("/v2.1/servers/{id}/action", "os_compute_api:servers:start", act)
        .actions(ACTIONS.iter().map(Action::declared))
}

type Outcome = BoxFuture<'static, Result<Response, Fault>>;

/// An action, as declared.
struct Action {
    name: &'static str,
    rule: &'static str,
    since: Option<(u16, u16)>,
    until: Option<(u16, u16)>,
    /// Whether a lock keeps it away.
    lockable: bool,
    run: fn(Asked) -> Outcome,
}

const fn action(name: &'static str, rule: &'static str, run: fn(Asked) -> Outcome) -> Action {
    Action { name, rule, since: None, until: None, lockable: true, run }
}

impl Action {
    const fn until(self, major: u16, minor: u16) -> Self {
        Self { until: Some((major, minor)), ..self }
    }

    const fn since(self, major: u16, minor: u16) -> Self {
        Self { since: Some((major, minor)), ..self }
    }

    const fn always(self) -> Self {
        Self { lockable: false, ..self }
    }

    fn declared(&self) -> web::Action {
        let version_of = |(major, minor)| Version::new(major, minor);
        let versions = Range { since: self.since.map(version_of), until: self.until.map(version_of) };
        web::Action { name: self.name, policy: self.rule, versions }
    }

    fn is_in(&self, version: Version) -> bool {
        self.declared().versions.contains(version)
    }
}

macro_rules! run {
    ($function:path) => {
        |asked| Box::pin($function(asked))
    };
}

const ACTIONS: &[Action] = &[
    action("os-start", "os_compute_api:servers:start", run!(power::start)),
    action("os-stop", "os_compute_api:servers:stop", run!(power::stop)),
    action("reboot", "os_compute_api:servers:reboot", run!(power::reboot)),
    action("pause", "os_compute_api:os-pause-server:pause", run!(power::pause)),
    action("unpause", "os_compute_api:os-pause-server:unpause", run!(power::unpause)),
    action("suspend", "os_compute_api:os-suspend-server:suspend", run!(power::suspend)),
    action("resume", "os_compute_api:os-suspend-server:resume", run!(power::resume)),
    action("lock", "os_compute_api:os-lock-server:lock", run!(lock::lock)).always(),
    action("unlock", "os_compute_api:os-lock-server:unlock", run!(lock::unlock)).always(),
    action("createImage", "os_compute_api:servers:create_image", run!(image::create)).always(),
    action("createBackup", "os_compute_api:os-create-backup", run!(image::backup)).always(),
    action("rebuild", "os_compute_api:servers:rebuild", run!(rebuild::rebuild)),
    action("resize", "os_compute_api:servers:resize", run!(resize::resize)),
    action("confirmResize", "os_compute_api:servers:confirm_resize", run!(resize::confirm)),
    action("revertResize", "os_compute_api:servers:revert_resize", run!(resize::revert)),
    action("rescue", "os_compute_api:os-rescue", run!(rescue::rescue)),
    action("unrescue", "os_compute_api:os-unrescue", run!(rescue::unrescue)),
    action("shelve", "os_compute_api:os-shelve:shelve", run!(shelve::shelve)),
    action("shelveOffload", "os_compute_api:os-shelve:shelve_offload", run!(shelve::offload)),
    action("unshelve", "os_compute_api:os-shelve:unshelve", run!(shelve::unshelve)),
    action("forceDelete", "os_compute_api:os-deferred-delete:force", run!(admin::force_delete)),
    action("restore", "os_compute_api:os-deferred-delete:restore", run!(admin::restore)),
    action("os-resetState", "os_compute_api:os-admin-actions:reset_state", run!(admin::reset_state)),
    action("resetNetwork", "os_compute_api:os-admin-actions:reset_state", run!(admin::reset_network))
        .always(),
    action(
        "injectNetworkInfo",
        "os_compute_api:os-admin-actions:inject_network_info",
        run!(admin::reset_network),
    )
    .always(),
    action("migrate", "os_compute_api:os-migrate-server:migrate", run!(admin::migrate)),
    action("os-migrateLive", "os_compute_api:os-migrate-server:migrate_live", run!(admin::migrate)),
    action("evacuate", "os_compute_api:os-evacuate", run!(admin::migrate)),
    action("trigger_crash_dump", "os_compute_api:servers:trigger_crash_dump", run!(admin::crash_dump))
        .since(2, 17),
    action("changePassword", "os_compute_api:os-admin-password", run!(password::change)),
    action("addSecurityGroup", "os_compute_api:os-security-groups:add", run!(security_groups::add)).always(),
    action("removeSecurityGroup", "os_compute_api:os-security-groups:remove", run!(security_groups::remove))
        .always(),
    action("addFloatingIp", "os_compute_api:os-floating-ips:add", run!(addresses::add_floating))
        .until(2, 43)
        .always(),
    action("removeFloatingIp", "os_compute_api:os-floating-ips:remove", run!(addresses::remove_floating))
        .until(2, 43)
        .always(),
    action("addFixedIp", "os_compute_api:os-multinic:add", run!(addresses::add_fixed)).until(2, 43),
    action("removeFixedIp", "os_compute_api:os-multinic:remove", run!(addresses::remove_fixed)).until(2, 43),
    action("os-getConsoleOutput", "os_compute_api:os-console-output", run!(console_output::read)).always(),
    action("os-getVNCConsole", "os_compute_api:os-remote-consoles", run!(vnc)).until(2, 5).always(),
    action("os-getSPICEConsole", "os_compute_api:os-remote-consoles", run!(other_console))
        .until(2, 5)
        .always(),
    action("os-getSerialConsole", "os_compute_api:os-remote-consoles", run!(other_console))
        .until(2, 5)
        .always(),
    action("os-getRDPConsole", "os_compute_api:os-remote-consoles", run!(other_console)).until(2, 5).always(),
];

/// An action that was asked for, by who may.
pub struct Asked {
    cx: Cx<Nova>,
    server: Model,
    body: Value,
    action: &'static Action,
    /// What it takes of quotas besides what the server has: counted in the transaction that records it.
    more: Vec<(&'static str, i64)>,
}

async fn act(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<Map<String, Value>>,
) -> Result<Response, Fault> {
    let mut names = body.keys();
    let (Some(name), None) = (names.next(), names.next()) else {
        return Err(Fault::bad_request("There is no such action: a body with exactly one member is needed."));
    };
    let known = ACTIONS.iter().find(|action| action.name == name && action.is_in(cx.version));
    let Some(action) = known else {
        let shown: String = name.chars().take(64).collect();
        return Err(Fault::bad_request(format!("There is no such action: {shown}")));
    };
    let server = cx.open_for(action.rule, server::find(cx.service.db.read(), &id).await?)?;
    if action.lockable {
        lookup::unlocked(&cx, &server)?;
    }
    (action.run)(Asked { cx, server, body: Value::Object(body), action, more: Vec::new() }).await
}

/// What a task needs and records.
struct Request {
    task: Task,
    /// As Nova calls it in errors, and in the list of actions.
    action: &'static str,
    states: &'static [VmState],
    /// Tasks that it may take the place of.
    over: &'static [Task],
    event: &'static str,
}

impl Asked {
    /// The arguments, checked against the schema of the version.
    fn read<T: Schema + DeserializeOwned + 'static>(&self) -> Result<T, Fault> {
        schema::check::<T>(&self.body, self.cx.version)?;
        let value = self.body.get(self.action.name).cloned().unwrap_or_default();
        serde_json::from_value(value).map_err(|error| {
            Fault::bad_request(format!("Invalid input for field/attribute {}. {error}", self.action.name))
        })
    }

    /// Gives the server a task, on the condition that its state has not changed since it was looked at.
    async fn task(&self, request: &Request) -> Result<Response, Fault> {
        self.task_with(request, |_| {}).await
    }

    /// The same, changing more of the server with it.
    async fn task_with(
        &self,
        request: &Request,
        more: impl FnOnce(&mut Model) + Send,
    ) -> Result<Response, Fault> {
        let (cx, row) = (&self.cx, &self.server);
        row.in_state_and_task(request.action, request.states, request.over)?;
        let mut tx = cx.service.db.write().await?;
        if !self.more.is_empty() {
            quota::Room::of_owner(&*tx, row).await?.check(&self.more)?;
        }
        let changed = server::change(&tx, row, |row| {
            row.task_state = Some(request.task.name().into());
            more(row);
        });
        if !changed.await? {
            let now = server::again(&*tx, row).await?;
            let now = now.ok_or_else(|| NovaError::InstanceNotFound(row.id.to_string()))?;
            now.in_state(request.action, request.states)?;
            return Err(Fault::conflict("The server was changed by another request at the same time."));
        }
        instance_action::begin(&tx, row, request.action, cx).await?;
        resize_rows::begin(&tx, row, request.task, cx).await?;
        tx.emit(cx.event(request.event, row.id));
        tx.commit().await?;
        cx.service.servers.wake(row.id);
        Ok(StatusCode::ACCEPTED.into_response())
    }
}

async fn vnc(asked: Asked) -> Result<Response, Fault> {
    #[derive(serde::Deserialize, platform::Body)]
    #[body(wrap = "os-getVNCConsole")]
    struct Vnc {
        #[body(one_of = ["novnc", "xvpvnc"])]
        r#type: String,
    }
    let vnc: Vnc = asked.read()?;
    remote_consoles::old_form(&asked.cx, &asked.server, &vnc.r#type).await
}

async fn other_console(asked: Asked) -> Result<Response, Fault> {
    let _ = asked;
    Err(Fault::bad_request("Unavailable console type."))
}
