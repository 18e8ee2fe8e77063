//! From a directory to a [`Config`], or to everything that is wrong with it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::alarm::Alarm;
use super::audit::PersonalPolicy;
use super::delivery::DeliveryConfig;
use super::edits::Edits;
use super::file::contacts::Verified;
use super::file::lists::Lists;
use super::file::source::Source;
use super::file::table::{InFile, Table};
use super::file::when::Around;
use super::file::{
    alarm, contacts, decision, delivery, log, mailbox, metrics, negation, operation, registry,
    routing, rules, templates,
};
use super::findings::{self, Finding, Severity};
use super::import::RegistryFile;
use super::limits::Limits;
use super::log::Log;
use super::mailbox::MailboxConfig;
use super::metrics::Listen;
use super::partner::Partner;
use super::read::{Files, REGISTRY, in_file, toml_files};
use super::settings::Settings;
use super::shadow;
use crate::domain::address::Address;
use crate::domain::digest::Digest;
use crate::domain::ids::{CategoryId, CustomerId, Folder};
use crate::domain::language::Language;
use crate::registry::Registry;
use crate::rules::RuleSet;
use crate::triage::Policy;
use crate::triage::routing::{Route, Routing};
use crate::triage::senders::Senders;
use crate::triage::template::Templates;

/// A checked configuration.
#[derive(Debug)]
pub struct Config {
    /// The directory it was read from.
    pub directory: PathBuf,
    /// Where ledger, audit log and keys are kept.
    pub state_dir: PathBuf,
    /// What is watched; may be empty, which is enough for `explain`.
    pub mailboxes: Vec<MailboxConfig>,
    /// Rules, registry and routing: what decides, swapped as one.
    pub policy: Arc<Policy>,
    /// How forwards leave. When no category is forwarded and nothing is configured: an outbox in
    /// `state_dir` with an empty allow-list.
    pub delivery: DeliveryConfig,
    /// Bounds on memory and patience.
    pub limits: Limits,
    /// What of a person's data the audit log holds.
    pub audit: PersonalPolicy,
    /// Where figures and health are asked for; `None` when nobody is to ask.
    pub metrics: Option<Listen>,
    /// Who is told by mail when work stops; `None` when nobody is.
    pub alarm: Option<Alarm>,
    /// What is said, and in which form.
    pub log: Log,
    /// The keys of `triaged.toml` as they are written.
    pub settings: Settings,
    /// Of all files: SHA-256 over what `sha256sum` prints for `triaged.toml`, `rules/*.toml` and
    /// `registry/*.toml`.
    pub digest: Digest,
    /// How edits come to decide.
    pub edits: Edits,
    /// What is probably not meant, but taken.
    pub warnings: Vec<Finding>,
    /// Why the rules on the disk are not these, when these are the last good ones.
    pub stands_in: Option<String>,
    /// The files of rules and products.
    pub(super) sources: Vec<Arc<Source>>,
}

/// The digest of what is in `directory` now; see [`Config::digest`].
pub fn digest(directory: &Path) -> Digest {
    Files::read(directory, &mut Vec::new()).digest
}

/// The files of the registry in `directory`, by name.
///
/// # Errors
/// When they cannot be listed or read.
pub fn registry_files(directory: &Path) -> std::io::Result<Vec<RegistryFile>> {
    let paths = toml_files(&directory.join(REGISTRY))?.into_iter();
    let files = paths.map(|path| {
        let name = path.strip_prefix(directory).unwrap_or(&path);
        Ok(RegistryFile {
            name: name.display().to_string(),
            text: std::fs::read_to_string(&path)?,
        })
    });
    files.collect()
}

/// Whether the configuration would be sound with these files in its registry.
///
/// # Errors
/// All findings, when at least one is an error.
pub fn with_registry(directory: &Path, changed: &[RegistryFile]) -> Result<(), Vec<Finding>> {
    let mut findings = Vec::new();
    let mut files = Files::read(directory, &mut findings);
    for file in changed {
        let name = directory.join(&file.name).display().to_string();
        files.registry.retain(|source| source.name != name);
        let source = Source::of_text(name.clone(), file.text.clone());
        files.registry.push(Arc::new(source));
        files.names.push(name);
    }
    read_files(directory, &files, &mut findings);
    findings::tidy(&mut findings, &files.names);
    if findings::any_error(&findings) {
        Err(findings)
    } else {
        Ok(())
    }
}

/// What `triaged.toml` says by itself: enough to look at what was done, whatever is wrong with the
/// rules.
#[derive(Debug)]
pub struct Outline {
    /// Where ledger, audit log and keys are kept.
    pub state_dir: PathBuf,
    /// What is watched.
    pub mailboxes: Vec<MailboxConfig>,
    /// How forwards leave.
    pub delivery: DeliveryConfig,
    /// How edits come to decide.
    pub edits: Edits,
}

/// Reads and checks `triaged.toml` of `directory` alone.
///
/// # Errors
/// All findings, when at least one is an error.
pub fn outline(directory: &Path) -> Result<Outline, Vec<Finding>> {
    let mut findings = Vec::new();
    let files = Files::read_main(directory, Vec::new(), Vec::new(), &mut findings);
    let main = files.main.as_ref().map(|source| {
        let check = |root: Table<'_>, file: &mut InFile<'_>| main_of(root, directory, file);
        in_file(source, &mut findings, check)
    });
    findings::tidy(&mut findings, &files.names);
    let state_dir = main.as_ref().and_then(|main| main.state_dir.clone());
    let Some(main) = main else {
        return Err(findings);
    };
    match (main.delivery, state_dir) {
        (Some(delivery), Some(state_dir)) if !findings::any_error(&findings) => Ok(Outline {
            state_dir,
            mailboxes: main.mailboxes,
            delivery: delivery.config,
            edits: main.edits,
        }),
        _ => Err(findings),
    }
}

/// A configuration, and what only its examination needs: where everything is written.
#[derive(Debug)]
pub(super) struct Written {
    /// What was made of it.
    pub config: Config,
    /// `triaged.toml`.
    pub main: Arc<Source>,
    /// The rules as they are written.
    pub rules: Vec<rules::Placed>,
    /// Where the allow-list stands.
    pub allow: Option<Range<usize>>,
    /// Whether any category is forwarded.
    pub forwards: bool,
    /// When contacts were looked at.
    pub verified: Vec<Verified>,
    /// For how long that holds.
    pub verified_within: Duration,
}

/// Reads and checks the configuration in `directory`.
///
/// # Errors
/// All findings, when at least one is an error; in the order of files and lines.
pub fn load(directory: &Path) -> Result<Config, Vec<Finding>> {
    let mut findings = Vec::new();
    let files = Files::read(directory, &mut findings);
    let written = read_files(directory, &files, &mut findings);
    findings::tidy(&mut findings, &files.names);
    match written {
        Some(written) if !findings::any_error(&findings) => Ok(Config {
            warnings: findings,
            ..written.config
        }),
        _ => Err(findings),
    }
}

/// What `triaged.toml` says; each part absent when it has faults.
struct Main {
    partner: Option<Partner>,
    state_dir: Option<PathBuf>,
    mailboxes: Vec<MailboxConfig>,
    categories: routing::Categories,
    folders: Option<routing::Folders>,
    delivery: Option<delivery::Placed>,
    settings: decision::Placed,
    limits: Limits,
    audit: PersonalPolicy,
    metrics: Option<Listen>,
    alarm: Option<Alarm>,
    log: Log,
    edits: Edits,
    /// For how long a look at a contact holds.
    verified_within: Duration,
    /// Our own addresses.
    own: Vec<Address>,
    /// The folders mailboxes are watched in.
    watched: Vec<Folder>,
}

fn main_of(mut root: Table<'_>, base: &Path, file: &mut InFile<'_>) -> Main {
    let partner = operation::partner(root.table("partner", file), file);
    let state_dir = operation::state_dir(root.table("state", file), base, file);
    let state = state_dir.as_deref().unwrap_or(base);
    let placed = mailbox::mailboxes(&mut root, base, state, file);
    let mailboxes: Vec<_> = placed.iter().map(|placed| placed.config.clone()).collect();
    let watched: Vec<Folder> = mailboxes.iter().map(|m| m.folder.clone()).collect();
    let categories = routing::categories(root.table("categories", file), &watched, file);
    let folders = routing::kinds(root.table("kinds", file), &watched, file);
    let addresses: Vec<Address> = mailboxes.iter().map(|m| m.address.clone()).collect();
    let mut own = addresses.clone();
    own.extend(partner.as_ref().and_then(|p| p.address.clone()));
    let around = delivery::Around {
        base,
        state_dir: state,
        mailboxes: &placed,
        hello: own.first().map_or("localhost", |address| address.domain()),
        forward: categories.forward.as_ref(),
    };
    let delivery = delivery::delivery(root.table("delivery", file), around, file);
    let settings = decision::settings(root.table("decision", file), file);
    let limits = operation::limits(root.table("limits", file), file);
    let audit = operation::audit(root.table("audit", file), file);
    let metrics = metrics::metrics(root.table("metrics", file), file);
    let alarm = alarm::alarm(root.table("alarm", file), base, &addresses, file);
    let log = log::log(root.table("log", file), file);
    let edits = operation::edits(root.table("edits", file), base, file);
    let verified_within = operation::registry(root.table("registry", file), file);
    root.close(file);
    Main {
        partner,
        state_dir,
        mailboxes,
        categories,
        folders,
        delivery,
        settings,
        limits,
        audit,
        metrics,
        alarm,
        log,
        edits,
        verified_within,
        own,
        watched,
    }
}

/// Reads what `files` say, with all that is wrong with it.
pub(super) fn read_files(
    directory: &Path,
    files: &Files,
    findings: &mut Vec<Finding>,
) -> Option<Written> {
    read_set(directory, files, false, findings)
}

/// The same; a set that is read `beside` another one casts no shadow itself.
pub(super) fn read_set(
    directory: &Path,
    files: &Files,
    beside: bool,
    findings: &mut Vec<Finding>,
) -> Option<Written> {
    let main = files.main.as_ref().map(|source| {
        let check = |root: Table<'_>, file: &mut InFile<'_>| main_of(root, directory, file);
        (source, in_file(source, findings, check))
    });
    let utc = TimeZone::UTC;
    let zone = main.as_ref().map_or(&utc, |(_, main)| &main.settings.zone);
    let limits = main
        .as_ref()
        .and_then(|(main_file, main)| main.contact_limits(main_file));
    let before = findings.len();
    let mut registry = registry::Placed::default();
    for source in &files.registry {
        let take = |root: Table<'_>, file: &mut InFile<'_>| {
            registry.take(root, limits.as_ref(), zone, file);
        };
        in_file(source, findings, take);
    }
    // A product left out for a fault of its own is none that a rule or a customer names in vain.
    let all_products = !files.registry_incomplete
        && !findings::any_error(findings.get(before..).unwrap_or_default());
    let customers = registry.customers(all_products, findings);
    let own_routes = registry.routes();
    let ids = registry.ids();
    let around = Around {
        categories: main.as_ref().map(|(_, main)| &main.categories),
        products: Some(ids.as_slice()).filter(|_| all_products),
        zone,
    };
    let templates = read_templates(files, findings);
    let mut drafts = Vec::new();
    let mut lists = Vec::new();
    let mut negations = Vec::new();
    let mut complete = !files.rules_incomplete;
    for source in &files.rules {
        let check = |root: Table<'_>, file: &mut InFile<'_>| {
            complete &= !file.broken;
            rules::rules(root, around, file)
        };
        let here = in_file(source, findings, check);
        drafts.extend(here.rules);
        lists.extend(here.lists);
        negations.push(here.negation);
    }
    let mut lists = Lists::join(lists, !complete, findings);
    rules::fill_in(&mut drafts, &mut lists, findings);
    let negation = negation::join(negations, findings);
    let (main_file, main) = main?;
    let set = rules::compile(&drafts, &negation, &main.settings, main_file, findings);
    rules::costly_expressions(&drafts, findings);
    if complete && !findings::any_error(findings) && !drafts.is_empty() {
        let mut file = InFile {
            source: main_file,
            broken: false,
            findings,
        };
        rules::silent_categories(&drafts, &main.categories, &mut file);
        lists.unused(findings);
    }
    let set = set?;
    let registry::Placed {
        products, verified, ..
    } = registry;
    let registry = Registry::new(products, customers, &set);
    if let (Err(faults), Some(source)) = (&registry, files.registry.first()) {
        findings.extend(faults.iter().map(|fault| {
            Finding::of_file(Severity::Error, source.name.clone(), fault.to_string())
        }));
    }
    if files.registry.is_empty() {
        return None;
    }
    let main_file = Arc::clone(main_file);
    let allow = main.delivery.as_ref().and_then(|d| d.allow.clone());
    let forwards = main.categories.forward.is_some();
    let edits = main.edits.clone();
    let verified_within = main.verified_within;
    let compiled = Compiled {
        rules: set,
        registry: registry.ok()?,
        own_routes,
        templates,
    };
    let mut config = main.into_config(directory, compiled, files.digest)?;
    config.settings = Settings::of(&main_file.text);
    config.sources = files.rules.iter().chain(&files.registry).cloned().collect();
    if let Some(shadow) = edits.shadow.filter(|_| !beside) {
        let at = edits.shadow_at.unwrap_or_default();
        shadow::cast(&shadow, files, &mut config, &main_file, &at, findings);
    }
    Some(Written {
        config,
        main: main_file,
        rules: drafts,
        allow,
        forwards,
        verified,
        verified_within,
    })
}

/// The words of letters: those that are shipped, and in their place those of the files.
fn read_templates(files: &Files, findings: &mut Vec<Finding>) -> Templates {
    let mut templates = templates::shipped();
    for source in &files.templates {
        let Some(language) = templates::language(source, findings) else {
            continue;
        };
        let words = templates.languages.entry(language).or_default();
        let check = |root: Table<'_>, file: &mut InFile<'_>| templates::words(root, words, file);
        in_file(source, findings, check);
        if language == Language::English {
            templates.otherwise = words.clone();
        }
    }
    templates
}

/// What was made of the other files.
struct Compiled {
    rules: RuleSet,
    registry: Registry,
    own_routes: BTreeMap<CustomerId, BTreeMap<CategoryId, Route>>,
    templates: Templates,
}

impl Main {
    /// What contacts are held against; absent when delivery is not clear.
    fn contact_limits<'a>(&'a self, source: &'a Arc<Source>) -> Option<contacts::Limits<'a>> {
        let delivery = self.delivery.as_ref().filter(|d| d.told)?;
        Some(contacts::Limits {
            allow: &delivery.config.allow,
            allow_at: delivery.allow.as_ref().map(|span| (source, span)),
            own: &self.own,
            own_domains: self
                .partner
                .as_ref()
                .map_or(&[], |partner| &partner.domains),
            forwards: self.categories.forward.is_some(),
            routes: &self.categories.routes,
            watched: &self.watched,
        })
    }

    fn into_config(self, directory: &Path, compiled: Compiled, digest: Digest) -> Option<Config> {
        let partner = self.partner?;
        let folders = self.folders?;
        let routing = Routing {
            categories: self.categories.routes,
            customers: compiled.own_routes,
            kinds: folders.kinds,
            replies: folders.replies,
            loops: folders.loops,
            quarantine: folders.quarantine,
            own: self.own,
            own_domains: partner.domains.clone(),
        };
        let delivery = self.delivery?.config;
        let policy = Policy {
            partner: partner.name,
            rules: compiled.rules,
            registry: compiled.registry,
            routing,
            product_confidence: self.settings.product_confidence,
            mixed: self.settings.mixed,
            hit_guard: self.settings.hit_guard,
            allow: delivery.allow.clone(),
            senders: Senders {
                authserv_ids: partner.authserv_ids,
            },
            templates: compiled.templates,
            shadow: None,
        };
        Some(Config {
            directory: directory.to_owned(),
            state_dir: self.state_dir?,
            mailboxes: self.mailboxes,
            policy: Arc::new(policy),
            delivery,
            limits: self.limits,
            audit: self.audit,
            metrics: self.metrics,
            alarm: self.alarm,
            log: self.log,
            settings: Settings::default(),
            digest,
            edits: self.edits,
            warnings: Vec::new(),
            stands_in: None,
            sources: Vec::new(),
        })
    }
}
