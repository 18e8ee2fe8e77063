//! What the wire allows: fetch, send and move the same mail, pipelined, and nothing else. Nothing
//! is parsed, decided or stored, nothing is proved; where a message belongs stands in its
//! Message-ID. A process of its own, so that its CPU is counted like the program's.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use memchr::memmem;

use super::dovecot::{PASSWORD, USER};
use super::mail::Route;

/// What this process is called on the command line.
pub const ROLE: &str = "bare-process";
/// Messages asked for at once; two such windows are under way.
const WINDOW: usize = 200;

/// The process: the ports of IMAP and SMTP, and how many SMTP connections.
pub fn run(arguments: &[String]) {
    let port = |n: usize| arguments[n].parse::<u16>().unwrap();
    let mut imap = Imap::open(port(0));
    let mut lanes: Vec<_> = (0..port(2)).map(|_| Smtp::open(port(1))).collect();
    let uids = imap.search();
    let windows: Vec<_> = uids.chunks(WINDOW).collect();
    let ask = |imap: &mut Imap, n: usize| {
        let window = windows.get(n)?;
        let (first, last) = (window.first()?, window.last()?);
        Some(imap.send(&format!("UID FETCH {first}:{last} BODY.PEEK[]")))
    };
    let mut asked: Vec<_> = (0..2).filter_map(|n| ask(&mut imap, n)).collect();
    for n in 0..windows.len() {
        let mut places: [Vec<String>; 3] = Default::default();
        let mut work: Vec<Vec<Vec<u8>>> = vec![Vec::new(); lanes.len()];
        let mut turn = 0;
        imap.hear(&asked[n], |uid, message| {
            let (place, route) = place(&message);
            places[place].push(uid);
            if route == Route::Technical {
                work[turn % lanes.len()].push(message);
                turn += 1;
            }
        });
        asked.extend(ask(&mut imap, n + 2));
        std::thread::scope(|scope| {
            for (lane, messages) in lanes.iter_mut().zip(&work) {
                scope.spawn(|| messages.iter().for_each(|message| lane.send(message)));
            }
        });
        for (place, (_, _, folder)) in places.iter().zip(Route::ALL) {
            if !place.is_empty() {
                imap.send(&format!("UID MOVE {} {folder}", place.join(",")));
            }
        }
    }
    let last = imap.send("NOOP");
    imap.hear(&last, |_, _| {});
}

fn place(message: &[u8]) -> (usize, Route) {
    let head = &message[..message.len().min(8 << 10)];
    // `<bench-0000000-t@`
    let at = memmem::find(head, b"<bench-").unwrap() + 15;
    let place = Route::ALL
        .iter()
        .position(|(_, letter, _)| *letter == head[at])
        .unwrap();
    (place, Route::ALL[place].0)
}

struct Imap {
    read: BufReader<TcpStream>,
    write: TcpStream,
    tag: usize,
}

impl Imap {
    fn open(port: u16) -> Self {
        let write = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write.set_nodelay(true).unwrap();
        let read = BufReader::with_capacity(256 << 10, write.try_clone().unwrap());
        let mut imap = Self {
            read,
            write,
            tag: 0,
        };
        imap.send(&format!(
            "LOGIN {USER} {{{}}}\r\n{PASSWORD}",
            PASSWORD.len()
        ));
        let tag = imap.send("SELECT INBOX");
        imap.hear(&tag, |_, _| {});
        imap
    }

    fn send(&mut self, command: &str) -> String {
        self.tag += 1;
        let tag = format!("x{}", self.tag);
        write!(self.write, "{tag} {command}\r\n").unwrap();
        tag
    }

    fn search(&mut self) -> Vec<String> {
        let tag = self.send("UID SEARCH ALL");
        let mut uids = Vec::new();
        let mut line = String::new();
        loop {
            line.clear();
            self.read.read_line(&mut line).unwrap();
            if let Some(found) = line.strip_prefix("* SEARCH") {
                uids.extend(found.split_whitespace().map(str::to_owned));
            }
            if line.starts_with(&tag) {
                return uids;
            }
        }
    }

    /// Reads to the answer under `tag`, showing each literal and its UID.
    fn hear(&mut self, tag: &str, mut each: impl FnMut(String, Vec<u8>)) {
        let mut line = Vec::new();
        loop {
            line.clear();
            assert!(self.read.read_until(b'\n', &mut line).unwrap() > 0, "lost");
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            if let Some(rest) = text.strip_prefix(tag)
                && rest.starts_with(' ')
            {
                assert!(rest.starts_with(" OK"), "{text}");
                return;
            }
            let literal = text
                .rsplit_once('{')
                .and_then(|(_, n)| n.strip_suffix('}')?.parse::<usize>().ok());
            if let Some(length) = literal {
                let (_, rest) = text.split_once("UID ").unwrap();
                let uid = rest.split(' ').next().unwrap().to_owned();
                let mut bytes = vec![0; length];
                self.read.read_exact(&mut bytes).unwrap();
                each(uid, bytes);
            }
        }
    }
}

struct Smtp {
    read: BufReader<TcpStream>,
    write: TcpStream,
}

impl Smtp {
    fn open(port: u16) -> Self {
        let write = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write.set_nodelay(true).unwrap();
        let read = BufReader::new(write.try_clone().unwrap());
        let mut smtp = Self { read, write };
        smtp.reply();
        smtp.write.write_all(b"EHLO bench.example\r\n").unwrap();
        smtp.reply();
        smtp
    }

    fn reply(&mut self) {
        let mut line = String::new();
        loop {
            line.clear();
            self.read.read_line(&mut line).unwrap();
            assert!(line.starts_with(['2', '3']), "refused: {line}");
            if line.as_bytes().get(3) == Some(&b' ') {
                return;
            }
        }
    }

    /// The envelope in one packet, then the message. No line of the mail begins with a dot.
    fn send(&mut self, message: &[u8]) {
        self.write
            .write_all(
                b"MAIL FROM:<support@partner.example>\r\n\
                  RCPT TO:<support@lumen-crm.example>\r\nDATA\r\n",
            )
            .unwrap();
        for _ in 0..3 {
            self.reply();
        }
        self.write.write_all(message).unwrap();
        self.write.write_all(b".\r\n").unwrap();
        self.reply();
    }
}
