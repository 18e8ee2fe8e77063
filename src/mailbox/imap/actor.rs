//! The task that owns the session and does what the mailbox is asked, one thing after another.
//!
//! It lives from opening to the first trouble, or until nobody holds the mailbox any more. A
//! request whose asker went away is still carried out to its end, so that the conversation stays
//! in step. The server idles only while, or after, somebody waited for news.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::mailbox::exchange::{
    Entry, Fetched, Found, Hint, Listing, Mark, Move, Moved, Sought, Trouble,
};

use super::session::{Session, uid_of};
use super::{fetch, find, idle, list, settle};

/// How long after a command the server is not brought to idle again for one who waits: where one
/// command came, the next is near, and would have to wait for the answer to IDLE.
const LINGER: Duration = Duration::from_millis(20);

type Answer<T> = oneshot::Sender<Result<T, Trouble>>;

/// What a mailbox can be asked.
#[derive(Debug)]
pub(super) enum Request {
    List(Option<u32>, Answer<Listing>),
    Fetch {
        entries: Vec<Entry>,
        max_size: u64,
        to: mpsc::Sender<Result<Fetched, Trouble>>,
    },
    Settle(Vec<Move>, Answer<Vec<Moved>>),
    Find {
        sought: Vec<Sought>,
        since: Vec<Mark>,
        answer: Answer<Vec<Found>>,
    },
    Remove(Vec<Found>, Answer<()>),
    Hint(Duration, Answer<Hint>),
    Close(oneshot::Sender<()>),
}

/// Somebody who waits for news.
#[derive(Debug)]
struct Waiting {
    until: Instant,
    answer: Answer<Hint>,
}

/// What ended a wait.
enum Event {
    Resume,
    Request(Option<Request>),
    Heard(Result<(), Trouble>),
    Renew,
    Poll,
    Over,
    Abandoned,
}

/// Does what `requests` ask until there are no more or trouble comes, which is kept in `end`.
pub(super) async fn run(
    mut session: Session,
    mut requests: mpsc::Receiver<Request>,
    end: Arc<OnceLock<Trouble>>,
) {
    let mut waiting: Option<Waiting> = None;
    let mut polled = Instant::now();
    // When the server may be brought to idle again after a command.
    let mut resume = Instant::now();
    loop {
        if let Err(trouble) = prepare(&mut session, &mut waiting, resume).await {
            fail(waiting, &end, trouble);
            return;
        }
        let result = match wait(&mut session, &mut requests, &mut waiting, polled, resume).await {
            Event::Resume => Ok(()),
            Event::Request(None) => {
                idle::logout(&mut session).await;
                return;
            }
            Event::Request(Some(Request::Close(done))) => {
                idle::logout(&mut session).await;
                let _ = done.send(());
                return;
            }
            Event::Request(Some(Request::Hint(at_most, answer))) => {
                let until = Instant::now() + at_most;
                let before = waiting.replace(Waiting { until, answer });
                quiet(before);
                polled = Instant::now();
                resume = polled;
                Ok(())
            }
            Event::Request(Some(request)) => {
                let result = serve(&mut session, request).await;
                polled = Instant::now();
                resume = polled + LINGER;
                result
            }
            Event::Heard(result) => result,
            Event::Renew => idle::end(&mut session).await,
            Event::Poll => {
                polled = Instant::now();
                idle::poll(&mut session).await
            }
            Event::Over => {
                quiet(waiting.take());
                Ok(())
            }
            Event::Abandoned => {
                waiting = None;
                Ok(())
            }
        };
        if let Err(trouble) = result {
            fail(waiting, &end, trouble);
            return;
        }
    }
}

/// Tells who waits that there is news, or brings the server to announce some.
async fn prepare(
    session: &mut Session,
    waiting: &mut Option<Waiting>,
    resume: Instant,
) -> Result<(), Trouble> {
    if waiting.is_none() {
        return Ok(());
    }
    if !session.talk.has_news() && resume <= Instant::now() {
        idle::begin(session).await?;
    }
    // An announcement may have come before the server agreed to idle.
    if session.talk.has_news()
        && let Some(waiting) = waiting.take()
    {
        let _ = waiting.answer.send(Ok(Hint::Changed));
    }
    Ok(())
}

async fn wait(
    session: &mut Session,
    requests: &mut mpsc::Receiver<Request>,
    waiting: &mut Option<Waiting>,
    polled: Instant,
    resume: Instant,
) -> Event {
    let renew = session
        .talk
        .idle_since()
        .map(|since| since + idle::IDLE_MAX);
    let idling = renew.is_some();
    let over = waiting.as_ref().map(|w| w.until);
    let begin = (over.is_some() && !idling && session.idles).then_some(resume);
    let poll = (over.is_some() && !idling).then_some(polled + idle::POLL_EVERY);
    tokio::select! {
        biased;
        request = requests.recv() => Event::Request(request),
        heard = idle::watch(session), if idling => Event::Heard(heard),
        () = at(over) => Event::Over,
        () = at(renew) => Event::Renew,
        () = at(begin) => Event::Resume,
        () = at(poll) => Event::Poll,
        () = abandoned(waiting.as_mut()) => Event::Abandoned,
    }
}

/// Resolves at `when`; never for `None`.
async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}

/// Resolves when the one who waits went away.
async fn abandoned(waiting: Option<&mut Waiting>) {
    match waiting {
        Some(waiting) => waiting.answer.closed().await,
        None => std::future::pending().await,
    }
}

fn quiet(waiting: Option<Waiting>) {
    if let Some(waiting) = waiting {
        let _ = waiting.answer.send(Ok(Hint::Quiet));
    }
}

fn fail(waiting: Option<Waiting>, end: &OnceLock<Trouble>, trouble: Trouble) {
    let _ = end.set(trouble.clone());
    if let Some(waiting) = waiting {
        let _ = waiting.answer.send(Err(trouble));
    }
}

/// Carries out one request and answers it. `Err` ends the session.
async fn serve(session: &mut Session, request: Request) -> Result<(), Trouble> {
    match request {
        Request::List(from, answer) => reply(answer, list::list(session, from).await),
        Request::Fetch {
            entries,
            max_size,
            to,
        } => {
            let result = fetch::fetch(session, entries, max_size, &to).await;
            if let Err(trouble) = &result {
                let _ = to.send(Err(trouble.clone())).await;
            }
            result
        }
        Request::Settle(moves, answer) => reply(answer, settle::settle(session, &moves).await),
        Request::Find {
            sought,
            since,
            answer,
        } => reply(answer, find::find(session, &sought, &since).await),
        Request::Remove(found, answer) => {
            let uids = found.iter().filter_map(|f| uid_of(&f.item)).collect();
            reply(answer, settle::remove(session, uids).await)
        }
        // Both are dealt with where the wait is.
        Request::Hint(..) | Request::Close(_) => Ok(()),
    }
}

fn reply<T>(answer: Answer<T>, result: Result<T, Trouble>) -> Result<(), Trouble> {
    let trouble = result.as_ref().err().cloned();
    // Nobody may wait for it any more; the work is done all the same.
    let _ = answer.send(result);
    trouble.map_or(Ok(()), Err)
}
