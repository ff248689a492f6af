//! To come.
pub fn routes() -> platform::http::Routes<crate::Nova> {
    platform::http::Routes::new()
}
