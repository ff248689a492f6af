//! Answers, as each microversion shows them.

use serde::{Serialize, Serializer};

use super::Version;

/// Something that is shown in an answer. Derived; fields take `#[view(since = "2.3", until = "2.9", rename = "OS-EXT:x", nested, skip_none)]`.
///
/// `nested` is for a field that is itself a `View` (or `Option` or `Vec` of one); `skip_none` leaves the field out when it is `None`.
pub trait View {
    /// Writes it as that version shows it.
    fn serialize_at<S: Serializer>(&self, version: Version, serializer: S) -> Result<S::Ok, S::Error>;
}

/// A view at a version: what serde can write.
pub struct At<'a, T: ?Sized>(pub &'a T, pub Version);

impl<T: View + ?Sized> Serialize for At<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_at(self.1, serializer)
    }
}

impl<T: View> View for Vec<T> {
    fn serialize_at<S: Serializer>(&self, version: Version, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|item| At(item, version)))
    }
}

impl<T: View> View for Option<T> {
    fn serialize_at<S: Serializer>(&self, version: Version, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.serialize_at(version, serializer),
            None => serializer.serialize_none(),
        }
    }
}

impl<T: View + ?Sized> View for &T {
    fn serialize_at<S: Serializer>(&self, version: Version, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize_at(version, serializer)
    }
}

impl<T: View + ?Sized> View for Box<T> {
    fn serialize_at<S: Serializer>(&self, version: Version, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize_at(version, serializer)
    }
}

/// JSON that is the same in every version.
impl View for serde_json::Value {
    fn serialize_at<S: Serializer>(&self, _: Version, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}
