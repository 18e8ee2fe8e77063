//! Sets of UIDs: written compactly for a command, read sceptically from a COPYUID.

use std::ops::RangeInclusive;

/// Most UIDs in one command.
pub(super) const UIDS_MAX: usize = 1000;
/// Longest set in a command, in bytes: servers may refuse lines above 8,192 (RFC 7162 §4).
const SET_BYTES_MAX: usize = 7000;

/// UIDs of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UidSet {
    /// As the command spells them: `3,5:9`.
    pub text: String,
    /// The UIDs, ascending, none twice.
    pub uids: Vec<u32>,
}

/// Writes `uids` as sets of at most `most` UIDs, in ascending order.
pub(super) fn sets(mut uids: Vec<u32>, most: usize) -> Vec<UidSet> {
    use std::fmt::Write;
    uids.sort_unstable();
    uids.dedup();
    let mut sets: Vec<UidSet> = Vec::new();
    for run in uids.chunk_by(|a, b| a.checked_add(1) == Some(*b)) {
        for run in run.chunks(most.max(1)) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else {
                continue;
            };
            let fits = sets.last().is_some_and(|set| {
                set.uids.len() + run.len() <= most && set.text.len() < SET_BYTES_MAX
            });
            if !fits {
                sets.push(UidSet {
                    text: String::new(),
                    uids: Vec::new(),
                });
            }
            if let Some(set) = sets.last_mut() {
                let comma = if set.text.is_empty() { "" } else { "," };
                // Writing to a string cannot fail.
                let _ = if first == last {
                    write!(set.text, "{comma}{first}")
                } else {
                    write!(set.text, "{comma}{first}:{last}")
                };
                set.uids.extend_from_slice(run);
            }
        }
    }
    sets
}

/// A COPYUID response code (RFC 4315 §3): what was copied from where to where. The sets are kept
/// as ranges, whatever a server claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copyuid {
    /// UIDs in the source folder.
    pub from: Vec<RangeInclusive<u32>>,
    /// The UIDs they got, one for each, in the same order.
    pub to: Vec<RangeInclusive<u32>>,
}

impl Copyuid {
    /// The UIDs it proves to be moved by a command that `asked` (ascending) for them: none when
    /// its two sets differ in number, or when it names a UID that was not asked for.
    pub(super) fn proves(&self, asked: &[u32]) -> Vec<u32> {
        let claimed = count(&self.from);
        if claimed != count(&self.to) || claimed > asked.len() as u64 {
            return Vec::new();
        }
        let named: Vec<u32> = self.from.iter().cloned().flatten().collect();
        if named.iter().all(|uid| asked.binary_search(uid).is_ok()) {
            named
        } else {
            Vec::new()
        }
    }
}

fn count(ranges: &[RangeInclusive<u32>]) -> u64 {
    let length = |r: &RangeInclusive<u32>| u64::from(r.end().saturating_sub(*r.start())) + 1;
    ranges.iter().map(length).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_compact_and_bounded() {
        for (uids, most, texts) in [
            (vec![], 10, vec![]),
            (vec![7], 10, vec!["7"]),
            (vec![3, 1, 2, 9, 2], 10, vec!["1:3,9"]),
            (vec![1, 2, 3, 4, 5], 2, vec!["1:2", "3:4", "5"]),
            (vec![u32::MAX, 1], 10, vec!["1,4294967295"]),
            (vec![1, 3, 4, 5, 6], 3, vec!["1", "3:5", "6"]),
        ] {
            let sets: Vec<_> = sets(uids, most).into_iter().map(|s| s.text).collect();
            assert_eq!(sets, texts);
        }
    }

    #[test]
    fn no_set_makes_a_line_too_long_for_a_server() {
        let scattered: Vec<u32> = (0..5000).map(|i| 4_000_000_000 + i * 2).collect();
        let sets = sets(scattered, UIDS_MAX);
        assert!(sets.iter().all(|s| s.text.len() < 8000));
        assert_eq!(sets.iter().map(|s| s.uids.len()).sum::<usize>(), 5000);
    }

    #[test]
    fn a_copyuid_proves_what_it_names_and_no_more() {
        let asked = [3, 4, 5, 9];
        for (from, to, proved) in [
            (vec![3..=5, 9..=9], vec![101..=104], vec![3, 4, 5, 9]),
            (vec![4..=4], vec![7..=7], vec![4]),
            (vec![8..=8], vec![7..=7], vec![]),
            (vec![4..=6], vec![7..=9], vec![]),
            (vec![3..=5], vec![7..=8], vec![]),
            (vec![1..=u32::MAX], vec![1..=u32::MAX], vec![]),
            (vec![0..=u32::MAX], vec![1..=1], vec![]),
            (vec![], vec![], vec![]),
        ] {
            let code = Copyuid { from, to };
            assert_eq!(code.proves(&asked), proved, "{code:?}");
        }
    }
}
