//! What Placement refuses, and how that is told over HTTP and to other services.

use contracts::CallError;
use platform::http::Fault;
use sea_orm::DbErr;
use uuid::Uuid;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The provider named in the path.
    #[error("No resource provider with uuid {0} found")]
    NoProvider(String),
    /// A provider named in a body.
    #[error("Allocation for resource provider '{0}' that does not exist.")]
    NoSuchProviderInBody(Uuid),
    /// A resource class that nobody made.
    #[error("No such resource class {0}.")]
    NoClass(String),
    /// Traits that nobody made.
    #[error("No such trait(s): {0}.")]
    NoTraits(String),
    /// The provider has no inventory of that class.
    #[error("No inventory of class {class} for {provider}")]
    NoInventory {
        /// The class.
        class: String,
        /// The provider.
        provider: Uuid,
    },
    /// An allocation of a class that the provider has none of.
    #[error(
        "Unable to allocate inventory: Inventory for '{class}' on resource provider '{provider}' invalid."
    )]
    InvalidInventory {
        /// The class.
        class: String,
        /// The provider.
        provider: Uuid,
    },
    /// There is not so much room.
    #[error(
        "Unable to allocate inventory: Unable to create allocation for '{class}' on resource provider '{provider}'. The requested amount would exceed the capacity."
    )]
    NoRoom {
        /// The class.
        class: String,
        /// The provider.
        provider: Uuid,
    },
    /// The amount is not one that may be given out at once.
    #[error(
        "Unable to allocate inventory: Unable to create allocation for '{class}' on resource provider '{provider}'. The requested amount would violate inventory constraints."
    )]
    Constraints {
        /// The class.
        class: String,
        /// The provider.
        provider: Uuid,
    },
    /// Inventory that is to go, and has allocations.
    #[error("update conflict: Inventory for '{classes}' on resource provider '{provider}' in use.")]
    InventoryInUse {
        /// The classes.
        classes: String,
        /// The provider.
        provider: Uuid,
    },
    /// Somebody else changed the provider.
    #[error("resource provider generation conflict")]
    ProviderChanged,
    /// Somebody else changed the consumer.
    #[error("consumer generation conflict - expected {expected} but got {given}")]
    ConsumerChanged {
        /// The generation it has.
        expected: String,
        /// The generation that was thought.
        given: String,
    },
    /// Nonsense, in words.
    #[error("{0}")]
    Invalid(String),
    /// Not there, in words.
    #[error("{0}")]
    NotFound(String),
    /// Not at the moment, in words, with the code of the envelope.
    #[error("{0}")]
    Conflict(String, &'static str),
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] DbErr),
}

/// The codes of Placement's envelope.
pub mod code {
    /// Whatever has no code of its own.
    pub const UNDEFINED: &str = "placement.undefined_code";
    /// Somebody else changed it.
    pub const CONCURRENT_UPDATE: &str = "placement.concurrent_update";
    /// Inventory with allocations.
    pub const INVENTORY_IN_USE: &str = "placement.inventory.inuse";
    /// A name or UUID is taken.
    pub const DUPLICATE_NAME: &str = "placement.duplicate_name";
    /// A provider with allocations.
    pub const PROVIDER_IN_USE: &str = "placement.resource_provider.inuse";
    /// A provider with children.
    pub const IS_PARENT: &str = "placement.resource_provider.cannot_delete_parent";
    /// A value in the query.
    pub const BAD_VALUE: &str = "placement.query.bad_value";
    /// Something in the query is missing.
    pub const MISSING_VALUE: &str = "placement.query.missing_value";
    /// Something in the query comes twice.
    pub const DUPLICATE_KEY: &str = "placement.query.duplicate_key";
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::NoProvider(_) | Error::NoInventory { .. } | Error::NotFound(_) => Self::not_found(error),
            Error::NoSuchProviderInBody(_) | Error::NoClass(_) | Error::NoTraits(_) | Error::Invalid(_) => {
                Self::bad_request(error)
            }
            Error::InvalidInventory { .. } | Error::NoRoom { .. } | Error::Constraints { .. } => {
                Self::conflict(error)
            }
            Error::InventoryInUse { .. } => Self::conflict(error).named(code::INVENTORY_IN_USE),
            Error::ProviderChanged | Error::ConsumerChanged { .. } => {
                Self::conflict(error).named(code::CONCURRENT_UPDATE)
            }
            Error::Conflict(ref message, name) => Self::conflict(message).named(name),
            Error::Database(error) if platform::db::is_duplicate(&error) => {
                Self::conflict("Another thread concurrently updated the data. Please retry your update")
                    .named(code::CONCURRENT_UPDATE)
            }
            Error::Database(error) => Self::internal(error),
        }
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::NoProvider(_) | Error::NoInventory { .. } | Error::NotFound(_) => Self::NotFound(text),
            Error::NoSuchProviderInBody(_) | Error::NoClass(_) | Error::NoTraits(_) | Error::Invalid(_) => {
                Self::Invalid(text)
            }
            Error::Database(error) if !platform::db::is_duplicate(&error) => {
                Self::unavailable("placement", error)
            }
            _ => Self::Conflict(text),
        }
    }
}
