//! What has tags.

use contracts::identity::Caller;
use platform::db::owned::{Owned, Sealed};
use sea_orm::{DatabaseConnection, DbErr};

use super::{Known, Placed, floatingip, group, network, port, router, subnet, subnetpool};
use crate::{change::Change, error::Error};

/// A resource that has tags.
pub(crate) trait Tagged: Owned<Missing = Error> + Known + Sized + Send + Sync {
    fn find(
        db: &DatabaseConnection,
        caller: &Caller,
        id: &str,
    ) -> impl Future<Output = Result<Sealed<Self>, DbErr>> + Send;

    /// It has another revision now.
    fn revise(&self, change: &Change<'_>) -> impl Future<Output = Result<(), DbErr>> + Send;
}

macro_rules! tagged {
    ($($resource:ty: $table:ident ($($caller:ident)?) $(.$row:ident)*;)*) => {$(
        impl Tagged for $resource {
            async fn find(
                db: &DatabaseConnection,
                _caller: &Caller,
                id: &str,
            ) -> Result<Sealed<Self>, DbErr> {
                tagged!(@find $table db _caller id $($caller)?)
            }

            async fn revise(&self, change: &Change<'_>) -> Result<(), DbErr> {
                change.revise(&(*self)$(.$row)*).await
            }
        }
    )*};
    (@find $table:ident $db:ident $by:ident $id:ident caller) => { $table::find($db, $by, $id).await };
    (@find $table:ident $db:ident $by:ident $id:ident) => { $table::find($db, $id).await };
}

tagged! {
    network::Seen: network (caller) .network;
    Placed<subnet::Model>: subnet (caller) .row;
    Placed<port::Full>: port (caller) .row .port;
    subnetpool::Model: subnetpool ();
    router::Model: router ();
    floatingip::Model: floatingip ();
    group::Model: group ();
}
