//! An SMTP server on loopback that answers each verb as it is told, for tests.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{MailAuthorities, Smtp, SmtpAddress};

/// Closes the connection instead of answering.
pub(crate) const DROP: &str = "";

/// The answer to each verb, to the connection (`greeting`) and to the end of a message (`message`).
#[derive(Clone, Copy)]
pub(crate) struct Script([(&'static str, &'static str); 8]);

impl Script {
    /// Takes everything.
    pub(crate) const ACCEPT: Self = Self([
        ("greeting", "220 ready"),
        ("EHLO", "250-mail.example.com\r\n250 AUTH PLAIN LOGIN"),
        ("AUTH", "235 welcome"),
        ("MAIL", "250 ok"),
        ("RCPT", "250 ok"),
        ("DATA", "354 go on"),
        ("message", "250 taken"),
        ("QUIT", "221 bye"),
    ]);

    /// The same with another answer to one verb.
    pub(crate) fn but(mut self, verb: &str, answer: &'static str) -> Self {
        let entry = self.0.iter_mut().find(|(known, _)| *known == verb);
        entry.unwrap().1 = answer;
        self
    }

    fn answer(&self, verb: &str) -> &'static str {
        let entry = self.0.iter().find(|(known, _)| *known == verb);
        entry.map_or("500 what", |(_, answer)| answer)
    }
}

#[derive(Default)]
struct Heard {
    messages: Vec<String>,
    verbs: Vec<String>,
}

pub(crate) struct ScriptedSmtp {
    port: u16,
    script: Arc<Mutex<Script>>,
    heard: Arc<Mutex<Heard>>,
}

impl ScriptedSmtp {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = Arc::new(Mutex::new(script));
        let heard = Arc::<Mutex<Heard>>::default();
        let (follow, listen) = (Arc::clone(&script), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&follow), Arc::clone(&listen)));
            }
        });
        Self {
            port,
            script,
            heard,
        }
    }

    pub(crate) fn follow(&self, script: Script) {
        *self.script.lock().unwrap() = script;
    }

    pub(crate) fn address(&self) -> SmtpAddress {
        SmtpAddress::parse(&format!("smtp://user:secret@127.0.0.1:{}", self.port)).unwrap()
    }

    pub(crate) fn smtp(&self) -> Smtp {
        Smtp::new(self.address(), MailAuthorities::default())
    }

    /// The messages whose last byte has come, taken or not.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.heard.lock().unwrap().messages.clone()
    }

    pub(crate) fn heard(&self, verb: &str) -> usize {
        self.heard
            .lock()
            .unwrap()
            .verbs
            .iter()
            .filter(|heard| *heard == verb)
            .count()
    }
}

async fn converse(
    stream: TcpStream,
    script: Arc<Mutex<Script>>,
    heard: Arc<Mutex<Heard>>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let answer = |verb: &str| script.lock().unwrap().answer(verb);
    say(&mut stream, answer("greeting")).await?;
    loop {
        let line = line(&mut stream).await?;
        let verb = line.split([' ', ':']).next().unwrap_or_default();
        let verb = verb.to_ascii_uppercase();
        heard.lock().unwrap().verbs.push(verb.clone());
        let said = answer(&verb);
        say(&mut stream, said).await?;
        if verb == "DATA" && said.starts_with('3') {
            let mut message = String::new();
            loop {
                let part = self::line(&mut stream).await?;
                if part == "." {
                    break;
                }
                message.push_str(&part);
                message.push('\n');
            }
            heard.lock().unwrap().messages.push(message);
            say(&mut stream, answer("message")).await?;
        }
    }
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Answers; None if the connection is to be closed.
async fn say(stream: &mut BufReader<TcpStream>, answer: &str) -> Option<()> {
    if answer == DROP {
        return None;
    }
    stream
        .get_mut()
        .write_all(format!("{answer}\r\n").as_bytes())
        .await
        .ok()
}
