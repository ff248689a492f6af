//! What libvirt's errors mean to those who call a hypervisor.

use contracts::driver::DriverError;
use virt::error::{Error, ErrorNumber};

/// Text in errors of the general kinds that tells of a state that passes.
const PASSING: [&str; 6] = [
    "lock",
    "timed out",
    "Cannot allocate memory",
    "cannot acquire state change",
    "end of file",
    "reset by peer",
];
/// What the system says of files that will not come back by themselves.
const LASTING: [&str; 3] = ["No such file or directory", "Permission denied", "Not a directory"];

/// Sorts an error of libvirt by whether the same call may succeed later.
pub(crate) fn driver_error(context: &str, error: &Error) -> DriverError {
    let text = format!("{context}: {}", error.message());
    match error.code().known() {
        Some(ErrorNumber::NoDomain) => DriverError::NotFound(text),
        Some(
            ErrorNumber::NoSupport
            | ErrorNumber::ConfigUnsupported
            | ErrorNumber::XmlError
            | ErrorNumber::XmlDetail
            | ErrorNumber::XmlInvalidSchema
            | ErrorNumber::InvalidArg
            | ErrorNumber::ArgumentUnsupported
            | ErrorNumber::OperationUnsupported
            | ErrorNumber::CpuIncompatible
            | ErrorNumber::DomExist
            | ErrorNumber::Overflow,
        ) => DriverError::Refused(text),
        Some(ErrorNumber::InternalError | ErrorNumber::OperationFailed)
            if !PASSING.iter().any(|passing| error.message().contains(passing)) =>
        {
            DriverError::Refused(text)
        }
        Some(ErrorNumber::SystemError)
            if LASTING.iter().any(|lasting| error.message().ends_with(lasting)) =>
        {
            DriverError::Refused(text)
        }
        _ => DriverError::Unavailable(text),
    }
}

/// Keeps libvirt from printing errors: they are returned, and logged where they are handled.
pub(crate) fn silence() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(virt::error::clear_error_callback);
}

/// Whether libvirt says that there is no such domain.
pub(crate) fn is_no_domain(error: &Error) -> bool {
    error.code().is(ErrorNumber::NoDomain)
}

/// Whether libvirt says that the domain is not in the state for this: it stopped meanwhile, or runs already.
pub(crate) fn is_wrong_state(error: &Error) -> bool {
    error.code().is(ErrorNumber::OperationInvalid)
}

/// Adds to an error of libvirt what was being done.
pub(crate) trait Context<T> {
    /// Names the deed for the log.
    fn context(self, deed: &str) -> Result<T, DriverError>;
}

impl<T> Context<T> for Result<T, Error> {
    fn context(self, deed: &str) -> Result<T, DriverError> {
        self.map_err(|error| driver_error(deed, &error))
    }
}
