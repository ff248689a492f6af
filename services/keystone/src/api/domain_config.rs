//! `/v3/domains/{domain_id}/config`: options that hold for one domain. Keystone tells every user the password rule
//! (`security_compliance`) and administrators the rest.

use axum::{extract::RawPathParams, response::Response};
use http::{Method, StatusCode};
use platform::{
    Body as Wire,
    http::{Body, Fault, Routes, json},
    policy::Target,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Cx,
    domain_options::{self, default_of, is_sensitive},
    domains::existing,
    guard::{Guard, forbidden},
    listing::no_content,
};
use crate::{Keystone, change::Change, error::Error, model::domain_config};

pub(super) fn routes() -> Routes<Keystone> {
    const ALL: &str = "/v3/domains/{domain_id}/config";
    const GROUP: &str = "/v3/domains/{domain_id}/config/{group}";
    const OPTION: &str = "/v3/domains/{domain_id}/config/{group}/{option}";
    const DEFAULT: &str = "identity:get_domain_config_default";
    let mut routes = Routes::new().route(Method::PUT, ALL, "identity:create_domain_config", create);
    for path in [ALL, GROUP, OPTION] {
        routes = routes
            .get(path, "identity:get_domain_config", show)
            .patch(path, "identity:update_domain_config", update)
            .delete(path, "identity:delete_domain_config", delete);
    }
    for path in [
        "/v3/domains/config/default",
        "/v3/domains/config/{group}/default",
        "/v3/domains/config/{group}/{option}/default",
    ] {
        routes = routes.get(path, DEFAULT, defaults);
    }
    routes
}

#[derive(Deserialize, Wire)]
struct GivenConfig {
    config: Map<String, Value>,
}

/// What the path names.
struct Asked {
    domain: String,
    group: Option<String>,
    option: Option<String>,
}

impl Asked {
    fn read(params: &RawPathParams) -> Self {
        let get =
            |name: &str| params.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned());
        Self { domain: get("domain_id").unwrap_or_default(), group: get("group"), option: get("option") }
    }

    /// The group and the option are of those that there are.
    fn check(&self) -> Result<(), Fault> {
        match &self.group {
            Some(group) => known(group, self.option.as_deref()),
            None => Ok(()),
        }
    }

    fn missing(&self) -> Fault {
        let what = match (&self.group, &self.option) {
            (Some(group), Some(option)) => format!("option {option} in group {group}"),
            (Some(group), None) => format!("group {group}"),
            _ => "any options".to_owned(),
        };
        Fault::not_found(format!("Could not find {what} in domain configuration for domain {}.", self.domain))
    }

    fn matches(&self, row: &domain_config::Model) -> bool {
        self.group.as_ref().is_none_or(|group| row.group_name == *group)
            && self.option.as_ref().is_none_or(|option| row.option_name == *option)
    }
}

fn refused(reason: impl std::fmt::Display) -> Fault {
    Fault::forbidden(format!("Invalid domain specific configuration: {reason}."))
}

fn known(group: &str, option: Option<&str>) -> Result<(), Fault> {
    if !domain_options::groups().contains(&group) {
        return Err(refused(format_args!(
            "Group {group} is not supported for domain specific configurations"
        )));
    }
    match option {
        Some(option) if default_of(group, option).is_none() && !is_sensitive(group, option) => {
            Err(refused(format_args!(
                "Option {option} in group {group} is not supported for domain specific configurations"
            )))
        }
        _ => Ok(()),
    }
}

/// The rows of a domain.
async fn rows(cx: &Cx, domain: &str) -> Result<Vec<domain_config::Model>, Fault> {
    let select = domain_config::Entity::find().filter(domain_config::Column::DomainId.eq(domain));
    Ok(select.all(cx.service.db.read()).await?)
}

/// Options by group; an option alone where one was asked for. What is sensitive is not shown.
fn shown(rows: &[domain_config::Model], asked: &Asked) -> Map<String, Value> {
    let mut config = Map::new();
    for row in
        rows.iter().filter(|row| asked.matches(row) && !is_sensitive(&row.group_name, &row.option_name))
    {
        if asked.option.is_some() {
            config.insert(row.option_name.clone(), row.value.clone());
        } else if let Value::Object(group) = config.entry(row.group_name.clone()).or_insert_with(|| json!({}))
        {
            group.insert(row.option_name.clone(), row.value.clone());
        }
    }
    config
}

async fn show(cx: Cx, params: RawPathParams) -> Result<Response, Fault> {
    let asked = Asked::read(&params);
    if asked.group.as_deref() == Some("security_compliance") {
        return compliance(&cx, &asked);
    }
    cx.permit(&Target::none())?;
    existing(&cx, &asked.domain).await?;
    asked.check()?;
    let config = shown(&rows(&cx, &asked.domain).await?, &asked);
    if config.is_empty() {
        return Err(asked.missing());
    }
    json(StatusCode::OK, &json!({"config": config}))
}

/// What every user may know: what a password must look like.
fn compliance(cx: &Cx, asked: &Asked) -> Result<Response, Fault> {
    const RULE: &str = "identity:get_security_compliance_domain_config";
    cx.allow_rule(RULE, &Target::none()).map_err(|_| forbidden(RULE))?;
    if asked.domain != "default" {
        return Err(refused(
            "Reading security compliance information for any domain other than the default domain is not allowed or supported.",
        ));
    }
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let config = &cx.service.config;
    let options = [
        ("password_regex", text(&config.password_regex)),
        ("password_regex_description", text(&config.password_regex_description)),
    ];
    let all: Map<String, Value> =
        options.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    match &asked.option {
        None => json(StatusCode::OK, &json!({"config": {"security_compliance": all}})),
        Some(option) => match all.get(option) {
            Some(value) => json(StatusCode::OK, &json!({"config": {option: value}})),
            None => Err(refused(
                "Reading security compliance values other than password_regex and password_regex_description is not allowed.",
            )),
        },
    }
}

/// The options of a body: those of a group, or one alone, as the path says.
fn options(mut given: Map<String, Value>, asked: &Asked) -> Result<Vec<(String, String, Value)>, Fault> {
    if let (Some(group), Some(option)) = (&asked.group, &asked.option) {
        if given.len() != 1 || !given.contains_key(option) {
            return Err(refused(format_args!(
                "Trying to update option {option} in group {group}, so that, and only that, option must be specified in the config"
            )));
        }
        given = Map::from_iter([(group.clone(), Value::Object(given))]);
    }
    if let Some(group) = &asked.group
        && (given.len() != 1 || !given.contains_key(group))
    {
        return Err(refused(format_args!(
            "Trying to update group {group}, so that, and only that, group must be specified in the config"
        )));
    }
    let mut all = Vec::new();
    for (group, options) in given {
        let Value::Object(options) = options else {
            return Err(refused(format_args!(
                "The value of group {group} specified in the config should be a dictionary of options"
            )));
        };
        known(&group, None)?;
        for (option, value) in options {
            known(&group, Some(&option))?;
            all.push((group.clone(), option, value));
        }
    }
    if all.is_empty() {
        return Err(refused("No options specified"));
    }
    Ok(all)
}

async fn write(
    cx: &Cx,
    tx: &Change,
    domain: &str,
    options: Vec<(String, String, Value)>,
) -> Result<(), Fault> {
    let mut new = Vec::new();
    for (group, option, value) in options {
        let value = match is_sensitive(&group, &option) {
            true => json!(cx.service.seal(&value.to_string())?),
            false => value,
        };
        new.push(domain_config::ActiveModel {
            domain_id: Set(domain.to_owned()),
            group_name: Set(group),
            option_name: Set(option),
            value: Set(value),
        });
    }
    use domain_config::Column;
    let again =
        sea_orm::sea_query::OnConflict::columns([Column::DomainId, Column::GroupName, Column::OptionName])
            .update_column(Column::Value)
            .to_owned();
    domain_config::Entity::insert_many(new).on_conflict(again).exec_without_returning(tx.db()).await?;
    Ok(())
}

async fn create(cx: Cx, params: RawPathParams, body: Body<GivenConfig>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let asked = Asked::read(&params);
    existing(&cx, &asked.domain).await?;
    let options = options(body.0.config, &asked)?;
    let new = rows(&cx, &asked.domain).await?.is_empty();
    let tx = cx.service.change().await?;
    domain_config::Entity::delete_many()
        .filter(domain_config::Column::DomainId.eq(asked.domain.as_str()))
        .exec(tx.db())
        .await?;
    write(&cx, &tx, &asked.domain, options).await?;
    tx.commit().await?;
    let config = shown(&rows(&cx, &asked.domain).await?, &asked);
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    json(status, &json!({"config": config}))
}

async fn update(cx: Cx, params: RawPathParams, body: Body<GivenConfig>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let asked = Asked::read(&params);
    existing(&cx, &asked.domain).await?;
    asked.check()?;
    let options = options(body.0.config, &asked)?;
    if asked.group.is_some() && !rows(&cx, &asked.domain).await?.iter().any(|row| asked.matches(row)) {
        return Err(asked.missing());
    }
    let tx = cx.service.change().await?;
    write(&cx, &tx, &asked.domain, options).await?;
    tx.commit().await?;
    let all = Asked { domain: asked.domain, group: None, option: None };
    let config = shown(&rows(&cx, &all.domain).await?, &all);
    json(StatusCode::OK, &json!({"config": config}))
}

async fn delete(cx: Cx, params: RawPathParams) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let asked = Asked::read(&params);
    existing(&cx, &asked.domain).await?;
    asked.check()?;
    let mut these = domain_config::Entity::delete_many()
        .filter(domain_config::Column::DomainId.eq(asked.domain.as_str()));
    if let Some(group) = &asked.group {
        these = these.filter(domain_config::Column::GroupName.eq(group.as_str()));
    }
    if let Some(option) = &asked.option {
        these = these.filter(domain_config::Column::OptionName.eq(option.as_str()));
    }
    let tx = cx.service.change().await?;
    let gone = these.exec(tx.db()).await?;
    if gone.rows_affected == 0 && asked.group.is_some() {
        return Err(asked.missing());
    }
    tx.commit().await?;
    Ok(no_content())
}

async fn defaults(cx: Cx, params: RawPathParams) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let asked = Asked::read(&params);
    asked.check()?;
    let config = match (&asked.group, &asked.option) {
        (None, _) => {
            let groups = domain_options::groups();
            json!(
                groups
                    .into_iter()
                    .map(|group| (group, domain_options::defaults(group)))
                    .collect::<std::collections::BTreeMap<_, _>>()
            )
        }
        (Some(group), None) => json!({group: domain_options::defaults(group)}),
        (Some(group), Some(option)) => match default_of(group, option) {
            Some(value) => json!({option: value}),
            None => return Err(Error::Forbidden("Invalid domain specific configuration.".into()).into()),
        },
    };
    json(StatusCode::OK, &json!({"config": config}))
}
