//! stub
use super::message::Message;
use crate::domain::kind::Kind;
pub struct KindTold {
    pub kind: Kind,
    pub reason: String,
}
pub fn tell(_: &Message, _: Option<&str>, _: &[String]) -> KindTold {
    KindTold {
        kind: Kind::Ticket,
        reason: String::new(),
    }
}
