//! The languages customers write in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The language of a message, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Language {
    /// Swedish.
    #[serde(rename = "sv")]
    Swedish,
    /// Norwegian.
    #[serde(rename = "no")]
    Norwegian,
    /// Danish.
    #[serde(rename = "da")]
    Danish,
    /// Finnish.
    #[serde(rename = "fi")]
    Finnish,
    /// German.
    #[serde(rename = "de")]
    German,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// Every language that can be told.
    pub const ALL: [Self; 6] = [
        Self::Swedish,
        Self::Norwegian,
        Self::Danish,
        Self::Finnish,
        Self::German,
        Self::English,
    ];

    /// Its ISO 639-1 code: the word used in configuration, command line and log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Swedish => "sv",
            Self::Norwegian => "no",
            Self::Danish => "da",
            Self::Finnish => "fi",
            Self::German => "de",
            Self::English => "en",
        }
    }
}

impl Language {
    /// Its English name, for people who do not know codes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Swedish => "Swedish",
            Self::Norwegian => "Norwegian",
            Self::Danish => "Danish",
            Self::Finnish => "Finnish",
            Self::German => "German",
            Self::English => "English",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
