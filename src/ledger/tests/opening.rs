//! What is refused before anything is done, and what a crash leaves.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use sqlx::{AssertSqlSafe, Connection};

use super::*;
use crate::ledger::open as opening;

async fn run_sql(dir: &Path, text: &str) {
    let mut conn = opening::connect(&dir.join("ledger.sqlite"), false)
        .await
        .unwrap();
    sqlx::raw_sql(AssertSqlSafe(text.to_owned()))
        .execute(&mut conn)
        .await
        .unwrap();
    conn.close().await.unwrap();
}

#[tokio::test]
async fn a_second_daemon_is_told_and_people_are_not_kept_out() {
    let place = place().await;
    let dir = place.dir.path();
    let second = Ledger::open(dir, Mode::Daemon).await.unwrap_err();
    assert_eq!(
        second,
        LedgerError::InUse {
            dir: dir.to_owned()
        }
    );
    Ledger::open(dir, Mode::Person).await.unwrap();
    place.ledger.close().await.unwrap();
    Ledger::open(dir, Mode::Daemon).await.unwrap();
    let closed = place.ledger.record(&place.pen, vec![open(1)]).await;
    assert!(matches!(closed, Err(LedgerError::Stopped { .. })));
}

#[tokio::test]
async fn files_are_for_their_owner_only() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("a/state");
    let ledger = Ledger::open(&dir, Mode::Daemon).await.unwrap();
    lease(&ledger, "one").await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for name in ["ledger.sqlite", "ledger.sqlite-wal", "audit.jsonl", "lock"] {
        assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
    }
}

type Spoil = fn(&Path);

#[tokio::test]
async fn an_untrusted_or_damaged_place_is_refused_with_a_reason() {
    let write = |dir: &Path, at: u64, bytes: &[u8]| {
        use std::os::unix::fs::FileExt;
        let file = fs::File::options()
            .write(true)
            .open(dir.join("ledger.sqlite"))
            .unwrap();
        file.write_all_at(bytes, at).unwrap();
    };
    let cases: [(&str, Spoil, &str); 7] = [
        (
            "others may write",
            |d| {
                fs::set_permissions(d, fs::Permissions::from_mode(0o777)).unwrap();
            },
            "can be written by others",
        ),
        (
            "a linked ledger",
            |d| {
                fs::rename(d.join("ledger.sqlite"), d.join("x")).unwrap();
                symlink(d.join("x"), d.join("ledger.sqlite")).unwrap();
            },
            "is no plain file",
        ),
        (
            "a linked audit file",
            |d| {
                fs::remove_file(d.join("audit.jsonl")).unwrap();
                symlink(d.join("x"), d.join("audit.jsonl")).unwrap();
            },
            "cannot open",
        ),
        (
            "a directory as lock",
            |d| {
                fs::remove_file(d.join("lock")).unwrap();
                fs::create_dir(d.join("lock")).unwrap();
            },
            "is no plain file",
        ),
        (
            "no database",
            |d| fs::write(d.join("ledger.sqlite"), "hello").unwrap(),
            "is damaged",
        ),
        (
            "cut off",
            |d| {
                let file = fs::File::options()
                    .write(true)
                    .open(d.join("ledger.sqlite"))
                    .unwrap();
                file.set_len(3 * 4096).unwrap();
            },
            "is damaged",
        ),
        ("a page of zeros", |_| {}, "is damaged"),
    ];
    for (name, spoil, wanted) in cases {
        let place = place().await;
        place.record((1..200).map(open).collect()).await;
        place.ledger.close().await.unwrap();
        let dir = place.dir.path();
        spoil(dir);
        if name == "a page of zeros" {
            write(dir, 2 * 4096, &[0; 4096]);
        }
        let error = Ledger::open(dir, Mode::Daemon)
            .await
            .expect_err(name)
            .to_string();
        assert!(error.contains(wanted), "{name}: {error}");
    }
}

#[tokio::test]
async fn another_schema_is_refused_and_a_cut_audit_log_is_seen() {
    let place = place().await;
    place.record((1..9).map(open).collect()).await;
    place.ledger.close().await.unwrap();
    let dir = place.dir.path();
    run_sql(dir, "PRAGMA user_version = 99").await;
    for mode in [Mode::Daemon, Mode::Person] {
        let newer = Ledger::open(dir, mode).await.unwrap_err();
        assert!(
            matches!(newer, LedgerError::Newer { found: 99, .. }),
            "{newer}"
        );
    }
    run_sql(
        dir,
        "PRAGMA user_version = 1; DROP INDEX event_edit; DROP INDEX event_shadow; DROP TABLE letter; \
         DROP INDEX ticket_forwards; DROP INDEX event_alarm; DROP INDEX event_replaced; \
         DROP TABLE incident; DROP TABLE thread_key; DROP TABLE thread; \
         DROP INDEX ticket_thread; ALTER TABLE ticket DROP COLUMN thread; \
         DELETE FROM event WHERE seq = 8",
    )
    .await;
    let cut = Ledger::open(dir, Mode::Daemon).await.unwrap_err();
    assert!(matches!(cut, LedgerError::Damaged { .. }), "{cut}");
    run_sql(dir, "PRAGMA application_id = 5").await;
    let other = Ledger::open(dir, Mode::Daemon).await.unwrap_err();
    assert!(other.to_string().contains("another program"), "{other}");
}

#[tokio::test]
async fn people_make_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let missing = LedgerError::Missing {
        dir: dir.path().to_owned(),
    };
    assert_eq!(
        Ledger::open(dir.path(), Mode::Person).await.unwrap_err(),
        missing
    );
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    let nowhere = dir.path().join("nowhere");
    assert!(Ledger::open(&nowhere, Mode::Person).await.is_err());
    fs::write(dir.path().join("ledger.sqlite"), "").unwrap();
    let empty = Ledger::open(dir.path(), Mode::Person).await.unwrap_err();
    assert!(
        matches!(empty, LedgerError::Older { found: 0, .. }),
        "{empty}"
    );
}

/// What is on the disk after each call, as a crash would leave it: the files as they are, without
/// the index of the log, and once with the last bytes of the log torn.
#[tokio::test]
async fn a_crash_after_any_call_leaves_what_was_answered() {
    let place = place().await;
    let mut ticket = fresh(1);
    let mut states: Vec<(TempDir, Ticket, Head)> = Vec::new();
    let copy = |torn: u64| {
        let to = tempfile::tempdir().unwrap();
        for name in ["ledger.sqlite", "ledger.sqlite-wal", "audit.jsonl"] {
            fs::copy(place.dir.path().join(name), to.path().join(name)).unwrap();
        }
        let log = fs::File::options()
            .write(true)
            .open(to.path().join("ledger.sqlite-wal"))
            .unwrap();
        let length = log.metadata().unwrap().len();
        log.set_len(length - torn).unwrap();
        to
    };
    place.record(vec![open(1)]).await;
    for n in 0..4 {
        let change = match n {
            0 => tried(&mut ticket, 10),
            1 => decided(&mut ticket, 11, Next::Send),
            2 => begun(&mut ticket, 12),
            _ => happen(
                &mut ticket,
                13,
                &LifeEvent::Interrupted,
                Patch::default(),
                Happening::Retried,
            ),
        };
        let (was, head) = {
            let was = place.ledger.ticket(id(1)).await.unwrap().unwrap();
            (was, place.ledger.head().await.unwrap())
        };
        assert_eq!(place.record(vec![change]).await, [Verdict::Written]);
        states.push((copy(0), ticket.clone(), place.ledger.head().await.unwrap()));
        states.push((copy(100), was, head));
    }
    for (n, (dir, ticket, head)) in states.iter().enumerate() {
        let again = Ledger::open(dir.path(), Mode::Daemon).await.unwrap();
        assert_eq!(
            again.ticket(id(1)).await.unwrap().as_ref(),
            Some(ticket),
            "state {n}"
        );
        let now = again.head().await.unwrap();
        // The file may have a line that the torn log lost: then it was set aside, and this said.
        let said = u64::from(n % 2 == 1);
        assert_eq!(now.seq, head.seq + said, "state {n}");
        assert_sound(&again, dir.path()).await;
    }
}
