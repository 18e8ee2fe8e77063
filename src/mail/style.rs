//! What of a `style` attribute hides text from a reader's eye.

/// What an element's style says about being seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    /// Not shown, whatever lies inside.
    pub hidden: bool,
    /// Whether its letters have no size, when it says a size.
    pub tiny: Option<bool>,
}

impl Style {
    /// Bytes of one `style` that are read.
    const MAX: usize = 1024;

    /// Reads the value of a `style` attribute.
    pub(super) fn read(value: &[u8]) -> Self {
        let value: Vec<u8> = value
            .iter()
            .take(Self::MAX)
            .filter(|byte| !byte.is_ascii_whitespace())
            .map(u8::to_ascii_lowercase)
            .collect();
        let mut style = Self {
            hidden: false,
            tiny: None,
        };
        let (mut flat, mut clipped) = (false, false);
        for rule in value.split(|byte| *byte == b';') {
            let Some(colon) = rule.iter().position(|byte| *byte == b':') else {
                continue;
            };
            let (name, value) = rule.split_at(colon);
            let value = value.get(1..).unwrap_or_default();
            match name {
                b"display" => style.hidden |= value.starts_with(b"none"),
                b"visibility" => style.hidden |= value.starts_with(b"hidden"),
                b"opacity" => style.hidden |= is_zero(value),
                b"max-height" | b"height" => flat |= is_zero(value),
                b"overflow" => clipped |= value.starts_with(b"hidden"),
                b"font-size" => style.tiny = Some(is_zero(value)),
                _ => {}
            }
        }
        style.hidden |= flat && clipped;
        style
    }
}

/// Whether a CSS length or number is nothing: `0`, `0px`, `0.0em`.
fn is_zero(value: &[u8]) -> bool {
    let number = value
        .iter()
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'.');
    let mut any = false;
    for byte in number {
        any = true;
        if !matches!(byte, b'0' | b'.') {
            return false;
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_is_told_from_small() {
        for (style, hidden, tiny) in [
            ("DISPLAY : None !important", true, None),
            ("display:block;visibility:hidden", true, None),
            ("opacity:0", true, None),
            ("opacity:0.5", false, None),
            ("max-height:0px; overflow:hidden", true, None),
            ("height:0", false, None),
            ("font-size:0.0em", false, Some(true)),
            ("font-size:0.9em", false, Some(false)),
            ("color:#000", false, None),
            ("nonsense", false, None),
        ] {
            assert_eq!(
                Style::read(style.as_bytes()),
                Style { hidden, tiny },
                "{style}"
            );
        }
    }
}
