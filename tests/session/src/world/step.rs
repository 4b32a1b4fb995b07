//! What may happen in a state, and what comes of it.

use playhouse_wire::session::{ClientState, Door, GateLink};

use super::{Downward, World};

/// What happens: to the client, to a link, at a gate, between a gate and a home, or at a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is said in words by `describe`")]
pub enum Step {
    Connect(usize),
    Call,
    ClientTakes(u64),
    ClientAcks,
    ClientNotices(u64),
    Break(u64),
    GateTakes(u64),
    GateHears(usize, usize),
    GateNotices(u64),
    HomeTakes(usize, usize),
    HomeSends(usize),
    Begin(usize),
    Run(usize),
    Event(usize),
    HopBreaks(usize, usize, usize, usize),
    GateDies(usize),
    HomeDies(usize),
    Freeze(usize),
    MoveIn(usize),
    CallOff(usize),
    Lapse(usize),
    React(usize),
    Grace(usize),
    Replace(usize),
    Restart,
    Forget,
    Login,
    Attack(usize),
}

impl World {
    /// Whether something goes wrong, or is done on purpose that a session must survive.
    pub(crate) const fn is_failure(step: Step) -> bool {
        matches!(
            step,
            Step::Break(_)
                | Step::HopBreaks(..)
                | Step::GateDies(_)
                | Step::HomeDies(_)
                | Step::Freeze(_)
                | Step::CallOff(_)
                | Step::Lapse(_)
                | Step::Grace(_)
                | Step::Replace(_)
                | Step::Restart
                | Step::Forget
                | Step::Attack(_)
        )
    }

    /// Whether the client waits for an answer to its `Open`.
    pub(crate) fn is_opening(&self) -> bool {
        matches!(self.client.machine.state(), ClientState::Opening { .. })
    }

    pub(crate) fn all_steps(&self, is_resting: bool) -> Vec<Step> {
        let mut steps = Vec::new();
        self.steps_of_client(&mut steps, is_resting);
        self.steps_of_links(&mut steps);
        self.steps_of_gates(&mut steps);
        for home in 0..2 {
            self.steps_of_home(home, &mut steps, is_resting);
        }
        steps
    }

    fn steps_of_client(&self, steps: &mut Vec<Step>, is_resting: bool) {
        let (client, budget) = (&self.client.machine, &self.budget);
        let connects = match client.state() {
            ClientState::Down => true,
            ClientState::Opening { .. } => !is_resting,
            ClientState::Live { .. } => budget.migrations > 0,
            ClientState::Over => false,
        };
        if connects && client.attempt() < budget.attempts.into() {
            steps.extend((0..self.hops.len()).map(Step::Connect));
        }
        if budget.calls > 0 && client.id().is_some() && client.state() != ClientState::Over {
            steps.push(Step::Call);
        }
        if matches!(client.state(), ClientState::Live { .. }) && client.poll_timeout().is_some() {
            steps.push(Step::ClientAcks);
        }
        if budget.restarts > 0 && client.id().is_some() {
            steps.push(Step::Restart);
        }
        if budget.amnesias > 0 && client.id().is_some() && client.state() != ClientState::Over {
            steps.push(Step::Forget);
        }
        if budget.logins > 0 && client.state() == ClientState::Over {
            steps.push(Step::Login);
        }
        let has_attacked = self
            .links
            .iter()
            .any(|link| link.is_attackers && link.is_open_at_gate);
        if budget.attacks > 0 && !has_attacked {
            steps.extend((0..self.recorded.len()).map(Step::Attack));
        }
    }

    fn steps_of_links(&self, steps: &mut Vec<Step>) {
        for (index, link) in self.links.iter().enumerate() {
            let number = index as u64 + 1;
            if link.is_open_at_client && !link.down.is_empty() {
                steps.push(Step::ClientTakes(number));
            }
            if link.is_open_at_client && link.is_cut {
                steps.push(Step::ClientNotices(number));
            }
            if self.gate_can_take(number) {
                steps.push(Step::GateTakes(number));
            }
            if link.is_open_at_gate && link.is_cut {
                steps.push(Step::GateNotices(number));
            }
            if !link.is_cut && self.budget.breaks > 0 && !link.is_attackers {
                steps.push(Step::Break(number));
            }
        }
    }

    fn steps_of_gates(&self, steps: &mut Vec<Step>) {
        for (gate, hops) in self.hops.iter().enumerate() {
            for (home, hop) in hops.iter().enumerate() {
                if self.gate_can_hear(gate, home) {
                    steps.push(Step::GateHears(gate, home));
                }
                if self.home_can_take(home, gate) {
                    steps.push(Step::HomeTakes(home, gate));
                }
                let is_used = !hop.up.is_empty() || !hop.down.is_empty() || self.serves(home, gate);
                let is_whole = !hop.down.contains(&Downward::Break) && self.homes[home].is_alive;
                if self.budget.hop_breaks > 0 && is_used && is_whole {
                    for up in 0..=hop.up.len() {
                        let downs = 0..=hop.down.len();
                        steps.extend(downs.map(|down| Step::HopBreaks(gate, home, up, down)));
                    }
                }
            }
            let mut links = self.links.iter();
            if self.budget.gate_deaths > 0 && links.any(|it| it.gate == gate && it.is_open_at_gate)
            {
                steps.push(Step::GateDies(gate));
            }
        }
    }

    /// Whether the session of this home is served through this gate.
    fn serves(&self, home: usize, gate: usize) -> bool {
        let session = self.homes[home].door.as_ref().and_then(Door::session);
        let via = session.and_then(|session| session.attached());
        via.is_some_and(|via| via.gate / super::LIVES == gate as u64)
    }

    fn steps_of_home(&self, home: usize, steps: &mut Vec<Step>, is_resting: bool) {
        let (at, budget) = (&self.homes[home], &self.budget);
        if !at.is_alive {
            return;
        }
        let other = &self.homes[1 - home];
        if at.login.is_some() {
            steps.push(Step::Begin(home));
        }
        if let Some(door) = &at.door {
            let session = door.session();
            if session.is_some_and(|session| session.waiting().0 > 0) {
                steps.push(Step::Run(home));
            }
            let is_attached = session.is_some_and(|session| session.attached().is_some());
            let has_acks = door.poll_timeout() == Some(1);
            let has_messages = self.setting.scenario.is_lazy
                && session.is_some_and(|session| session.kept().0 > 0);
            if is_attached && (has_acks || has_messages) {
                steps.push(Step::HomeSends(home));
            }
            if budget.events > 0 && session.is_some() && !at.is_frozen {
                steps.push(Step::Event(home));
            }
            if budget.graces > 0 && session.is_some() && !is_attached && !at.is_frozen {
                steps.push(Step::Grace(home));
            }
            if budget.replacements > 0 && session.is_some() && !at.is_frozen {
                steps.push(Step::Replace(home));
            }
            if budget.moves > 0 && !at.is_frozen && other.is_alive && session.is_some() {
                steps.push(Step::Freeze(home));
            }
            if budget.home_deaths > 0 {
                steps.push(Step::HomeDies(home));
            }
            if budget.lapses > 0 && self.owner == Some(home) && session.is_some() {
                steps.push(Step::Lapse(home));
            }
        }
        if at.is_frozen && self.moves_from(home) && (!is_resting || !other.is_alive) {
            steps.push(Step::CallOff(home));
        }
        if self.can_move_in(home) {
            steps.push(Step::MoveIn(home));
        }
        let is_owned = self.owner.is_some_and(|owner| self.homes[owner].is_alive);
        if at.door.is_none() && !is_owned {
            steps.push(Step::React(home));
        }
    }

    fn moves_from(&self, home: usize) -> bool {
        let is_here = self
            .moving
            .as_ref()
            .is_some_and(|moving| moving.from == home);
        is_here && self.owner == Some(home)
    }

    /// Does it. Whether it could be done.
    pub(crate) fn step(&mut self, step: Step) -> bool {
        let budget = &mut self.budget;
        match step {
            Step::Connect(gate) => {
                if matches!(self.client.machine.state(), ClientState::Live { .. }) {
                    budget.migrations -= 1;
                }
                self.connect(gate);
            }
            Step::Call => {
                budget.calls -= 1;
                self.call();
            }
            Step::ClientTakes(link) => self.client_takes(link),
            Step::ClientAcks => self.client_sends(1),
            Step::ClientNotices(link) => self.client_notices(link),
            Step::Break(link) => {
                budget.breaks -= 1;
                self.links[link as usize - 1].is_cut = true;
            }
            Step::GateTakes(link) => self.gate_takes(link),
            Step::GateHears(gate, home) => self.gate_hears(gate, home),
            Step::GateNotices(link) => self.gate_notices(link),
            Step::HomeTakes(home, gate) => self.home_takes(home, gate),
            Step::HomeSends(home) => self.home_transmits(home, 1),
            Step::Begin(home) => self.begin(home),
            Step::Run(home) => {
                if !self.run(home) {
                    return false;
                }
            }
            Step::Event(home) => {
                budget.events -= 1;
                self.send_event(home);
            }
            Step::HopBreaks(gate, home, up, down) => {
                budget.hop_breaks -= 1;
                self.hop_breaks(gate, home, up, down);
            }
            Step::GateDies(gate) => {
                budget.gate_deaths -= 1;
                self.gate_dies(gate);
            }
            Step::HomeDies(home) => {
                budget.home_deaths -= 1;
                self.home_dies(home);
            }
            Step::Freeze(home) => {
                budget.moves -= 1;
                self.freeze(home);
            }
            Step::MoveIn(home) => self.move_in(home),
            Step::CallOff(home) => self.call_off(home),
            Step::Lapse(home) => {
                budget.lapses -= 1;
                self.lapse(home);
            }
            Step::React(home) => self.react(home),
            Step::Grace(home) => {
                budget.graces -= 1;
                self.grace(home);
            }
            Step::Replace(home) => {
                budget.replacements -= 1;
                self.replace(home);
            }
            Step::Restart => {
                budget.restarts -= 1;
                self.client_logs_in();
            }
            Step::Forget => {
                budget.amnesias -= 1;
                self.client_forgets();
            }
            Step::Login => {
                budget.logins -= 1;
                self.client_logs_in();
            }
            Step::Attack(recorded) => {
                budget.attacks -= 1;
                self.attack(recorded);
            }
        }
        self.settle();
        true
    }

    /// Where gates are fast, what homes send is there at once. What is over is forgotten.
    fn settle(&mut self) {
        while !self.setting.scenario.is_slow {
            let mut ways = (0..self.hops.len()).flat_map(|gate| [(gate, 0), (gate, 1)]);
            let Some((gate, home)) = ways.find(|(gate, home)| self.gate_can_hear(*gate, *home))
            else {
                break;
            };
            self.gate_hears(gate, home);
        }
        for link in &mut self.links {
            if !link.is_open_at_client && !link.is_open_at_gate {
                link.machine = GateLink::new();
                link.up.clear();
                link.down.clear();
            }
        }
    }

    pub(super) fn in_words(&self, step: Step) -> String {
        match step {
            Step::Connect(gate) => format!("the client opens on a new link to gate {gate}"),
            Step::Call => format!("the client calls, {}", self.client.issued + 1),
            Step::ClientTakes(link) => {
                let what = self.frame_in_words(&self.links[link as usize - 1].down);
                format!("the client takes {what} of link {link}")
            }
            Step::ClientAcks => "the client acknowledges".to_owned(),
            Step::ClientNotices(link) => format!("the client sees the end of link {link}"),
            Step::Break(link) => format!("link {link} breaks"),
            Step::GateTakes(link) => {
                let what = self.frame_in_words(&self.links[link as usize - 1].up);
                format!("a gate takes {what} of link {link}")
            }
            Step::GateHears(gate, home) => format!(
                "gate {gate} hears {:?} of home {home}",
                self.hops[gate][home].down.first()
            ),
            Step::GateNotices(link) => format!("its gate sees the end of link {link}"),
            Step::HomeTakes(home, gate) => match self.hops[gate][home].up.first() {
                Some(super::Upward::Message(link, attempt, frame)) => {
                    let what = self.frame_in_words(std::slice::from_ref(frame));
                    format!("home {home} takes {what} of link {link}, attempt {attempt}")
                }
                other => format!("home {home} takes {other:?} of gate {gate}"),
            },
            Step::HomeSends(home) => format!("home {home} sends what is due"),
            Step::Begin(home) => format!("home {home} stores the login and begins its session"),
            Step::Run(home) => format!("home {home} runs the next call"),
            Step::Event(home) => format!("home {home} sends an event"),
            Step::HopBreaks(gate, home, up, down) => {
                format!("gate {gate} and home {home} lose each other, but for {up} and {down}")
            }
            Step::GateDies(gate) => format!("gate {gate} dies"),
            Step::HomeDies(home) => format!("home {home} dies"),
            Step::Freeze(home) => format!("home {home} freezes the entity and offers it"),
            Step::MoveIn(home) => format!("home {home} takes the entity over"),
            Step::CallOff(home) => format!("home {home} calls the move off"),
            Step::Lapse(home) => format!("home {home} loses its lease"),
            Step::React(home) => format!("home {home} begins the entity anew"),
            Step::Grace(home) => format!("the grace is over at home {home}"),
            Step::Replace(home) => format!("somebody else logs in at home {home}"),
            Step::Restart => "the client's process begins anew".to_owned(),
            Step::Forget => "the client's process begins anew, with the same login".to_owned(),
            Step::Login => "the client logs in anew".to_owned(),
            Step::Attack(_) => "the attacker presents what he has recorded".to_owned(),
        }
    }

    fn frame_in_words(&self, frames: &[super::Frame]) -> String {
        let first = frames
            .first()
            .map(|frame| playhouse_wire::Message::decode(frame));
        match first {
            Some(Ok(message)) => format!("{message:?}"),
            _ => "nothing".to_owned(),
        }
    }
}
