//! Log-in by OAuth 2.0, end to end: a scripted provider of tokens, a real Dovecot that asks it whether
//! they hold, and a scripted SMTP server.

mod assertion;
mod mailbox;
mod sign_in;
mod way_out;
