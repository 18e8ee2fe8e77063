//! Fetches one message in parts (RFC 3501 §6.4.5, `BODY.PEEK[]<offset.length>`), so that beside
//! the message itself only about one part is in memory.

use bytes::Bytes;

use crate::mailbox::exchange::{Content, Trouble};

use super::batch::{Batch, Step};
use super::line::{Attributes, Body, Line};
use super::open::PATIENCE;
use super::talk::Talk;

/// Bytes of a part.
pub(super) const PART_BYTES: u64 = 1 << 20;

/// Most bytes that are reserved at a server's word.
const RESERVED_MAX: u64 = 64 << 20;

/// What is fetched.
#[derive(Debug)]
pub(super) struct Want {
    pub uid: u32,
    /// Whether only the header section.
    pub header: bool,
    /// Bytes that are expected; of a header, the most that are taken.
    pub expected: u64,
    /// Most bytes of a message that proves longer than expected.
    pub most: u64,
}

/// What has come so far.
#[derive(Debug)]
struct Assembly {
    bytes: Vec<u8>,
    /// Whether any part was shown at all.
    shown: bool,
    /// What forbids to use it.
    flaw: Option<String>,
}

/// Fetches `want`: [`Content::Whole`] of whatever length the server gives, [`Content::Gone`] when
/// it shows no such message, or [`Content::Unusable`].
pub(super) async fn fetch_parts(talk: &mut Talk, want: &Want) -> Result<Content, Trouble> {
    let room = want.expected.min(RESERVED_MAX) + 1;
    let mut assembly = Assembly {
        bytes: Vec::with_capacity(usize::try_from(room).unwrap_or(0)),
        shown: false,
        flaw: None,
    };
    if want.header {
        assembly.take(talk, want, vec![(0, want.expected)]).await?;
        return Ok(assembly.content());
    }
    // One byte more than is expected, so that a longer message shows without another question.
    let end = want.expected.saturating_add(1);
    let step = usize::try_from(PART_BYTES).unwrap_or(usize::MAX);
    let parts = (0..end).step_by(step);
    let parts: Vec<_> = parts.map(|at| (at, PART_BYTES.min(end - at))).collect();
    assembly.take(talk, want, parts).await?;
    let mut asked = end;
    while assembly.flaw.is_none() && assembly.length() == asked {
        if asked > want.most {
            let most = want.most;
            assembly.flaw = Some(format!("longer than listed and than {most} bytes"));
            break;
        }
        let part = (asked, PART_BYTES);
        assembly.take(talk, want, vec![part]).await?;
        asked += PART_BYTES;
    }
    Ok(assembly.content())
}

impl Assembly {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Asks for `parts` (offset and length), pipelined, and puts them together.
    async fn take(
        &mut self,
        talk: &mut Talk,
        want: &Want,
        parts: Vec<(u64, u64)>,
    ) -> Result<(), Trouble> {
        let section = if want.header { "HEADER" } else { "" };
        let commands = parts.iter().map(|(at, length)| {
            let uid = want.uid;
            format!("UID FETCH {uid} (UID BODY.PEEK[{section}]<{at}.{length}>)")
        });
        let mut batch = Batch::new(commands, PATIENCE);
        while let Some(step) = batch.next(talk).await? {
            match step {
                Step::Line {
                    line:
                        Line::Fetch(Attributes {
                            uid: Some(uid),
                            body: Some(body),
                            ..
                        }),
                    ..
                } if uid == want.uid && body.header == want.header => {
                    batch.progress();
                    self.put(&body, &parts);
                }
                Step::Line { .. } => {}
                Step::Done { reply, .. } => {
                    reply.patience()?;
                    if !reply.ok() {
                        self.flaw = Some(format!("the server refused: {}", reply.text()));
                    }
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, body: &Body, parts: &[(u64, u64)]) {
        self.shown = true;
        let Some((at, length)) = parts.iter().find(|(at, _)| *at == body.offset) else {
            self.flaw = Some("a part that was not asked for".into());
            return;
        };
        let Some(bytes) = &body.bytes else {
            // Past the end some servers say NIL for nothing.
            if *at == 0 {
                self.flaw = Some("no data (NIL)".into());
            }
            return;
        };
        if bytes.len() as u64 > *length {
            self.flaw = Some("more data than was asked for".into());
        } else if *at == self.length() {
            self.bytes.extend_from_slice(bytes);
        } else if *at < self.length() || !bytes.is_empty() {
            self.flaw = Some("its parts do not fit together".into());
        }
    }

    fn content(self) -> Content {
        match (self.flaw, self.shown) {
            (Some(what), _) => Content::Unusable { what },
            (None, false) => Content::Gone,
            (None, true) => Content::Whole(Bytes::from(self.bytes)),
        }
    }
}
