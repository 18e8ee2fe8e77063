//! Reading apart: whoever reads a hostile message there may die, and this is told from a message
//! that can be read. No message is known that breaks the parser, so that readers which die are
//! small scripts.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use triaged::domain::ids::MailboxName;
use triaged::pipeline::apart::{Apart, Bounds, Part, Survival};

use crate::job::sample;
use crate::job::world::World;

fn apart(world: &World) -> Apart {
    Apart {
        program: PathBuf::from(env!("CARGO_BIN_EXE_triaged")),
        directory: world.path("config"),
        bounds: Bounds::default(),
    }
}

fn world() -> World {
    World::new(
        "kind = \"maildir\"\npath = \"../m\"",
        "transport = \"maildir\"\npath = \"../out\"",
    )
}

async fn read(apart: &Apart, message: &[u8]) -> Survival {
    let mailbox = MailboxName::from("support");
    apart.read(&mailbox, message, Part::Whole).await
}

fn is_untold(survival: &Survival) -> bool {
    matches!(survival, Survival::Untold { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_read_is_told_from_what_breaks_a_bound() {
    let world = world();
    let honest = sample::mail(1, 0).remove(0).bytes;
    let apart = apart(&world);
    assert_eq!(read(&apart, &honest).await, Survival::Lived);
    // Not a message, and yet it harms nobody.
    assert_eq!(read(&apart, b"\n\n").await, Survival::Lived);
    // With so little memory it dies of anything: that is no fault of the message.
    let little = Apart {
        bounds: Bounds {
            memory: 1 << 20,
            ..apart.bounds
        },
        ..apart.clone()
    };
    assert!(is_untold(&read(&little, &honest).await), "memory");
    // Nor are rules that cannot be read.
    std::fs::write(world.path("config/rules/broken.toml"), "[[rule").unwrap();
    assert!(is_untold(&read(&apart, &honest).await), "rules");
    let elsewhere = Apart {
        program: world.path("nowhere"),
        ..apart
    };
    assert!(is_untold(&read(&elsewhere, &honest).await), "no program");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_without_end_a_breakdown_and_a_signal_are_deaths() {
    let world = world();
    for (script, seconds, how) in [
        ("while :; do :; done", 60, "signal"),
        ("exec sleep 100", 2, "more than 2 s"),
        ("exit 101", 60, "broke down"),
        ("kill -SEGV $$", 60, "signal 11"),
    ] {
        let bounds = Bounds {
            processor: Duration::from_secs(1),
            time: Duration::from_secs(seconds),
            ..Bounds::default()
        };
        let program = world.path("reader");
        // What harms it begins with `deadly`.
        let text = format!("#!/bin/sh\nread -r line\n[ \"$line\" = deadly ] || exit 0\n{script}\n");
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        let apart = Apart {
            program,
            bounds,
            directory: world.path("config"),
        };
        // More than a pipe holds, so that it ends before it was given all.
        let message = [&b"deadly\n"[..], &vec![b'x'; 1 << 20]].concat();
        match read(&apart, &message).await {
            Survival::Died { how: told } => assert!(told.contains(how), "{script}: {told}"),
            other => panic!("{script}: {other:?}"),
        }
    }
}
