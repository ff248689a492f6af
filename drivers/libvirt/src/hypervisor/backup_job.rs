//! libvirt's backup job, for which `virt` has no calls.
#![allow(
    unsafe_code,
    reason = "virDomainBackupBegin and the end of its job have no sound wrapper in the virt crate"
)]

use std::{
    ffi::{CString, c_int},
    ptr,
};

use virt::{domain::Domain, error::Error, sys};

/// How far a machine's job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    /// There is none, and none has ended.
    None,
    /// It is under way.
    Running,
    /// It ended well.
    Completed,
    /// It ended otherwise.
    Failed,
}

/// Begins a backup as the XML says.
pub(super) fn begin(domain: &Domain, xml: &str) -> Result<(), Error> {
    let xml = CString::new(xml)?;
    // SAFETY: the domain is a live reference and the XML a string that outlives the call; no checkpoint is asked for.
    let outcome = unsafe { sys::virDomainBackupBegin(domain.as_ptr(), xml.as_ptr(), ptr::null(), 0) };
    if outcome < 0 { Err(Error::last_error()) } else { Ok(()) }
}

/// Breaks off the job that is under way.
pub(super) fn abort(domain: &Domain) -> Result<(), Error> {
    // SAFETY: the domain is a live reference.
    let outcome = unsafe { sys::virDomainAbortJob(domain.as_ptr()) };
    if outcome < 0 { Err(Error::last_error()) } else { Ok(()) }
}

/// Looks at the machine's job.
pub(super) fn look(domain: &Domain) -> Result<Job, Error> {
    if kind(domain, 0)? != sys::VIR_DOMAIN_JOB_NONE {
        return Ok(Job::Running);
    }
    Ok(match kind(domain, sys::VIR_DOMAIN_JOB_STATS_COMPLETED)? {
        sys::VIR_DOMAIN_JOB_NONE => Job::None,
        sys::VIR_DOMAIN_JOB_COMPLETED => Job::Completed,
        _ => Job::Failed,
    })
}

fn kind(domain: &Domain, flags: sys::virDomainGetJobStatsFlags) -> Result<sys::virDomainJobType, Error> {
    let mut kind: c_int = 0;
    let mut parameters: sys::virTypedParameterPtr = ptr::null_mut();
    let mut count: c_int = 0;
    // SAFETY: all pointers are valid during the call; libvirt allocates the parameters, and its own function frees
    // them (`virt`'s wrapper would free them with Rust's allocator).
    let outcome = unsafe {
        let outcome =
            sys::virDomainGetJobStats(domain.as_ptr(), &mut kind, &mut parameters, &mut count, flags);
        sys::virTypedParamsFree(parameters, count);
        outcome
    };
    if outcome < 0 { Err(Error::last_error()) } else { Ok(kind as sys::virDomainJobType) }
}
