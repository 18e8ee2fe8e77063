//! A reader of outgoing mail that shares nothing with what wrote it: line by line, as strict as
//! RFC 5321 and RFC 5322 are. It is the judge in tests of composing and sending.

/// Longest line, without its CRLF (RFC 5321 §4.5.3.1.6).
const LINE_MAX: usize = 998;

/// The fields a forward may have, each once.
const FIELDS: [&str; 12] = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Triaged-Origin",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// What one DATA transfer holds: the message with its doubled dots taken back.
///
/// # Errors
/// When the bytes are not exactly one message and its end.
pub fn from_wire(wire: &[u8]) -> Result<Vec<u8>, String> {
    let mut mail = Vec::with_capacity(wire.len());
    let mut at = 0;
    loop {
        let rest = &wire[at..];
        let end = memchr::memmem::find(rest, b"\r\n").ok_or("the end of data is missing")?;
        let line = &rest[..end];
        if line.contains(&b'\r') || line.contains(&b'\n') {
            return Err(format!("a bare CR or LF at byte {at}"));
        }
        at += end + 2;
        if line == b"." {
            break;
        }
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        mail.extend_from_slice(b"\r\n");
    }
    if at == wire.len() {
        Ok(mail)
    } else {
        Err(format!("{} bytes behind the end of data", wire.len() - at))
    }
}

/// Checks the form of a forward to one of `recipients`.
///
/// # Errors
/// What is wrong with it.
pub fn check(mail: &[u8], recipients: &[&str]) -> Result<(), String> {
    let body = mail.strip_suffix(b"\r\n").ok_or("no CRLF at its end")?;
    if mail.contains(&0) {
        return Err("a NUL".to_owned());
    }
    let mut lines = Vec::new();
    let mut start = 0;
    while start <= body.len() {
        let rest = &body[start..];
        let end = memchr::memmem::find(rest, b"\r\n");
        let line = &rest[..end.unwrap_or(rest.len())];
        if line.contains(&b'\r') || line.contains(&b'\n') {
            return Err(format!("a bare CR or LF in line {}", lines.len() + 1));
        }
        if line.len() > LINE_MAX {
            return Err(format!("line {} has {} bytes", lines.len() + 1, line.len()));
        }
        lines.push(line);
        let Some(end) = end else { break };
        start += end + 2;
    }
    let mut seen: Vec<(&str, String)> = Vec::new();
    for line in lines.iter().take_while(|line| !line.is_empty()) {
        let line = std::str::from_utf8(line).map_err(|_| "a header that is not UTF-8")?;
        if line.chars().any(|c| c.is_control() && c != '\t') {
            return Err(format!("a control character in {line:?}"));
        }
        if line.starts_with([' ', '\t']) {
            let (_, value) = seen.last_mut().ok_or("it begins with a fold")?;
            value.push_str(line);
            continue;
        }
        let (name, value) = line.split_once(':').ok_or(format!("no field: {line:?}"))?;
        let name = FIELDS
            .into_iter()
            .find(|field| *field == name)
            .ok_or(format!("a field nobody asked for: {line:?}"))?;
        if seen.iter().any(|(other, _)| *other == name) {
            return Err(format!("`{name}` twice"));
        }
        seen.push((name, value.trim().to_owned()));
    }
    let value = |name| seen.iter().find(|(field, _)| *field == name);
    match value("To") {
        Some((_, to)) if recipients.contains(&to.as_str()) => {}
        other => return Err(format!("`To` is {other:?}")),
    }
    for name in ["From", "Subject", "Message-ID", "Auto-Submitted"] {
        value(name).ok_or(format!("no `{name}`"))?;
    }
    Ok(())
}
