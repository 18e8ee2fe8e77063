//! Many texts, of which those are found that stand at a given place: a prefix tree.
//!
//! Nearly every keyword begins where a word begins, so a message need not be looked at letter by
//! letter: at each word's beginning the tree is gone down as far as the text goes along, which for
//! most words ends after three or four letters, however many keywords there are.
//!
//! Invariants: a step down costs one byte looked up among a node's children; memory and building
//! time grow with the letters of the texts.

/// What stands for no text.
const NONE: u32 = u32::MAX;

/// Texts, as a tree in which those that begin alike share their beginning.
#[derive(Debug)]
pub struct Prefixes {
    /// By first byte: the node, or [`NONE`].
    roots: Box<[u32; 256]>,
    /// The children of a node stand side by side, in order of their first bytes.
    nodes: Vec<Node>,
    /// The first byte of each node.
    firsts: Vec<u8>,
    /// What nodes have behind their first byte.
    rests: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// Where its rest begins.
    rest: u32,
    /// How long that is.
    rest_len: u16,
    /// How many children it has: at most one for each byte.
    children: u16,
    /// The first of them.
    first_child: u32,
    /// The number of the text that ends here, or [`NONE`].
    text: u32,
}

impl Prefixes {
    /// The tree of `texts`, each with its number; none is empty, none is there twice, and none has
    /// 64 KiB.
    pub fn new(mut texts: Vec<(&str, u32)>) -> Self {
        texts.sort_unstable();
        let mut tree = Self {
            roots: Box::new([NONE; 256]),
            nodes: Vec::with_capacity(texts.len() * 2),
            firsts: Vec::with_capacity(texts.len() * 2),
            rests: Vec::new(),
        };
        // Each a row of texts alike up to a depth, below a node.
        let mut open = vec![(texts.as_slice(), 0, None)];
        while let Some((row, depth, parent)) = open.pop() {
            let first_child = tree.nodes.len();
            for alike in row.chunk_by(|(a, _), (b, _)| byte(a, depth) == byte(b, depth)) {
                let (Some(&(first, number)), Some(&(last, _))) = (alike.first(), alike.last())
                else {
                    continue;
                };
                // In order, so what the first and the last share all share.
                let shared = first.bytes().zip(last.bytes());
                let end = shared.take_while(|(a, b)| a == b).count();
                let rest = first.as_bytes().get(depth + 1..end).unwrap_or_default();
                let ends = first.len() == end;
                tree.firsts.push(byte(first, depth).unwrap_or_default());
                tree.nodes.push(Node {
                    rest: narrow(tree.rests.len()),
                    rest_len: u16::try_from(rest.len()).unwrap_or(u16::MAX),
                    children: 0,
                    first_child: 0,
                    text: if ends { number } else { NONE },
                });
                tree.rests.extend_from_slice(rest);
                let below = alike.get(usize::from(ends)..).unwrap_or_default();
                if !below.is_empty() {
                    open.push((below, end, Some(tree.nodes.len() - 1)));
                }
            }
            let children = first_child..tree.nodes.len();
            match parent.and_then(|parent: usize| tree.nodes.get_mut(parent)) {
                Some(parent) => {
                    parent.first_child = narrow(children.start);
                    parent.children = u16::try_from(children.len()).unwrap_or(u16::MAX);
                }
                None => {
                    for node in children {
                        tree.roots[usize::from(tree.firsts[node])] = narrow(node);
                    }
                }
            }
        }
        tree
    }

    /// Shows the number and the length of each text with which `bytes` begins, the shortest first.
    pub fn at_start_of(&self, bytes: &[u8], mut show: impl FnMut(u32, usize)) {
        let Some(&first) = bytes.first() else {
            return;
        };
        let mut node = self.roots[usize::from(first)];
        let mut at = 1;
        while let Some(&Node {
            rest,
            rest_len,
            children,
            first_child,
            text,
        }) = self.nodes.get(node as usize)
        {
            if rest_len > 0 {
                let (rest, len) = (rest as usize, usize::from(rest_len));
                if bytes.get(at..at + len) != self.rests.get(rest..rest + len) {
                    return;
                }
                at += len;
            }
            if text != NONE {
                show(text, at);
            }
            let Some(&next) = bytes.get(at) else {
                return;
            };
            let first = first_child as usize;
            let firsts = self.firsts.get(first..first + usize::from(children));
            let Some(child) = firsts.and_then(|firsts| place_of(next, firsts)) else {
                return;
            };
            node = first_child + narrow(child);
            at += 1;
        }
    }

    /// Heap memory, in bytes.
    pub fn memory(&self) -> usize {
        size_of_val(&*self.roots)
            + self.nodes.capacity() * size_of::<Node>()
            + self.firsts.capacity()
            + self.rests.capacity()
    }
}

/// Most nodes have few children, for which a call of `memchr` costs more than it spares.
fn place_of(byte: u8, firsts: &[u8]) -> Option<usize> {
    const FEW: usize = 8;
    if firsts.len() <= FEW {
        firsts.iter().position(|&first| first == byte)
    } else {
        memchr::memchr(byte, firsts)
    }
}

fn byte(text: &str, at: usize) -> Option<u8> {
    text.as_bytes().get(at).copied()
}

/// The texts of a rule set have far less than 4 GiB.
fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(NONE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(texts: &[&str], text: &str) -> Vec<(u32, usize)> {
        let tree = Prefixes::new(texts.iter().copied().zip(0..).collect());
        let mut found = Vec::new();
        tree.at_start_of(text.as_bytes(), |number, len| found.push((number, len)));
        found
    }

    #[test]
    fn all_beginnings_are_found_the_shortest_first() {
        let texts = ["faktura", "fakt", "fakturan", "f", "ö", "fel", " inte"];
        assert_eq!(found(&texts, "fakturan."), [(3, 1), (1, 4), (0, 7), (2, 8)]);
        assert_eq!(found(&texts, "ö"), [(4, 2)]);
        assert_eq!(found(&texts, "feg"), [(3, 1)]);
        assert_eq!(found(&texts, " inte"), [(6, 5)]);
        for nothing in ["", "x", "å", " int"] {
            assert_eq!(found(&texts, nothing), [], "{nothing}");
        }
        assert_eq!(found(&[], "faktura"), []);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_finds_what_stands_there(texts in prop::collection::btree_set("[abå ]{1,5}", 0..20), text in "[abå ]{0,8}") {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let wanted: std::collections::BTreeSet<(u32, usize)> = (0..)
                .zip(&texts)
                .filter(|(_, one)| text.starts_with(**one))
                .map(|(number, one)| (number, one.len()))
                .collect();
            prop_assert_eq!(found(&texts, &text).into_iter().collect::<std::collections::BTreeSet<_>>(), wanted);
        }
    }
}
