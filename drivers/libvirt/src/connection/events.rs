//! libvirt's events of domains.
//!
//! `virt` has no call to subscribe to events of domains, so that libvirt's own function is called here.
#![allow(unsafe_code, reason = "virConnectDomainEventRegisterAny has no safe wrapper in the virt crate")]

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    ptr,
    sync::{OnceLock, mpsc},
};

use uuid::Uuid;
use virt::{connect::Connect, error::Error, sys};

use crate::hypervisor::is_ours;

type LifecycleCallback =
    unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, c_int, *mut c_void) -> c_int;
type GenericCallback = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void);

/// Starts libvirt's event loop on a thread of its own, once for the process. Must come before the first connection.
pub(super) fn start_loop() -> Result<(), String> {
    static LOOP: OnceLock<Result<(), String>> = OnceLock::new();
    LOOP.get_or_init(|| {
        crate::error::silence();
        virt::event::event_register_default_impl().map_err(|error| error.message().to_owned())?;
        let run = || {
            loop {
                if let Err(error) = virt::event::event_run_default_impl() {
                    tracing::error!(error = error.message(), "libvirt's event loop failed");
                    std::thread::sleep(std::time::Duration::from_secs(1));
                }
            }
        };
        let thread = std::thread::Builder::new().name("libvirt-events".into()).spawn(run);
        thread.map(drop).map_err(|error| error.to_string())
    })
    .clone()
}

/// A subscription to the events of all domains.
pub(super) struct Subscription(c_int);

impl Subscription {
    /// Ends it. On a dead connection libvirt can't tell the daemon; that is no loss.
    pub(super) fn cancel(self, connect: &Connect) {
        // SAFETY: `connect` is a live reference, so that its pointer is valid during the call.
        let _ = unsafe { sys::virConnectDomainEventDeregisterAny(connect.as_ptr(), self.0) };
    }
}

/// Subscribes to the events of all domains: the id of each domain of ours goes to `sink`.
pub(super) fn subscribe(connect: &Connect, sink: mpsc::Sender<Uuid>) -> Result<Subscription, Error> {
    let opaque = Box::into_raw(Box::new(sink)).cast::<c_void>();
    // SAFETY: libvirt takes every callback under one generic type and calls it with the arguments of the event
    // asked for, which for LIFECYCLE are those of `LifecycleCallback`.
    let callback = unsafe { std::mem::transmute::<LifecycleCallback, GenericCallback>(on_lifecycle) };
    // SAFETY: the connection is valid during the call; `opaque` belongs to libvirt until it calls `free_sink`.
    let id = unsafe {
        sys::virConnectDomainEventRegisterAny(
            connect.as_ptr(),
            ptr::null_mut(),
            sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE as c_int,
            Some(callback),
            opaque,
            Some(free_sink),
        )
    };
    if id < 0 {
        let error = Error::last_error();
        // SAFETY: libvirt refused and did not take `opaque`, which came from `Box::into_raw` above.
        unsafe { free_sink(opaque) };
        return Err(error);
    }
    Ok(Subscription(id))
}

unsafe extern "C" fn on_lifecycle(
    _connect: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    _event: c_int,
    _detail: c_int,
    opaque: *mut c_void,
) -> c_int {
    let mut id = [0_u8; sys::VIR_UUID_BUFLEN as usize];
    // SAFETY: libvirt passes a valid domain; the buffer has the length that the function fills; the name is read
    // while the domain lives; `opaque` is the sender given in `subscribe`, which lives until `free_sink`.
    let (name, known, sink) = unsafe {
        let name: *const c_char = sys::virDomainGetName(domain);
        let known = sys::virDomainGetUUID(domain, id.as_mut_ptr()) == 0;
        (name, known && !name.is_null(), &*opaque.cast::<mpsc::Sender<Uuid>>())
    };
    if known {
        // SAFETY: the name is a string that the domain holds, and it was checked for null.
        let name = unsafe { CStr::from_ptr(name) };
        if name.to_str().is_ok_and(is_ours) {
            // Nobody listens any more when the driver was dropped.
            let _ = sink.send(Uuid::from_bytes(id));
        }
    }
    0
}

unsafe extern "C" fn free_sink(opaque: *mut c_void) {
    // SAFETY: called once, by libvirt or by `subscribe` when libvirt refused, with the pointer made there.
    drop(unsafe { Box::from_raw(opaque.cast::<mpsc::Sender<Uuid>>()) });
}
