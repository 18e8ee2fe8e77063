//! What an answer of `init` may be; what is wrong with one is said to the person who gave it.

use std::path::{Path, PathBuf};

use super::answers::Product;
use crate::cli::failure::Failure;
use crate::cli::print::one_line;
use crate::cli::shipped;
use crate::domain::address::Address;

/// Most characters of a name or path.
const CHARS_MAX: usize = 200;

/// A text of one line.
pub fn line(told: &str) -> Result<String, String> {
    let told = told.trim();
    if told.is_empty() {
        Err("an answer is needed".to_owned())
    } else if told.chars().any(char::is_control) {
        Err("there are control characters in it".to_owned())
    } else if told.chars().count() > CHARS_MAX {
        Err(format!("longer than {CHARS_MAX} characters"))
    } else {
        Ok(told.to_owned())
    }
}

/// A mail address.
pub fn address(told: &str) -> Result<Address, String> {
    told.trim().parse().map_err(|error| format!("{error}"))
}

/// The name of a server; what is no name is told by the check that follows, too.
pub fn host(told: &str) -> Result<String, String> {
    let told = line(told)?.to_lowercase();
    if told.contains(['/', ' ', '@']) {
        return Err("the name alone, such as `mail.partner.example`".to_owned());
    }
    Ok(told)
}

/// A path from `/` on.
pub fn path(told: &str) -> Result<String, String> {
    if told.starts_with('/') {
        line(told)
    } else {
        Err("the whole path, from `/` on".to_owned())
    }
}

/// `NAME, PUBLISHER, ADDRESS`, another one than those before and than the shipped ones. The name
/// may have commas.
pub fn product(told: &str, before: &[Product]) -> Result<Product, String> {
    let shown = one_line(told, 80);
    let mut parts = told.rsplitn(3, ',');
    let (Some(contact), Some(publisher), Some(name)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(format!(
            "`{shown}` is not of the form `name, publisher, address`"
        ));
    };
    let product = Product {
        name: line(name)?,
        publisher: line(publisher)?,
        contact: address(contact)?,
    };
    let id = product.id();
    if id.is_empty() {
        return Err(format!("`{shown}` has no letter from a to z in its name"));
    }
    if before.iter().any(|other| other.id() == id) {
        return Err(format!("there is a product `{id}` already"));
    }
    if shipped::text(shipped::PRODUCTS).contains(&format!("id = \"{id}\"")) {
        return Err(format!(
            "`{id}` is one of the made-up products of the shipped cases"
        ));
    }
    Ok(product)
}

/// A path as TOML can hold it, from `/` on.
pub fn absolute(path: &Path) -> Result<String, Failure> {
    let whole: PathBuf = std::path::absolute(path)?;
    let text = whole.to_str().filter(|text| line(text).is_ok());
    let odd = || Failure::usage(format!("`{}` cannot be written as text", path.display()));
    text.map(str::to_owned).ok_or_else(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_a_name_and_an_address() {
        let one = product("Desk, the Nimbus,Nimbus AB, support@nimbus.example", &[]).unwrap();
        assert_eq!(one.id(), "desk-the-nimbus");
        assert_eq!(
            (one.name.as_str(), one.publisher.as_str()),
            ("Desk, the Nimbus", "Nimbus AB")
        );
        assert_eq!(one.contact.as_str(), "support@nimbus.example");
        let before = [one];
        for (told, why) in [
            ("Nimbus, a@b.example", "form"),
            (",Nimbus,a@b.example", "needed"),
            ("Nimbus,AB,nobody", "no mail address"),
            ("Desk the NIMBUS,AB,x@y.example", "already"),
            ("Lumen CRM,Lumen,x@y.example", "made-up"),
            ("Привет,AB,x@y.example", "letter"),
        ] {
            let said = product(told, &before).unwrap_err();
            assert!(said.contains(why), "{told}: {said}");
        }
    }
}
