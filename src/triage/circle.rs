//! Mail that goes in a circle, told by the message alone: it travelled too far, it was here
//! before, or it would go back to whoever wrote it.
//!
//! What only a history can tell, many forwards for one sender, is the pipeline's charge.

use crate::domain::address::Address;
use crate::domain::reason::LoopSign;
use crate::mail::Message;

/// Most hops of a message that is on its way to us. RFC 5321 §6.3 wants a hundred from a server
/// that counts nothing else; honest mail has fewer than twenty.
pub const HOPS_MAX: usize = 50;

/// Why `message` goes in a circle, if it does.
pub fn travelled(message: &Message, own: &[Address]) -> Option<LoopSign> {
    let hops = message.headers.all("Received").count();
    if hops > HOPS_MAX {
        return Some(LoopSign::Hops { hops });
    }
    // An alias that leads to another address of ours stands there with that one, once each.
    let delivered = &message.envelope.delivered_to;
    let times = |address: &&Address| delivered.iter().filter(|other| other == address).count();
    let ours = delivered
        .iter()
        .filter(|address| own.iter().any(|own| own.same_user(address)));
    let times = ours.map(|address| times(&address)).max().unwrap_or(0);
    (times > 1).then_some(LoopSign::DeliveredTo { times })
}

/// Whether it would be sent back to whoever wrote it.
pub fn returns(message: &Message, recipient: &Address) -> Option<LoopSign> {
    let from = message.from.iter().chain(&message.reply_to);
    from.filter_map(|author| author.address.as_ref())
        .any(|address| address.same_user(recipient))
        .then_some(LoopSign::Return)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(head: &str) -> Option<LoopSign> {
        let message = Message::parse(format!("{head}\nText.\n").as_bytes()).unwrap();
        travelled(&message, &["support@partner.example".parse().unwrap()])
    }

    #[test]
    fn hops_are_counted_up_to_the_bound() {
        let hop = "Received: from a.example by b.example; Mon, 16 Nov 2026 08:12:31 +0100\n";
        assert_eq!(sign(&hop.repeat(HOPS_MAX)), None);
        let hops = HOPS_MAX + 1;
        assert_eq!(sign(&hop.repeat(hops)), Some(LoopSign::Hops { hops }));
    }

    #[test]
    fn only_the_same_address_of_ours_twice_is_a_circle() {
        let to = |address: &str| format!("Delivered-To: {address}\n");
        let (ours, alias) = (to("support@partner.example"), to("info@partner.example"));
        let case = to("support+lumen@partner.example");
        assert_eq!(sign(&ours), None);
        assert_eq!(sign(&(ours.clone() + &alias + &case)), None);
        assert_eq!(sign(&(alias.clone() + &alias)), None, "not ours");
        assert_eq!(
            sign(&(ours.clone() + &alias + &ours)),
            Some(LoopSign::DeliveredTo { times: 2 })
        );
    }

    #[test]
    fn a_desk_is_not_sent_its_own_mail() {
        let desk: Address = "desk@isv.example".parse().unwrap();
        for (head, is_return) in [
            ("From: Desk <Desk@isv.example>\n", true),
            ("From: Kim <kim@isv.example>\n", false),
            ("From: x@x.example\nReply-To: desk+4711@isv.example\n", true),
        ] {
            let message = Message::parse(format!("{head}\nText.\n").as_bytes()).unwrap();
            assert_eq!(returns(&message, &desk).is_some(), is_return, "{head}");
        }
    }
}
