//! `tests/cases/products.txt`: what a message tells about its product and its customer.

use super::contact::Contacts;
use super::customer::Customer;
use super::product::{Product, Support};
use super::resolve::{Clues, ProductTold, Registry, Told};
use crate::domain::address::Address;
use crate::domain::decision::Zone;
use crate::domain::ids::ProductId;
use crate::rules::{FoldedZone, Keyword, RuleDraft, RuleSet, Settings, ZoneText};

/// How the case is called that `thread` answers.
const CASE: &str = "T-4F7K25QM";

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn product(id: &str, names: &[&str], publisher: &str, domain: &str) -> Product {
    let (name, aliases) = names.split_first().expect("a name");
    Product {
        id: id.into(),
        name: (*name).to_owned(),
        aliases: texts(aliases),
        common_names: Vec::new(),
        publisher: publisher.to_owned(),
        offers: Vec::new(),
        plans: vec!["plan-shared-1".to_owned()],
        skus: Vec::new(),
        isv_replies: None,
        expose_customer: true,
        contacts: Contacts::default(),
        support: Support::default(),
        sender_domains: texts(&[domain]),
    }
}

fn customer(id: &str, products: &[&str]) -> Customer {
    Customer {
        id: id.into(),
        name: id.to_owned(),
        domains: vec![format!("{id}.example")],
        addresses: Vec::new(),
        tenant: None,
        provider: None,
        reseller: None,
        products: products.iter().map(|id| ProductId::from(*id)).collect(),
        subscriptions: std::collections::BTreeMap::new(),
    }
}

fn registry() -> Registry {
    let lumen = Product {
        offers: texts(&["lumen.crm-pro"]),
        plans: texts(&["gold", "plan-shared-1"]),
        ..product(
            "lumen",
            &["Lumen CRM", "Lumen", "LumenCRM"],
            "Lumen Software AB",
            "lumen.example",
        )
    };
    let flow = Product {
        common_names: texts(&["flow"]),
        ..product(
            "flow",
            &["Flow", "FlowStudio"],
            "Flowworks Inc",
            "flowworks.example",
        )
    };
    let products = vec![
        lumen,
        product(
            "lumen-pay",
            &["Lumen Pay"],
            "Lumen Software AB",
            "lumen.example",
        ),
        product(
            "fjord",
            &["Fjordarkiv", "Fjord Archive"],
            "Nordlys Dokument AS",
            "fjord.example",
        ),
        flow,
        product("karta", &["Fjällkarta"], "Fjäll AB", "fjall.example"),
        product("calendar", &["Kalender"], "Kal AB", "kal.example"),
        product("tidvakt", &["Tidvakt"], "Vakt Ltd", "tidvakt.example"),
    ];
    let calm = Customer {
        tenant: Some("0f8fad5b-d9cb-469f-a165-70867728950e".to_owned()),
        ..customer("calm", &["calendar"])
    };
    let mut harbour = customer("harbour", &[]);
    harbour.subscriptions.insert(
        "5d1c0f0e-77aa-4b5e-9a51-0c8e4f2b7d10".to_owned(),
        "fjord".into(),
    );
    let customers = vec![calm, customer("yard", &["flow", "fjord"]), harbour];
    let words = |id: &str, words: &[&str]| {
        let mut rule = RuleDraft::new(id, Some("technical".into()));
        let keywords = words.iter().map(|word| Keyword::parse(word).expect(word));
        rule.any = keywords.collect();
        rule
    };
    let mut held = words("held", &["Tidvakt"]);
    held.when.product = vec!["tidvakt".into()];
    let rules = vec![
        words("words", &["kalender*", "fjällkartas flyttkarta"]),
        held,
    ];
    let rules = RuleSet::compile(rules, Settings::default()).expect("rules");
    Registry::new(products, customers, &rules).expect("a registry")
}

fn told(registry: &Registry, zones: &[(&str, &str)]) -> String {
    let own: Vec<Address> = vec!["support@partner.example".parse().expect("an address")];
    let of = |name: &str| {
        zones
            .iter()
            .find(|(zone, _)| *zone == name)
            .map(|(_, text)| *text)
    };
    let author = of("sender").and_then(|text| {
        let text = text.rsplit(['<', ' ']).next()?;
        text.trim_end_matches('>').parse::<Address>().ok()
    });
    let thread = of("thread").map(ProductId::from);
    let texts: Vec<_> = zones
        .iter()
        .filter(|(zone, _)| *zone != "thread")
        .map(|&(name, text)| ZoneText {
            zone: *Zone::ALL
                .iter()
                .find(|zone| zone.as_str() == name)
                .unwrap_or_else(|| panic!("no zone {name}")),
            text,
        })
        .collect();
    let folded = FoldedZone::all(&texts, Settings::default().fold);
    let Told { product, customer } = registry.resolve(
        &folded,
        Clues {
            own: &own,
            author: author.as_ref(),
            thread: thread.as_ref().map(|id| (id, CASE)),
        },
    );
    let listed = |ids: &[ProductId]| {
        let ids: Vec<&str> = ids.iter().map(ProductId::as_str).collect();
        ids.join(", ")
    };
    let product = match product {
        ProductTold::One(hit) => format!("{} by {} ({})", hit.product, hit.text, hit.step),
        ProductTold::Several(ids) => listed(&ids),
        ProductTold::Owned(customer, ids) => format!("{customer} has {}", listed(&ids)),
        ProductTold::Common(hit) => format!("perhaps {} by {}", hit.product, hit.text),
        ProductTold::None => "-".to_owned(),
    };
    customer.map_or(product.clone(), |customer| format!("{product}; {customer}"))
}

#[test]
fn products_and_customers_are_told_as_the_cases_say() {
    let cases = include_str!("../../tests/cases/products.txt");
    let registry = registry();
    let mut seen = 0;
    let mut wrong = Vec::new();
    let lines = cases
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    for line in lines {
        let (expected, rest) = line.split_once(" | ").expect("zones");
        let zones: Vec<(&str, &str)> = rest
            .split(" | ")
            .map(|zone| zone.split_once(": ").expect("a zone and its text"))
            .collect();
        let told = told(&registry, &zones);
        if told != expected {
            wrong.push(format!("{told}\n  not {line}"));
        }
        seen += 1;
    }
    assert!(
        wrong.is_empty(),
        "{} of {seen}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(seen > 40, "{seen} cases");
}

#[test]
fn names_that_need_more_than_themselves_are_known() {
    let registry = registry();
    for (id, expected) in [
        ("flow", &["Flow"][..]),
        ("calendar", &["Kalender"]),
        ("fjord", &[]),
    ] {
        assert_eq!(registry.common_names(&id.into()), expected, "{id}");
    }
}
