//! What steps make known beside the stage: digest, decision, plan, place; and that a ticket is at
//! its end.
//!
//! Kept apart from the stage, because most steps make nothing known, and a row is rewritten as a
//! whole: the small part is written at every step, the large ones once.

use sqlx::SqliteConnection;

use super::prepare::{Learned, Step};
use super::statement as sql;

/// Writes what the steps make known.
pub(super) async fn learn(
    conn: &mut SqliteConnection,
    steps: &[(i64, &Step)],
) -> Result<(), sqlx::Error> {
    let rows: Vec<(i64, &Learned)> = steps
        .iter()
        .filter_map(|(number, step)| step.learned.as_ref().map(|l| (*number, l)))
        .collect();
    for (text, piece) in sql::LEARN.pieces(&rows) {
        let mut query = sqlx::query(text);
        for (number, learned) in piece {
            query = query
                .bind(*number)
                .bind(learned.digest.as_ref().map(|d| &d.bytes()[..]))
                .bind(learned.action)
                .bind(learned.category.as_deref())
                .bind(learned.product.as_deref())
                .bind(learned.priority)
                .bind(learned.recipient.as_deref())
                .bind(learned.message_id.as_deref())
                .bind(learned.folder.as_deref())
                .bind(learned.sender.as_deref())
                .bind(learned.subject.as_deref());
        }
        query.execute(&mut *conn).await?;
    }
    papers(conn, &sql::DECISION, &rows, |l| l.decision.as_deref()).await?;
    papers(conn, &sql::PLAN, &rows, |l| l.plan.as_deref()).await?;
    for (number, step) in steps {
        if let Some(locator) = &step.locator {
            sqlx::query("UPDATE ticket SET generation = ?, item = ? WHERE number = ?")
                .bind(i64::from(locator.generation.0))
                .bind(locator.item.to_string())
                .bind(*number)
                .execute(&mut *conn)
                .await?;
        }
    }
    Ok(())
}

async fn papers(
    conn: &mut SqliteConnection,
    statement: &'static sql::Statement,
    rows: &[(i64, &Learned)],
    paper: impl Fn(&Learned) -> Option<&str>,
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = rows
        .iter()
        .filter_map(|(number, learned)| paper(learned).map(|text| (*number, text)))
        .collect();
    for (text, piece) in statement.pieces(&rows) {
        let mut query = sqlx::query(text);
        for (number, body) in piece {
            query = query.bind(*number).bind(*body);
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Marks what reached its end, and drops its plan.
pub(super) async fn end(
    conn: &mut SqliteConnection,
    steps: &[(i64, &Step)],
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = steps
        .iter()
        .filter(|(_, step)| step.stage.is_end() != step.expected.stage.is_end())
        .map(|(number, step)| (*number, step.stage.is_end()))
        .collect();
    for (text, piece) in sql::ENDED.pieces(&rows) {
        let mut query = sqlx::query(text);
        for (number, ended) in piece {
            query = query.bind(*number).bind(*ended);
        }
        query.execute(&mut *conn).await?;
    }
    let ended: Vec<_> = rows
        .iter()
        .filter_map(|(number, ended)| ended.then_some(*number))
        .collect();
    for (text, piece) in sql::UNPLAN.pieces(&ended) {
        let mut query = sqlx::query(text);
        for number in piece {
            query = query.bind(*number);
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}
