//! `registry/products.toml` of the answers: the operator's products before the shipped ones.
//!
//! The shipped cases are about the shipped products, which are made up. They stay behind the
//! operator's own: no mail names them, and without them the cases could not be run.

use super::answers::Product;
use super::keys::quoted;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::shipped;

/// The file.
pub fn text(products: &[Product]) -> Result<String, Failure> {
    let shipped = shipped::text(shipped::PRODUCTS);
    if products.is_empty() {
        return Ok(shipped.to_owned());
    }
    let head = shipped.lines().next().unwrap_or_default();
    let examples = shipped
        .find("\n[[product]]")
        .and_then(|at| shipped.get(at..));
    let examples = examples.ok_or_else(|| Failure {
        kind: FailureKind::Internal,
        ..Failure::failed("the shipped registry/products.toml has no product")
    })?;
    let mut text = format!(
        "{head}\n# The products you sell, and whom to ask about each.\n#\n\
         # `triaged check` compares every technical contact with `[delivery.allow]` in \
         triaged.toml. A\n# ticket that names no product goes to review, never to an ISV.\n"
    );
    for product in products {
        text.push_str(&entry(product));
    }
    text.push_str(
        "\n\n# The three below are made up, and explain what can be said of a product. The shipped \
         cases are\n# about them: take them out together with those, once you have cases of your \
         own.\n",
    );
    text.push_str(examples);
    Ok(text)
}

fn entry(product: &Product) -> String {
    format!(
        "\n[[product]]\nid = {}\nname = {}\npublisher = {}\n\
         # Add how customers write it: other spellings, short forms.\n#     aliases = [\"…\"]\n\
         contacts.technical = {{ address = {} }}\n",
        quoted(&product.id()),
        quoted(&product.name),
        quoted(&product.publisher),
        quoted(product.contact.as_str()),
    )
}
