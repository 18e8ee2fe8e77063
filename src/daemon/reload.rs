//! An edit while the daemon runs: taken as a whole once it has been examined, or refused as a
//! whole with the reason in log and audit.

use std::path::PathBuf;

use super::examination::examine;
use super::{log, noted};
use crate::config::settings::Settings;
use crate::config::{self, Examined};
use crate::domain::digest::Digest;
use crate::domain::event::Happening;
use crate::ledger::Pen;
use crate::pipeline::works::Works;

/// Longest reason in the audit log, in characters; the log has more of it.
const REASON_MAX: usize = 500;

/// Most findings that the log tells, a line each; `triaged check` tells all.
const FINDINGS_MAX: usize = 20;

/// What became of an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// It decides from now on.
    Taken,
    /// What was in force before stays so.
    Refused,
}

/// Takes new rules, registry and routing when they are sound and no case fails; else the old ones
/// stay in force.
pub async fn reload(works: &Works, directory: PathBuf, started_with: &Settings) -> Edit {
    let examined = match examine(directory).await {
        Ok(examined) => examined,
        Err(error) => {
            tracing::error!(%error, "reading the configuration again broke off");
            return Edit::Refused;
        }
    };
    let before = works.policy.load().rules.digest();
    let (edit, happening) = match take(works, examined, started_with) {
        Ok(rules_digest) => {
            let taken = Happening::Reloaded {
                rules_digest,
                before,
            };
            (Edit::Taken, taken)
        }
        Err(refused) => {
            let refused = Happening::ReloadRefused {
                rules_digest: refused.rules_digest,
                in_force: before,
                reason: refused.reason,
            };
            (Edit::Refused, refused)
        }
    };
    let recorded = works.record(&Pen::Person, vec![noted(happening)]).await;
    if let Err(error) = recorded {
        tracing::error!(%error, "the reload is not in the audit log");
    }
    edit
}

/// An edit that is not taken.
struct Refused {
    /// Of its rules, when they could be read.
    rules_digest: Option<Digest>,
    /// Why, in brief.
    reason: String,
}

fn take(works: &Works, examined: Examined, started_with: &Settings) -> Result<Digest, Refused> {
    let refusal = examined.refusal();
    match (examined.config, refusal) {
        (Some(config), None) => {
            let digest = config.policy.rules.digest();
            if let Err(error) = config::keep(&config) {
                tracing::warn!(%error, "the rules are in force, but not kept as the last good ones");
            }
            let waits = started_with.only_at_a_start(&config.settings);
            if !waits.is_empty() {
                let keys = waits.join(", ");
                tracing::warn!(
                    keys,
                    "these keys of `triaged.toml` count after a restart only"
                );
            }
            log::set_level(config.log.level);
            works.policy.store(config.policy);
            tracing::info!(
                rules = &digest.to_string()[..12],
                "rules, registry and routing were read again"
            );
            Ok(digest)
        }
        (config, refusal) => {
            tracing::error!(
                faults = examined.findings.len(),
                "the edit is refused; the old rules stay in force"
            );
            for finding in examined.findings.iter().take(FINDINGS_MAX) {
                tracing::error!("{finding}");
            }
            Err(Refused {
                rules_digest: config.map(|config| config.policy.rules.digest()),
                reason: brief(&refusal.unwrap_or_default()),
            })
        }
    }
}

/// The reason, cut to [`REASON_MAX`].
pub fn brief(reason: &str) -> String {
    reason.chars().take(REASON_MAX).collect()
}
