//! Hours of the week, such as `mon-fri 08:00-17:00`.
//!
//! They are compared with the clock on the wall: the moment is turned into day and time of a time
//! zone first, so that a change to or from summer time needs no thought here.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Weekday;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// The days as they are written, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Days of the week, and from when until when on each.
///
/// Hours that end before they begin go on past midnight; they belong to the day they begin on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// A bit for each day, Monday the lowest.
    days: u8,
    /// First minute of the day.
    from: u16,
    /// The minute after the last.
    until: u16,
}

/// Why a text tells no hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it must be days, hours or both: `mon-fri`, `sat,sun`, `08:00-17:00`, `fri 16:00-24:00`")]
pub struct BadHours;

impl Hours {
    /// Whether a time on the wall, in minutes since midnight, lies within.
    pub fn hold(self, day: Weekday, minute: u16) -> bool {
        let today = day.to_monday_zero_offset().unsigned_abs();
        let on = |day: u8| self.days >> (day % 7) & 1 == 1;
        if self.from < self.until {
            on(today) && (self.from..self.until).contains(&minute)
        } else {
            on(today) && minute >= self.from || on(today + 6) && minute < self.until
        }
    }
}

impl FromStr for Hours {
    type Err = BadHours;

    fn from_str(text: &str) -> Result<Self, BadHours> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let is_time = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
        let (on, at) = match words.as_slice() {
            [time] if is_time(time) => (0x7F, hours(time)?),
            [on] => (days(on)?, (0, DAY)),
            [on, time] => (days(on)?, hours(time)?),
            _ => return Err(BadHours),
        };
        Ok(Self {
            days: on,
            from: at.0,
            until: at.1,
        })
    }
}

fn days(text: &str) -> Result<u8, BadHours> {
    let number = |name: &str| DAYS.iter().position(|day| *day == name).ok_or(BadHours);
    let mut days = 0;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        // `fri-mon` goes over the end of the week.
        let span = (last + 7 - first) % 7;
        for day in first..=first + span {
            days |= 1 << (day % 7);
        }
    }
    Ok(days)
}

fn hours(text: &str) -> Result<(u16, u16), BadHours> {
    let (from, until) = text.split_once('-').ok_or(BadHours)?;
    let (from, until) = (minute(from)?, minute(until)?);
    if from == until || from == DAY || until == 0 {
        return Err(BadHours);
    }
    Ok((from, until))
}

fn minute(text: &str) -> Result<u16, BadHours> {
    let (hour, minute) = text.split_once(':').ok_or(BadHours)?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return Err(BadHours);
    }
    let number = |text: &str| text.parse::<u16>().map_err(|_| BadHours);
    let (hour, minute) = (number(hour)?, number(minute)?);
    let at = hour * 60 + minute;
    if minute < 60 && at <= DAY {
        Ok(at)
    } else {
        Err(BadHours)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = (0_u8..).zip(DAYS).filter(|(n, _)| self.days >> n & 1 == 1);
        let days: Vec<&str> = days.map(|(_, day)| day).collect();
        let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let (from, until) = (time(self.from), time(self.until));
        write!(f, "{} {from}-{until}", days.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_and_hold() {
        // text, day and time, whether it holds
        for (text, day, at, holds) in [
            ("mon-fri 08:00-17:00", Weekday::Monday, "08:00", true),
            ("mon-fri 08:00-17:00", Weekday::Friday, "16:59", true),
            ("mon-fri 08:00-17:00", Weekday::Friday, "17:00", false),
            ("mon-fri 08:00-17:00", Weekday::Saturday, "12:00", false),
            ("sat,sun", Weekday::Sunday, "23:59", true),
            ("sat,sun", Weekday::Monday, "00:00", false),
            ("fri-mon", Weekday::Sunday, "00:00", true),
            ("fri-mon", Weekday::Thursday, "00:00", false),
            ("mon,wed-thu", Weekday::Tuesday, "12:00", false),
            ("17:00-08:00", Weekday::Tuesday, "03:00", true),
            ("17:00-08:00", Weekday::Tuesday, "08:00", false),
            // Past midnight they belong to the day they begin on.
            ("fri 22:00-06:00", Weekday::Saturday, "05:59", true),
            ("fri 22:00-06:00", Weekday::Friday, "05:59", false),
            ("sun 22:00-06:00", Weekday::Monday, "01:00", true),
            ("fri 16:00-24:00", Weekday::Friday, "23:59", true),
        ] {
            let hours: Hours = text.parse().expect(text);
            let minute = minute(at).expect(at);
            assert_eq!(hours.hold(day, minute), holds, "{text} on {day:?} at {at}");
            assert_eq!(hours.to_string().parse(), Ok(hours), "{text}");
        }
    }

    #[test]
    fn what_is_no_hours_is_refused() {
        for text in [
            "",
            "man-fre",
            "mon-fri 8-17",
            "mon-fri 08:00",
            "mon 08:00-08:00",
            "25:00-26:00",
            "08:60-09:00",
            "mon tue",
            "24:00-08:00",
            "08:00-00:00",
            "mon-fri 08:00-17:00 x",
            "mon-",
            "é:00-08:00",
            "+1:00-02:00",
        ] {
            assert_eq!(text.parse::<Hours>(), Err(BadHours), "{text}");
        }
    }
}
