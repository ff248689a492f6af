//! Handing a copy of a disk over as the content of an image.

use std::path::Path;

use contracts::hosts::{HostError, HostReply};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use super::{COPY, Machines};
use crate::{
    fault::{failed, of_link, refused, within},
    file::{blocking, remove_file},
    layout::Device,
};

const PIECE: usize = 256 << 10;

impl Machines {
    pub(crate) async fn snapshot(&self, id: Uuid, device: &str, image: Uuid) -> Result<HostReply, HostError> {
        Device::new(device)?;
        if !self.journal.knows(id) {
            return Err(HostError::NotFound { what: format!("machine {id}") });
        }
        // The same snapshot asked for again waits for the first; a copy of another image's name is another's.
        let _this_snapshot = self.turns.take(image).await;
        let _slot = self.snapshots.acquire().await.map_err(|_| refused("the agent is stopping"))?;
        let copy = self.layout.snapshot(id, image);
        let outcome = self.copy_and_hand_over(id, device, image, &copy).await;
        blocking("removing the copy of the disk", move || remove_file(&copy)).await?;
        outcome.map(|()| HostReply::Done)
    }

    async fn copy_and_hand_over(
        &self,
        id: Uuid,
        device: &str,
        image: Uuid,
        copy: &Path,
    ) -> Result<(), HostError> {
        let file = {
            // Only the copying keeps others from the machine; handing over may take much longer.
            let turn = self.turns.take(id).await;
            let left_over = copy.to_owned();
            blocking("removing an unfinished copy", move || remove_file(&left_over)).await?;
            let copying = within(COPY, "copying the disk", self.hypervisor.copy_disk(id, device, copy));
            turn.unless_doomed(copying).await?;
            tokio::fs::File::open(copy)
                .await
                .map_err(|error| failed("opening the copy of the disk", error))?
        };
        let pieces = ReaderStream::with_capacity(file, PIECE);
        self.link.store_image(image, pieces).await.map_err(|error| of_link(format!("image {image}"), error))
    }
}
