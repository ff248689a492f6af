//! Nova over HTTP, with everything around it in memory.

mod builds;
