//! Opening the screen of a machine.

use contracts::{
    driver::{Console, Hypervisor},
    hosts::{ConsoleStream, HostError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};
use uuid::Uuid;

use crate::fault::{failed, of_driver};

const GREETING: &[u8] = b"RFB 003.008\n";

pub(crate) async fn open(hypervisor: &dyn Hypervisor, id: Uuid) -> Result<Box<dyn ConsoleStream>, HostError> {
    match hypervisor.console(id).await.map_err(of_driver)? {
        Console::Unix(path) => {
            let screen =
                UnixStream::connect(&path).await.map_err(|error| failed("the machine's screen", error))?;
            Ok(Box::new(screen))
        }
        Console::Simulated => {
            let (viewer, mut screen) = tokio::io::duplex(4096);
            tokio::spawn(async move {
                // A viewer that goes away ends it, in whichever of these.
                if screen.write_all(GREETING).await.is_ok() {
                    let mut ignored = [0; 256];
                    while screen.read(&mut ignored).await.is_ok_and(|count| count > 0) {}
                }
            });
            Ok(Box::new(viewer))
        }
    }
}
