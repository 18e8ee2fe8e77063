//! The person of a ticket that ended long ago is taken out by itself, and the audit log still holds.

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::desk::Desk;

const SENDER: &str = "karin.ek@el.example";

const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

async fn ledger(desk: &Desk) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(desk.path().join("state/ledger.sqlite"));
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// How many threads name the sender.
async fn threads(desk: &Desk) -> i64 {
    let mut ledger = ledger(desk).await;
    let count = sqlx::query_scalar("SELECT count(*) FROM thread WHERE instr(body, ?) > 0")
        .bind(SENDER)
        .fetch_one(&mut ledger)
        .await
        .unwrap();
    ledger.close().await.unwrap();
    count
}

/// Lets every ticket of the ledger be older.
async fn age(desk: &Desk, days: i64) {
    let mut ledger = ledger(desk).await;
    sqlx::query("UPDATE ticket SET changed_at = changed_at - ?")
        .bind(days * DAY_MICROS)
        .execute(&mut ledger)
        .await
        .unwrap();
    ledger.close().await.unwrap();
}

fn everything(desk: &Desk) -> String {
    let state = desk.path().join("state");
    let audit = std::fs::read_to_string(state.join("audit.jsonl")).unwrap();
    let said = desk.triaged(&["tickets", "--json"]).stdout;
    audit + &String::from_utf8(said).unwrap()
}

fn ok(desk: &Desk, arguments: &[&str]) -> String {
    let done = desk.triaged(arguments);
    assert!(done.status.success(), "{arguments:?}: {done:?}");
    String::from_utf8(done.stdout).unwrap()
}

#[tokio::test]
async fn old_tickets_lose_their_person_and_younger_ones_do_not() {
    let mut desk = Desk::new();
    let main = desk.path().join("config/triaged.toml");
    let text = std::fs::read_to_string(&main).unwrap();
    std::fs::write(&main, text + "\n[retention]\npersons = \"30d\"\n").unwrap();
    desk.act("mail", "02-invoice");
    ok(&desk, &["run", "--once"]);
    let before = everything(&desk);
    assert!(before.contains(SENDER), "{before}");
    let lines = before.lines().count();

    age(&desk, 29).await;
    ok(&desk, &["run", "--once"]);
    assert!(everything(&desk).contains(SENDER));

    age(&desk, 2).await;
    desk.act("mail-later", "02-invoice");
    ok(&desk, &["run", "--once"]);
    let after = everything(&desk);
    assert_eq!(after.matches("\"redacted\"").count(), 1, "{after}");
    // The one that has just come still has its own.
    assert!(after.contains(SENDER), "{after}");
    assert_eq!(threads(&desk).await, 1);
    age(&desk, 31).await;
    // What a crash left undone in the file is told by its number.
    std::fs::write(desk.path().join("state/retention.json"), "[1,2,3]").unwrap();
    ok(&desk, &["run", "--once"]);
    let after = everything(&desk);
    assert!(!after.contains(SENDER), "{after}");
    assert!(after.lines().count() > lines);
    assert!(!desk.path().join("state/retention.json").exists());
    ok(&desk, &["audit", "verify"]);
    assert_eq!(threads(&desk).await, 0);
    let told = ok(&desk, &["status"]);
    assert!(told.contains("more than 30 days ago"), "{told}");
}
