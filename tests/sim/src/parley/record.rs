//! What was said and heard, and what is wrong with it.
//!
//! Long because all that is judged is one state: what each thing that happens means depends on all of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use playhouse::{Executed, Failure};
use playhouse_client::SessionReason;
use tokio::time::Instant;

use super::{BUFFER, World};

thread_local! {
    /// Whatever the entities and clients of this thread's simulation have seen: entities have no other way to tell.
    static RECORD: RefCell<Record> = RefCell::default();
}

/// A speaker, and the how manieth visit in the name of its account, which is the number of its login too.
pub(super) type Login = (u32, u64);

/// What was said and heard.
#[derive(Debug, Default)]
pub(super) struct Record {
    speakers: BTreeMap<u32, Speaker>,
    visits: BTreeMap<Login, Visit>,
    world: World,
    /// No speaker has a reason to forget anything, and no session to end.
    nobody_dies: bool,
    /// Logins whose pass was shown by somebody else: their sessions may end by it.
    shown: BTreeSet<Login>,
    wrong: Vec<String>,
    history: Vec<String>,
    began: Option<Instant>,
}

/// What happened to a speaker, wherever it was.
#[derive(Debug, Default)]
struct Speaker {
    client: Client,
    /// Of which login anything has begun since a client was attached last.
    login: Option<u64>,
    newest: u64,
    /// How many messages have begun, of all logins.
    begun: u64,
    /// How many events it has sent and questions it has asked.
    told: u64,
    /// How many of those that may be lost.
    glimpses: u64,
    /// Events that were sent while more than are kept had not come.
    beyond: BTreeSet<u64>,
    questions: BTreeMap<u64, Question>,
}

/// Where the client is, as the hooks say.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Client {
    #[default]
    None,
    There,
    Away,
    Replaced,
}

/// What happened to a question.
#[derive(Debug, Default)]
struct Question {
    /// How often clients heard it.
    heard: u32,
    outcome: Option<Outcome>,
}

/// What a client saw of its session.
#[derive(Debug, Default)]
struct Visit {
    /// Of which login it shows the pass, if it is none itself.
    shows: Option<u64>,
    messages: BTreeMap<u64, Message>,
    /// The latest message that has begun.
    begun: u64,
    /// The latest event that came.
    told: Option<u64>,
    /// The first event that was sent after one of its messages began.
    told_from: Option<u64>,
    asked: u64,
    /// The latest that came of what may be lost.
    glimpsed: u64,
    over: Option<SessionReason>,
}

#[derive(Debug)]
struct Message {
    is_call: bool,
    ran: u32,
    outcome: Option<Outcome>,
}

/// What became of a call, as its caller heard it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was answered.
    Answered,
    /// It did not run.
    NotExecuted,
    /// Nobody knows.
    Unknown,
}

/// A hook of a speaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    Attached,
    Lost,
    Resumed,
    Replaced,
}

impl Outcome {
    /// Of a call that came to this.
    pub(super) fn of<T>(result: &Result<T, Failure>) -> Self {
        match result {
            Ok(_) => Self::Answered,
            Err(failure) if failure.executed() == Executed::NotExecuted => Self::NotExecuted,
            Err(_) => Self::Unknown,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answered => "that it was answered",
            Self::NotExecuted => "that it did not run",
            Self::Unknown => "that nobody knows",
        })
    }
}

/// What happened in the last simulation of this thread, in order.
#[must_use]
pub fn history() -> Vec<String> {
    with(|record| record.history.clone())
}

/// Does something with the record of this thread.
pub(super) fn with<T>(f: impl FnOnce(&mut Record) -> T) -> T {
    RECORD.with_borrow_mut(f)
}

impl Record {
    /// Begins anew.
    pub(super) fn clear(world: World) {
        with(|record| {
            *record = Self {
                world,
                nobody_dies: !world.kills_homes(),
                ..Self::default()
            }
        });
    }

    /// Something is wrong.
    pub(super) fn found(&mut self, what: String) {
        self.history.push(format!("     WRONG {what}"));
        self.wrong.push(what);
    }

    /// It is so long after the beginning of the simulation. Called inside of it.
    pub(super) fn is_at(&mut self, time: Duration) {
        self.began = Instant::now().checked_sub(time);
    }

    /// Something happens inside of the simulation.
    pub(super) fn note(&mut self, what: &str) {
        let at = self.began.map_or(Duration::ZERO, |began| began.elapsed());
        self.note_at(at, what);
    }

    /// Something happens so long after the beginning.
    pub(super) fn note_at(&mut self, at: Duration, what: &str) {
        self.history
            .push(format!("{:10.3} {what}", at.as_secs_f64()));
    }

    /// A visit is somebody else's who shows the pass of this login. Whether it may: who knows of a session in which nothing was said
    /// can't be told from whoever has it.
    pub(super) fn shows(&mut self, (key, visit): Login, login: u64) -> bool {
        let shown = self.visits.get(&(key, login));
        let is_known = visit == login || shown.is_some_and(|it| it.begun > 0);
        if is_known {
            self.note(&format!("visit {visit} of {key} shows login {login}"));
            self.visits.entry((key, visit)).or_default().shows = Some(login);
            self.shown.insert((key, login));
        }
        is_known
    }

    /// A client is about to send a message. Its number.
    pub(super) fn issued(&mut self, login: Login, is_call: bool) -> u64 {
        let visit = self.visits.entry(login).or_default();
        let number = visit.messages.len() as u64 + 1;
        let message = Message {
            is_call,
            ran: 0,
            outcome: None,
        };
        visit.messages.insert(number, message);
        number
    }

    /// A hook of a speaker runs.
    pub(super) fn hooked(&mut self, key: u32, hook: Hook) {
        self.note(&format!("speaker {key}: {hook:?}"));
        let speaker = self.speakers.entry(key).or_default();
        let before = speaker.client;
        let follows = match hook {
            Hook::Attached => before != Client::There,
            Hook::Lost => before == Client::There,
            Hook::Resumed => before == Client::Away,
            Hook::Replaced => matches!(before, Client::There | Client::Away),
        };
        speaker.client = match hook {
            Hook::Attached | Hook::Resumed => Client::There,
            Hook::Lost => Client::Away,
            Hook::Replaced => Client::Replaced,
        };
        if hook == Hook::Attached {
            speaker.login = None;
        }
        if !follows {
            self.found(format!(
                "speaker {key}: {hook:?}, though its client is {before:?}"
            ));
        }
    }

    /// A speaker is activated, and has nothing that it had.
    pub(super) fn created(&mut self, key: u32) {
        let nobody_dies = self.nobody_dies;
        let speaker = self.speakers.entry(key).or_default();
        speaker.client = Client::None;
        speaker.login = None;
        if nobody_dies && speaker.begun > 0 {
            let begun = std::mem::take(&mut speaker.begun);
            self.found(format!("speaker {key} begins anew after {begun} messages"));
        }
    }

    /// A message begins at its speaker, which remembers so many.
    pub(super) fn begun(&mut self, (key, login): Login, number: u64, remembered: u64) {
        let mut wrong = Vec::new();
        let speaker = self.speakers.entry(key).or_default();
        if self.nobody_dies && remembered != speaker.begun {
            let begun = speaker.begun;
            wrong.push(format!(
                "speaker {key} remembers {remembered} of {begun} messages"
            ));
        }
        speaker.begun += 1;
        if *speaker.login.get_or_insert(login) != login {
            let by = speaker.login;
            wrong.push(format!(
                "message {number} of login {login} begins at speaker {key} in the session of login {by:?}"
            ));
        }
        let visit = self.visits.entry((key, login)).or_default();
        let shows = visit.shows.unwrap_or(login);
        if shows < speaker.newest {
            let newest = speaker.newest;
            wrong.push(format!(
                "message {number} of login {login} begins at speaker {key} after login {newest}: its session is over"
            ));
        }
        speaker.newest = speaker.newest.max(shows);
        let told = speaker.told;
        visit.told_from.get_or_insert(told + 1);
        if number <= visit.begun {
            let begun = visit.begun;
            wrong.push(format!(
                "message {number} of login {login} begins at speaker {key} after message {begun}"
            ));
        }
        visit.begun = visit.begun.max(number);
        if let Some(message) = visit.messages.get_mut(&number) {
            message.ran += 1;
            if message.ran > 1 {
                wrong.push(format!(
                    "message {number} of login {login} has its effect at speaker {key} twice"
                ));
            }
            if message.outcome == Some(Outcome::NotExecuted) {
                wrong.push(format!(
                    "message {number} of login {login} begins at speaker {key} though it was said not to run"
                ));
            }
        }
        self.wrong.append(&mut wrong);
    }

    /// The sender of a message is told what came of it.
    pub(super) fn ended(
        &mut self,
        (key, login): Login,
        number: u64,
        result: &Result<u64, Failure>,
    ) {
        let outcome = Outcome::of(result);
        let visit = self.visits.entry((key, login)).or_default();
        let (nobody_dies, is_over) = (self.nobody_dies, visit.over.is_some());
        let Some(message) = visit.messages.get_mut(&number) else {
            return;
        };
        let is_true = match outcome {
            Outcome::Answered => message.ran == 1 && *result.as_ref().unwrap_or(&0) == number,
            Outcome::NotExecuted => message.ran == 0,
            Outcome::Unknown => true,
        };
        if message.outcome.replace(outcome).is_some() || !is_true {
            let ran = message.ran;
            self.found(format!(
                "message {number} of login {login} ran {ran} times at speaker {key} and its sender is told {outcome}: {result:?}"
            ));
        }
        let is_refused = matches!(result, Err(failure) if failure.kind() == playhouse::FailureKind::Overloaded)
            && outcome == Outcome::NotExecuted;
        if nobody_dies && !is_over && outcome != Outcome::Answered && !is_refused {
            self.found(format!(
                "message {number} of login {login} to speaker {key} fails, though its session goes on: {result:?}"
            ));
        }
    }

    /// A speaker sends an event. Its number.
    pub(super) fn tells(&mut self, key: u32) -> u64 {
        let speaker = self.speakers.entry(key).or_default();
        speaker.told += 1;
        let told = speaker.told;
        let visit = speaker
            .login
            .and_then(|login| self.visits.get(&(key, login)));
        let began = visit.and_then(|visit| visit.told.max(visit.told_from.map(|from| from - 1)));
        if self.world == World::Ends && began.is_some_and(|began| told - began > u64::from(BUFFER))
        {
            speaker.beyond.insert(told);
        }
        told
    }

    /// An event comes to a client.
    pub(super) fn told(&mut self, (key, login): Login, number: u64) {
        let visit = self.visits.entry((key, login)).or_default();
        let follows = match visit.told {
            Some(before) => number == before + 1,
            None => visit.told_from.is_none_or(|from| number <= from),
        };
        let (before, from) = (visit.told.replace(number), visit.told_from);
        let speaker = self.speakers.entry(key).or_default();
        if speaker.beyond.contains(&number) {
            self.found(format!(
                "event {number} of speaker {key} comes to login {login}, though {BUFFER} before it had not come when it was sent"
            ));
        }
        if !follows {
            self.found(format!(
                "event {number} of speaker {key} comes to login {login} after {before:?}: all from {from:?} on are due"
            ));
        }
    }

    /// A speaker sends an event that may be lost. Its number.
    pub(super) fn glimpses(&mut self, key: u32) -> u64 {
        let speaker = self.speakers.entry(key).or_default();
        speaker.glimpses += 1;
        speaker.glimpses
    }

    /// Such an event comes to a client.
    pub(super) fn glimpsed(&mut self, (key, login): Login, number: u64) {
        let visit = self.visits.entry((key, login)).or_default();
        let before = std::mem::replace(&mut visit.glimpsed, number);
        if number <= before {
            self.found(format!(
                "event {number} of speaker {key}, which may be lost, comes to login {login} after {before}"
            ));
        }
    }

    /// Of what may be lost, what a client has and the newest, if it has another one and its session goes on.
    pub(super) fn unseen(&self, (key, login): Login) -> Option<(u64, u64)> {
        let newest = self.speakers.get(&key).map_or(0, |it| it.glimpses);
        let visit = self.visits.get(&(key, login))?;
        let lacks = visit.over.is_none() && visit.glimpsed != newest;
        lacks.then_some((visit.glimpsed, newest))
    }

    /// The newest of what may be lost is due.
    pub(super) fn glimpse_due(&mut self, (key, login): Login) {
        if let Some((has, newest)) = self.unseen((key, login)) {
            self.found(format!(
                "the newest event that may be lost never comes to login {login} of speaker {key}: it has {has} of {newest}"
            ));
        }
    }

    /// A speaker asks its client something. The number of the question.
    pub(super) fn asks(&mut self, key: u32) -> u64 {
        let speaker = self.speakers.entry(key).or_default();
        let number = speaker.questions.len() as u64 + 1;
        speaker.questions.insert(number, Question::default());
        number
    }

    /// A question comes to a client.
    pub(super) fn asked(&mut self, (key, login): Login, number: u64) {
        let speaker = self.speakers.entry(key).or_default();
        let question = speaker.questions.entry(number).or_default();
        question.heard += 1;
        let (heard, outcome) = (question.heard, question.outcome);
        let visit = self.visits.entry((key, login)).or_default();
        let before = std::mem::replace(&mut visit.asked, number);
        if heard > 1 || before >= number || outcome == Some(Outcome::NotExecuted) {
            self.found(format!(
                "question {number} of speaker {key} comes to login {login} {heard} times, after question {before}, \
                 and its speaker was told {outcome:?}"
            ));
        }
    }

    /// A speaker is told what came of its question.
    pub(super) fn answered(&mut self, key: u32, number: u64, result: &Result<u64, Failure>) {
        let outcome = Outcome::of(result);
        let speaker = self.speakers.entry(key).or_default();
        let question = speaker.questions.entry(number).or_default();
        let is_true = match outcome {
            Outcome::Answered => question.heard == 1 && *result.as_ref().unwrap_or(&0) == number,
            Outcome::NotExecuted => question.heard == 0,
            Outcome::Unknown => true,
        };
        if question.outcome.replace(outcome).is_some() || !is_true {
            let heard = question.heard;
            self.found(format!(
                "question {number} of speaker {key} was heard {heard} times and it is told {outcome}: {result:?}"
            ));
        }
    }

    /// A client's session is over.
    pub(super) fn over(&mut self, (key, login): Login, reason: SessionReason) {
        let visit = self.visits.entry((key, login)).or_default();
        visit.over = Some(reason);
        let login_no = visit.shows.unwrap_or(login);
        let may_be = match reason {
            SessionReason::Replaced | SessionReason::LoggedOut => true,
            // A home that stops while no other one is there takes its sessions along.
            SessionReason::Lost | SessionReason::Unavailable => self.world.kills_homes(),
            SessionReason::Expired | SessionReason::Overflow => self.world == World::Ends,
            SessionReason::Protocol => self.shown.contains(&(key, login_no)),
            _ => false,
        };
        if !may_be {
            self.found(format!(
                "the session of login {login} of speaker {key} is over: {reason:?}"
            ));
        }
    }

    /// How many calls wait for what comes of them.
    pub(super) fn waiting(&self) -> usize {
        let messages = self
            .visits
            .values()
            .flat_map(|visit| visit.messages.values());
        messages
            .filter(|message| message.is_call && message.outcome.is_none())
            .count()
    }

    /// Whether all that was sent in sessions that go on has come.
    pub(super) fn is_at_rest(&self) -> bool {
        self.waiting() == 0 && self.missing().is_empty()
    }

    /// What has not come in sessions that go on.
    pub(super) fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for ((key, login), visit) in &self.visits {
            let last = match visit.over {
                None => visit.messages.len() as u64,
                Some(_) => visit.begun,
            };
            for (number, message) in visit.messages.range(..=last) {
                if message.ran == 0 && message.outcome != Some(Outcome::NotExecuted) {
                    missing.push(format!(
                        "message {number} of login {login} has not come to speaker {key}, though {} began",
                        visit.begun
                    ));
                }
            }
            let speaker = self.speakers.get(key);
            let told = speaker.map_or(0, |speaker| speaker.told);
            let is_due = visit.told_from.is_some_and(|from| from <= told);
            if visit.over.is_none() && is_due && visit.told != Some(told) {
                let heard = visit.told;
                missing.push(format!(
                    "login {login} has heard of events up to {heard:?} of speaker {key}, which sent {told}"
                ));
            }
        }
        missing
    }

    /// Nothing fails any more, and nobody says anything.
    pub(super) fn rests(&mut self) {
        for ((key, login), visit) in &self.visits {
            let calls = visit.messages.iter().filter(|(_, message)| message.is_call);
            let hang = calls.filter(|(_, message)| message.outcome.is_none());
            self.wrong.extend(hang.map(|(number, message)| {
                let ran = message.ran;
                format!(
                    "the call {number} of login {login} to speaker {key} hangs; it ran {ran} times"
                )
            }));
        }
        let mut missing = self.missing();
        self.wrong.append(&mut missing);
    }

    /// Every client has gone.
    pub(super) fn gone(&mut self) {
        let mut wrong = Vec::new();
        for (key, speaker) in &self.speakers {
            if matches!(speaker.client, Client::There | Client::Replaced) {
                wrong.push(format!(
                    "speaker {key} takes its client to be {:?}, which has gone",
                    speaker.client
                ));
            }
            let open = speaker
                .questions
                .iter()
                .filter(|(_, it)| it.outcome.is_none());
            let open: Vec<u64> = open.map(|(number, _)| *number).collect();
            if self.nobody_dies && !open.is_empty() {
                self.wrong
                    .push(format!("questions {open:?} of speaker {key} hang"));
            }
        }
        self.wrong.append(&mut wrong);
    }

    /// Messages that ran, calls that were answered, events that were sent, questions that were asked, sessions.
    pub(super) fn counts(&self) -> [usize; 5] {
        let messages = || {
            self.visits
                .values()
                .flat_map(|visit| visit.messages.values())
        };
        let told: u64 = self.speakers.values().map(|it| it.told).sum();
        [
            messages().filter(|message| message.ran > 0).count(),
            messages()
                .filter(|message| message.outcome == Some(Outcome::Answered))
                .count(),
            usize::try_from(told).unwrap_or(usize::MAX),
            self.speakers.values().map(|it| it.questions.len()).sum(),
            self.visits.len(),
        ]
    }

    /// Whether anything is wrong.
    pub(super) const fn is_wrong(&self) -> bool {
        !self.wrong.is_empty()
    }

    /// What is wrong so far.
    pub(super) fn wrong(&mut self) -> Vec<String> {
        std::mem::take(&mut self.wrong)
    }
}
