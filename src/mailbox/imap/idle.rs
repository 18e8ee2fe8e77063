//! Waits for the server to announce something: IDLE (RFC 2177), or NOOP where there is none.
//!
//! An IDLE outlives the wish that began it, so that dropping a wish costs nothing: the next
//! command says DONE in the same write. An announcement is only a hint; what is there is told by
//! listing the folder.

use std::time::Duration;

use tokio::time::Instant;

use crate::mailbox::exchange::Trouble;

use super::line::{Line, Said};
use super::open::PATIENCE;
use super::session::Session;

/// Longest IDLE in one piece: some NATs and servers forget a connection after ten minutes.
pub(super) const IDLE_MAX: Duration = Duration::from_mins(9);
/// Time for the answers to IDLE and to DONE.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// An IDLE that the server ends itself sooner than this is no use.
const IDLE_MIN: Duration = Duration::from_mins(1);
/// How often is asked where there is no IDLE.
pub(super) const POLL_EVERY: Duration = Duration::from_secs(30);

/// Brings the server to announce changes, if it can and does not do so yet.
pub(super) async fn begin(session: &mut Session) -> Result<(), Trouble> {
    if !session.idles || session.talk.idle_since().is_some() {
        return Ok(());
    }
    let tag = session.talk.queue("IDLE");
    session.talk.flush().await?;
    let until = Instant::now() + ANSWER_TIME;
    loop {
        match session.talk.hear(until).await? {
            Said::Continue => {
                session.talk.set_idle(tag);
                return Ok(());
            }
            Said::Done { tag: of, reply } if of == tag => {
                tracing::info!(reply = %reply.text(), "the server refuses IDLE; it is asked every 30 s");
                session.idles = false;
                return Ok(());
            }
            // An EXISTS before the `+` is kept as news by the conversation.
            Said::Done { .. } | Said::Line(_) => {}
        }
    }
}

/// Hears one response while the server idles. Dropping the future loses nothing.
pub(super) async fn watch(session: &mut Session) -> Result<(), Trouble> {
    // No deadline: an idling server may be silent. TCP keepalive and [`renew`] notice a dead one.
    let far = Instant::now() + 2 * IDLE_MAX;
    let since = session.talk.idle_since();
    match session.talk.hear(far).await? {
        Said::Line(Line::Expunge) => session.talk.assume_news(),
        Said::Done { reply, .. } => {
            if since.is_some_and(|s| s.elapsed() < IDLE_MIN) {
                tracing::info!(reply = %reply.text(), "the server ends IDLE; it is asked every 30 s");
                session.idles = false;
            }
        }
        Said::Line(_) | Said::Continue => {}
    }
    Ok(())
}

/// Ends the IDLE and hears the server say so.
pub(super) async fn end(session: &mut Session) -> Result<(), Trouble> {
    session.talk.queue_done();
    session.talk.flush().await?;
    let until = Instant::now() + ANSWER_TIME;
    while session.talk.idle_since().is_some() {
        session.talk.hear(until).await?;
    }
    Ok(())
}

/// Asks whether anything changed.
pub(super) async fn poll(session: &mut Session) -> Result<(), Trouble> {
    let reply = session.talk.ask("NOOP", PATIENCE, |_| {}).await?;
    reply.demand("NOOP")
}

/// Says good-bye; the answer is waited for, but not for long.
pub(super) async fn logout(session: &mut Session) {
    // Whether the server answers makes no difference any more.
    let _ = session
        .talk
        .ask("LOGOUT", Duration::from_secs(5), |_| {})
        .await;
}
