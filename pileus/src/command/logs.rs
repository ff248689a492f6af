//! `pileus logs`

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    time::Duration,
};

use anyhow::Context;
use clap::Args;

use super::Place;

#[derive(Debug, Args)]
pub struct Logs {
    /// Go on showing what is logged.
    #[arg(short, long)]
    follow: bool,
    /// How many of the last lines to begin with.
    #[arg(short = 'n', long, default_value_t = 50)]
    lines: usize,
    /// Only lines that hold this text: a request id, a server's id.
    #[arg(long)]
    grep: Option<String>,
}

impl Logs {
    pub fn run(self, place: &Place) -> anyhow::Result<()> {
        let path = place.state()?.path("log/pileus.log");
        let mut file = File::open(&path).with_context(|| format!("{} can't be read", path.display()))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let wanted = |line: &&str| self.grep.as_deref().is_none_or(|word| line.contains(word));
        let lines: Vec<&str> = text.lines().filter(wanted).collect();
        let mut out = std::io::stdout().lock();
        for line in &lines[lines.len().saturating_sub(self.lines)..] {
            writeln!(out, "{line}")?;
        }
        if !self.follow {
            return Ok(());
        }
        loop {
            let mut more = String::new();
            if file.metadata()?.len() < file.stream_position()? {
                file.seek(SeekFrom::Start(0))?;
            }
            file.read_to_string(&mut more)?;
            for line in more.lines().filter(wanted) {
                writeln!(out, "{line}")?;
            }
            out.flush()?;
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}
