//! Images.
//!
//! What is not known is kept as an empty text or -1, never as null: every column that lists are sorted by can be compared.

use contracts::identity::Caller;
use sea_orm::{Condition, QueryFilter, QueryOrder, QuerySelect, QueryTrait, entity::prelude::*};

use super::{member, property, tag};
use crate::{Error, image::access};

/// An image.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "images")]
pub struct Model {
    /// Given by whoever makes it, or at random.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Empty: none.
    pub name: String,
    /// See [`status`].
    pub status: String,
    /// `public`, `private`, `shared`, `community`.
    pub visibility: String,
    /// The project it belongs to; empty: none.
    pub owner: String,
    /// Empty: not said yet.
    pub disk_format: String,
    /// Empty: not said yet.
    pub container_format: String,
    /// In bytes; -1: no content yet.
    pub size: i64,
    /// In bytes; -1: not known.
    pub virtual_size: i64,
    /// In GiB.
    pub min_disk: i64,
    /// In MiB.
    pub min_ram: i64,
    /// It can't be deleted.
    pub protected: bool,
    /// It is not listed unless asked for.
    pub hidden: bool,
    /// MD5 of the content, for clients that still compare it.
    pub checksum: Option<String>,
    /// SHA-512 of the content.
    pub hash_value: Option<String>,
    /// Where the content is: a row of `contents`.
    pub content: Option<Uuid>,
    /// When it was made.
    pub created_at: ChronoDateTimeUtc,
    /// When it changed last.
    pub updated_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The statuses of an image.
pub mod status {
    /// Without content.
    pub const QUEUED: &str = "queued";
    /// Its content is coming.
    pub const SAVING: &str = "saving";
    /// Its content is staged (or being staged) for an import.
    pub const UPLOADING: &str = "uploading";
    /// Its content is being imported.
    pub const IMPORTING: &str = "importing";
    /// Ready.
    pub const ACTIVE: &str = "active";
    /// Not to be downloaded for now.
    pub const DEACTIVATED: &str = "deactivated";
}

/// An image with all that is shown of it.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The image.
    pub image: Model,
    /// Its custom properties.
    pub properties: std::collections::BTreeMap<String, String>,
    /// Its tags.
    pub tags: std::collections::BTreeSet<String>,
}

/// The image, whoever asks.
pub async fn get(db: &impl ConnectionTrait, id: Uuid) -> Result<Model, Error> {
    Entity::find_by_id(id).one(db).await?.ok_or(Error::NoImage(id))
}

/// The image, if the caller may know of it, and whether it was shared with the caller.
pub async fn visible(
    db: &impl ConnectionTrait,
    caller: &Caller,
    admin: bool,
    id: Uuid,
) -> Result<(Model, access::Shared), Error> {
    let image = get(db, id).await?;
    let mut shared = access::Shared(false);
    if !admin
        && image.visibility == "shared"
        && let Some(project) = caller.project_id()
        && project != image.owner
    {
        shared = access::Shared(member::get(db, id, project).await?.is_some());
    }
    if admin || access::is_visible(&image, caller, shared) {
        Ok((image, shared))
    } else {
        Err(Error::NoImage(id))
    }
}

/// A project's images that have all these custom properties, the oldest first.
pub async fn having(
    db: &impl ConnectionTrait,
    project: &str,
    wanted: &std::collections::BTreeMap<String, String>,
) -> Result<Vec<Whole>, DbErr> {
    let mut select = Entity::find().filter(Column::Owner.eq(project));
    for (name, value) in wanted {
        let those = property::Entity::find()
            .select_only()
            .column(property::Column::Image)
            .filter(property::Column::Name.eq(name.as_str()))
            .filter(property::Column::Value.eq(value.as_str()));
        select = select.filter(Column::Id.in_subquery(those.into_query()));
    }
    let images = select.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(db).await?;
    whole(db, images).await
}

/// Properties and tags beside the images, in two queries.
pub async fn whole(db: &impl ConnectionTrait, images: Vec<Model>) -> Result<Vec<Whole>, DbErr> {
    let ids: Vec<Uuid> = images.iter().map(|image| image.id).collect();
    let mut properties = property::of_all(db, &ids).await?;
    let mut tags = tag::of_all(db, &ids).await?;
    Ok(images
        .into_iter()
        .map(|image| Whole {
            properties: properties.remove(&image.id).unwrap_or_default(),
            tags: tags.remove(&image.id).unwrap_or_default(),
            image,
        })
        .collect())
}

/// One image with all that is shown of it.
pub async fn one_whole(db: &impl ConnectionTrait, image: Model) -> Result<Whole, DbErr> {
    let properties = property::of(db, image.id).await?;
    let tags = tag::of(db, image.id).await?;
    Ok(Whole { image, properties, tags })
}

/// Takes the image from one status to another, with other changes. Answers whether it was in that status.
pub async fn advance(
    tx: &impl ConnectionTrait,
    id: Uuid,
    from: &[&str],
    change: ActiveModel,
) -> Result<bool, DbErr> {
    let done = Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(id))
        .filter(Column::Status.is_in(from.iter().copied()))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// How many images a project has, and how many bytes they hold.
pub async fn usage(
    db: &impl ConnectionTrait,
    project: &str,
    condition: Condition,
) -> Result<(u64, u64), DbErr> {
    let sizes: Vec<i64> = Entity::find()
        .select_only()
        .column(Column::Size)
        .filter(Column::Owner.eq(project))
        .filter(condition)
        .into_tuple()
        .all(db)
        .await?;
    let bytes = sizes.iter().map(|&size| u64::try_from(size).unwrap_or(0)).sum();
    Ok((sizes.len() as u64, bytes))
}
