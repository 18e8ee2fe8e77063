//! Messages that change their destination, counted by where from and where to.
//!
//! Bounded: destinations are folders and contacts of the configuration, and of each group only a
//! few examples stay, the first by name, so that the order of counting does not matter.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::decision::{Action, Decision};

/// Examples kept of each group.
pub const EXAMPLES_MAX: usize = 3;

/// How bad a change is; the worst comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// What stayed in the house would be sent out.
    SentOut,
    /// What went to one publisher would go to another.
    OtherPublisher,
    /// Everything else.
    Plain,
}

impl Gravity {
    /// The word shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SentOut => "sent-out",
            Self::OtherPublisher => "other-publisher",
            Self::Plain => "plain",
        }
    }

    /// Whether somebody must look before anything else.
    pub const fn is_dangerous(self) -> bool {
        !matches!(self, Self::Plain)
    }
}

/// How far a message gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// To a publisher.
    Outside,
    /// Into a queue in the house, or the folder of what is no ticket.
    House,
    /// To a person, who decides.
    Review,
}

impl Reach {
    /// How far an action gets a message.
    pub const fn of(action: Action) -> Self {
        match action {
            Action::Forward => Self::Outside,
            Action::Keep | Action::Ignore => Self::House,
            Action::Review => Self::Review,
        }
    }
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Destination {
    /// How far that is.
    pub reach: Reach,
    /// The address or folder.
    pub name: String,
}

impl Destination {
    /// Where `decision` sends its message.
    pub fn of(decision: &Decision) -> Self {
        Self {
            reach: Reach::of(decision.action),
            name: decision.destination().to_owned(),
        }
    }

    /// How bad it is to go `to` there instead. What a person would have to decide may be sent out:
    /// that is what rules are written for.
    pub const fn gravity(&self, to: &Self) -> Gravity {
        match (self.reach, to.reach) {
            (Reach::House, Reach::Outside) => Gravity::SentOut,
            (Reach::Outside, Reach::Outside) => Gravity::OtherPublisher,
            _ => Gravity::Plain,
        }
    }
}

/// A message by which people recognise a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    /// Its file, case or place.
    pub name: String,
    /// Its subject.
    pub subject: String,
    /// Why it goes there now.
    pub reason: String,
}

/// The messages that go from one destination to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub count: u64,
    /// Some of them.
    pub examples: BTreeSet<Example>,
}

/// All that was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shifts {
    /// Messages looked at.
    pub seen: u64,
    /// Those that change their destination.
    pub changed: u64,
    groups: BTreeMap<(Gravity, Destination, Destination), Group>,
}

impl Shifts {
    /// Counts one message; the answer is how bad its change is, if it changes.
    pub fn count(
        &mut self,
        from: Destination,
        to: Destination,
        example: impl FnOnce() -> Example,
    ) -> Option<Gravity> {
        self.seen += 1;
        if from == to {
            return None;
        }
        self.changed += 1;
        let gravity = from.gravity(&to);
        let group = self.groups.entry((gravity, from, to)).or_default();
        group.count += 1;
        group.examples.insert(example());
        if group.examples.len() > EXAMPLES_MAX {
            group.examples.pop_last();
        }
        Some(gravity)
    }

    /// The groups: dangerous ones first, then the largest.
    pub fn groups(&self) -> Vec<(Gravity, &Destination, &Destination, &Group)> {
        let groups = self.groups.iter();
        let mut groups: Vec<_> = groups
            .map(|((gravity, from, to), group)| (*gravity, from, to, group))
            .collect();
        groups.sort_by(|a, b| (a.0, b.3.count).cmp(&(b.0, a.3.count)));
        groups
    }

    /// How many changes are dangerous.
    pub fn dangerous(&self) -> u64 {
        let groups = self.groups.iter();
        let dangerous = groups.filter(|((gravity, ..), _)| gravity.is_dangerous());
        dangerous.map(|(_, group)| group.count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(name: &str) -> Destination {
        let reach = match name {
            "Review" => Reach::Review,
            name if name.contains('@') => Reach::Outside,
            _ => Reach::House,
        };
        Destination {
            reach,
            name: name.to_owned(),
        }
    }

    #[test]
    fn dangerous_changes_come_first_and_examples_are_the_first_by_name() {
        let mut shifts = Shifts::default();
        let mut count = |from: &str, to: &str, name: &str| {
            let example = || Example {
                name: name.to_owned(),
                subject: String::new(),
                reason: String::new(),
            };
            shifts.count(destination(from), destination(to), example)
        };
        assert_eq!(count("Billing", "Billing", "0"), None);
        for name in ["9", "3", "7", "1", "5"] {
            assert_eq!(count("Billing", "Review", name), Some(Gravity::Plain));
        }
        count("a@x.example", "b@x.example", "2");
        count("Billing", "a@x.example", "4");
        count("a@x.example", "Billing", "6");
        count("Review", "a@x.example", "8");
        count("Review", "a@x.example", "10");
        let groups = shifts.groups();
        let order: Vec<_> = groups
            .iter()
            .map(|(gravity, .., group)| (*gravity, group.count))
            .collect();
        assert_eq!(
            order,
            [
                (Gravity::SentOut, 1),
                (Gravity::OtherPublisher, 1),
                (Gravity::Plain, 5),
                (Gravity::Plain, 2),
                (Gravity::Plain, 1),
            ]
        );
        let names: Vec<&str> = groups[2]
            .3
            .examples
            .iter()
            .map(|e| e.name.as_str())
            .collect();
        assert_eq!(names, ["1", "3", "5"]);
        assert_eq!(
            (shifts.seen, shifts.changed, shifts.dangerous()),
            (11, 10, 2)
        );
    }
}
