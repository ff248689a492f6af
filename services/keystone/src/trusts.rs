//! Using trusts: some may be used a number of times only.

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};

use crate::{Keystone, error::Error, model::trust};

impl Keystone {
    /// A token was got by the trust: one use less, where they are counted.
    pub(crate) async fn use_trust(&self, row: trust::Model) -> Result<(), Error> {
        if row.remaining_uses.is_none() {
            return Ok(());
        }
        let tx = self.db.write().await?;
        let used = trust::Entity::update_many()
            .col_expr(trust::Column::RemainingUses, Expr::col(trust::Column::RemainingUses).sub(1))
            .filter(trust::Column::Id.eq(row.id.as_str()))
            .filter(trust::Column::RemainingUses.gt(0))
            .exec(&*tx)
            .await?;
        if used.rows_affected == 0 {
            return Err(Error::Unauthorized);
        }
        tx.commit().await?;
        Ok(())
    }
}
