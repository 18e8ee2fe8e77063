//! The folders of the shipped configuration, for tests and measurements that make or read them.

/// Each folder that mail can be filed in.
pub const FOLDERS: [&str; 17] = [
    "Forwarded",
    "Billing",
    "Subscription",
    "Account",
    "Commerce",
    "Review",
    "Bounces",
    "Auto-replies",
    "Notices",
    "Notices.lumen-crm",
    "Notices.fjordarkiv",
    "Notices.tidvakt",
    "Newsletters",
    "Own mail",
    "Replies",
    "Loops",
    "Quarantine",
];
