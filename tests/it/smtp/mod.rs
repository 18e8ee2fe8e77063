//! Delivery by SMTP: dialogues with a scripted server, and a real Postfix.

mod dialogues;
mod lane;
mod real;

use triaged::domain::address::Address;
use triaged::mail::rendered::Rendered;

fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

/// A message with `lines` as its body; every line is ended by CRLF.
fn message(subject: &str, lines: &[&str]) -> Rendered {
    let head = format!("From: help@partner.example\r\nSubject: {subject}\r\n\r\n");
    let body = lines.iter().flat_map(|line| [line, "\r\n"]);
    let bytes = (head + &body.collect::<String>()).into_bytes();
    let eight_bit = !bytes.is_ascii();
    Rendered { bytes, eight_bit }
}
