//! The flavors that a new cloud has.

use chrono::Utc;
use platform::db::Database;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};

use crate::model::flavor;

/// Id, name, memory in MiB, processors, root disk in GiB.
const FLAVORS: [(&str, &str, i64, i64, i64); 7] = [
    ("1", "m1.tiny", 512, 1, 1),
    ("2", "m1.small", 2048, 1, 20),
    ("3", "m1.medium", 4096, 2, 40),
    ("4", "m1.large", 8192, 4, 80),
    ("5", "m1.xlarge", 16384, 8, 160),
    ("42", "m1.nano", 192, 1, 1),
    ("84", "m1.micro", 256, 1, 1),
];

/// Makes them in a cloud that has none yet. What an administrator deleted later stays deleted.
pub async fn flavors(db: &Database) -> Result<(), DbErr> {
    let tx = db.write().await?;
    if flavor::Entity::find().one(&*tx).await?.is_some() {
        return Ok(());
    }
    let rows = FLAVORS.map(|(id, name, memory_mb, vcpus, root_gb)| flavor::ActiveModel {
        id: Set(id.to_owned()),
        name: Set(name.to_owned()),
        memory_mb: Set(memory_mb),
        vcpus: Set(vcpus),
        root_gb: Set(root_gb),
        ephemeral_gb: Set(0),
        swap_mb: Set(0),
        rxtx_factor: Set(1.0),
        is_public: Set(true),
        disabled: Set(false),
        description: Set(None),
        extra_specs: Set(flavor::Strings::default()),
        created_at: Set(Utc::now()),
        updated_at: Set(None),
    });
    flavor::Entity::insert_many(rows).exec_without_returning(&*tx).await?;
    tx.commit().await
}
