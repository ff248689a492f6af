//! What Keystone offers to the other services.

use std::sync::Arc;

use async_trait::async_trait;
use contracts::{
    CallError, CallResult,
    identity::{Caller, Identity, InDomain, TokenError, Tokens},
};

use crate::{Keystone, authority::Authority, model::access_rule};

#[async_trait]
impl Tokens for Authority {
    async fn validate(&self, token: &str) -> Result<Arc<Caller>, TokenError> {
        let token = self.token(token).await?;
        // Access rules say which requests the token is for. Who does not say what is asked can't hold it to them.
        match &token.application {
            Some(application) if !application.access_rules.is_empty() => Err(TokenError::Invalid),
            _ => Ok(token.caller.clone()),
        }
    }

    async fn validate_for(
        &self,
        token: &str,
        service_type: &str,
        method: &str,
        path: &str,
    ) -> Result<Arc<Caller>, TokenError> {
        let token = self.token(token).await?;
        let rules = token.application.as_ref().map_or(&[][..], |application| &application.access_rules);
        let covered = |rule: &access_rule::Model| {
            same_service(&rule.service, service_type) && rule.method == method && matches(&rule.path, path)
        };
        if rules.is_empty() || rules.iter().any(covered) {
            Ok(token.caller.clone())
        } else {
            Err(TokenError::Invalid)
        }
    }
}

/// Block storage has had several types.
fn same_service(named: &str, asked: &str) -> bool {
    let one = |kind: &str| match kind {
        "volume" | "volumev2" | "volumev3" => "block-storage".to_owned(),
        kind => kind.to_owned(),
    };
    one(named) == one(asked)
}

/// Whether a path is one of a rule's: `*` and `{name}` stand for one part, `**` for any number of parts.
fn matches(rule: &str, path: &str) -> bool {
    fn rest(rule: &[&str], path: &[&str]) -> bool {
        match (rule.split_first(), path.split_first()) {
            (None, None) => true,
            (Some((&"**", more)), _) => (0..=path.len()).any(|skipped| rest(more, &path[skipped..])),
            (Some((first, more)), Some((part, others))) => {
                let any = *first == "*" || (first.starts_with('{') && first.ends_with('}'));
                (any && !part.is_empty() || first == part) && rest(more, others)
            }
            _ => false,
        }
    }
    let (rule, path): (Vec<&str>, Vec<&str>) = (rule.split('/').collect(), path.split('/').collect());
    rest(&rule, &path)
}

#[async_trait]
impl Tokens for Keystone {
    async fn validate(&self, token: &str) -> Result<Arc<Caller>, TokenError> {
        self.authority.validate(token).await
    }

    async fn validate_for(
        &self,
        token: &str,
        service_type: &str,
        method: &str,
        path: &str,
    ) -> Result<Arc<Caller>, TokenError> {
        self.authority.validate_for(token, service_type, method, path).await
    }
}

#[async_trait]
impl Identity for Keystone {
    async fn project(&self, id: &str) -> CallResult<Option<InDomain>> {
        let found = self.authority.directory.project(id).await;
        let found = found.map_err(|error| CallError::unavailable("identity", error))?;
        Ok(found.filter(|project| !project.is_domain).map(|project| project.in_domain()))
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_one_part_and_two_for_any_number() {
        assert!(matches("/v2.1/servers", "/v2.1/servers"));
        assert!(matches("/v2.1/servers/*/ips", "/v2.1/servers/x/ips"));
        assert!(matches("/v2.1/servers/{id}", "/v2.1/servers/x"));
        assert!(matches("/v2.1/**", "/v2.1/servers/x/ips"));
        assert!(!matches("/v2.1/servers/*", "/v2.1/servers"));
        assert!(!matches("/v2.1/servers/*", "/v2.1/servers/"));
        assert!(!matches("/v2.1/servers/*", "/v2.1/servers/x/ips"));
        assert!(!matches("/v2.1/servers", "/v2.1/serversx"));
    }
}
