//! Real things of every kind, made by the API: those of one project, and those of the cloud.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use contracts::identity::{Caller, Tokens};
use http::Method;
use platform::wire::Range;
use serde_json::{Value, json};

use super::house::{House, Part, fill};

/// What there is, and who is who.
pub struct Estate {
    /// A token of the cloud's administrator.
    pub admin: String,
    /// A token of a member of the project that owns.
    pub owner: String,
    /// A token of a manager of another project.
    pub stranger: String,
    /// Who owns, as services know the caller.
    pub owner_as: Arc<Caller>,
    /// By service and by what stands before it in a path: `("/compute", "servers")`.
    pub ids: BTreeMap<(&'static str, &'static str), String>,
    /// Which of them belong to the project, or to its member.
    pub owned: BTreeSet<(&'static str, &'static str)>,
    /// Bodies by which things were made: service, path, body.
    pub made: Vec<(&'static str, String, Value)>,
}

/// Where something is made, and who makes it.
struct Make<'a> {
    token: &'a str,
    place: &'static str,
    /// By which names paths call its collection.
    known_as: &'a [&'static str],
    owned: bool,
}

impl Estate {
    pub async fn build(house: &House) -> Self {
        let admin = house.admin().await;
        let owner = house.token("demo", &house.secret("demo-password"), "demo").await;
        let owner_as = house.caller(&owner).await;
        let mut estate = Self {
            admin: admin.clone(),
            owner: owner.clone(),
            stranger: String::new(),
            owner_as,
            ids: BTreeMap::new(),
            owned: BTreeSet::new(),
            made: Vec::new(),
        };
        estate.people(house).await;
        estate.identity(house).await;
        let image = estate.images(house).await;
        let network = estate.networks(house).await;
        estate.volumes(house).await;
        estate.servers(house, &image, &network).await;
        estate.placement(house).await;
        estate
    }

    /// A path of a template that names what there is.
    pub fn path(&self, part: &Part, template: &str) -> String {
        fill(template, |before| self.id(part.place, before))
    }

    /// Whether a template names something of the project's.
    pub fn is_owned(&self, part: &Part, template: &str) -> bool {
        let segments: Vec<&str> = template.split('/').collect();
        segments.windows(2).any(|pair| {
            pair[1].starts_with('{')
                && self.owned.iter().any(|(place, name)| *place == part.place && *name == pair[0])
        })
    }

    /// The id of what stands behind that word in the service's paths.
    pub fn id(&self, place: &str, before: &str) -> Option<String> {
        self.ids.iter().find(|((of, name), _)| *of == place && *name == before).map(|(_, id)| id.clone())
    }

    fn note(&mut self, place: &'static str, names: &[&'static str], id: &str, owned: bool) {
        for name in names {
            self.ids.insert((place, name), id.to_owned());
            if owned {
                self.owned.insert((place, name));
            }
        }
    }

    async fn ask(
        &self,
        house: &House,
        token: &str,
        method: Method,
        place: &str,
        path: &str,
        body: Option<Value>,
    ) -> Value {
        let part = house.parts.iter().find(|part| part.place == place).unwrap();
        let answer = house.ask(token, part, &method, path, Range::default(), body.as_ref()).await;
        assert!(answer.status.is_success(), "{method} {place}{path}: {} {}", answer.status, answer.json);
        answer.json
    }

    /// Makes something, and knows it by its id (or its name).
    async fn make(&mut self, house: &House, make: Make<'_>, path: &str, id: &str, body: Value) -> String {
        let answer = self.ask(house, make.token, Method::POST, make.place, path, Some(body.clone())).await;
        let id = answer.pointer(id).unwrap_or_else(|| panic!("{path}: no {id} in {answer}"));
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        self.note(make.place, make.known_as, &id, make.owned);
        self.made.push((make.place, path.to_owned(), body));
        id
    }

    async fn people(&mut self, house: &House) {
        let (place, admin) = ("/identity", self.admin.clone());
        let cloud = |known_as| Make { token: &admin, place, known_as, owned: false };
        let project = json!({"project": {"name": "elsewhere", "domain_id": "default"}});
        let elsewhere = self.make(house, cloud(&[]), "/v3/projects", "/project/id", project).await;
        let user = json!({"user": {"name": "stranger", "password": "secret", "domain_id": "default"}});
        let stranger = self.make(house, cloud(&[]), "/v3/users", "/user/id", user).await;
        let roles = self.ask(house, &admin, Method::GET, place, "/v3/roles?name=manager", None).await;
        let manager = roles["roles"][0]["id"].as_str().unwrap();
        let grant = format!("/v3/projects/{elsewhere}/users/{stranger}/roles/{manager}");
        self.ask(house, &admin, Method::PUT, place, &grant, None).await;
        self.stranger = house.token("stranger", "secret", "elsewhere").await;
    }

    async fn identity(&mut self, house: &House) {
        let place = "/identity";
        let (admin, owner) = (self.admin.clone(), self.owner.clone());
        let (user, project) =
            (self.owner_as.user.id.clone(), self.owner_as.project_id().unwrap_or_default().to_owned());
        self.note(place, &["users"], &user, true);
        self.note(place, &["projects"], &project, true);
        let own = |known_as| Make { token: &owner, place, known_as, owned: true };
        let cloud = |known_as| Make { token: &admin, place, known_as, owned: false };
        let credential = json!({"credential": {
            "user_id": user, "project_id": project, "type": "cert", "blob": "x"}});
        self.make(house, own(&["credentials"]), "/v3/credentials", "/credential/id", credential).await;
        let rule = json!([{"path": "/v2.1/servers", "method": "GET", "service": "compute"}]);
        let application = json!({"application_credential": {"name": "walk", "access_rules": rule}});
        let path = format!("/v3/users/{user}/application_credentials");
        self.make(house, own(&["application_credentials"]), &path, "/application_credential/id", application)
            .await;
        let rules = self
            .ask(house, &owner, Method::GET, place, &format!("/v3/users/{user}/access_rules"), None)
            .await;
        let rule = rules["access_rules"][0]["id"].as_str().unwrap().to_owned();
        self.note(place, &["access_rules"], &rule, true);
        let path = format!("/v3/users/{user}/credentials/OS-EC2");
        let keys = json!({"tenant_id": project});
        self.make(house, own(&["OS-EC2"]), &path, "/credential/access", keys).await;
        let me = house.caller(&admin).await.user.id.clone();
        let trust = json!({"trust": {
            "trustor_user_id": user, "trustee_user_id": me, "impersonation": false, "project_id": project,
            "roles": [{"name": "member"}]}});
        self.make(house, own(&["trusts"]), "/v3/OS-TRUST/trusts", "/trust/id", trust).await;
        for (name, body) in [
            ("domain", json!({"name": "walk", "enabled": false})),
            ("group", json!({"name": "walk", "domain_id": "default"})),
            ("role", json!({"name": "walk"})),
            ("region", json!({"id": "walk"})),
            ("service", json!({"type": "walk", "name": "walk"})),
            ("policy", json!({"blob": "{}", "type": "application/json"})),
        ] {
            let known: &'static [&'static str] = match name {
                "domain" => &["domains"],
                "group" => &["groups"],
                "role" => &["roles"],
                "region" => &["regions"],
                "service" => &["services"],
                _ => &["policies"],
            };
            let path = format!("/v3/{}", known[0]);
            self.make(house, cloud(known), &path, &format!("/{name}/id"), json!({name: body})).await;
        }
        let service = self.id(place, "services");
        let endpoint = json!({"endpoint": {
            "service_id": service, "interface": "public", "url": "http://walk", "region_id": "walk"}});
        self.make(house, cloud(&["endpoints"]), "/v3/endpoints", "/endpoint/id", endpoint).await;
        let limit = json!({"registered_limits": [{
            "service_id": service, "resource_name": "walk", "default_limit": 5}]});
        let known = cloud(&["registered_limits"]);
        self.make(house, known, "/v3/registered_limits", "/registered_limits/0/id", limit).await;
        let limit = json!({"limits": [{
            "service_id": service, "project_id": project, "resource_name": "walk", "resource_limit": 3}]});
        let known = Make { token: &admin, place, known_as: &["limits"], owned: true };
        self.make(house, known, "/v3/limits", "/limits/0/id", limit).await;
        let group = json!({"endpoint_group": {"name": "walk", "filters": {"interface": "public"}}});
        let known = cloud(&["endpoint_groups"]);
        self.make(house, known, "/v3/OS-EP-FILTER/endpoint_groups", "/endpoint_group/id", group).await;
        let consumer = json!({"consumer": {"description": "walk"}});
        self.make(house, cloud(&["consumers"]), "/v3/OS-OAUTH1/consumers", "/consumer/id", consumer).await;
    }

    async fn images(&mut self, house: &House) -> String {
        let (place, owner, admin) = ("/image", self.owner.clone(), self.admin.clone());
        let own = |known_as| Make { token: &owner, place, known_as, owned: true };
        let body =
            json!({"name": "walk", "disk_format": "raw", "container_format": "bare", "visibility": "shared"});
        let image = self.make(house, own(&["images"]), "/v2/images", "/id", body).await;
        let part = house.parts.iter().find(|part| part.place == place).unwrap();
        let path = format!("/v2/images/{image}/file");
        let (put, kind) = (Method::PUT, "application/octet-stream");
        let answer =
            house.ask_bytes(&owner, part, &put, &path, Range::default(), Some((kind, vec![7; 4096]))).await;
        assert!(answer.status.is_success(), "{}", answer.status);
        let member = json!({"member": "a-third-project"});
        let path = format!("/v2/images/{image}/members");
        self.make(house, own(&["members"]), &path, "/member_id", member).await;
        let namespace = json!({"namespace": "walk", "visibility": "private"});
        let known = Make { token: &admin, place, known_as: &["namespaces"], owned: false };
        self.make(house, known, "/v2/metadefs/namespaces", "/namespace", namespace).await;
        for (kind, body) in [
            ("objects", json!({"name": "walk"})),
            ("properties", json!({"name": "walk", "title": "walk", "type": "string"})),
        ] {
            let known: &[&'static str] = if kind == "objects" { &["objects"] } else { &["properties"] };
            let known = Make { token: &admin, place, known_as: known, owned: false };
            self.make(house, known, &format!("/v2/metadefs/namespaces/walk/{kind}"), "/name", body).await;
        }
        image
    }

    async fn networks(&mut self, house: &House) -> String {
        let (place, owner) = ("/networking", self.owner.clone());
        let own = |known_as| Make { token: &owner, place, known_as, owned: true };
        let made = own(&["networks", "network-ip-availabilities"]);
        let network = self
            .make(house, made, "/v2.0/networks", "/network/id", json!({"network": {"name": "walk"}}))
            .await;
        let body = json!({"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.9.0.0/24"}});
        let subnet = self.make(house, own(&["subnets"]), "/v2.0/subnets", "/subnet/id", body).await;
        let body = json!({"port": {"network_id": network, "name": "walk"}});
        let port = self.make(house, own(&["ports"]), "/v2.0/ports", "/port/id", body).await;
        let public =
            self.ask(house, &owner, Method::GET, place, "/v2.0/networks?router:external=true", None).await;
        let public = public["networks"][0]["id"].as_str().unwrap().to_owned();
        let body = json!({"router": {"name": "walk", "external_gateway_info": {"network_id": public}}});
        let router = self.make(house, own(&["routers"]), "/v2.0/routers", "/router/id", body).await;
        let path = format!("/v2.0/routers/{router}/add_router_interface");
        self.ask(house, &owner, Method::PUT, place, &path, Some(json!({"subnet_id": subnet}))).await;
        let body = json!({"floatingip": {"floating_network_id": public, "port_id": port}});
        self.make(house, own(&["floatingips"]), "/v2.0/floatingips", "/floatingip/id", body).await;
        let body = json!({"security_group": {"name": "walk"}});
        let group = self
            .make(house, own(&["security-groups"]), "/v2.0/security-groups", "/security_group/id", body)
            .await;
        let body = json!({"security_group_rule": {
            "security_group_id": group, "direction": "ingress", "protocol": "tcp",
            "port_range_min": 22, "port_range_max": 22}});
        let known = own(&["security-group-rules"]);
        self.make(house, known, "/v2.0/security-group-rules", "/security_group_rule/id", body).await;
        let body = json!({"rbac_policy": {
            "object_type": "network", "object_id": network, "action": "access_as_shared",
            "target_tenant": "a-third-project"}});
        self.make(house, own(&["rbac-policies"]), "/v2.0/rbac-policies", "/rbac_policy/id", body).await;
        let body =
            json!({"subnetpool": {"name": "walk", "prefixes": ["10.64.0.0/16"], "default_prefixlen": 24}});
        self.make(house, own(&["subnetpools"]), "/v2.0/subnetpools", "/subnetpool/id", body).await;
        let project = self.owner_as.project_id().unwrap_or_default().to_owned();
        self.note(place, &["quotas"], &project, true);
        for name in
            ["networks", "subnets", "ports", "routers", "floatingips", "security-groups", "subnetpools"]
        {
            let path = format!("/v2.0/{name}/{}/tags/walk", self.id(place, name).unwrap());
            self.ask(house, &owner, Method::PUT, place, &path, None).await;
        }
        self.note(place, &["tags"], "walk", false);
        network
    }

    async fn volumes(&mut self, house: &House) {
        let place = "/volume";
        let (admin, owner) = (self.admin.clone(), self.owner.clone());
        let own = |known_as| Make { token: &owner, place, known_as, owned: true };
        let cloud = |known_as| Make { token: &admin, place, known_as, owned: false };
        let body = || json!({"volume": {"name": "walk", "size": 1, "metadata": {"walk": "x"}}});
        // Nothing makes them real: an administrator says that they are.
        let mut volumes = Vec::new();
        for known in [&["volumes"][..], &[], &[]] {
            let volume = self.make(house, own(known), "/v3/volumes", "/volume/id", body()).await;
            let path = format!("/v3/volumes/{volume}/action");
            let available = json!({"os-reset_status": {"status": "available"}});
            self.ask(house, &admin, Method::POST, place, &path, Some(available)).await;
            volumes.push(volume);
        }
        let snapshot =
            json!({"snapshot": {"volume_id": volumes[0], "name": "walk", "metadata": {"walk": "x"}}});
        self.make(house, own(&["snapshots"]), "/v3/snapshots", "/snapshot/id", snapshot).await;
        let transfer = json!({"transfer": {"volume_id": volumes[1], "name": "walk"}});
        let known = own(&["volume-transfers", "os-volume-transfer"]);
        self.make(house, known, "/v3/volume-transfers", "/transfer/id", transfer).await;
        let attachment = json!({"attachment": {
            "volume_uuid": volumes[2], "instance_uuid": "6d3f1a52-70b5-4f0c-9a53-3f3f6f0e8b10"}});
        self.make(house, own(&["attachments"]), "/v3/attachments", "/attachment/id", attachment).await;
        let kind = json!({"volume_type": {"name": "walk", "extra_specs": {"walk": "x"}}});
        self.make(house, cloud(&["types"]), "/v3/types", "/volume_type/id", kind).await;
        let specs = json!({"qos_specs": {"name": "walk", "consumer": "back-end"}});
        self.make(house, cloud(&["qos-specs"]), "/v3/qos-specs", "/qos_specs/id", specs).await;
        let project = self.owner_as.project_id().unwrap_or_default().to_owned();
        self.note(place, &["os-quota-sets"], &project, true);
        self.note(place, &["metadata", "extra_specs"], "walk", false);
    }

    async fn servers(&mut self, house: &House, image: &str, network: &str) {
        let place = "/compute";
        let (admin, owner) = (self.admin.clone(), self.owner.clone());
        let own = |known_as| Make { token: &owner, place, known_as, owned: true };
        let cloud = |known_as| Make { token: &admin, place, known_as, owned: false };
        let key = json!({"keypair": {"name": "walk", "type": "ssh", "public_key":
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE0JvXuVS8Gqn3TWfKkNbCGxMfQTUXcPqKWXQ0pXrLkW walk"}});
        self.make(house, own(&["os-keypairs"]), "/v2.1/os-keypairs", "/keypair/name", key).await;
        let group = json!({"server_group": {"name": "walk", "policy": "anti-affinity"}});
        self.make(house, own(&["os-server-groups"]), "/v2.1/os-server-groups", "/server_group/id", group)
            .await;
        let body = json!({"flavor": {"name": "walk", "ram": 64, "vcpus": 1, "disk": 1}});
        let flavor = self.make(house, cloud(&["flavors"]), "/v2.1/flavors", "/flavor/id", body).await;
        let path = format!("/v2.1/flavors/{flavor}/os-extra_specs");
        self.ask(house, &admin, Method::POST, place, &path, Some(json!({"extra_specs": {"walk": "x"}})))
            .await;
        let server = json!({"server": {
            "name": "walk", "imageRef": image, "flavorRef": flavor, "networks": [{"uuid": network}],
            "metadata": {"walk": "x"}, "tags": ["walk"]}});
        let server = self.make(house, own(&["servers"]), "/v2.1/servers", "/server/id", server).await;
        let path = format!("/v2.1/servers/{server}/os-instance-actions");
        let actions = self.ask(house, &owner, Method::GET, place, &path, None).await;
        let request = actions["instanceActions"][0]["request_id"].as_str().unwrap().to_owned();
        let aggregate = json!({"aggregate": {"name": "walk", "availability_zone": "walk"}});
        self.make(house, cloud(&["os-aggregates"]), "/v2.1/os-aggregates", "/aggregate/id", aggregate).await;
        let project = self.owner_as.project_id().unwrap_or_default().to_owned();
        self.note(place, &["os-quota-sets", "os-simple-tenant-usage"], &project, true);
        for (name, theirs, kind) in [
            ("images", "/image", "images"),
            ("os-security-groups", "/networking", "security-groups"),
            ("os-security-group-rules", "/networking", "security-group-rules"),
            ("os-floating-ips", "/networking", "floatingips"),
            ("os-networks", "/networking", "networks"),
        ] {
            let id = self.id(theirs, kind).unwrap();
            self.note(place, &[name], &id, true);
        }
        self.note(place, &["os-instance-actions"], &request, false);
        self.note(place, &["metadata", "tags", "os-extra_specs"], "walk", false);
        let (volume, port) =
            (self.id("/volume", "volumes").unwrap(), self.id("/networking", "ports").unwrap());
        self.note(place, &["os-volume_attachments"], &volume, false);
        self.note(place, &["os-interface"], &port, false);
    }

    async fn placement(&mut self, house: &House) {
        let (place, admin) = ("/placement", self.admin.clone());
        let cloud = |known_as| Make { token: &admin, place, known_as, owned: false };
        let known = cloud(&["resource_providers"]);
        self.make(house, known, "/resource_providers", "/uuid", json!({"name": "walk"})).await;
        let path = "/resource_classes/CUSTOM_WALK";
        self.ask(house, &admin, Method::PUT, place, path, None).await;
        self.ask(house, &admin, Method::PUT, place, "/traits/CUSTOM_WALK", None).await;
        self.note(place, &["resource_classes", "traits", "inventories"], "CUSTOM_WALK", false);
    }
}

/// Who a token stands for, as every service is told.
impl House {
    pub async fn caller(&self, token: &str) -> Arc<Caller> {
        self.services.keystone.validate(token).await.unwrap()
    }
}
