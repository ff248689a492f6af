//! What Keystone offers to the other services.

use std::sync::Arc;

use async_trait::async_trait;
use contracts::{
    CallError, CallResult,
    identity::{Caller, Identity, InDomain, TokenError, Tokens},
};

use crate::{Keystone, authority::Authority};

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
}

#[async_trait]
impl Tokens for Keystone {
    async fn validate(&self, token: &str) -> Result<Arc<Caller>, TokenError> {
        self.authority.validate(token).await
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
