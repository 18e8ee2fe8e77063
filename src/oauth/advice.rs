//! What the refusals of Microsoft and Google mean for the one who must act.
//!
//! Rows are read from above; the first whose sign is in the endpoint's words decides. Microsoft's
//! numbers are documented as stable, its sentences are not.

/// What stands in the description, and what to do.
const BY_WORDS: &[(&str, &str)] = &[
    (
        "AADSTS700016",
        "the tenant knows no such application: `client-id` is the application (client) id of the \
         app registration, no object id, and `tenant` the directory it is in",
    ),
    (
        "AADSTS7000215",
        "the client secret is wrong: give the secret's value, which is shown once when it is made, \
         not its id",
    ),
    (
        "AADSTS7000222",
        "the client secret has expired: make a new one under `Certificates & secrets` and put its \
         value in the secret's place; no restart is needed",
    ),
    (
        "AADSTS7000218",
        "the application is not marked as a public client: set `Allow public client flows` to \
         `Yes` under `Authentication`",
    ),
    (
        "AADSTS700027",
        "the certificate is not that of the application, or has expired: upload the one in \
         `certificate-file` under `Certificates & secrets`, and check that `key-file` is its key",
    ),
    (
        "AADSTS700024",
        "the assertion is not valid at this time: set this host's clock",
    ),
    (
        "AADSTS1002012",
        "for an application the scope ends in `/.default`: leave `scope` out",
    ),
    (
        "AADSTS70011",
        "the scope is none the provider knows: leave `scope` out",
    ),
    (
        "AADSTS65001",
        "nobody has consented yet: let an administrator press `Grant admin consent` under \
         `API permissions`",
    ),
    (
        "AADSTS90002",
        "there is no such tenant: `tenant` is the directory (tenant) id or a domain of it, and \
         national clouds need their own `token-url`",
    ),
    (
        "AADSTS900023",
        "`tenant` is neither the id nor a domain of a directory",
    ),
    (
        "AADSTS50034",
        "there is no such person in this tenant: sign in with the address of an account there",
    ),
    ("AADSTS50126", "name or password were wrong at the sign-in"),
    ("AADSTS50057", "the account that signed in is disabled"),
    (
        "AADSTS53003",
        "a conditional access policy forbids it: an administrator must except this application",
    ),
    (
        "AADSTS50105",
        "the person is not assigned to the application: assign them under `Enterprise applications`",
    ),
];

/// What RFC 6749 §5.2 calls it, and what to do.
const BY_CODE: &[(&str, &str)] = &[
    (
        "invalid_client",
        "the provider does not know the application by this id and secret",
    ),
    (
        "unauthorized_client",
        "the application may not do this: for a Google service account, allow its client id the \
         scope `https://mail.google.com/` under domain-wide delegation",
    ),
    (
        "invalid_scope",
        "the provider does not know the scope: leave `scope` out",
    ),
    (
        "invalid_grant",
        "what was granted does not hold any more: it was withdrawn, the password was changed, it \
         was not used for long, or a Google project is still in status `Testing` (seven days)",
    ),
];

/// What to do about a refusal.
pub(super) fn advice(code: &str, description: &str) -> Option<&'static str> {
    // `AADSTS70001` must not be found in `AADSTS700016`.
    let whole = |sign: &str| {
        description
            .split(sign)
            .skip(1)
            .any(|after| !after.starts_with(|c: char| c.is_ascii_digit()))
    };
    let by_words = BY_WORDS.iter().find(|(sign, _)| whole(sign));
    let by_code = || BY_CODE.iter().find(|(sign, _)| *sign == code);
    by_words.or_else(by_code).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_whole() {
        let found = advice(
            "invalid_request",
            "AADSTS700016: Application with identifier 'x'",
        );
        assert!(found.unwrap().contains("client-id"));
        let found = advice(
            "invalid_client",
            "AADSTS7000222: The provided client secret keys",
        );
        assert!(found.unwrap().contains("expired"));
        // None of ours, but its head is one.
        let found = advice("odd", "AADSTS500340: something else");
        assert_eq!(found, None);
        assert!(
            advice("invalid_grant", "Bad Request")
                .unwrap()
                .contains("Testing")
        );
        assert_eq!(advice("odd", ""), None);
    }
}
