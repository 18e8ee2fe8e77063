//! What the whole job costs beside what the wire allows: one table, ratios from one run. Run by
//! hand on a machine with Dovecot; it judges by eye only, but ends with 1 when mail went astray.
//!
//! ```text
//! cargo bench --bench mailbox                               everything, about two minutes
//! cargo bench --bench mailbox -- throughput --full          also 10,000 messages (2 GB in $TMPDIR)
//! cargo bench --bench mailbox -- latency|rtt|memory         one part
//! cargo bench --bench mailbox -- --runs 7                   more runs of each (3)
//! cargo bench --bench mailbox -- mail DIRECTORY 100         only lays out the mail, to look at
//! ```
//!
//! Everything listens on loopback, without TLS. Other work on the machine falsifies times more
//! than ratios; the load is printed below the table, and `chrt -r 1` before the command keeps most
//! of it out. `TRIAGED_BENCH_PROGRAM` names another build of the program, or a script that starts
//! it under a profiler. Dovecot's log goes to standard error.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program that measures may stop"
)]

#[path = "mailbox/bare.rs"]
mod bare;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../it/support/dovecot.rs"]
mod dovecot;
#[path = "../it/support/folders.rs"]
mod folders;
#[path = "mailbox/mail.rs"]
mod mail;
#[path = "mailbox/proxy.rs"]
mod proxy;
#[path = "mailbox/scene.rs"]
mod scene;
#[path = "mailbox/sink.rs"]
mod sink;

use std::io::BufReader;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use proxy::{Proxy, Word};
use scene::{Corpus, Scene, Spent};

/// Messages of a short run, and of a long one.
const MESSAGES: [usize; 2] = [1_000, 10_000];
/// Messages with a round-trip time.
const MESSAGES_FAR: usize = 300;
/// Messages delivered one by one, and those before that warm every connection.
const SINGLES: usize = 30;
const SINGLES_FAR: usize = 12;
const WARM_UP: usize = 6;
/// Half a round trip.
const ONE_WAY: Duration = Duration::from_millis(10);
/// SMTP connections of the bare client, near and far; the program has its default of 4.
const BARE_LANES: u16 = 2;
const BARE_LANES_FAR: u16 = 16;
/// The large attachment, in bytes before encoding, and the mail around it.
const LARGE: usize = 25_000_000;
const AROUND_LARGE: usize = 200;
/// Longest wait for a word of the server or an end; Dovecot's notice takes half a second.
const NOTICE: Duration = Duration::from_secs(30);
/// Between two looks at the inbox.
const GLANCE: Duration = Duration::from_micros(250);

/// The table, and whether all mail got to its place.
struct Report {
    rows: Vec<[String; 5]>,
    right: bool,
}

impl Report {
    fn add(&mut self, what: &str, program: String, bare: String, ratio: String, aim: &str) {
        self.rows
            .push([what.to_owned(), program, bare, ratio, aim.to_owned()]);
    }

    fn alone(&mut self, what: &str, program: String, aim: &str) {
        self.add(what, program, String::new(), String::new(), aim);
    }

    fn judge(&mut self, who: &str, verdict: Result<(), String>) {
        if let Err(wrong) = verdict {
            self.right = false;
            println!("WRONG ({who}): {wrong}");
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        // Cargo adds it.
        .filter(|word| word != "--bench")
        .collect();
    if let Some((first, rest)) = arguments.split_first() {
        match first.as_str() {
            bare::ROLE => bare::run(rest),
            proxy::ROLE => proxy::run(rest),
            sink::ROLE => sink::run(),
            "mail" => lay_out(rest),
            _ => return measure(&arguments),
        }
        return ExitCode::SUCCESS;
    }
    measure(&arguments)
}

/// This program in another role, its ends of input and output.
fn role(name: &str, arguments: &[String]) -> (Child, ChildStdin, BufReader<ChildStdout>) {
    let mut child = role_command(name, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    (child, input, BufReader::new(output))
}

fn role_command(name: &str, arguments: &[String]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(name).args(arguments);
    command
}

fn lay_out(arguments: &[String]) {
    let [directory, count] = arguments else {
        println!("mail DIRECTORY COUNT");
        return;
    };
    for n in 0..count.parse().unwrap() {
        let path = std::path::Path::new(directory).join(format!("{n:07}.eml"));
        std::fs::write(path, mail::message(n)).unwrap();
    }
}

fn measure(arguments: &[String]) -> ExitCode {
    let has = |word: &str| arguments.iter().any(|a| a == word);
    let parts = ["throughput", "latency", "rtt", "memory"];
    let wants = |part: &str| has(part) || has("all") || !parts.iter().any(|p| has(p));
    let runs = arguments
        .iter()
        .position(|a| a == "--runs")
        .and_then(|at| arguments.get(at + 1)?.parse().ok())
        .unwrap_or(3);
    let mut report = Report {
        rows: Vec::new(),
        right: true,
    };
    if wants("throughput") {
        throughput(MESSAGES[0], runs, &mut report);
        if has("--full") {
            throughput(MESSAGES[1], runs, &mut report);
        }
    }
    if wants("latency") {
        latency(&mut report);
    }
    if wants("rtt") {
        far(runs, &mut report);
    }
    if wants("memory") {
        memory(&mut report);
    }
    print(&report.rows);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("load average {} on {cores} cores", load.trim());
    if report.right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print(rows: &[[String; 5]]) {
    let head = ["", "triaged", "bare", "ratio", "aim"].map(str::to_owned);
    let all: Vec<_> = std::iter::once(&head).chain(rows).collect();
    let width = |column: usize| {
        let widths = all.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    for row in all {
        let cells: Vec<String> = (0..5)
            .map(|column| match column {
                0 => format!("{:<w$}", row[0], w = widths[0]),
                _ => format!("{:>w$}", row[column], w = widths[column]),
            })
            .collect();
        println!("{}", cells.join("  ").trim_end());
    }
}

fn median<T: Copy + PartialOrd>(mut values: Vec<T>) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    values[values.len() / 2]
}

fn median_of<T: Copy + PartialOrd>(runs: &[Spent], of: impl Fn(&Spent) -> T) -> T {
    median(runs.iter().map(of).collect())
}

fn per_second(count: usize, runs: &[Spent]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let count = count as f64;
    count / median_of(runs, |run| run.wall.as_secs_f64())
}

fn percent(part: f64, whole: f64) -> String {
    format!("{:.0} %", 100.0 * part / whole)
}

fn mebibytes(kibibytes: u64) -> String {
    format!("{} MiB", kibibytes.div_ceil(1024))
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// A whole mailbox, the program and the bare client taking turns.
fn throughput(count: usize, runs: usize, report: &mut Report) {
    let corpus = Corpus::new(count);
    let (mut ours, mut bares, mut starts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let mut scene = Scene::new(Some(&corpus));
        bares.push(scene.bare(scene.imap(), scene.sink.port, BARE_LANES));
        report.judge("bare", scene.verdict(&corpus));
        let mut scene = Scene::new(Some(&corpus));
        ours.push(scene.once());
        report.judge("triaged", scene.verdict(&corpus));
        starts.push(scene.once().wall);
    }
    let (our, bare) = (per_second(count, &ours), per_second(count, &bares));
    let mean = corpus.bytes / 1000 / count as u64;
    report.add(
        &format!("{count} messages of {mean} KB, per second"),
        format!("{our:.0}"),
        format!("{bare:.0}"),
        percent(our, bare),
        ">= 50 %",
    );
    let cpu = |runs: &[Spent]| {
        let all = median_of(runs, |run| run.cpu).as_micros();
        all / count as u128
    };
    report.add(
        "  CPU per message, us",
        cpu(&ours).to_string(),
        cpu(&bares).to_string(),
        String::new(),
        "< 1000",
    );
    report.add(
        "  peak of memory",
        mebibytes(median_of(&ours, |run| run.peak)),
        mebibytes(median_of(&bares, |run| run.peak)),
        String::new(),
        "<= 64 MiB",
    );
    report.alone("  run that finds nothing", milliseconds(median(starts)), "");
}

/// What an IMAP server was heard to say, and when.
type Words = mpsc::Receiver<(Duration, Word)>;

/// Times of single messages: to the sink, and out of the inbox.
struct Times {
    accepted: Vec<Duration>,
    settled: Vec<Duration>,
}

fn singles(scene: &mut Scene, words: &Words, count: usize) -> Times {
    let mut times = Times {
        accepted: Vec::new(),
        settled: Vec::new(),
    };
    // What the server says of `word` at or after `from`.
    let hear = |word, from| {
        loop {
            let (time, said) = words.recv_timeout(NOTICE).expect("a word of the server");
            if said == word && time >= from {
                return time;
            }
        }
    };
    hear(Word::Idling, Duration::ZERO);
    for n in 0..WARM_UP + count {
        let delivered = sink::now();
        scene.deliver(&mail::technical(n));
        let notice = hear(Word::News, delivered);
        let begun = Instant::now();
        while scene.left() > 0 {
            assert!(begun.elapsed() < NOTICE, "the message stays in the inbox");
            std::thread::sleep(GLANCE);
        }
        let settled = sink::now();
        let accepted = scene.sink.accepted(n + 1);
        if n >= WARM_UP {
            times.accepted.push(accepted.saturating_sub(notice));
            times.settled.push(settled.saturating_sub(notice));
        }
        // The next one comes to a client that waits.
        hear(Word::Idling, settled);
    }
    times.accepted.sort_unstable();
    times.settled.sort_unstable();
    times
}

/// The value below which `percent` of the sorted `times` lie.
fn at(times: &[Duration], percent: usize) -> Duration {
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

fn spread(times: &[Duration]) -> String {
    format!(
        "p50 {}, p99 {}",
        milliseconds(at(times, 50)),
        milliseconds(at(times, 99))
    )
}

/// Single messages, from the server's notice on.
fn latency(report: &mut Report) {
    let mut scene = Scene::new(None);
    // Without delay: only to hear the notice. It adds about 0.1 ms to every round trip of IMAP.
    let proxy = Proxy::start(Duration::ZERO, &[scene.imap()]);
    scene.configure(proxy.ports[0], scene.sink.port);
    let daemon = scene.daemon();
    let times = singles(&mut scene, &proxy.words, SINGLES);
    report.alone(
        &format!("notice to forward accepted ({SINGLES} times)"),
        spread(&times.accepted),
        "p50 < 15 ms, p99 < 50 ms",
    );
    report.alone("  and to inbox empty", spread(&times.settled), "");
    let each = daemon.cpu() / (SINGLES + WARM_UP) as u128;
    report.alone(
        "  CPU per message, waiting included",
        format!("{each} ms"),
        "",
    );
}

/// With a round-trip time on both connections.
fn far(runs: usize, report: &mut Report) {
    let corpus = Corpus::new(MESSAGES_FAR);
    let round_trip = ONE_WAY * 2;
    let (mut ours, mut bares) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        for program in [false, true] {
            let mut scene = Scene::new(Some(&corpus));
            let proxy = Proxy::start(ONE_WAY, &[scene.imap(), scene.sink.port]);
            let (imap, smtp) = (proxy.ports[0], proxy.ports[1]);
            if program {
                scene.configure(imap, smtp);
                ours.push(scene.once());
            } else {
                bares.push(scene.bare(imap, smtp, BARE_LANES_FAR));
            }
            let who = ["bare, far", "triaged, far"][usize::from(program)];
            report.judge(who, scene.verdict(&corpus));
        }
    }
    let (our, bare) = (
        per_second(MESSAGES_FAR, &ours),
        per_second(MESSAGES_FAR, &bares),
    );
    report.add(
        &format!(
            "{MESSAGES_FAR} messages, {} ms round trip, per second",
            round_trip.as_millis()
        ),
        format!("{our:.0}"),
        format!("{bare:.0}"),
        percent(our, bare),
        ">= 100/s",
    );
    let mut scene = Scene::new(None);
    let proxy = Proxy::start(ONE_WAY, &[scene.imap(), scene.sink.port]);
    scene.configure(proxy.ports[0], proxy.ports[1]);
    let _daemon = scene.daemon();
    let times = singles(&mut scene, &proxy.words, SINGLES_FAR);
    let trips = |times: &[Duration]| {
        let one = |p| at(times, p).as_secs_f64() / round_trip.as_secs_f64();
        format!("p50 {:.1}, most {:.1}", one(50), one(100))
    };
    report.alone(
        &format!("  round trips to forward accepted ({SINGLES_FAR} times)"),
        trips(&times.accepted),
        "<= 12",
    );
    report.alone("  and to inbox empty", trips(&times.settled), "");
}

/// At rest, and with a large message.
fn memory(report: &mut Report) {
    let scene = Scene::new(None);
    let daemon = scene.daemon();
    let (rest, peak) = daemon.memory_at_rest();
    drop(daemon);
    report.alone("memory at rest, one mailbox", mebibytes(rest), "<= 25 MiB");
    report.alone("  peak of the start", mebibytes(peak), "");
    let mut corpus = Corpus::new(AROUND_LARGE);
    corpus.add(&mail::huge(AROUND_LARGE, LARGE), mail::Route::Technical);
    let mut scene = Scene::new(Some(&corpus));
    let spent = scene.once();
    report.judge("triaged, large", scene.verdict(&corpus));
    report.alone(
        &format!(
            "peak, {AROUND_LARGE} messages and one with {} MB attached",
            LARGE / 1_000_000
        ),
        mebibytes(spent.peak),
        "<= 128 MiB",
    );
}
