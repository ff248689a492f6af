//! What a change needs in the database: the difference between what is wanted and what is there, as one transaction.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    gateway::Candidate,
    tables::{BY_ID, ID},
};
use crate::ovsdb::{Atom, Columns, Datum, Index, Replica, Row, Table, Transaction};

/// A transaction in the making. The files beside this one say how each part of a topology becomes rows.
pub(super) struct Plan<'a> {
    pub(super) replica: &'a Replica,
    pub(super) gateways: &'a [Candidate],
    pub(super) transaction: Transaction,
}

/// A row that belongs to another and vanishes with it: known within it by a key.
pub(super) struct Child {
    pub(super) key: String,
    pub(super) columns: Columns,
}

impl<'a> Plan<'a> {
    pub(super) fn new(replica: &'a Replica, gateways: &'a [Candidate]) -> Self {
        Plan { replica, gateways, transaction: Transaction::default() }
    }

    pub(super) fn table(&self, name: &str) -> &'a Table {
        self.replica.table(name)
    }

    /// The row of that id. Should there be several (made by writers that did not know of each other), the others go.
    pub(super) fn one(&mut self, table: &'static str, index: Index, key: &str) -> Option<(Uuid, &'a Row)> {
        let found = self.table(table).find(index, key);
        for (extra, _) in found.iter().skip(1) {
            self.transaction.delete(table, *extra);
        }
        found.first().copied()
    }

    /// The row is so: of a table whose rows stand by themselves, and whose names the database doesn't keep unique.
    pub(super) fn root(&mut self, table: &'static str, id: &str, columns: &Columns) -> Atom {
        let found = self.one(table, BY_ID, id).map(|(id, _)| id);
        if found.is_none() {
            self.transaction.require_no_key(table, "external_ids", ID, id);
        }
        self.transaction.put(table, self.table(table), found, columns)
    }

    /// The parent has these children and no others. Returns them in the order given.
    pub(super) fn children(
        &mut self,
        (parent_table, parent, column): (&'static str, &Atom, &'static str),
        table: &'static str,
        wanted: Vec<Child>,
    ) -> Vec<Atom> {
        let parent_row = parent.as_uuid().and_then(|id| self.table(parent_table).get(id));
        let rows = self.table(table);
        let mut present: BTreeMap<&str, Uuid> = BTreeMap::new();
        let mut left_over: Vec<Uuid> = Vec::new();
        for id in parent_row.into_iter().flat_map(|row| row.get(column).uuids()) {
            let key = rows.get(id).and_then(|row| row.key("external_ids", ID)).unwrap_or_default();
            left_over.extend(present.insert(key, id));
        }
        let mut made = Vec::new();
        let mut all = Vec::new();
        for child in wanted {
            let found = present.remove(child.key.as_str());
            let row = self.transaction.put(table, rows, found, &child.columns);
            if found.is_none() {
                made.push(row.clone());
            }
            all.push(row);
        }
        left_over.extend(present.into_values());
        if !left_over.is_empty() {
            self.transaction.take(parent_table, parent, column, &Datum::set(left_over));
        }
        if !made.is_empty() {
            self.transaction.add(parent_table, parent, column, &Datum::set(made));
        }
        all
    }
}
