//! Reading apart: whoever reads a hostile message there may die, and this is told from a message
//! that can be read. The bounds are set low enough for honest mail to break them, since no
//! message is known that breaks the parser.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use triaged::pipeline::apart::{Apart, Bounds, Survival};

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

fn died(survival: &Survival) -> bool {
    matches!(survival, Survival::Died { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_read_is_told_from_what_breaks_a_bound() {
    let world = world();
    let honest = sample::mail(1, 0).remove(0).bytes;
    let apart = apart(&world);
    assert_eq!(apart.read(&honest).await, Survival::Lived);
    // Not a message, and yet it harms nobody.
    assert_eq!(apart.read(b"\n\n").await, Survival::Lived);
    let little = Apart {
        bounds: Bounds {
            memory: 1 << 20,
            ..apart.bounds
        },
        ..apart.clone()
    };
    assert!(died(&little.read(&honest).await), "memory");
    // Rules that cannot be read are no fault of the message.
    std::fs::write(world.path("config/rules/broken.toml"), "[[rule").unwrap();
    assert_eq!(apart.read(&honest).await, Survival::Lived);
    let elsewhere = Apart {
        program: world.path("nowhere"),
        ..apart
    };
    assert!(matches!(
        elsewhere.read(&honest).await,
        Survival::Untold { .. }
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_without_end_a_breakdown_and_a_signal_are_deaths() {
    let world = world();
    let bounds = Bounds {
        processor: Duration::from_secs(1),
        time: Duration::from_secs(3),
        ..Bounds::default()
    };
    for (script, how) in [
        ("while :; do :; done", "signal"),
        ("exec sleep 100", "more than 3 s"),
        ("exit 101", "broke down"),
        ("kill -SEGV $$", "signal 11"),
    ] {
        let program = world.path("reader");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        let apart = Apart {
            program,
            bounds,
            directory: world.path("config"),
        };
        match apart.read(&vec![b'x'; 1 << 20]).await {
            Survival::Died { how: told } => assert!(told.contains(how), "{script}: {told}"),
            other => panic!("{script}: {other:?}"),
        }
    }
}
