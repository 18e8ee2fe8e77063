//! `[categories.NAME]` and `[kinds]`: where tickets and other mail go.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;

use super::mailbox;
use super::source::quoted;
use super::table::{InFile, Read, Table, listed};
use super::value::Text;
use crate::domain::decision::{Action, Owner};
use crate::domain::ids::{CategoryId, Folder};
use crate::domain::kind::Kind;
use crate::triage::routing::Route;

/// The words for owners.
pub const OWNERS: [(&str, Owner); 5] = [
    ("isv", Owner::Isv),
    ("partner", Owner::Partner),
    ("microsoft", Owner::Microsoft),
    ("provider", Owner::Provider),
    ("reseller", Owner::Reseller),
];
const ACTIONS: [(&str, Action); 3] = [
    ("forward", Action::Forward),
    ("keep", Action::Keep),
    ("review", Action::Review),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CategoryShape {
    owner: Option<Text>,
    action: Option<Text>,
    folder: Option<Text>,
    first_line_folder: Option<Text>,
}

/// What is otherwise for one customer.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct OwnShape {
    owner: Option<Text>,
    action: Option<Text>,
    folder: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct KindsShape {
    bounce: Option<Text>,
    auto_reply: Option<Text>,
    notice: Option<Text>,
    newsletter: Option<Text>,
    own: Option<Text>,
    replies: Option<Text>,
    loops: Option<Text>,
    quarantine: Option<Text>,
}

/// Where mail that is no ticket goes.
#[derive(Debug)]
pub struct Folders {
    /// A folder for every kind but [`Kind::Ticket`].
    pub kinds: BTreeMap<Kind, Folder>,
    /// For answers to our own messages.
    pub replies: Folder,
    /// For what goes in a circle.
    pub loops: Folder,
    /// For poison messages.
    pub quarantine: Folder,
}

/// The checked categories and where they stand.
#[derive(Debug, Default)]
pub struct Categories {
    /// A route for each.
    pub routes: BTreeMap<CategoryId, Route>,
    /// Where each one's name stands.
    pub names: BTreeMap<CategoryId, Range<usize>>,
    /// Whether one was reported and left out, or the file is broken.
    pub incomplete: bool,
    /// Where the first `action = "forward"` stands.
    pub forward: Option<Range<usize>>,
}

/// Checks `[categories]`; `watched` are the folders mailboxes are watched in.
pub fn categories(table: Table<'_>, watched: &[Folder], file: &mut InFile<'_>) -> Categories {
    let whole = table.span.clone();
    let mut categories = Categories {
        incomplete: file.broken,
        ..Categories::default()
    };
    let (entries, all) = table.entries(file);
    categories.incomplete |= !all;
    for (name, table) in entries {
        let read = table.read::<CategoryShape>(file);
        let known = file.name("categories", &name).map(CategoryId::new);
        let Some(known) = known else {
            categories.incomplete = true;
            continue;
        };
        match route(&known, &read, watched, file) {
            Some(route) => {
                if route.action == Action::Forward && categories.forward.is_none() {
                    categories.forward = Some(
                        read.told
                            .action
                            .as_ref()
                            .map_or_else(|| name.span(), Text::span),
                    );
                }
                categories.routes.insert(known.clone(), route);
            }
            None => categories.incomplete = true,
        }
        categories.names.insert(known, name.span());
    }
    if !categories.names.contains_key(&CategoryId::review()) && all && !file.broken {
        let message = "there is no `[categories.review]`, where what is unsure must go";
        let span = whole.unwrap_or_default();
        file.error(&span, "categories.review", message).help(
            "add `[categories.review]` with `action = \"review\"` and a folder that people read",
        );
    }
    categories
}

fn route(
    name: &CategoryId,
    read: &Read<CategoryShape>,
    watched: &[Folder],
    file: &mut InFile<'_>,
) -> Option<Route> {
    let is_review = name.as_str() == CategoryId::REVIEW;
    let owner = match &read.told.owner {
        Some(text) => file.word(&read.key("owner"), text, &OWNERS),
        None if is_review => Some(Owner::Partner),
        None => {
            let why = "who must answer: `isv`, `partner`, `microsoft`, `provider` or `reseller`";
            read.need("owner", read.told.owner.as_ref(), why, file);
            None
        }
    };
    let action = match &read.told.action {
        Some(text) => file.word(&read.key("action"), text, &ACTIONS),
        None if is_review => Some(Action::Review),
        None => {
            let why = "what is done: `forward`, `keep` or `review`";
            read.need("action", read.told.action.as_ref(), why, file);
            None
        }
    };
    let folder = match &read.told.folder {
        Some(text) => folder(&read.key("folder"), text, watched, file),
        None => (!read.is_flawed("folder")).then(|| default_folder(name)),
    };
    let first_line = match &read.told.first_line_folder {
        Some(text) => self::folder(&read.key("first-line-folder"), text, watched, file),
        None => Some(default_folder(name)),
    };
    let (owner, action) = (owner?, action?);
    if let Some(text) = &read.told.action {
        if is_review && action != Action::Review {
            let message = "`review` is for what a person must decide; its action cannot change";
            file.error(&text.span(), &read.key("action"), message).help(
                "write `action = \"review\"`, and another category for what you have in mind",
            );
            return None;
        }
        if action == Action::Forward && owner != Owner::Isv {
            let message = format!(
                "{} is owned by `{owner}`, but `forward` sends to the publisher",
                quoted(name.as_str())
            );
            file.error(&text.span(), &read.key("action"), message)
                .help("write `owner = \"isv\"`, or `action = \"keep\"`");
            return None;
        }
    }
    Some(Route {
        owner,
        action,
        folder: folder?,
        first_line: first_line?,
    })
}

/// Checks what is otherwise for one customer: `[customer.categories.NAME]` over `routes`. A customer
/// can be treated with more care than others, never with less.
pub fn own_routes(
    table: Table<'_>,
    routes: &BTreeMap<CategoryId, Route>,
    watched: &[Folder],
    file: &mut InFile<'_>,
) -> BTreeMap<CategoryId, Route> {
    let (entries, _) = table.entries(file);
    let mut own = BTreeMap::new();
    for (name, table) in entries {
        let read = table.read::<OwnShape>(file);
        let owner = read.told.owner.as_ref();
        let owner = owner.and_then(|text| file.word(&read.key("owner"), text, &OWNERS));
        let action = read.told.action.as_ref();
        let action = action.and_then(|text| file.word(&read.key("action"), text, &ACTIONS));
        let Some(general) = routes.get(name.get_ref().as_str()) else {
            let names: Vec<&str> = routes.keys().map(CategoryId::as_str).collect();
            let message = format!("there is no category {}", quoted(name.get_ref()));
            file.error(&name.span(), "customer.categories", message)
                .help(format!("triaged.toml has {}", listed(&names)));
            continue;
        };
        let mut route = general.clone();
        route.owner = owner.unwrap_or(route.owner);
        route.action = action.unwrap_or(route.action);
        if route.goes_out() && !general.goes_out() {
            let message = format!(
                "{} is not forwarded for others, and cannot be for this customer",
                quoted(name.get_ref())
            );
            file.error(&name.span(), &read.key("action"), message)
                .help("write `action = \"keep\"` or `action = \"review\"`");
            continue;
        }
        if route.action == Action::Keep && general.goes_out() {
            route.folder = general.first_line.clone();
        }
        if route.goes_out() && route.owner != Owner::Isv {
            let message = format!(
                "{} is owned by `{}`, but `forward` sends to the publisher",
                quoted(name.get_ref()),
                route.owner
            );
            file.error(&name.span(), &read.key("owner"), message)
                .help("add `action = \"keep\"`");
            continue;
        }
        if let Some(text) = &read.told.folder
            && let Some(told) = folder(&read.key("folder"), text, watched, file)
        {
            route.folder = told;
        }
        own.insert(CategoryId::from(name.get_ref().as_str()), route);
    }
    own
}

/// The category's name with a capital letter.
fn default_folder(name: &CategoryId) -> Folder {
    let mut letters = name.as_str().chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    Folder::new(first.into_iter().chain(letters).collect::<String>())
}

fn folder(key: &str, text: &Text, watched: &[Folder], file: &mut InFile<'_>) -> Option<Folder> {
    let folder = file.folder(key, text)?;
    if watched.iter().any(|w| mailbox::is_same_folder(w, &folder)) {
        let message = format!(
            "`{key}`: {} is a folder that is watched",
            quoted(folder.as_str())
        );
        file.error(&text.span(), key, message)
            .help("mail filed there would come in again; take another folder");
        return None;
    }
    Some(folder)
}

/// Checks `[kinds]`.
pub fn kinds(table: Table<'_>, watched: &[Folder], file: &mut InFile<'_>) -> Option<Folders> {
    let read = table.read::<KindsShape>(file);
    let mut of = |key: &str, text: Option<&Text>, default: &str| match text {
        Some(text) => folder(&read.key(key), text, watched, file),
        None => Some(Folder::from(default)),
    };
    let replies = of("replies", read.told.replies.as_ref(), "Replies");
    let loops = of("loops", read.told.loops.as_ref(), "Loops");
    let quarantine = of("quarantine", read.told.quarantine.as_ref(), "Quarantine");
    let kinds = [
        (
            Kind::Bounce,
            of("bounce", read.told.bounce.as_ref(), "Bounces"),
        ),
        (
            Kind::AutoReply,
            of("auto-reply", read.told.auto_reply.as_ref(), "Auto-replies"),
        ),
        (
            Kind::Notice,
            of("notice", read.told.notice.as_ref(), "Notices"),
        ),
        (
            Kind::Newsletter,
            of("newsletter", read.told.newsletter.as_ref(), "Newsletters"),
        ),
        (Kind::Own, of("own", read.told.own.as_ref(), "Own mail")),
    ];
    let kinds = kinds
        .into_iter()
        .map(|(kind, folder)| Some((kind, folder?)));
    Some(Folders {
        kinds: kinds.collect::<Option<_>>()?,
        replies: replies?,
        loops: loops?,
        quarantine: quarantine?,
    })
}
