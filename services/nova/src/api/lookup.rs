//! Finding the server of a path, which is being allowed to do to it what the route does.

use platform::http::{Cx, Fault};

use crate::{
    Nova,
    error::NovaError,
    model::server::{self, Model},
};

/// The server of a path.
pub async fn server(cx: &Cx<Nova>, id: &str) -> Result<Model, Fault> {
    Ok(cx.open(server::find(cx.service.db.read(), id).await?)?)
}

/// The server of a path, which nobody locked.
pub async fn unlocked_server(cx: &Cx<Nova>, id: &str) -> Result<Model, Fault> {
    let server = server(cx, id).await?;
    unlocked(cx, &server)?;
    Ok(server)
}

/// A locked server can be changed by administrators only.
pub fn unlocked(cx: &Cx<Nova>, server: &Model) -> Result<(), NovaError> {
    if server.locked && !cx.is_admin() {
        return Err(NovaError::Locked(server.id.to_string()));
    }
    Ok(())
}
