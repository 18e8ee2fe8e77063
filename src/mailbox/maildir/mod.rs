//! A Maildir on this host as a mailbox: the embedded default, and a real choice beside a mail
//! server on the same machine.
//!
//! A message is known by its base name, the file name without `:2,flags`, which no reader ever
//! changes; everything else about a name may change at any moment, because people work in the
//! same folders. What holds throughout:
//! - one rename takes a message out of the source and puts it into its folder, so it is always in
//!   one of them; where a rename cannot do it (another file system) the copy is synced and
//!   compared before the original goes;
//! - nothing is ever overwritten, and a move counts only after its directories were synced;
//! - the directory is the truth, what the kernel reports is only a reason to look;
//! - only regular files are messages.

mod durable;
mod fetch;
mod find;
mod layout;
mod list;
mod locate;
mod name;
mod session;
mod settle;
mod steady;
mod watch;

pub use session::MaildirMailbox;

#[cfg(test)]
mod tests;
