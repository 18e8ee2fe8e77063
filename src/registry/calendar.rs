//! When a desk works: hours of the week on the clock of its own time zone, less its holidays.
//!
//! Pure: the moment is given. Who works by a calendar is told in [`super::contact`].

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::rules::hours::Hours;

/// How far ahead [`Calendar::after`] looks for working time.
const DAYS_AHEAD_MAX: usize = 90;
/// Minutes of a day.
const DAY: usize = 24 * 60;
/// A year that has every day.
const LEAP: i16 = 2024;

/// The hours in which a desk works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Where its clock hangs.
    zone: TimeZone,
    /// When it works; none is around the clock.
    hours: Vec<Hours>,
    /// When it does not.
    holidays: Vec<Holiday>,
}

impl Calendar {
    /// A desk that works in these hours; without any it works around the clock, but not on its
    /// holidays.
    pub fn new(zone: TimeZone, hours: Vec<Hours>, holidays: Vec<Holiday>) -> Self {
        Self {
            zone,
            hours,
            holidays,
        }
    }

    /// Whether somebody works at this moment.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.works(self.zone.to_datetime(at))
    }

    /// The moment by which `working` has passed since `from`, counting only minutes in which
    /// somebody works. `None` when it has not passed within 90 days: no such desk answers.
    ///
    /// It walks minute by minute, some milliseconds for weeks: keep what it says.
    pub fn after(&self, from: Timestamp, working: Duration) -> Option<Timestamp> {
        let mut left = working.as_secs().div_ceil(60);
        let mut at = from;
        for _ in 0..DAYS_AHEAD_MAX * DAY {
            if left == 0 {
                return Some(at);
            }
            if self.is_open(at) {
                left -= 1;
            }
            at = at.checked_add(Duration::from_mins(1)).ok()?;
        }
        None
    }

    fn works(&self, wall: DateTime) -> bool {
        let (date, time) = (wall.date(), wall.time());
        if self.holidays.iter().any(|holiday| holiday.is_on(date)) {
            return false;
        }
        let minute = u16::from(time.hour().unsigned_abs()) * 60;
        let minute = minute + u16::from(time.minute().unsigned_abs());
        self.hours.is_empty()
            || self
                .hours
                .iter()
                .any(|hours| hours.hold(date.weekday(), minute))
    }
}

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hours.is_empty() {
            f.write_str("around the clock")?;
        }
        for (n, hours) in self.hours.iter().enumerate() {
            write!(f, "{}{hours}", if n == 0 { "" } else { "; " })?;
        }
        if let Some(zone) = self.zone.iana_name() {
            write!(f, " {zone}")?;
        }
        match self.holidays.len() {
            0 => Ok(()),
            1 => f.write_str(", 1 holiday"),
            many => write!(f, ", {many} holidays"),
        }
    }
}

/// A day on which nobody works: `2026-06-19`, or `12-24` for every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holiday {
    /// Once.
    On(Date),
    /// On this month and day of every year.
    Yearly {
        /// From 1.
        month: i8,
        /// From 1.
        day: i8,
    },
}

impl Holiday {
    fn is_on(self, date: Date) -> bool {
        match self {
            Self::On(day) => day == date,
            Self::Yearly { month, day } => (date.month(), date.day()) == (month, day),
        }
    }
}

/// Why a text tells no holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it must be a date, `2026-06-19`, or a day of every year, `12-24`")]
pub struct BadHoliday;

impl FromStr for Holiday {
    type Err = BadHoliday;

    fn from_str(text: &str) -> Result<Self, BadHoliday> {
        let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        match text.split_once('-') {
            Some((month, day)) if digits(month) && digits(day) => {
                let number = |text: &str| text.parse::<i8>().map_err(|_| BadHoliday);
                let (month, day) = (number(month)?, number(day)?);
                Date::new(LEAP, month, day).map_err(|_| BadHoliday)?;
                Ok(Self::Yearly { month, day })
            }
            _ => parse_date(text).map(Self::On).ok_or(BadHoliday),
        }
    }
}

/// A date as `2026-06-19`, and nothing more than that.
pub fn parse_date(text: &str) -> Option<Date> {
    const FORM: &str = "0000-00-00";
    let fits = text.len() == FORM.len()
        && text.bytes().zip(FORM.bytes()).all(|(b, form)| match form {
            b'0' => b.is_ascii_digit(),
            form => b == form,
        });
    text.parse().ok().filter(|_| fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk() -> Calendar {
        let hours = ["mon-fri 08:00-17:00"].map(|text| text.parse().expect(text));
        let holidays = ["2026-06-19", "12-24"].map(|text| text.parse().expect(text));
        let zone = TimeZone::get("Europe/Stockholm").expect("a zone");
        Calendar::new(zone, hours.to_vec(), holidays.to_vec())
    }

    #[test]
    fn working_time_passes_only_while_somebody_works() {
        // from, hours of work, until
        for (from, hours, until) in [
            // On Monday morning, summer time.
            ("2026-06-15T07:00:00Z", 4, "2026-06-15T11:00:00Z"),
            // On Tuesday afternoon one hour is left.
            ("2026-06-16T14:00:00Z", 4, "2026-06-17T09:00:00Z"),
            // Thursday evening, then a holiday and the weekend.
            ("2026-06-18T16:00:00Z", 1, "2026-06-22T07:00:00Z"),
            // Christmas eve is a Thursday.
            ("2026-12-23T15:30:00Z", 1, "2026-12-25T07:30:00Z"),
            // Summer time ends between Friday and Monday.
            ("2026-10-23T14:00:00Z", 2, "2026-10-26T08:00:00Z"),
        ] {
            let from: Timestamp = from.parse().expect(from);
            let told = desk().after(from, Duration::from_hours(hours));
            assert_eq!(told, until.parse().ok(), "{hours} h from {from}");
        }
        let from = Timestamp::UNIX_EPOCH;
        assert_eq!(desk().after(from, Duration::ZERO), Some(from));
        let never = ["sat 08:00-08:01".parse().expect("hours")].to_vec();
        let never = Calendar::new(TimeZone::UTC, never, Vec::new());
        assert_eq!(never.after(from, Duration::from_hours(1)), None);
    }

    #[test]
    fn what_is_no_holiday_is_refused() {
        for text in [
            "",
            "12-32",
            "02-30",
            "1-1",
            "2026-13-01",
            "2026-06-19T00:00",
            "24.12.",
            "+1-01",
            "20260619",
        ] {
            assert_eq!(text.parse::<Holiday>(), Err(BadHoliday), "{text}");
        }
        assert!("02-29".parse::<Holiday>().is_ok());
    }

    #[test]
    fn a_calendar_says_what_it_is() {
        let told = desk().to_string();
        assert_eq!(
            told,
            "mon,tue,wed,thu,fri 08:00-17:00 Europe/Stockholm, 2 holidays"
        );
        let always = Calendar::new(TimeZone::UTC, Vec::new(), Vec::new());
        assert_eq!(always.to_string(), "around the clock UTC");
    }
}
