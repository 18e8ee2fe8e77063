//! No room, no lock, and failures after which nothing is written any more.

use sqlx::SqliteConnection;

use super::*;
use crate::ledger::fault::{self, Class};
use crate::ledger::open as opening;
use crate::ledger::writer::Writer;

/// A ledger whose writer's connection was prepared by `pragma`.
async fn with(pragma: &'static str) -> (Place, Ledger) {
    let place = place().await;
    place.record(vec![open(1)]).await;
    let path = place.dir.path().join("ledger.sqlite");
    let mut conn: SqliteConnection = opening::connect(&path, true).await.unwrap();
    sqlx::raw_sql(pragma).execute(&mut conn).await.unwrap();
    let writer = Writer::new(conn, path, None, None).await.unwrap();
    (place, Ledger::start(writer, Mode::Daemon))
}

#[tokio::test]
async fn lack_of_room_fails_the_call_and_passes() {
    // Room for a few pages more, as on a disk that is almost full.
    let (place, ledger) = with("PRAGMA max_page_count = 40").await;
    let many = (1000..4000).map(open).collect();
    let full = ledger.record(&place.pen, many).await.unwrap_err();
    assert!(
        matches!(full, LedgerError::Full { .. }) && full.is_passing(),
        "{full}"
    );
    assert_eq!(
        place.ledger.ticket(id(1000)).await.unwrap(),
        None,
        "nothing of it"
    );
    let small = ledger.record(&place.pen, vec![open(2)]).await;
    assert_eq!(small, Ok(vec![Verdict::Written]), "goes on by itself");
    place.ledger.changed().await.unwrap();
    place.assert_sound().await;
}

#[tokio::test]
async fn a_lock_held_by_another_fails_the_call_and_passes() {
    let (place, ledger) = with("PRAGMA busy_timeout = 1").await;
    let path = place.dir.path().join("ledger.sqlite");
    let mut other = opening::connect(&path, false).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    let busy = ledger.record(&place.pen, vec![open(2)]).await.unwrap_err();
    assert!(
        matches!(busy, LedgerError::Busy { .. }) && busy.is_passing(),
        "{busy}"
    );
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    let done = ledger.record(&place.pen, vec![open(2)]).await;
    assert_eq!(done, Ok(vec![Verdict::Written]));
}

#[tokio::test]
async fn a_failure_in_doubt_ends_all_writing() {
    // The connection refuses every write, as a file system does that went read-only.
    let (place, ledger) = with("PRAGMA query_only = 1").await;
    for _ in 0..3 {
        let stopped = ledger.record(&place.pen, vec![open(2)]).await.unwrap_err();
        assert!(matches!(stopped, LedgerError::Stopped { .. }), "{stopped}");
        assert!(!stopped.is_passing());
    }
    let lease = ledger
        .lease(&support(), "one", Duration::from_secs(1))
        .await;
    assert!(matches!(lease, Err(LedgerError::Stopped { .. })));
    assert!(
        ledger.ticket(id(1)).await.unwrap().is_some(),
        "reading goes on"
    );
}

#[test]
fn only_a_known_state_of_the_disk_may_be_tried_again() {
    #[derive(Debug)]
    struct Code(i32);
    impl std::fmt::Display for Code {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "code {}", self.0)
        }
    }
    impl std::error::Error for Code {}
    impl sqlx::error::DatabaseError for Code {
        fn message(&self) -> &'static str {
            "x"
        }
        fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
            Some(self.0.to_string().into())
        }
        fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
            self
        }
        fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
            self
        }
        fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
            self
        }
        fn kind(&self) -> sqlx::error::ErrorKind {
            sqlx::error::ErrorKind::Other
        }
    }
    for (code, wanted) in [
        (5, "busy"),       // SQLITE_BUSY
        (517, "busy"),     // SQLITE_BUSY_SNAPSHOT
        (13, "full"),      // SQLITE_FULL
        (4874, "full"),    // SQLITE_IOERR_SHMSIZE
        (2067, "refused"), // SQLITE_CONSTRAINT_UNIQUE
        (18, "refused"),   // SQLITE_TOOBIG
        (10, "final"),     // SQLITE_IOERR
        (1034, "final"),   // SQLITE_IOERR_FSYNC
        (778, "final"),    // SQLITE_IOERR_WRITE
        (11, "final"),     // SQLITE_CORRUPT
        (8, "final"),      // SQLITE_READONLY
        (1, "final"),      // SQLITE_ERROR
    ] {
        let error = sqlx::Error::Database(Box::new(Code(code)));
        let class = match fault::class(&error) {
            Class::Passing(LedgerError::Busy { .. }) => "busy",
            Class::Passing(LedgerError::Full { .. }) => "full",
            Class::Passing(other) => panic!("{other}"),
            Class::Refused(_) => "refused",
            Class::Final(_) => "final",
        };
        assert_eq!(class, wanted, "{code}");
    }
}
