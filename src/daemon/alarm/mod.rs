//! Tells a person by mail that work stopped, and that it goes on.
//!
//! Looks at what is in memory anyway: what hinders each mailbox, whether the way out is closed,
//! whether the ledger writes and every loop turns, and how much room is left. What is told when is
//! [`book`]'s, its words are [`letter`]'s.
//!
//! Invariants: the mail goes to configured addresses only, over a connection of its own that no
//! closed way out holds up; under the null sender and marked as ours, so that nothing answers it
//! and it is no ticket when it comes back. Nothing here keeps mail from being worked on.

mod book;
mod letter;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use self::book::{Book, Matter, Telling, Urgency, Wrong};
use self::letter::Sender;
use crate::config::Config;
use crate::config::alarm::Alarm;
use crate::config::delivery::{AllowList, DeliveryConfig, SmtpConfig, Transport};
use crate::console::health::FREE_MIN;
use crate::delivery::Lane;
use crate::domain::address::Address;
use crate::domain::outcome::{Cause, Outcome};
use crate::mail::compose;
use crate::pipeline::crew;
use crate::pipeline::dispatch::WayOut;
use crate::pipeline::hindrance::Hindrance;
use crate::pipeline::pulse::Pulses;
use crate::pipeline::works::Works;
use crate::system::fs;

/// Pause between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// The book's file in the state directory.
const FILE_NAME: &str = "alarms.json";

/// Longest time that sending one mail may take.
const SEND_MAX: Duration = Duration::from_mins(2);

/// The same when work has ended, and whoever supervises waits.
const LAST_MAX: Duration = Duration::from_secs(10);

/// First pause after a mail that could not be sent; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_mins(1);

/// Longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_mins(30);

/// Whoever tells.
#[derive(Debug)]
pub struct Alarms {
    works: Arc<Works>,
    way_out: WayOut,
    pulses: Pulses,
    state_dir: PathBuf,
    pace: Alarm,
    way: DeliveryConfig,
    sender: Sender,
    book: Book,
    /// When sending is tried again after it failed, and the pause after that.
    again: Option<(Instant, Duration)>,
}

impl Alarms {
    /// For the daemon of `config`; `None` when nobody is to be told.
    pub fn new(config: &Config, works: &Arc<Works>, way_out: WayOut) -> Option<Self> {
        let pace = config.alarm.clone()?;
        let from = config.mailboxes.first()?.address.clone();
        let way = way(config, &pace, &from);
        let host = crew::host();
        let state_dir = config.state_dir.clone();
        let book = read(&state_dir);
        Some(Self {
            works: Arc::clone(works),
            way_out,
            pulses: Pulses::new(),
            state_dir,
            pace,
            way,
            sender: Sender { from, host },
            book,
            again: None,
        })
    }

    /// Looks and tells until work has come to its `end`; if a fault brought it, that is the last
    /// that is told.
    pub async fn keep(mut self, pulses: Pulses, end: CancellationToken) {
        self.pulses = pulses;
        let looking = async {
            loop {
                sleep(LOOK).await;
                let wrong = self.wrong();
                self.look(&wrong, SEND_MAX).await;
            }
        };
        tokio::select! {
            () = looking => {}
            () = end.cancelled() => {}
        }
        if let Some(why) = self.works.failure() {
            self.ended(why).await;
        }
    }

    async fn ended(&mut self, why: String) {
        let mut wrong = self.wrong();
        wrong.push(Wrong {
            matter: Matter::Ended,
            why,
            urgency: Urgency::Now,
        });
        self.again = None;
        self.look(&wrong, LAST_MAX).await;
    }

    /// Everything that is wrong now.
    fn wrong(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let hindered = |matter, hindrance: Hindrance| Wrong {
            matter,
            why: hindrance.why,
            urgency: if hindrance.lasting {
                Urgency::Soon
            } else {
                Urgency::Waits
            },
        };
        let mailboxes = self.works.hindrances.all().into_iter();
        wrong.extend(mailboxes.map(|(name, why)| hindered(Matter::Mailbox(name), why)));
        let way_out = self.way_out.hindrance();
        wrong.extend(way_out.map(|why| hindered(Matter::WayOut, why)));
        let soon = |matter, why| Wrong {
            matter,
            why,
            urgency: Urgency::Soon,
        };
        let ledger = self.works.ledger.trouble();
        wrong.extend(ledger.map(|why| soon(Matter::Ledger, why)));
        if let Ok(free) = fs::free(&self.state_dir)
            && free < FREE_MIN
        {
            let why = format!(
                "{} MiB are left, {} MiB must be",
                free >> 20,
                FREE_MIN >> 20
            );
            wrong.push(soon(Matter::Room, why));
        }
        let hanging = self.pulses.iter().filter(|(_, pulse)| !pulse.is_alive());
        wrong.extend(hanging.map(|(which, _)| {
            let why = "it was not heard of for longer than any of its waits may last".to_owned();
            soon(Matter::Loop(which.to_string()), why)
        }));
        wrong
    }

    async fn look(&mut self, wrong: &[Wrong], patience: Duration) {
        let now = Timestamp::now();
        let Some(telling) = self.book.look(wrong, &self.pace, now) else {
            return;
        };
        if self.again.is_some_and(|(at, _)| Instant::now() < at) {
            return;
        }
        if self.tell(&telling, now, patience).await {
            self.again = None;
            self.book.told(&telling, Timestamp::now());
            self.write();
        } else {
            let pause = self.again.map_or(PAUSE, |(_, pause)| pause);
            self.again = Some((Instant::now() + pause, (pause * 2).min(PAUSE_MAX)));
        }
    }

    /// Tells everybody; whether anybody was reached.
    async fn tell(&self, telling: &Telling, now: Timestamp, patience: Duration) -> bool {
        let mut reached = false;
        for recipient in &self.pace.to {
            let sent = timeout(patience, self.send(telling, recipient, now)).await;
            match sent {
                Ok(Outcome::Delivered { .. } | Outcome::Uncertain { .. }) => {
                    reached = true;
                    tracing::info!(
                        to = recipient.as_str(),
                        "told by mail what is wrong, or over"
                    );
                }
                Ok(Outcome::Deferred { reply, .. } | Outcome::Refused { reply, .. }) => {
                    tracing::error!(to = recipient.as_str(), %reply, "an alarm cannot be sent");
                }
                Err(_) => {
                    tracing::error!(to = recipient.as_str(), "an alarm cannot be sent in time");
                }
            }
        }
        reached
    }

    async fn send(&self, telling: &Telling, recipient: &Address, now: Timestamp) -> Outcome {
        let plan = letter::plan(telling, recipient, &self.sender, &self.works.key, now);
        let message = compose::notice(&plan);
        let mut lane = Lane::new(&self.way, &self.works.tokens);
        let open = || std::future::ready(true);
        let nobody = lane.send(None, recipient, &message, open()).await;
        let outcome = match nobody {
            // Some submission servers let a log-in send as itself only.
            Outcome::Refused { .. }
            | Outcome::Deferred {
                cause: Cause::Identity,
                ..
            } => {
                let from = Some(&self.sender.from);
                lane.send(from, recipient, &message, open()).await
            }
            other => other,
        };
        lane.close();
        outcome
    }

    /// Keeps the book for the next start; what cannot be kept is told once more then.
    fn write(&self) {
        let kept = serde_json::to_vec(&self.book)
            .map_err(std::io::Error::other)
            .and_then(|bytes| fs::replace(&self.state_dir.join(FILE_NAME), &bytes));
        if let Err(error) = kept {
            tracing::warn!(%error, "what was told by mail is not kept");
        }
    }
}

fn read(state_dir: &std::path::Path) -> Book {
    let path = state_dir.join(FILE_NAME);
    let Ok(bytes) = std::fs::read(&path) else {
        return Book::default();
    };
    serde_json::from_slice(&bytes).unwrap_or_else(|error| {
        tracing::warn!(file = %path.display(), %error, "begun anew");
        Book::default()
    })
}

/// The way that alarms go: the server that is named for them, else the way that forwards go.
fn way(config: &Config, pace: &Alarm, from: &Address) -> DeliveryConfig {
    let transport = match &pace.server {
        None => config.delivery.transport.clone(),
        Some(server) => Transport::Smtp(SmtpConfig {
            server: server.clone(),
            login: None,
            connections: 1,
            hello: from.domain().to_owned(),
        }),
    };
    DeliveryConfig {
        transport,
        allow: AllowList {
            addresses: pace.to.clone(),
            domains: Vec::new(),
        },
        ..config.delivery.clone()
    }
}
