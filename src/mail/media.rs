//! What a part says it is: `Content-Type` and `Content-Disposition`.
//!
//! Charge: read both fields (RFC 2045 §5, RFC 2183, RFC 2231) as mailers write them. Leaves to
//! `structure` where parts lie.

use mail_parser::parsers::MessageStream;

use super::encoded;
use super::headers::Block;

/// Bytes of `Content-Type` or `Content-Disposition` that are read.
const FIELD_MAX: usize = 4 << 10;

/// Longest boundary taken, in bytes; RFC 2046 §5.1.1 allows 70.
pub(super) const BOUNDARY_MAX: usize = 250;

/// What a part says it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Media {
    /// `text/plain`, in lower case.
    pub name: String,
    pub charset: Option<String>,
    /// A file name, from either field.
    pub file: Option<String>,
    /// `Content-Disposition: attachment`.
    pub attached: bool,
    /// RFC 3676.
    pub flowed: bool,
    /// RFC 3676 §4.1: `DelSp=yes`.
    pub del_sp: bool,
    /// `report-type` of a multipart/report (RFC 6522), in lower case.
    pub report: Option<String>,
    /// `smime-type` (RFC 8551 §3.2.2), in lower case.
    pub smime: Option<String>,
    pub boundary: Option<Vec<u8>>,
}

impl Media {
    /// Whether parts lie inside.
    pub(super) fn is_multipart(&self) -> bool {
        self.name.starts_with("multipart/")
    }

    /// Whether a message lies inside (RFC 2046 §5.2.1, RFC 6532).
    pub(super) fn is_message(&self) -> bool {
        matches!(self.name.as_str(), "message/rfc822" | "message/global")
    }

    /// Reads both fields; `default` is the type of a part that tells none.
    pub(super) fn read(block: &Block<'_>, default: &str) -> Self {
        let mut media = Self::default();
        if let Some(value) = block.first("Content-Disposition") {
            read_field(value, |name, file, _| {
                media.attached = name.starts_with("attachment");
                media.file = file("filename");
            });
        }
        if let Some(value) = block.first("Content-Type") {
            read_field(value, |name, attribute, boundary| {
                name.clone_into(&mut media.name);
                media.charset = attribute("charset");
                media.file = media.file.take().or_else(|| attribute("name"));
                let says = |name, wanted| {
                    attribute(name).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
                };
                media.flowed = says("format", "flowed");
                media.del_sp = says("delsp", "yes");
                media.report = attribute("report-type").map(|value| value.to_lowercase());
                media.smime = attribute("smime-type").map(|value| value.to_lowercase());
                media.boundary = boundary;
            });
        }
        if !media.name.contains('/') {
            // RFC 2045 §5.2: what cannot be read is plain text.
            media.name = match media.name.as_str() {
                "text" | "" => default.to_owned(),
                "html" => "text/html".to_owned(),
                _ => "application/octet-stream".to_owned(),
            };
        }
        media
    }
}

/// Reads one `type/subtype; parameters` field (RFC 2045 §5.1, RFC 2231).
fn read_field(
    value: &[u8],
    mut take: impl FnMut(&str, &dyn Fn(&str) -> Option<String>, Option<Vec<u8>>),
) {
    let mut field = value
        .get(..value.len().min(FIELD_MAX))
        .unwrap_or_default()
        .to_vec();
    // The library reads up to a line end that is no fold.
    while field.last().is_some_and(u8::is_ascii_whitespace) {
        field.pop();
    }
    field.push(b'\n');
    let parsed = MessageStream::new(&field).parse_content_type();
    let Some(kind) = parsed.as_content_type() else {
        return;
    };
    let name = match kind.subtype() {
        Some(subtype) => format!("{}/{}", kind.ctype().trim(), subtype.trim()),
        None => kind.ctype().trim().to_owned(),
    };
    let attribute = |name: &str| {
        kind.attribute(name)
            .map(|value| encoded::text(value.as_bytes()))
            .filter(|value| !value.is_empty())
    };
    let boundary = kind
        .attribute("boundary")
        .map(|boundary| boundary.trim_end().as_bytes().to_vec())
        .filter(|boundary| !boundary.is_empty() && boundary.len() <= BOUNDARY_MAX);
    take(&name.to_ascii_lowercase(), &attribute, boundary);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_as_mailers_write_them() {
        let raw = b"Content-Type: TEXT/Plain; CharSet=\"ISO-8859-1\"; format=Flowed; delsp=yes\n\
            Content-Disposition: attachment;\n filename*0*=utf-8''l%C3%B6;\n filename*1=sen.txt\n\n";
        let media = Media::read(&Block::read(raw, 0, true), "text/plain");
        assert_eq!(
            (media.name.as_str(), media.charset.as_deref()),
            ("text/plain", Some("ISO-8859-1"))
        );
        assert!(media.flowed && media.del_sp && media.attached);
        assert_eq!(media.file.as_deref(), Some("lösen.txt"));
    }
}
