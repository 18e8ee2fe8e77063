//! `[decision]` and `[decision.zones]`: how sure the rules must be.
//!
//! Bounds are those of [`Settings`]; the rule set itself checks them, and its faults are shown
//! at the places kept here.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::Spanned;

use super::source::quoted;
use super::table::{InFile, Read, Table, did_you_mean, nearest};
use super::value::Text;
use crate::domain::decision::Zone;
use crate::rules::{FoldOptions, Settings};
use crate::triage::policy::Mixed;

/// More than the shipped rules give for any hit in mail that is rightly forwarded.
const HIT_GUARD: f64 = 3.0;
const MIXED: [(&str, Mixed); 2] = [("review", Mixed::Review), ("split", Mixed::Split)];
/// Low enough that what the only product of a customer is tells it.
const PRODUCT_CONFIDENCE: f64 = 0.5;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Shape {
    threshold: Option<Spanned<f64>>,
    forward_threshold: Option<Spanned<f64>>,
    margin: Option<Spanned<f64>>,
    guard: Option<Spanned<f64>>,
    share: Option<Spanned<f64>>,
    cap: Option<Spanned<f64>>,
    hit_guard: Option<Spanned<f64>>,
    mixed: Option<Text>,
    product_confidence: Option<Spanned<f64>>,
    fold_diacritics: Option<bool>,
    time_zone: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ZonesShape {
    subject: Option<Spanned<f64>>,
    inherited_subject: Option<Spanned<f64>>,
    body: Option<Spanned<f64>>,
    quoted: Option<Spanned<f64>>,
    signature: Option<Spanned<f64>>,
    sender: Option<Spanned<f64>>,
    recipient: Option<Spanned<f64>>,
    header: Option<Spanned<f64>>,
    attachment: Option<Spanned<f64>>,
}

/// The settings as written, and where each stands.
#[derive(Debug)]
pub struct Placed {
    /// Not yet checked.
    pub settings: Settings,
    /// What is done with mail about two things.
    pub mixed: Mixed,
    /// Points of a single hit from which on nothing is forwarded.
    pub hit_guard: f64,
    /// How surely a product must be told for a forward.
    pub product_confidence: f64,
    /// The clock that `received` in a rule's conditions means.
    pub zone: TimeZone,
    /// By the key's own name.
    pub places: BTreeMap<&'static str, Range<usize>>,
}

/// Reads `[decision]`.
pub fn settings(mut table: Table<'_>, file: &mut InFile<'_>) -> Placed {
    let zones = table.table("zones", file).read::<ZonesShape>(file);
    let read: Read<Shape> = table.read(file);
    let default = Settings::default();
    let mut places = BTreeMap::new();
    let mut of = |key: &'static str, number: Option<&Spanned<f64>>, default: f64| {
        number.map_or(default, |number| {
            places.insert(key, number.span());
            *number.get_ref()
        })
    };
    let threshold = of("threshold", read.told.threshold.as_ref(), default.threshold);
    let forward = read.told.forward_threshold.as_ref();
    let mut settings = Settings {
        threshold,
        forward_threshold: of("forward-threshold", forward, threshold),
        margin: of("margin", read.told.margin.as_ref(), default.margin),
        guard: of("guard", read.told.guard.as_ref(), default.guard),
        share: of("share", read.told.share.as_ref(), default.share),
        cap: of("cap", read.told.cap.as_ref(), default.cap),
        zone_factors: default.zone_factors,
        inherited_subject: of(
            "inherited-subject",
            zones.told.inherited_subject.as_ref(),
            default.inherited_subject,
        ),
        fold: FoldOptions {
            strip_diacritics: read
                .told
                .fold_diacritics
                .unwrap_or(default.fold.strip_diacritics),
        },
    };
    for zone in Zone::ALL {
        let told = match zone {
            Zone::Subject => &zones.told.subject,
            Zone::Body => &zones.told.body,
            Zone::Quoted => &zones.told.quoted,
            Zone::Signature => &zones.told.signature,
            Zone::Sender => &zones.told.sender,
            Zone::Recipient => &zones.told.recipient,
            Zone::Header => &zones.told.header,
            Zone::Attachment => &zones.told.attachment,
        };
        let factor = of(zone.as_str(), told.as_ref(), default.zone_factors.of(zone));
        settings.zone_factors = settings.zone_factors.with(zone, factor);
    }
    let mut within =
        |key: &str, number: &Option<Spanned<f64>>, bounds: RangeInclusive<f64>, default: f64| {
            let Some(number) = number else {
                return default;
            };
            let told = *number.get_ref();
            if !bounds.contains(&told) {
                let key = format!("decision.{key}");
                let message = format!("`{key}` is {told}, which is out of bounds");
                file.error(&number.span(), &key, message).help(format!(
                    "from {} to {}",
                    bounds.start(),
                    bounds.end()
                ));
            }
            told
        };
    let told = &read.told;
    let product_confidence = within(
        "product-confidence",
        &told.product_confidence,
        0.0..=1.0,
        PRODUCT_CONFIDENCE,
    );
    let hit_guard = within("hit-guard", &told.hit_guard, 0.001..=1000.0, HIT_GUARD);
    let mixed = told.mixed.as_ref();
    let mixed = mixed.and_then(|text| file.word("decision.mixed", text, &MIXED));
    let zone = read
        .told
        .time_zone
        .as_ref()
        .map(|text| time_zone("decision.time-zone", text, file));
    Placed {
        settings,
        mixed: mixed.unwrap_or_default(),
        hit_guard,
        product_confidence,
        zone: zone.unwrap_or(TimeZone::UTC),
        places,
    }
}

/// A time zone of the system's database, by its name.
pub fn time_zone(key: &str, text: &Text, file: &mut InFile<'_>) -> TimeZone {
    let told = text.get_ref();
    TimeZone::get(told).unwrap_or_else(|_| {
        let names: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
        let help = nearest(told, names.iter().map(String::as_str)).map_or_else(
            || {
                "such as `Europe/Stockholm`; the system's zones come with the package `tzdata`"
                    .to_owned()
            },
            did_you_mean,
        );
        let message = format!("there is no time zone {}", quoted(told));
        file.error(&text.span(), key, message).help(help);
        TimeZone::UTC
    })
}
