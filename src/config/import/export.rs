//! A table of offers as Partner Center exports it, read by the names of its columns.
//!
//! Which column is which is told by its header, however it is spelt: letters and digits count, case
//! and the rest do not. What it says is checked like what stands in the registry itself.

use crate::domain::address::Address;
use crate::registry::contact::Role;

/// Most rows taken.
const ROWS_MAX: usize = 50_000;
/// Longest value taken, in bytes.
const VALUE_MAX: usize = 1024;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Offer,
    Name,
    Plan,
    Sku,
    Publisher,
    Contact(Role),
    Documentation,
}

/// Headers, letters and digits only.
const HEADERS: &[(&str, Column)] = &[
    ("offerid", Column::Offer),
    ("offer", Column::Offer),
    ("productid", Column::Offer),
    ("offername", Column::Name),
    ("offertitle", Column::Name),
    ("productname", Column::Name),
    ("producttitle", Column::Name),
    ("product", Column::Name),
    ("title", Column::Name),
    ("planid", Column::Plan),
    ("plan", Column::Plan),
    ("sku", Column::Sku),
    ("skuid", Column::Sku),
    ("publisher", Column::Publisher),
    ("publishername", Column::Publisher),
    ("publisherdisplayname", Column::Publisher),
    ("technicalcontact", Column::Contact(Role::Technical)),
    ("technicalcontactemail", Column::Contact(Role::Technical)),
    ("technicalsupport", Column::Contact(Role::Technical)),
    ("technicalsupportemail", Column::Contact(Role::Technical)),
    ("customersupport", Column::Contact(Role::CustomerSupport)),
    (
        "customersupportemail",
        Column::Contact(Role::CustomerSupport),
    ),
    (
        "customersupportcontact",
        Column::Contact(Role::CustomerSupport),
    ),
    ("supportemail", Column::Contact(Role::CustomerSupport)),
    ("cspcontact", Column::Contact(Role::Csp)),
    ("cspcontactemail", Column::Contact(Role::Csp)),
    ("cspprogramcontact", Column::Contact(Role::Csp)),
    ("cspprogramcontactemail", Column::Contact(Role::Csp)),
    ("documentation", Column::Documentation),
    ("documentationlink", Column::Documentation),
    ("userdocumentation", Column::Documentation),
];

/// One offer, all its rows together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// Its id.
    pub id: String,
    /// As customers know it.
    pub name: String,
    /// Who publishes it.
    pub publisher: String,
    /// Its plans.
    pub plans: Vec<String>,
    /// What price lists call it.
    pub skus: Vec<String>,
    /// Whom to ask.
    pub contacts: Vec<(Role, Address)>,
    /// Where users can read.
    pub documentation: Option<String>,
}

/// Why a table cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum BadExport {
    /// It is no table.
    #[error("it is no CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A column is missing.
    #[error("no column is called `{wanted}`; its columns are {found}")]
    Column {
        /// What was looked for.
        wanted: &'static str,
        /// What there is.
        found: String,
    },
    /// A value is of no use.
    #[error("line {line}: `{value}` {why}")]
    Value {
        /// On which line of the file.
        line: u64,
        /// The value.
        value: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is too much of it.
    #[error("it has more than {ROWS_MAX} rows; split it")]
    TooLong,
}

/// Reads a table; the offers in their order.
pub fn offers(bytes: &[u8]) -> Result<Vec<Offer>, BadExport> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(bytes))
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(bytes);
    let headers = reader.headers()?.clone();
    let columns: Vec<Option<Column>> = headers.iter().map(column).collect();
    for (wanted, what) in [
        ("Offer ID", Column::Offer),
        ("Offer name", Column::Name),
        ("Publisher", Column::Publisher),
    ] {
        if !columns.contains(&Some(what)) {
            let found: Vec<String> = headers
                .iter()
                .map(|header| format!("`{}`", header.escape_debug()))
                .collect();
            let found = found.join(", ");
            return Err(BadExport::Column { wanted, found });
        }
    }
    let mut offers: Vec<Offer> = Vec::new();
    for (number, record) in reader.records().enumerate() {
        if number >= ROWS_MAX {
            return Err(BadExport::TooLong);
        }
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        take(&columns, &record, line, &mut offers)?;
    }
    Ok(offers)
}

/// What stands most often in the first line: a comma, a semicolon or a tab.
fn delimiter(bytes: &[u8]) -> u8 {
    let first = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |delimiter: &u8| memchr::memchr_iter(*delimiter, first).count();
    [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(count)
        .unwrap_or(b',')
}

fn column(header: &str) -> Option<Column> {
    let plain: String = header
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let found = HEADERS.iter().find(|(name, _)| *name == plain);
    found.map(|(_, column)| *column)
}

fn take(
    columns: &[Option<Column>],
    record: &csv::StringRecord,
    line: u64,
    offers: &mut Vec<Offer>,
) -> Result<(), BadExport> {
    let mut row = Offer::default();
    for (column, value) in columns.iter().zip(record) {
        let Some(column) = column else {
            continue;
        };
        if value.is_empty() {
            continue;
        }
        let bad = |why: &str| BadExport::Value {
            line,
            value: value.escape_debug().take(60).collect(),
            why: why.to_owned(),
        };
        if value.len() > VALUE_MAX || value.chars().any(char::is_control) {
            return Err(bad("is too long or holds a line break"));
        }
        let is_id = value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
            && (2..=100).contains(&value.len());
        match column {
            Column::Offer | Column::Plan | Column::Sku if !is_id => {
                return Err(bad("is no id: letters, digits, `-`, `_`, `.` and `:`"));
            }
            Column::Offer => value.clone_into(&mut row.id),
            Column::Plan => row.plans.push(value.to_owned()),
            Column::Sku => row.skus.push(value.to_owned()),
            Column::Name => value.clone_into(&mut row.name),
            Column::Publisher => value.clone_into(&mut row.publisher),
            Column::Contact(role) => {
                let address = value.parse::<Address>();
                let address = address.map_err(|error| bad(&format!("cannot be taken: {error}")))?;
                row.contacts.push((*role, address));
            }
            Column::Documentation => row.documentation = Some(value.to_owned()),
        }
    }
    if row.id.is_empty() || row.name.is_empty() || row.publisher.is_empty() {
        if record.iter().all(str::is_empty) {
            return Ok(());
        }
        return Err(BadExport::Value {
            line,
            value: row.name,
            why: "lacks an offer's id, name or publisher".to_owned(),
        });
    }
    let same = |offer: &&mut Offer| offer.id.eq_ignore_ascii_case(&row.id);
    match offers.iter_mut().find(same) {
        None => offers.push(row),
        Some(offer) => {
            add(&mut offer.plans, row.plans);
            add(&mut offer.skus, row.skus);
            add(&mut offer.contacts, row.contacts);
            offer.documentation = offer.documentation.take().or(row.documentation);
        }
    }
    Ok(())
}

fn add<T: PartialEq>(to: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !to.contains(&one) {
            to.push(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_by_their_headers_and_rows_of_an_offer_joined() {
        let table = "\u{feff}Publisher Name;Offer ID;Offer Name;Plan ID;Technical Contact (Email);Price\r\n\
                     Lumen AB;lumen.crm;\"Lumen; CRM\";team;help@lumen.example;5\r\n\
                     Lumen AB;LUMEN.crm;Lumen CRM;pro;help@lumen.example;9\r\n;;;;;\r\n";
        let offers = offers(table.as_bytes()).expect("a table");
        let [offer] = offers.as_slice() else {
            panic!("{offers:?}");
        };
        assert_eq!(offer.name, "Lumen; CRM");
        assert_eq!(offer.plans, ["team", "pro"]);
        assert_eq!(offer.contacts.len(), 1);
    }

    #[test]
    fn what_cannot_be_taken_is_told_with_its_line() {
        for (table, expected) in [
            (
                "Offer ID,Publisher\na,b\n",
                "no column is called `Offer name`; its columns are `Offer ID`, `Publisher`",
            ),
            (
                "Offer ID,Offer name,Publisher\nlumen crm,Lumen,Lumen AB\n",
                "line 2: `lumen crm` is no id: letters, digits, `-`, `_`, `.` and `:`",
            ),
            (
                "Offer ID,Offer name,Publisher,CSP contact\nab,Lumen,Lumen AB,nobody\n",
                "line 2: `nobody` cannot be taken: `nobody` is no mail address",
            ),
            (
                "Offer ID,Offer name,Publisher\nab,,Lumen AB\n",
                "line 2: `` lacks an offer's id, name or publisher",
            ),
        ] {
            let fault = offers(table.as_bytes()).expect_err(table).to_string();
            assert!(fault.starts_with(expected), "{fault}");
        }
    }
}
