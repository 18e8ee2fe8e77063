//! Points as whole thousandths, so that sums are exact and do not depend on their order.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

/// A number of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Points(i64);

impl Points {
    pub const ZERO: Self = Self(0);

    /// The nearest number of thousandths; what is no number is 0.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "weights are bounded at 1000 and `as` saturates"
    )]
    pub fn of(value: f64) -> Self {
        Self((value * 1000.0).round() as i64)
    }

    /// As a plain number.
    #[expect(
        clippy::cast_precision_loss,
        reason = "sums of bounded weights stay far below 2^53"
    )]
    pub fn value(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// The same, cut so that it is no farther from 0 than `room`.
    pub fn within(self, room: Self) -> Self {
        let room = room.max(Self::ZERO);
        self.clamp(-room, room)
    }

    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }
}

impl Add for Points {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Points {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Points {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Points {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        points.fold(Self::ZERO, Add::add)
    }
}
