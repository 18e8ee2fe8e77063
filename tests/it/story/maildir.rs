//! The story without any server: a Maildir in, a Maildir out.

use std::path::PathBuf;

use triaged::system::maildir;

use super::{Chapter, Post, chapters, tell};
use crate::job::world::{World, messages_in};

struct Maildirs;

impl Post for Maildirs {
    fn deliver(&self, world: &World, mail: &[u8]) {
        maildir::deliver(&world.path("mailbox"), mail).unwrap();
    }

    fn mailbox(&self, world: &World) -> PathBuf {
        world.path("mailbox")
    }

    fn sent(&self, world: &World, _wanted: usize) -> Vec<Vec<u8>> {
        messages_in(&world.path("outbox"))
    }
}

#[test]
fn every_chapter_comes_out_as_told() {
    let chapters = chapters();
    assert!(!chapters.is_empty());
    let told = |name: &str, chapter: &Chapter| {
        let world = World::new(
            "kind = \"maildir\"\npath = \"../mailbox\"\nfirst-run = \"all\"\n",
            "transport = \"maildir\"\npath = \"../outbox\"\n",
        );
        world.make_maildir("mailbox");
        tell(name, chapter, &world, &Maildirs);
    };
    std::thread::scope(|scope| {
        for (name, chapter) in &chapters {
            scope.spawn(|| told(name, chapter));
        }
    });
}
