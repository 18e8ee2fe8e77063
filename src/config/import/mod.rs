//! Offers of an export brought into the files of the registry, comments and order kept.
//!
//! Nothing is written here: what would stand in each file comes out, for people to look at. A
//! product that has the offer's id, or its name, gets what it lacks; what it says otherwise stays,
//! but for addresses of contacts, which are what an export is asked for. What nobody has becomes a
//! product of a file of its own.

mod export;

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

pub use export::{BadExport, Offer, offers};

/// The file of new products.
pub const IMPORTED: &str = "registry/imported.toml";
/// How that file begins.
const HEAD: &str =
    "#:schema ../schema/registry.json\n# Products that came by `triaged registry import`.\n\n";
/// Longest id made of a name, in bytes.
const ID_MAX: usize = 40;

/// A file of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryFile {
    /// Its path within the configuration directory.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Why a file cannot be changed.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` cannot be read: {fault}")]
pub struct Unreadable {
    /// Which file.
    name: String,
    /// Why.
    fault: toml_edit::TomlError,
}

/// What the files would be with these `offers`: those that change, as they would stand.
pub fn import(files: &[RegistryFile], offers: &[Offer]) -> Result<Vec<RegistryFile>, Unreadable> {
    let parse = |name: &str, text: &str| {
        text.parse::<DocumentMut>().map_err(|fault| Unreadable {
            name: name.to_owned(),
            fault,
        })
    };
    let mut documents = Vec::new();
    for file in files {
        documents.push((file.name.clone(), parse(&file.name, &file.text)?));
    }
    if !documents.iter().any(|(name, _)| name == IMPORTED) {
        documents.push((IMPORTED.to_owned(), DocumentMut::new()));
    }
    for offer in offers {
        let by_id = |product: &Table| has(product, "offers", &offer.id);
        let by_name = |product: &Table| text(product, "name").eq_ignore_ascii_case(&offer.name);
        if !fill(&mut documents, offer, by_id) && !fill(&mut documents, offer, by_name) {
            let taken = ids(&documents);
            let new = documents.iter_mut().find(|(name, _)| name == IMPORTED);
            if let Some((_, document)) = new {
                add(document, offer, &taken);
            }
        }
    }
    let changed = documents.into_iter().map(|(name, document)| {
        let is_new = !files.iter().any(|old| old.name == name);
        let head = if is_new { HEAD } else { "" };
        RegistryFile {
            text: format!("{head}{document}"),
            name,
        }
    });
    let same = |new: &RegistryFile| {
        new.text == HEAD
            || files
                .iter()
                .any(|old| old.name == new.name && old.text == new.text)
    };
    Ok(changed.filter(|new| !same(new)).collect())
}

fn products(document: &mut DocumentMut) -> impl Iterator<Item = &mut Table> {
    let tables = document.get_mut("product");
    let tables = tables.and_then(Item::as_array_of_tables_mut);
    tables.into_iter().flat_map(ArrayOfTables::iter_mut)
}

fn text<'t>(product: &'t Table, key: &str) -> &'t str {
    product.get(key).and_then(Item::as_str).unwrap_or_default()
}

fn has(product: &Table, key: &str, wanted: &str) -> bool {
    let list = product.get(key).and_then(Item::as_array);
    let mut entries = list
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.as_str());
    entries.any(|entry| entry.eq_ignore_ascii_case(wanted))
}

/// Gives the first product that is `wanted` what it lacks; whether there is one.
fn fill(
    documents: &mut [(String, DocumentMut)],
    offer: &Offer,
    wanted: impl Fn(&Table) -> bool,
) -> bool {
    let all = documents.iter_mut();
    let mut all = all.flat_map(|(_, document)| products(document));
    let Some(product) = all.find(|product| wanted(product)) else {
        return false;
    };
    let offers = std::slice::from_ref(&offer.id);
    for (key, entries) in [
        ("offers", offers),
        ("plans", &offer.plans),
        ("skus", &offer.skus),
    ] {
        for entry in entries {
            if has(product, key, entry) {
                continue;
            }
            match product.get_mut(key).and_then(Item::as_array_mut) {
                Some(list) => list.push(entry.as_str()),
                None => product[key] = value(Array::from_iter([entry.as_str()])),
            }
        }
    }
    for (role, address) in &offer.contacts {
        let contacts = product.get("contacts");
        let there = contacts.and_then(|contacts| contacts.get(role.as_str()));
        let there = there.and_then(|contact| contact.get("address"));
        let there = there.and_then(Item::as_str).unwrap_or_default();
        if !there.eq_ignore_ascii_case(address.as_str()) {
            product["contacts"][role.as_str()]["address"] = value(address.as_str());
        }
    }
    if let Some(link) = &offer.documentation
        && !product.contains_key("documentation")
    {
        product["documentation"] = value(link.as_str());
    }
    true
}

fn ids(documents: &[(String, DocumentMut)]) -> Vec<String> {
    let tables = documents
        .iter()
        .filter_map(|(_, document)| document.get("product"));
    let tables = tables.filter_map(Item::as_array_of_tables).flatten();
    tables
        .map(|product| text(product, "id").to_owned())
        .collect()
}

fn add(document: &mut DocumentMut, offer: &Offer, taken: &[String]) {
    let mut product = Table::new();
    product["id"] = value(id_of(&offer.name, taken));
    product["name"] = value(offer.name.as_str());
    product["publisher"] = value(offer.publisher.as_str());
    let mut all = ArrayOfTables::new();
    all.push(product);
    let tables = document
        .entry("product")
        .or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    if let Some(tables) = tables.as_array_of_tables_mut() {
        tables.extend(all);
    }
    let mut one = [(IMPORTED.to_owned(), std::mem::take(document))];
    let by_name = |product: &Table| text(product, "name") == offer.name;
    fill(&mut one, offer, by_name);
    let [(_, filled)] = one;
    *document = filled;
}

/// A short name made of a long one, that nobody has yet.
fn id_of(name: &str, taken: &[String]) -> String {
    let mut id = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'å' | 'ä' | 'à' | 'á' | 'æ' => id.push('a'),
            'ö' | 'ø' | 'ó' => id.push('o'),
            'é' | 'è' => id.push('e'),
            'ü' => id.push('u'),
            c if c.is_ascii_alphanumeric() => id.push(c),
            _ if !id.is_empty() && !id.ends_with('-') => id.push('-'),
            _ => {}
        }
    }
    id.truncate(ID_MAX);
    let id = id.trim_matches('-');
    let id = if id.is_empty() { "product" } else { id };
    let numbered = (2..).map(|n| format!("{id}-{n}"));
    let mut free = std::iter::once(id.to_owned()).chain(numbered);
    free.find(|id| !taken.contains(id)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = "# Ours.\n[[product]]\nid = \"lumen\"  # the first\nname = \"Lumen CRM\"\n\
        publisher = \"Lumen AB\"\nplans = [\"team\"]\n\
        contacts.technical = { address = \"old@lumen.example\", name = \"Desk\" }\n\n\
        [[product]]\nid = \"fjord\"\nname = \"Fjordarkiv\"\npublisher = \"Nordlys\"\n\n\
        [product.contacts.technical]\naddress = \"help@fjord.example\"\n";
    const TABLE: &str = "Offer ID,Offer name,Publisher,Plan ID,Technical contact,CSP contact\n\
        lumen.crm,LUMEN CRM,Lumen AB,team,help@lumen.example,\n\
        lumen.crm,Lumen CRM,Lumen AB,pro,,csp@lumen.example\n\
        fjord.arkiv,Fjordarkiv,Nordlys,,help@fjord.example,\n\
        kal.one,Kalender Ö,Kal AB,,help@kal.example,\n";

    fn file(name: &str, text: &str) -> RegistryFile {
        RegistryFile {
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn what_products_lack_is_added_and_all_else_stays() {
        let offers = offers(TABLE.as_bytes()).expect("a table");
        let known = [file("registry/products.toml", KNOWN)];
        let changed = import(&known, &offers).expect("files");
        let shown: Vec<String> = changed
            .iter()
            .map(|file| format!("== {}\n{}", file.name, file.text))
            .collect();
        insta::assert_snapshot!(shown.join("\n"));
        // Again, nothing is left to do.
        assert_eq!(import(&changed, &offers).expect("files"), []);
    }

    #[test]
    fn ids_are_short_and_nobody_s() {
        let taken = ["lumen-crm".to_owned(), "lumen-crm-2".to_owned()];
        for (name, expected) in [
            ("Lumen CRM!", "lumen-crm-3"),
            ("Øre & App", "ore-app"),
            ("東", "product"),
        ] {
            assert_eq!(id_of(name, &taken), expected);
        }
    }
}
