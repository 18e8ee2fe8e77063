//! Points for and against, with what gave them.

/// Adds up signs.
#[derive(Debug, Default)]
pub(super) struct Score {
    points: i32,
    signs: Vec<String>,
}

impl Score {
    /// A sign that counts when `holds`; only those for the answer are named in the reason.
    pub(super) fn add(&mut self, holds: bool, points: i32, sign: impl Into<String>) {
        if holds {
            self.points += points;
            if points > 0 {
                self.signs.push(sign.into());
            }
        }
    }

    /// A sign found with its own words.
    pub(super) fn found(&mut self, points: i32, sign: Option<String>) {
        if let Some(sign) = sign {
            self.add(true, points, sign);
        }
    }

    /// Adds the points and signs of another.
    pub(super) fn join(&mut self, other: Self) {
        self.points += other.points;
        self.signs.extend(other.signs);
    }

    /// Whether no sign for the answer was found.
    pub(super) const fn is_empty(&self) -> bool {
        self.signs.is_empty()
    }

    /// The reason, when the points reach `threshold`.
    pub(super) fn reached(self, threshold: i32) -> Option<String> {
        (self.points >= threshold).then(|| self.signs.join("; "))
    }
}
