//! The audit file beside the ledger, and verification of both.

use std::fs;

use sqlx::{AssertSqlSafe, Connection};

use super::*;
use crate::audit::verify::{Fault, Report};
use crate::ledger::open as opening;

fn faults(report: &Report) -> Vec<Fault> {
    report.findings.iter().map(|f| f.fault.clone()).collect()
}

#[tokio::test]
async fn two_processes_share_one_chain() {
    let place = place().await;
    let person = Ledger::open(place.dir.path(), Mode::Person).await.unwrap();
    assert!(!place.ledger.changed().await.unwrap());
    let mut tickets: Vec<_> = (0..20).map(fresh).collect();
    for (n, ticket) in (0_u32..).zip(&mut tickets) {
        place.record(vec![open(n)]).await;
        let change = held(ticket, 50);
        let written = person.record(&Pen::Person, vec![change]).await.unwrap();
        assert_eq!(written, [Verdict::Written]);
        if n % 3 == 0 {
            assert!(place.ledger.changed().await.unwrap());
            assert!(!place.ledger.changed().await.unwrap());
            place.assert_sound().await;
        }
    }
    let verified = person
        .verify(Some(&place.audit_file()), Vec::new())
        .await
        .unwrap();
    assert!(verified.is_sound(), "{verified:?}");
    assert_eq!(
        verified.waiting, 1,
        "the last hold came while the daemon slept"
    );
    assert_eq!(person.head().await.unwrap().seq, 40);
    place.record(vec![open(70)]).await;
    place.assert_sound().await;

    let (ours, theirs) = tokio::join!(
        async {
            for n in 100..150 {
                place.record(vec![open(n)]).await;
            }
        },
        async {
            for n in 200..250 {
                person.record(&Pen::Person, vec![open(n)]).await.unwrap();
            }
        },
    );
    let ((), ()) = (ours, theirs);
    place.ledger.changed().await.unwrap();
    place.assert_sound().await;
}

type Spoil = fn(&Path);

/// However the file is left, the next start has it complete again and nothing is overwritten
/// that the ledger does not have.
#[tokio::test]
async fn the_file_is_mended_at_start() {
    let cases: [(&str, Spoil, u64, usize); 6] = [
        ("removed", |f| fs::remove_file(f).unwrap(), 0, 0),
        ("emptied", |f| fs::write(f, "").unwrap(), 0, 0),
        (
            "lines lost",
            |f| {
                let text = fs::read_to_string(f).unwrap();
                let kept: Vec<_> = text.lines().take(3).map(|l| format!("{l}\n")).collect();
                fs::write(f, kept.concat()).unwrap();
            },
            0,
            0,
        ),
        (
            "torn",
            |f| {
                let file = fs::File::options().write(true).open(f).unwrap();
                file.set_len(fs::metadata(f).unwrap().len() - 7).unwrap();
            },
            1,
            0,
        ),
        (
            "another log",
            |f| {
                let lines = crate::audit::tests::lines(4);
                fs::write(f, format!("{}\n", lines.join("\n"))).unwrap();
            },
            1,
            1,
        ),
        ("junk", |f| fs::write(f, "hello\nyou\n").unwrap(), 1, 1),
    ];
    for (name, spoil, repairs, aside) in cases {
        let place = place().await;
        place.record((1..6).map(open).collect()).await;
        place.ledger.close().await.unwrap();
        spoil(&place.audit_file());
        let again = Ledger::open(place.dir.path(), Mode::Daemon).await.unwrap();
        assert_eq!(again.head().await.unwrap().seq, 5 + repairs, "{name}");
        assert_sound(&again, place.dir.path()).await;
        let set_aside = fs::read_dir(place.dir.path())
            .unwrap()
            .filter(|e| {
                e.as_ref()
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .contains("set-aside")
            })
            .count();
        assert_eq!(set_aside, aside, "{name}");
        let text = fs::read_to_string(place.audit_file()).unwrap();
        assert_eq!(
            text.contains("\"event\":\"repaired\""),
            repairs == 1,
            "{name}"
        );
    }
}

#[tokio::test]
async fn the_file_is_kept_while_it_is_rotated_and_removed() {
    let place = place().await;
    place.record(vec![open(1), open(2)]).await;
    fs::rename(place.audit_file(), place.dir.path().join("audit.jsonl.1")).unwrap();
    place.record(vec![open(3)]).await;
    let text = fs::read_to_string(place.audit_file()).unwrap();
    assert!(text.starts_with("{\"seq\":3,") && text.lines().count() == 1);
    place.assert_sound().await;
    fs::remove_file(place.dir.path().join("audit.jsonl.1")).unwrap();
    fs::remove_file(place.audit_file()).unwrap();
    place.record(vec![open(4)]).await;
    assert_eq!(
        fs::read_to_string(place.audit_file())
            .unwrap()
            .lines()
            .count(),
        4
    );
    place.assert_sound().await;
}

#[tokio::test]
async fn nothing_begins_while_the_file_cannot_be_written() {
    let place = place().await;
    place.record(vec![open(1)]).await;
    fs::remove_file(place.audit_file()).unwrap();
    fs::create_dir(place.audit_file()).unwrap();
    // Committed before it was noticed: it stays.
    assert_eq!(place.record(vec![open(2)]).await, [Verdict::Written]);
    let refused = place
        .ledger
        .record(&place.pen, vec![open(3)])
        .await
        .unwrap_err();
    assert!(matches!(refused, LedgerError::Audit { .. }) && refused.is_passing());
    assert_eq!(place.ledger.ticket(id(3)).await.unwrap(), None);
    fs::remove_dir(place.audit_file()).unwrap();
    assert_eq!(place.record(vec![open(3)]).await, [Verdict::Written]);
    place.assert_sound().await;
}

#[tokio::test]
async fn tampering_is_found_in_ledger_and_file() {
    let cases: [(&str, &str, &[Fault]); 5] = [
        (
            "edit",
            "UPDATE event SET body = replace(body, 'seen', 'held') WHERE seq = 3",
            &[Fault::Edited],
        ),
        (
            "removal",
            "DELETE FROM event WHERE seq = 3",
            &[Fault::Removed { first: 3, last: 3 }],
        ),
        (
            "truncation",
            "DELETE FROM event WHERE seq = 6",
            &[Fault::Truncated { head: 6 }],
        ),
        (
            "truncation of the head too",
            "DELETE FROM event WHERE seq = 6; UPDATE head SET seq = 5, hash = (SELECT hash FROM event WHERE seq = 5)",
            &[],
        ),
        (
            "exchange",
            "UPDATE event SET seq = 99 WHERE seq = 3; UPDATE event SET seq = 3 WHERE seq = 4; UPDATE event SET seq = 4 WHERE seq = 99",
            &[Fault::Edited, Fault::Edited, Fault::Edited],
        ),
    ];
    for (name, text, wanted) in cases {
        let place = place().await;
        place.record((1..7).map(open).collect()).await;
        let anchor = place.ledger.head().await.unwrap();
        let path = place.dir.path().join("ledger.sqlite");
        let mut conn = opening::connect(&path, false).await.unwrap();
        let text = AssertSqlSafe(text.to_owned());
        sqlx::raw_sql(text).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        let verified = place
            .ledger
            .verify(Some(&place.audit_file()), vec![anchor])
            .await
            .unwrap();
        assert_eq!(faults(&verified.ledger), wanted, "{name}");
        if wanted.is_empty() {
            let file = verified.file.unwrap();
            assert_eq!(faults(&file), [Fault::Beyond { head: 5 }], "{name}");
        }
    }
    let place = place().await;
    place.record((1..7).map(open).collect()).await;
    let text = fs::read_to_string(place.audit_file()).unwrap();
    let cut = text.lines().take(4).collect::<Vec<_>>().join("\n") + "\n";
    fs::write(place.audit_file(), cut).unwrap();
    let verified = place
        .ledger
        .verify(Some(&place.audit_file()), Vec::new())
        .await
        .unwrap();
    assert_eq!(
        faults(&verified.file.unwrap()),
        [Fault::Truncated { head: 6 }]
    );
}
