//! Images.
//!
//! What is not known is kept as an empty text or -1, never as null: every column that lists are sorted by can be compared.

use chrono::Utc;
use contracts::identity::Caller;
use platform::{
    db::{
        WriteTx, opened,
        owned::{Inside, Owned, Scope, Sealed},
    },
    policy::Target,
};
use sea_orm::{ActiveValue::Set, QueryFilter, QueryOrder, QuerySelect, QueryTrait, entity::prelude::*};

use super::{member, property, tag};
use crate::{Error, image::access};

mod row {
    use sea_orm::entity::prelude::*;

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
}

pub use row::Model;
pub(super) use row::{ActiveModel, Column, Entity};

/// An image, as one caller sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The image.
    pub image: Model,
    /// The caller's project, if it was shared with that.
    member: Option<String>,
}

impl Owned for Seen {
    type Missing = Error;

    const SEEN_BY: Option<&'static str> = Some("get_image");

    fn target(&self) -> Target<'_> {
        let target = Target::project(self.image.owner.as_str())
            .with("owner", self.image.owner.as_str())
            .with("visibility", self.image.visibility.as_str());
        match self.member.as_deref() {
            Some(project) => target.with("member_id", project),
            None => target,
        }
    }

    fn missing(id: &str) -> Error {
        Error::NoImage(id.chars().take(64).collect())
    }
}

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
pub async fn get(db: &impl ConnectionTrait, id: Uuid, _: &Inside) -> Result<Model, Error> {
    Entity::find_by_id(id).one(db).await?.ok_or_else(|| Error::no_image(id))
}

/// The image, if a caller who may be an administrator may know of it.
pub async fn find(
    db: &impl ConnectionTrait,
    caller: &Caller,
    admin: bool,
    id: impl ToString,
) -> Result<Sealed<Seen>, DbErr> {
    let id = id.to_string();
    let found = match Uuid::parse_str(&id) {
        Ok(uuid) => Entity::find_by_id(uuid).one(db).await?,
        Err(_) => None,
    };
    let Some(image) = found else { return Ok(Sealed::new(id, None)) };
    let mut member = None;
    if !admin
        && image.visibility == "shared"
        && let Some(project) = caller.project_id()
        && project != image.owner
    {
        member = member::get(db, &image, project).await?.map(|membership| membership.member);
    }
    let visible = admin || access::is_visible(&image, caller, member.is_some());
    Ok(Sealed::new(id, visible.then_some(Seen { image, member })))
}

/// Images of a scope that have all these custom properties, the oldest first.
pub async fn having(
    db: &impl ConnectionTrait,
    scope: &Scope,
    wanted: &std::collections::BTreeMap<String, String>,
) -> Result<Vec<Whole>, DbErr> {
    let mut select = Entity::find().filter(scope.by_project(Column::Owner));
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
    let properties = property::of(db, &image).await?;
    let tags = tag::of(db, &image).await?;
    Ok(Whole { image, properties, tags })
}

/// Writes a new image with all that belongs to it.
pub async fn insert(tx: &WriteTx, whole: &Whole) -> Result<(), DbErr> {
    opened::insert(tx, &whole.image).await?;
    property::replace(tx, &whole.image, &whole.properties).await?;
    tag::replace(tx, &whole.image, &whole.tags).await
}

async fn change(tx: &WriteTx, id: Uuid, from: &[&str], mut change: ActiveModel) -> Result<bool, DbErr> {
    if change.updated_at.is_not_set() {
        change.updated_at = Set(Utc::now());
    }
    let done = Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(id))
        .filter(Column::Status.is_in(from.iter().copied()))
        .exec(&**tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Takes the image from one status to another. Answers whether it was in that status.
pub async fn advance(tx: &WriteTx, image: &Model, from: &str, to: &str) -> Result<bool, DbErr> {
    change(tx, image.id, &[from], ActiveModel { status: Set(to.to_owned()), ..Default::default() }).await
}

/// Content of that size waits for its import. Answers whether the image waits for it still.
pub async fn stage(tx: &WriteTx, image: &Model, size: i64) -> Result<bool, DbErr> {
    change(tx, image.id, &[status::UPLOADING], ActiveModel { size: Set(size), ..Default::default() }).await
}

/// The image is active, with what the row says of its content by now. Answers whether it was in that status.
pub async fn activate(tx: &WriteTx, image: &Model, from: &str) -> Result<bool, DbErr> {
    let active = ActiveModel {
        status: Set(status::ACTIVE.to_owned()),
        size: Set(image.size),
        virtual_size: Set(image.virtual_size),
        checksum: Set(image.checksum.clone()),
        hash_value: Set(image.hash_value.clone()),
        content: Set(image.content),
        ..Default::default()
    };
    change(tx, image.id, &[from], active).await
}

/// The image is queued again, without anything known from content, if it is in one of these statuses.
pub async fn empty(tx: &WriteTx, id: Uuid, from: &[&str], _: &Inside) -> Result<bool, DbErr> {
    let queued = ActiveModel {
        status: Set(status::QUEUED.to_owned()),
        size: Set(-1),
        virtual_size: Set(-1),
        checksum: Set(None),
        hash_value: Set(None),
        content: Set(None),
        ..Default::default()
    };
    change(tx, id, from, queued).await
}

/// Records what was changed of an image. Answers whether its status is what it was.
pub async fn save(tx: &WriteTx, before: &Whole, whole: &Whole) -> Result<bool, DbErr> {
    let Whole { image, properties, tags } = whole;
    let row = ActiveModel {
        name: Set(image.name.clone()),
        visibility: Set(image.visibility.clone()),
        owner: Set(image.owner.clone()),
        disk_format: Set(image.disk_format.clone()),
        container_format: Set(image.container_format.clone()),
        min_disk: Set(image.min_disk),
        min_ram: Set(image.min_ram),
        protected: Set(image.protected),
        hidden: Set(image.hidden),
        updated_at: Set(image.updated_at),
        ..Default::default()
    };
    if !change(tx, image.id, &[&image.status], row).await? {
        return Ok(false);
    }
    if *properties != before.properties {
        property::replace(tx, image, properties).await?;
    }
    if *tags != before.tags {
        tag::replace(tx, image, tags).await?;
    }
    Ok(true)
}

/// Removes an image that is not protected. Answers whether it was such a one.
pub async fn delete(tx: &WriteTx, image: &Model) -> Result<bool, DbErr> {
    let gone = Entity::delete_many()
        .filter(Column::Id.eq(image.id))
        .filter(Column::Protected.eq(false))
        .exec(&**tx)
        .await?;
    Ok(gone.rows_affected == 1)
}

/// How many images there are in a scope, in these statuses (or in any, where none is named), and how many bytes they hold.
pub async fn usage(db: &impl ConnectionTrait, scope: &Scope, statuses: &[&str]) -> Result<(u64, u64), DbErr> {
    let mut rows = Entity::find().select_only().column(Column::Size).filter(scope.by_project(Column::Owner));
    if !statuses.is_empty() {
        rows = rows.filter(Column::Status.is_in(statuses.iter().copied()));
    }
    let sizes: Vec<i64> = rows.into_tuple().all(db).await?;
    let bytes = sizes.iter().map(|&size| u64::try_from(size).unwrap_or(0)).sum();
    Ok((sizes.len() as u64, bytes))
}
