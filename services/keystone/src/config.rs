//! What an operator may choose.

use platform::Options;
use serde::{Deserialize, Serialize};

/// Options of the identity service.
#[derive(Debug, Clone, Serialize, Deserialize, Options)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Seconds that a token lives.
    pub token_lifetime: u32,
    /// Seconds after its expiry in which a service may still validate a token with `allow_expired`.
    pub allow_expired_window: u32,
    /// Whether a scoped token may be exchanged for one of another scope.
    pub allow_rescope_scoped_token: bool,
    /// Fernet keys that are kept, the staged one and the primary one included; never less than three.
    pub max_active_keys: usize,
    /// The cost of bcrypt; each step doubles the time of a first login.
    pub password_cost: u32,
    /// Passwords that are hashed at the same time; 0 means as many as there are processors.
    pub concurrent_logins: usize,
    /// Logins that may wait for that; others are answered 503.
    pub waiting_logins: usize,
    /// Seconds for which a password that was found right needs no hashing again. The proof is in memory only, and dies with any change of the password.
    pub password_proof_lifetime: u32,
    /// Failed logins in a row after which an account is locked; 0 means never.
    pub lockout_failure_attempts: u32,
    /// Seconds for which an account stays locked.
    pub lockout_duration: u32,
    /// Days after which a password expires; 0 means never.
    pub password_expires_days: u32,
    /// Days for which a user must keep a new password.
    pub minimum_password_age: u32,
    /// Passwords, the new one included, among which none may be equal when users change theirs.
    pub unique_last_password_count: u32,
    /// What a password must match, as a regular expression; empty means anything.
    pub password_regex: String,
    /// What users are told of `password_regex`.
    pub password_regex_description: String,
    /// Whether a user who must change the password at first use is made so by an administrator's choice of password.
    pub change_password_upon_first_use: bool,
    /// How deep projects may lie in one another, their domain included.
    pub max_project_tree_depth: u32,
    /// Application credentials that a user may have; -1 means any number.
    pub application_credential_limit: i64,
    /// Credentials (EC2 and others) that a user may have; -1 means any number.
    pub credential_limit: i64,
    /// How often a trust may be handed on.
    pub max_redelegation_count: u32,
    /// Resources that a list holds at the most; 0 means any number.
    pub list_limit: u64,
    /// Seconds for which an EC2 signature is good.
    pub ec2_signature_lifetime: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            token_lifetime: 3600,
            allow_expired_window: 172_800,
            allow_rescope_scoped_token: true,
            max_active_keys: 3,
            password_cost: 12,
            concurrent_logins: 0,
            waiting_logins: 256,
            password_proof_lifetime: 600,
            lockout_failure_attempts: 0,
            lockout_duration: 1800,
            password_expires_days: 0,
            minimum_password_age: 0,
            unique_last_password_count: 0,
            password_regex: String::new(),
            password_regex_description: String::new(),
            change_password_upon_first_use: false,
            max_project_tree_depth: 5,
            application_credential_limit: -1,
            credential_limit: -1,
            max_redelegation_count: 3,
            list_limit: 0,
            ec2_signature_lifetime: 900,
        }
    }
}
