//! `triaged registry`: what the registry holds, whether it is sound, and offers brought into it.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;
use similar::TextDiff;

use super::args::{RegistryCommand, RegistryImportArgs};
use super::failure::{Failure, FailureKind};
use super::print::{self, Paint, counted, one_line, rows, say, table};
use crate::config::import::{self, RegistryFile};
use crate::config::{self, Config, findings};
use crate::domain::address::Address;
use crate::registry::Registry;
use crate::registry::contact::{Contact, Fallback, Role};
use crate::registry::customer::Customer;
use crate::registry::product::{Attachments, Product, Technical};

/// Lines around a change that are shown.
const AROUND: usize = 3;
/// Largest export read, in bytes.
const EXPORT_MAX: u64 = 64 << 20;

/// Does what is asked.
pub fn registry(directory: &Path, command: &RegistryCommand) -> Result<(), Failure> {
    match command {
        RegistryCommand::List { json } => {
            list(&super::load(directory)?.policy.registry, *json);
            Ok(())
        }
        RegistryCommand::Show { id } => show(&super::load(directory)?, id),
        RegistryCommand::Check => check(directory),
        RegistryCommand::Import(args) => import_offers(directory, args),
    }
}

fn list(registry: &Registry, as_json: bool) {
    let technical = |product: &Product| {
        let contact = product.contacts.technical.as_ref();
        contact.map_or_else(|| "none".to_owned(), |c| c.address.to_string())
    };
    if as_json {
        for product in registry.products() {
            let object = json!({
                "product": product.id,
                "name": product.name,
                "publisher": product.publisher,
                "technical": product.contacts.technical.as_ref().map(|c| c.address.as_str()),
                "common_names": registry.common_names(&product.id),
                "customers": registry.customers().having(product),
            });
            say!("{}", print::json(&object.to_string()));
        }
        for customer in registry.customers().all() {
            let object = json!({
                "customer": customer.id,
                "name": customer.name,
                "products": customer.owned(),
                "provider": customer.provider,
                "reseller": customer.reseller,
            });
            say!("{}", print::json(&object.to_string()));
        }
        return;
    }
    let mut page = table(&[
        "product",
        "name",
        "publisher",
        "technical contact",
        "customers",
    ]);
    for product in registry.products() {
        page.add_row([
            product.id.to_string(),
            one_line(&product.name, 40),
            one_line(&product.publisher, 40),
            technical(product),
            registry.customers().having(product).to_string(),
        ]);
    }
    say!("{}", rows(&page));
    if registry.customers().all().is_empty() {
        return;
    }
    let mut page = table(&["customer", "name", "has", "through"]);
    for customer in registry.customers().all() {
        let owned: Vec<&str> = customer.owned().iter().map(|id| id.as_str()).collect();
        let through = customer.provider.as_ref().or(customer.reseller.as_ref());
        page.add_row([
            customer.id.to_string(),
            one_line(&customer.name, 40),
            owned.join(", "),
            through.map_or_else(String::new, |name| one_line(name, 40)),
        ]);
    }
    say!("\n{}", rows(&page));
}

fn show(config: &Config, id: &str) -> Result<(), Failure> {
    let registry = &config.policy.registry;
    let product = registry.product(&id.into());
    let customer = registry.customers().get(&id.into());
    if let Some(product) = product {
        show_product(registry, product);
    }
    if let Some(customer) = customer {
        show_customer(config, customer);
    }
    if product.is_none() && customer.is_none() {
        let message = format!("`{}` is no product and no customer", one_line(id, 60));
        return Err(Failure::usage(message).hint("`triaged registry list` names them"));
    }
    Ok(())
}

fn line(name: &str, value: &str) {
    if !value.is_empty() {
        say!("{name:<18} {}", one_line(value, 200));
    }
}

fn show_product(registry: &Registry, product: &Product) {
    line("product", product.id.as_str());
    line("name", &product.name);
    line("aliases", &product.aliases.join(", "));
    let common = registry.common_names(&product.id).join(", ");
    line("common words", &common);
    line("publisher", &product.publisher);
    line("offers", &product.offers.join(", "));
    line("plans", &product.plans.join(", "));
    line("skus", &product.skus.join(", "));
    line("sender domains", &product.sender_domains.join(", "));
    let support = &product.support;
    line(
        "technical",
        match support.technical {
            Technical::Forward => "forward",
            Technical::Keep => "keep",
        },
    );
    let languages: Vec<&str> = support.languages.iter().map(|l| l.as_str()).collect();
    line("languages", &languages.join(", "));
    line(
        "documentation",
        support.documentation.as_deref().unwrap_or_default(),
    );
    line(
        "status page",
        support.status_page.as_deref().unwrap_or_default(),
    );
    line("redact", if support.redact { "yes" } else { "" });
    line(
        "attachments",
        match support.attachments {
            Attachments::Send => "",
            Attachments::Drop => "drop",
        },
    );
    for (role, contact) in product.contacts.iter() {
        show_contact(role, contact);
    }
}

fn show_contact(role: Role, contact: &Contact) {
    let address = contact.name.as_ref().map_or_else(
        || contact.address.to_string(),
        |name| format!("{name} <{}>", contact.address),
    );
    line(role.as_str(), &address);
    let languages: Vec<&str> = contact.languages.iter().map(|l| l.as_str()).collect();
    line("  answers in", &languages.join(", "));
    line("  works", &contact.calendar.to_string());
    let response = contact.response.map(|time| {
        let minutes = time.as_secs() / 60;
        format!(
            "within {}h {:02}m of its working time",
            minutes / 60,
            minutes % 60
        )
    });
    line("  answers", &response.unwrap_or_default());
    let fallback: Vec<String> = contact
        .fallback
        .iter()
        .map(|one| match one {
            Fallback::Role(role) => role.to_string(),
            Fallback::Address(address) => address.to_string(),
        })
        .collect();
    line("  else", &fallback.join(", "));
    let verified = contact.verified.map(|day| day.to_string());
    line("  verified", &verified.unwrap_or_default());
}

fn show_customer(config: &Config, customer: &Customer) {
    line("customer", customer.id.as_str());
    line("name", &customer.name);
    line("domains", &customer.domains.join(", "));
    let addresses: Vec<&str> = customer.addresses.iter().map(Address::as_str).collect();
    line("addresses", &addresses.join(", "));
    line("tenant", customer.tenant.as_deref().unwrap_or_default());
    line("provider", customer.provider.as_deref().unwrap_or_default());
    line("reseller", customer.reseller.as_deref().unwrap_or_default());
    let owned: Vec<&str> = customer.owned().iter().map(|id| id.as_str()).collect();
    line("has", &owned.join(", "));
    for (id, product) in &customer.subscriptions {
        line("subscription", &format!("{id}: {product}"));
    }
    let own = config.policy.routing.customers.get(&customer.id);
    for (category, route) in own.into_iter().flatten() {
        let told = format!("{}, {} → {}", route.owner, route.action, route.folder);
        line(category.as_str(), &told);
    }
}

/// What is wrong with the registry, and with nothing else.
fn check(directory: &Path) -> Result<(), Failure> {
    let examined = config::examine_registry(directory, Timestamp::now());
    if !examined.findings.is_empty() {
        let paint = Paint::stdout();
        say!("{}", findings::render(&examined.findings, paint.colours()));
    }
    let Some(config) = examined
        .config
        .filter(|_| !findings::any_error(&examined.findings))
    else {
        return Err(Failure::shown(FailureKind::Config));
    };
    let registry = &config.policy.registry;
    say!(
        "ok: {} and {}",
        counted(registry.products().len(), "product", "products"),
        counted(registry.customers().all().len(), "customer", "customers"),
    );
    Ok(())
}

fn import_offers(directory: &Path, args: &RegistryImportArgs) -> Result<(), Failure> {
    let shown = args.file.display();
    let failed = |why: String| Failure::failed(format!("{shown}: {why}"));
    let size = std::fs::metadata(&args.file).map_err(|error| failed(error.to_string()))?;
    if size.len() > EXPORT_MAX {
        return Err(failed("it is larger than 64 MiB".to_owned()));
    }
    let bytes = std::fs::read(&args.file).map_err(|error| failed(error.to_string()))?;
    let offers = import::offers(&bytes).map_err(|error| failed(error.to_string()))?;
    let files = config::registry_files(directory)
        .map_err(|error| Failure::failed(format!("cannot read the registry: {error}")))?;
    let changed = import::import(&files, &offers)
        .map_err(|error| Failure::failed(error.to_string()).hint("mend it first"))?;
    if changed.is_empty() {
        say!(
            "nothing is new in {}",
            counted(offers.len(), "offer", "offers")
        );
        return Ok(());
    }
    for file in &changed {
        say!("{}", print::lines(diff(&files, file).trim_end()));
    }
    if let Err(found) = config::with_registry(directory, &changed) {
        eprintln!("{}", findings::render(&found, Paint::stderr().colours()));
        return Err(Failure {
            message: "nothing is written: the registry would not be sound".to_owned(),
            ..Failure::shown(FailureKind::Config)
        });
    }
    if !args.write {
        say!("\nnothing is written; `--write` does it");
        return Ok(());
    }
    for file in &changed {
        let path = directory.join(&file.name);
        crate::system::fs::replace(&path, file.text.as_bytes())
            .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
    }
    say!(
        "\n{} written; `triaged check`, then reload",
        counted(changed.len(), "file is", "files are")
    );
    Ok(())
}

/// As `diff -u` has it.
fn diff(files: &[RegistryFile], new: &RegistryFile) -> String {
    let old = files.iter().find(|file| file.name == new.name);
    let before = old.map_or("", |file| file.text.as_str());
    let old_name = old.map_or("/dev/null", |file| file.name.as_str());
    TextDiff::from_lines(before, &new.text)
        .unified_diff()
        .context_radius(AROUND)
        .header(old_name, &new.name)
        .to_string()
}
