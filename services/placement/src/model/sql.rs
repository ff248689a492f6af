//! A statement put together piece by piece, with its values bound, in the words of whichever database.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};

/// A statement in the making.
pub(crate) struct Sql {
    text: String,
    values: Vec<Value>,
    backend: DbBackend,
}

impl Sql {
    pub(crate) fn new(db: &impl ConnectionTrait, text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new(), backend: db.get_database_backend() }
    }

    /// Adds words. Never what came from a request: that is bound.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a value in its place.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        match self.backend {
            DbBackend::Postgres => self.text.push_str(&format!("${}", self.values.len())),
            _ => self.text.push('?'),
        }
        self
    }

    /// Adds `(a, b, c)`. An empty list holds one value that nothing equals.
    pub(crate) fn list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        self.push("(");
        let mut first = true;
        for value in values {
            if !first {
                self.push(", ");
            }
            first = false;
            self.bind(value);
        }
        if first {
            self.push("NULL");
        }
        self.push(")")
    }

    /// Adds the sum of a column of whole numbers, as one: databases widen sums.
    pub(crate) fn sum(&mut self, column: &str) -> &mut Self {
        let kind = if self.backend == DbBackend::MySql { "SIGNED" } else { "BIGINT" };
        self.push(&format!("CAST(COALESCE(SUM({column}), 0) AS {kind})"))
    }

    pub(crate) async fn all(self, db: &impl ConnectionTrait) -> Result<Vec<QueryResult>, DbErr> {
        db.query_all_raw(Statement::from_sql_and_values(self.backend, self.text, self.values)).await
    }
}
