//! A crew: works on one mailbox for as long as the daemon runs, through as many sessions as it
//! takes.
//!
//! A session that breaks is followed by another after a pause that grows; the new one begins by
//! looking everything over. The first run of a mailbox that holds mail is decided here.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::dispatch::Dispatch;
use super::fault::Fault;
use super::file::{Filer, Filing};
use super::hand::Hands;
use super::hindrance::Hindrance;
use super::pulse::Pulse;
use super::read::Reader;
use super::session::{End, Session};
use super::works::Works;
use crate::config::mailbox::{FirstRun, MailboxConfig, Mode, Source};
use crate::domain::ids::Folder;
use crate::ledger::{Baseline, Change, FolderMark, MailboxPatch, MailboxRecord, Pen, StageName};
use crate::mailbox::Mailbox;
use crate::mailbox::exchange::{Mark, Opened, Trouble};
use crate::triage::routing::Routing;

/// Messages on their way to the filer.
const FILINGS: usize = 1024;

/// How long a lease holds without being renewed.
const LEASE: Duration = Duration::from_mins(1);

/// First pause after a broken session; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_secs(1);

/// Longest pause between two sessions.
const PAUSE_MAX: Duration = Duration::from_mins(5);

/// First pause after a refused log-in: fewer than five tries an hour, so that no account is
/// locked out.
const PAUSE_DENIED: Duration = Duration::from_mins(15);

/// Longest pause that a server can ask for.
const THROTTLED_MAX: Duration = Duration::from_hours(1);

/// Longest time a session gets to end once work must end: a little more than it gives itself to
/// finish what is in hand.
const END_MAX: Duration = Duration::from_secs(17);

/// How often `run --once` opens a mailbox that breaks before it gives up.
const ONCE_TRIES: u32 = 3;

/// How long the reader gets to notice that the connection is gone.
const READER_END: Duration = Duration::from_secs(10);

/// How often the ledger is asked whether a person accepted the mailbox.
const ACCEPT_LOOK: Duration = Duration::from_secs(2);

/// How a crew's work ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrewEnd {
    /// Nothing is left to do, or work had to end.
    Done,
    /// Everything was done but to send what could not be sent.
    Unsent {
        /// How many forwards wait in the ledger.
        forwards: u64,
        /// Why.
        why: String,
    },
    /// The first run waits for a person.
    NotAccepted {
        /// How many messages lie there.
        messages: u64,
    },
    /// It could not be worked on.
    Failed {
        /// Why.
        why: String,
    },
}

/// A crew.
#[derive(Debug)]
pub struct Crew {
    /// The shared parts.
    pub works: Arc<Works>,
    /// The way out.
    pub dispatch: Dispatch,
    /// The mailbox.
    pub config: Arc<MailboxConfig>,
    /// Whether to end when nothing is left to do.
    pub once: bool,
    /// Its sign of life.
    pub pulse: Arc<Pulse>,
}

/// Every folder that mail of this routing can be filed in.
pub fn folders(routing: &Routing) -> Vec<Folder> {
    let mut all: BTreeSet<Folder> = routing
        .categories
        .values()
        .map(|r| r.folder.clone())
        .collect();
    all.extend(routing.kinds.values().cloned());
    all.extend(routing.notices.values().cloned());
    let customers = routing.customers.values().flat_map(|own| own.values());
    all.extend(customers.map(|route| route.folder.clone()));
    all.insert(routing.replies.clone());
    all.insert(routing.loops.clone());
    all.insert(routing.quarantine.clone());
    all.into_iter().collect()
}

impl Crew {
    /// Works until nothing is left (`once`), work must end, or nothing more can be done.
    pub async fn run(self) -> CrewEnd {
        let (filings, mut filed) = mpsc::channel(FILINGS);
        let hands = Arc::new(Hands::default());
        let mut pause = PAUSE;
        let mut tries = 0;
        loop {
            let started = Instant::now();
            self.pulse.beat();
            let fault = match self.session(&hands, &filings, &mut filed).await {
                Ok(end) => return end,
                Err(fault) => fault,
            };
            if self.works.stop.is_cancelled() {
                return CrewEnd::Done;
            }
            if !fault.is_passing() {
                self.works.fail(&fault);
                return CrewEnd::Failed {
                    why: fault.to_string(),
                };
            }
            if started.elapsed() > PAUSE_MAX {
                pause = PAUSE;
            }
            tries += 1;
            if self.once && (tries >= ONCE_TRIES || is_lasting(&fault)) {
                return CrewEnd::Failed {
                    why: fault.to_string(),
                };
            }
            let wait = spread(wait_after(&fault, pause));
            if wait.is_zero() {
                tracing::info!(mailbox = %self.config.name, why = %fault, "opened anew at once");
            } else {
                tracing::warn!(
                    mailbox = %self.config.name,
                    error = %fault,
                    retry_in_s = wait.as_secs(),
                    "the mailbox cannot be worked on"
                );
                let hindrance = Hindrance {
                    why: fault.to_string(),
                    lasting: is_lasting(&fault),
                };
                self.works.hindrances.note(&self.config.name, hindrance);
            }
            self.pulse.rest(wait);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.works.stop.cancelled() => return CrewEnd::Done,
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Returns when work that must end has not ended by itself: a server may have gone silent.
    async fn overdue(&self) {
        self.works.stop.cancelled().await;
        tokio::time::sleep(END_MAX).await;
    }

    fn end(&self, end: End) -> CrewEnd {
        match end {
            End::Drained | End::Stopped => CrewEnd::Done,
            End::Unsent { forwards } => CrewEnd::Unsent {
                forwards,
                why: self
                    .dispatch
                    .trouble()
                    .unwrap_or_else(|| "the way out is closed".to_owned()),
            },
        }
    }

    async fn session(
        &self,
        hands: &Arc<Hands>,
        filings: &mpsc::Sender<Filing>,
        filed: &mut mpsc::Receiver<Filing>,
    ) -> Result<CrewEnd, Fault> {
        let policy = self.works.policy.load_full();
        let holder = format!("{}:{}", host(), std::process::id());
        let lease = self
            .works
            .ledger
            .lease(&self.config.name, &holder, LEASE)
            .await?;
        let pen = Arc::new(Pen::Lease(lease));
        let folders = folders(&policy.routing);
        let (mailbox, opened) = tokio::select! {
            opened = Mailbox::open(&self.config, &self.works.tokens, &folders) => opened?,
            () = self.works.stop.cancelled() => return Ok(CrewEnd::Done),
        };
        tracing::info!(
            mailbox = %self.config.name,
            messages = opened.messages,
            "opened"
        );
        self.works.meters.session(&self.config.name, true);
        let result = async {
            let Some((record, resync)) = self.first_run(&pen, &opened).await? else {
                return Ok(if self.works.stop.is_cancelled() {
                    CrewEnd::Done
                } else {
                    CrewEnd::NotAccepted {
                        messages: opened.messages,
                    }
                });
            };
            let marks = marks(&record, &opened);
            let filer_marks = marks.clone();
            let generation = opened.generation;
            let mut session = Session {
                works: &self.works,
                dispatch: &self.dispatch,
                config: &self.config,
                mailbox: &mailbox,
                pen: Arc::clone(&pen),
                hands,
                filings: filings.clone(),
                reader: Reader {
                    policy,
                    key: Arc::clone(&self.works.key),
                    config: Arc::clone(&self.config),
                    incidents: Arc::default(),
                    generation: opened.generation,
                },
                baseline: record.baseline,
                opened,
                folders,
                marks,
                queue: VecDeque::new(),
                ended: HashSet::new(),
                again: VecDeque::new(),
                next_uid: None,
                unread: false,
                left: false,
                unsent: 0,
                deferred: 0,
                resync,
                due: None,
                let_go: hands.let_go(),
                reopened: self.dispatch.reopenings(),
                changes: self.works.changes(),
                reconcile_at: Instant::now() + self.config.reconcile,
                once: self.once,
                recent: Mutex::default(),
                pulse: &self.pulse,
            };
            let filer = Filer {
                works: &self.works,
                mailbox: &mailbox,
                generation,
                pen: &pen,
                hands,
                marks: &filer_marks,
            };
            let mut work = std::pin::pin!(session.work());
            let end = tokio::select! {
                end = &mut work => end?,
                broken = filer.run(filed) => {
                    // The same trouble meets the reader in a moment: it then takes back the tries
                    // of what it could not read.
                    let _also_broken = tokio::time::timeout(READER_END, work).await;
                    broken?;
                    End::Stopped
                }
                lost = self.keep_lease(&holder) => return Err(lost),
                () = self.overdue() => {
                    tracing::warn!(mailbox = %self.config.name, "broken off: it did not end in time");
                    End::Stopped
                }
            };
            tracing::debug!(mailbox = %self.config.name, ?end, "session ends");
            Ok(self.end(end))
        }
        .await;
        self.works.meters.session(&self.config.name, false);
        mailbox.close().await;
        result
    }

    /// Renews the lease until that fails.
    async fn keep_lease(&self, holder: &str) -> Fault {
        loop {
            tokio::time::sleep(LEASE / 3).await;
            match self
                .works
                .ledger
                .lease(&self.config.name, holder, LEASE)
                .await
            {
                Ok(_) => {}
                Err(error) if error.is_passing() => {
                    tracing::warn!(%error, "the lease cannot be renewed now");
                }
                Err(error) => return error.into(),
            }
        }
    }

    /// Settles what is done with mail that lay there before the first run; waits for a person
    /// where one is needed. `None` when one is needed and `once` forbids waiting. Says also whether
    /// the folder was rebuilt since it was last worked on.
    async fn first_run(
        &self,
        pen: &Pen,
        opened: &Opened,
    ) -> Result<Option<(MailboxRecord, bool)>, Fault> {
        let name = &self.config.name;
        let known = self
            .works
            .ledger
            .mailbox(name)
            .await?
            .filter(|r| r.generation.is_some());
        let mut rebuilt = false;
        let observes = self.config.mode == Mode::Observe;
        if let Some(record) = &known
            && record.generation != Some(opened.generation)
        {
            tracing::warn!(
                mailbox = %name,
                "the folder was rebuilt (new UIDVALIDITY): every message is told by its content"
            );
            rebuilt = true;
        }
        let replaced = self.works.ledger.was_replaced(name).await?;
        if replaced {
            tracing::error!(
                mailbox = %name,
                messages = opened.messages,
                "the ledger was lost or comes from a backup: it may not know what was sent; \
                 `triaged recover` tells it what was filed"
            );
        }
        match &known {
            None => {
                let (accepted, baseline) = self.acceptance(opened, replaced);
                let patch = MailboxPatch {
                    generation: Some(opened.generation),
                    accepted: Some(accepted),
                    baseline,
                    // What comes from now on is new, whenever a person accepts what is there.
                    marks: Some(vec![self.source_mark(opened)]),
                };
                self.works.note_opened(pen, name, opened, patch).await?;
            }
            // As at a first run: what lies there may have been sent by a ledger that is gone.
            Some(_) if replaced && !observes => {
                let (accepted, baseline) = self.acceptance(opened, replaced);
                let patch = MailboxPatch {
                    accepted: Some(accepted),
                    baseline,
                    ..MailboxPatch::default()
                };
                self.works.note_opened(pen, name, opened, patch).await?;
            }
            // Work on an observed mailbox begins later: that is its first run.
            Some(record) if observes && record.accepted => {
                let patch = MailboxPatch {
                    accepted: Some(false),
                    ..MailboxPatch::default()
                };
                self.patch(pen, patch).await?;
            }
            Some(record) if !observes && !record.accepted && self.was_observed().await? => {
                let (accepted, baseline) = self.acceptance(opened, replaced);
                let patch = MailboxPatch {
                    accepted: Some(accepted),
                    baseline,
                    // New is what comes once nothing is only observed any more.
                    marks: Some(vec![self.source_mark(opened)]),
                    ..MailboxPatch::default()
                };
                self.patch(pen, patch).await?;
            }
            Some(_) => {}
        }
        let mut told = false;
        loop {
            if let Some(record) = self.works.ledger.mailbox(name).await?
                && (record.accepted || observes)
            {
                let record = self.with_real_baseline(pen, record, opened).await?;
                return Ok(Some((record, rebuilt)));
            }
            if self.once || self.works.stop.is_cancelled() {
                return Ok(None);
            }
            if !told {
                tracing::warn!(
                    mailbox = %name,
                    messages = opened.messages,
                    "first run: nothing is done until a person runs `triaged mailbox accept {name}`"
                );
                let why = format!("its first run waits for `triaged mailbox accept {name}`");
                let hindrance = Hindrance {
                    why,
                    lasting: false,
                };
                self.works.hindrances.note(name, hindrance);
                told = true;
            }
            self.pulse.beat();
            tokio::select! {
                () = tokio::time::sleep(ACCEPT_LOOK) => {}
                () = self.works.stop.cancelled() => {}
            }
        }
    }

    /// Whether work may begin without a person, and what is left alone.
    ///
    /// After the ledger was `replaced` much mail is never worked on unasked, and never left alone
    /// unasked: what lies there may be new, or old, or sent.
    fn acceptance(&self, opened: &Opened, replaced: bool) -> (bool, Option<Baseline>) {
        if self.config.mode == Mode::Observe {
            return (false, None);
        }
        if replaced {
            let most = match self.config.first_run {
                FirstRun::All | FirstRun::Ask => FirstRun::ASK_ABOVE,
                FirstRun::NewOnly => 0,
            };
            return (opened.messages <= most, None);
        }
        match self.config.first_run {
            FirstRun::All => (true, None),
            FirstRun::NewOnly => (true, Some(self.baseline(opened))),
            FirstRun::Ask => (opened.messages <= FirstRun::ASK_ABOVE, None),
        }
    }

    /// Whether the mailbox was only observed until now.
    async fn was_observed(&self) -> Result<bool, Fault> {
        let counts = self.works.ledger.counts().await?;
        let mut own = counts.mailboxes.iter();
        let own = own.find(|count| count.name == self.config.name);
        let mut stages = own.iter().flat_map(|count| &count.stages);
        Ok(stages.any(|(stage, tickets)| *stage == StageName::Observed && *tickets > 0))
    }

    async fn patch(&self, pen: &Pen, patch: MailboxPatch) -> Result<(), Fault> {
        let change = Change::Mailbox {
            name: self.config.name.clone(),
            patch,
            entry: None,
        };
        self.works.record(pen, vec![change]).await?;
        Ok(())
    }

    fn source_mark(&self, opened: &Opened) -> FolderMark {
        FolderMark {
            folder: self.config.folder.clone(),
            generation: opened.generation,
            next: opened.next,
        }
    }

    /// Who accepts only new mail at the command line does not know UIDs and leaves the highest
    /// there is: puts in the one that was next when the mailbox was first opened.
    async fn with_real_baseline(
        &self,
        pen: &Pen,
        mut record: MailboxRecord,
        opened: &Opened,
    ) -> Result<MailboxRecord, Fault> {
        if !matches!(record.baseline, Some(Baseline::Below { uid: u32::MAX, .. })) {
            return Ok(record);
        }
        let now = self.source_mark(opened);
        let mut marks = record.marks.iter();
        let first =
            marks.find(|mark| mark.folder == now.folder && mark.generation == now.generation);
        let baseline = Baseline::Below {
            generation: now.generation,
            uid: first.map_or(now.next, |mark| mark.next),
        };
        let patch = MailboxPatch {
            baseline: Some(baseline.clone()),
            ..MailboxPatch::default()
        };
        self.patch(pen, patch).await?;
        record.baseline = Some(baseline);
        Ok(record)
    }

    fn baseline(&self, opened: &Opened) -> Baseline {
        match self.config.source {
            Source::Imap(_) => Baseline::Below {
                generation: opened.generation,
                uid: opened.next,
            },
            Source::Maildir { .. } => Baseline::Before(Timestamp::now()),
        }
    }
}

/// Where to begin looking: the marks of the last session that had nothing in doubt, or the whole
/// of a folder that had none.
fn marks(record: &MailboxRecord, opened: &Opened) -> Vec<Mark> {
    opened
        .marks
        .iter()
        .map(|mark| {
            let old = record.marks.iter().find(|m| m.folder == mark.folder);
            Mark {
                folder: mark.folder.clone(),
                generation: old.map_or(mark.generation, |m| m.generation),
                next: old.map_or(1, |m| m.next),
            }
        })
        .collect()
}

/// Whether trying again within seconds is of no use.
fn is_lasting(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Mailbox(
            Trouble::Denied { .. }
                | Trouble::Secret(_)
                | Trouble::Unsafe(_)
                | Trouble::MissingFolders(_)
        )
    )
}

fn wait_after(fault: &Fault, pause: Duration) -> Duration {
    match fault {
        Fault::Mailbox(Trouble::Denied { .. }) => PAUSE_DENIED,
        Fault::Mailbox(Trouble::Throttled {
            wait: Some(wait), ..
        }) => (*wait).min(THROTTLED_MAX),
        // At once, but not for ever: a server may number anew each time it is asked.
        Fault::Mailbox(Trouble::Rebuilt { .. } | Trouble::Expired { .. }) if pause == PAUSE => {
            Duration::ZERO
        }
        Fault::OtherFolders => Duration::ZERO,
        _ => pause,
    }
}

/// Spreads a pause by up to a quarter, so that many daemons do not come back in one moment.
fn spread(pause: Duration) -> Duration {
    let part = Timestamp::now().subsec_nanosecond().unsigned_abs() % 256;
    pause + pause / 1024 * part
}

/// The name of this host, as the kernel has it.
pub fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}
