//! The API as clients meet it, and the contract as Nova does.
