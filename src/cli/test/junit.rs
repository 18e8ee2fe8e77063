//! The cases as XML in the form of `JUnit`, which CI systems read: a suite a file; known misses are
//! skipped tests.

use std::collections::BTreeMap;
use std::path::Path;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::Ran;
use crate::cli::failure::Failure;
use crate::triage::case::{Mark, Standing};

/// The report, as it grows.
#[derive(Debug, Default)]
pub struct Junit {
    suites: BTreeMap<String, Vec<TestCase>>,
}

impl Junit {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one case.
    pub fn add(&mut self, ran: &Ran<'_>) {
        let message = ran.judgement.misses_told().join(", ");
        let status = match ran.judgement.standing {
            Standing::Passed | Standing::Mended => TestCaseStatus::success(),
            Standing::KnownMiss | Standing::Counted => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(message);
                status
            }
            Standing::Failed => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                let dangerous = matches!(ran.judgement.mark, Some(Mark::Dangerous(_)));
                status.set_type(if dangerous { "dangerous" } else { "miss" });
                let decision = &ran.reading.decision;
                status.set_description(format!(
                    "got {}, {} → {}: {}",
                    ran.judgement.got,
                    decision.action,
                    decision.destination(),
                    decision.reason
                ));
                status.set_message(message);
                status
            }
        };
        let mut case = TestCase::new(ran.case.name.as_str(), status);
        case.set_classname(&*ran.case.origin.file);
        let file = ran.case.origin.file.to_string();
        self.suites.entry(file).or_default().push(case);
    }

    /// Writes it to `path`.
    pub fn write(self, path: &Path) -> Result<(), Failure> {
        let mut report = Report::new("triaged test");
        for (file, cases) in self.suites {
            let mut suite = TestSuite::new(file);
            suite.add_test_cases(cases);
            report.add_test_suite(suite);
        }
        let text = report.to_string().map_err(Failure::failed)?;
        std::fs::write(path, text)
            .map_err(|error| Failure::failed(format!("`{}`: {error}", path.display())))
    }
}
