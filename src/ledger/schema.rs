//! The shape of the database: its migrations, and whether a file is one of ours and whole.
//!
//! A migration runs in one transaction with the change of the schema number, so that a crash
//! leaves the old shape or the new one. A newer shape than this program knows is refused.

use std::path::Path;

use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::error::LedgerError;
use super::fault;

/// The scripts, in order; the first makes schema 1.
const MIGRATIONS: [&str; 7] = [
    include_str!("migrations/0001_ledger.sql"),
    include_str!("migrations/0002_edits.sql"),
    include_str!("migrations/0003_letters.sql"),
    include_str!("migrations/0004_loops.sql"),
    include_str!("migrations/0005_threads.sql"),
    include_str!("migrations/0006_incidents.sql"),
    include_str!("migrations/0007_replaced.sql"),
];

/// The schema this program writes.
pub(super) const KNOWN: i64 = MIGRATIONS.len().cast_signed() as i64;

/// Marks the file as ours (`PRAGMA application_id`): "trgd".
const APPLICATION: i64 = 0x7472_6764;

/// Largest file that the daemon checks page by page at every opening, in bytes: about 0.1 s.
/// Of a larger one only the ends are looked at, the rest as it is used.
const QUICK_CHECK_MAX: i64 = 32 << 20;

/// Brings the database to [`KNOWN`]; an empty one only when `create` says so.
pub(super) async fn migrate(
    conn: &mut SqliteConnection,
    path: &Path,
    create: bool,
) -> Result<(), LedgerError> {
    let read = |error: sqlx::Error| fault::opening(path, &error);
    let found = pragma(conn, "PRAGMA user_version").await.map_err(read)?;
    if found == KNOWN {
        return Ok(());
    }
    if found > KNOWN {
        let (path, known) = (path.to_owned(), KNOWN);
        return Err(LedgerError::Newer { path, found, known });
    }
    if !create {
        return Err(LedgerError::Older {
            path: path.to_owned(),
            found,
            known: KNOWN,
        });
    }
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut *conn)
        .await
        .map_err(read)?;
    let done = run(conn).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = sqlx::query(end).execute(&mut *conn).await;
    done.and(ended.map(|_| ())).map_err(read)
}

async fn run(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    // Read again under the lock: another process may have been faster.
    let found = pragma(conn, "PRAGMA user_version").await?;
    let done = usize::try_from(found).unwrap_or(0);
    for script in MIGRATIONS.iter().skip(done) {
        sqlx::raw_sql(*script).execute(&mut *conn).await?;
    }
    for (name, value) in [("application_id", APPLICATION), ("user_version", KNOWN)] {
        // A pragma takes no bound values; both are numbers of this program.
        let text = format!("PRAGMA {name} = {value}");
        sqlx::raw_sql(AssertSqlSafe(text))
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

async fn pragma(conn: &mut SqliteConnection, text: &'static str) -> Result<i64, sqlx::Error> {
    sqlx::query(text).fetch_one(conn).await?.try_get(0)
}

/// Looks for damage as far as that is cheap: whether the end of the audit log is where the head
/// says, and, if `pages`, every page of a small file (structure, not content).
pub(super) async fn check(
    conn: &mut SqliteConnection,
    path: &Path,
    pages: bool,
) -> Result<(), LedgerError> {
    let read = |error: sqlx::Error| fault::opening(path, &error);
    let damaged = |what: String| LedgerError::Damaged {
        path: path.to_owned(),
        what,
    };
    let id = pragma(conn, "PRAGMA application_id").await.map_err(read)?;
    if id != APPLICATION {
        return Err(damaged("it is the database of another program".to_owned()));
    }
    let count = pragma(conn, "PRAGMA page_count").await.map_err(read)?;
    let size = pragma(conn, "PRAGMA page_size").await.map_err(read)?;
    if pages && count.saturating_mul(size) <= QUICK_CHECK_MAX {
        let said: String = sqlx::query("PRAGMA quick_check(1)")
            .fetch_one(&mut *conn)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(read)?;
        if said != "ok" {
            return Err(damaged(said.lines().take(2).collect::<Vec<_>>().join(" ")));
        }
    }
    let sound: bool = sqlx::query(
        "SELECT head.seq = coalesce((SELECT max(seq) FROM event), 0) AND \
         (head.seq = 0 OR head.hash = (SELECT hash FROM event WHERE seq = head.seq)) FROM head",
    )
    .fetch_one(conn)
    .await
    .and_then(|row| row.try_get::<Option<bool>, _>(0))
    .map_err(read)?
    .unwrap_or(false);
    if sound {
        Ok(())
    } else {
        Err(damaged(
            "the audit log does not end where its head says".to_owned(),
        ))
    }
}
