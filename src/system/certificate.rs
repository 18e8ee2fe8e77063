//! Until when a certificate holds. Whether it is trusted is told by the TLS library.

use jiff::Timestamp;
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// The end of a certificate's life; `None` for what is no certificate.
pub fn end(der: &[u8]) -> Option<Timestamp> {
    let certificate = Certificate::from_der(der).ok()?;
    let end = certificate.tbs_certificate().validity().not_after;
    let seconds = i64::try_from(end.to_unix_duration().as_secs()).ok()?;
    Timestamp::from_second(seconds).ok()
}
