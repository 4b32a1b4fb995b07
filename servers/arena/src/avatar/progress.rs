//! Becoming better: battles, levels and quests.

use arena_schema::common::{BattleId, BattleResult, Outcome, Reward};
use arena_schema::world::{Avatar, Progress, ProgressQuestEndsArgs, Quest, QuestError, Standing};
use playhouse::{CallError, Cx, Failure, component};

use super::quests::{self, Achieved};
use super::{InventoryLogic, MatchSeatLogic, bag};
use crate::battle::rewards;
use crate::tables;

/// Quests that one may do at a time.
const QUESTS_MAX: usize = 20;
/// Battles that are remembered.
const HISTORY_MAX: usize = 50;

/// What an avatar has achieved.
#[component(Progress)]
#[derive(Debug, Default)]
pub struct ProgressLogic {
    props: Progress,
}

#[component(Progress)]
impl ProgressLogic {
    #[hook]
    async fn created(&mut self, _cx: &mut Cx) {
        for hero in tables::STARTERS {
            let _fits = self.props.heroes_mut().insert(hero);
        }
    }

    #[rpc]
    async fn take_quest(&mut self, cx: &mut Cx, quest: u32) -> Result<(), CallError<QuestError>> {
        let row = tables::quest(quest).ok_or(QuestError::UnknownQuest)?;
        if self.props.quests().contains_key(&quest) {
            return Ok(());
        }
        if self.props.quests().len() >= QUESTS_MAX {
            return Err(QuestError::LogIsFull.into());
        }
        let taken = Quest {
            title: row.title,
            counts: quests::counters(&row.goal),
            goal: row.goal,
            reward: row.reward,
            ends_at: Some(cx.utc() + row.lasts),
        };
        self.props
            .quests_mut()
            .insert(quest, taken)
            .map_err(Failure::from)?;
        cx.timer(ProgressQuestEndsArgs { quest })
            .key(u64::from(quest))
            .after(row.lasts)?;
        Ok(())
    }

    #[rpc]
    async fn finish_quest(
        &mut self,
        cx: &mut Cx,
        quest: u32,
    ) -> Result<Reward, CallError<QuestError>> {
        let taken = self
            .props
            .quests()
            .get(&quest)
            .ok_or(QuestError::UnknownQuest)?;
        let owns = |item| {
            cx.with_slot(Avatar::BAG_SLOT, |bag: &mut InventoryLogic| {
                bag::count(bag.bag(), item)
            }) > 0
        };
        let achieved = Achieved {
            level: self.props.level(),
            owns: &owns,
        };
        let missing = quests::missing(taken, &achieved);
        if missing > 0 {
            return Err(QuestError::NotDone { missing }.into());
        }
        let reward = taken.reward.clone();
        self.give(cx, &reward, None)?;
        self.props.quests_mut().remove(&quest);
        cx.cancel_timers(u64::from(quest));
        Ok(reward)
    }

    #[rpc]
    async fn battles(
        &mut self,
        _cx: &mut Cx,
        before: Option<BattleId>,
        count: u8,
    ) -> Vec<BattleResult> {
        let history = self.props.history();
        let start = match before {
            None => 0,
            Some(before) => history
                .iter()
                .position(|result| result.battle == before)
                .map_or(history.len(), |place| place + 1),
        };
        history
            .iter()
            .skip(start)
            .take(usize::from(count))
            .cloned()
            .collect()
    }

    #[rpc]
    async fn battle_ended(&mut self, cx: &mut Cx, result: BattleResult) -> Result<(), Failure> {
        let known = self
            .props
            .history()
            .iter()
            .any(|past| past.battle == result.battle);
        if known {
            return Ok(());
        }
        cx.with(|seat: &mut MatchSeatLogic| seat.battle_over(result.battle));
        for reward in &result.rewards {
            self.give(cx, reward, Some(result.battle))?;
        }
        if result.outcome != Outcome::Aborted {
            self.props.set_fought(self.props.fought().saturating_add(1));
            self.props
                .ratings_mut()
                .insert(result.mode, result.rating)?;
            self.learn(cx, rewards::experience(&result))?;
            self.count_for_quests(&result)?;
        }
        Progress::rewarded(cx, result.rewards.clone(), Some(result.battle));

        let mut history = self.props.history().to_vec();
        history.insert(0, result);
        history.truncate(HISTORY_MAX);
        self.props.history_mut().replace(history)?;
        Ok(())
    }

    #[rpc]
    async fn quest_ends(&mut self, _cx: &mut Cx, quest: u32) {
        self.props.quests_mut().remove(&quest);
    }

    #[rpc]
    async fn standing(&mut self, _cx: &mut Cx) -> Standing {
        Standing {
            level: self.props.level(),
            experience: self.props.experience(),
            battles: self.props.fought(),
        }
    }

    fn learn(&mut self, cx: &mut Cx, experience: u64) -> Result<(), Failure> {
        let experience = self.props.experience().saturating_add(experience);
        self.props.set_experience(experience);
        let level = rewards::level(experience);
        if level > self.props.level() {
            self.props.set_level(level)?;
            Progress::leveled(cx, level);
        }
        Ok(())
    }

    fn count_for_quests(&mut self, result: &BattleResult) -> Result<(), Failure> {
        let taken: Vec<u32> = self.props.quests().keys().copied().collect();
        for quest in taken {
            let count = |quest: &mut Quest| quests::count_battle(quest, result);
            self.props.quests_mut().update(&quest, count)?;
        }
        Ok(())
    }

    /// Hands a reward to the component that keeps it. Money from a battle bears the battle's number, so that a result
    /// that comes twice pays once.
    fn give(
        &mut self,
        cx: &mut Cx,
        reward: &Reward,
        battle: Option<BattleId>,
    ) -> Result<(), Failure> {
        let Some(account) = cx.key::<Avatar>() else {
            return Ok(());
        };
        match reward {
            Reward::Coins(price) => {
                let payment = battle.map_or_else(|| cx.random().uuid(), |battle| battle.0);
                Avatar::of(account).wallet().credit(payment, price.clone())
            }
            Reward::Stack(_) | Reward::Gear(_) => {
                Avatar::of(account).bag().deliver(reward.clone(), "reward")
            }
            Reward::Title { id, .. } => {
                self.props.titles_mut().insert(*id)?;
                Ok(())
            }
            Reward::Hero(hero) => {
                self.props.heroes_mut().insert(*hero)?;
                Ok(())
            }
            Reward::Nothing | Reward::Unknown(_) => Ok(()),
        }
    }
}
