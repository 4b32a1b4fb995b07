//! What a registry is asked and answers, as it travels between nodes.

use playhouse_cluster as cluster;

use super::schema::{Break, Load, Loaded, Locking, Member, News, Refusal, Seen, TypeId};

impl From<cluster::Load> for Load {
    fn from(load: cluster::Load) -> Self {
        Self {
            score: load.score,
            cpu: load.cpu,
            entities: load.entities,
            links: load.links,
            sessions: load.sessions,
            clients: load.clients,
        }
    }
}

impl From<Load> for cluster::Load {
    fn from(load: Load) -> Self {
        Self {
            score: load.score,
            cpu: load.cpu,
            entities: load.entities,
            links: load.links,
            sessions: load.sessions,
            clients: load.clients,
        }
    }
}

fn to_ids(ids: &[cluster::TypeId]) -> Vec<TypeId> {
    let ids = ids.iter().map(|(of, number)| TypeId {
        of: *of,
        number: *number,
    });
    ids.collect()
}

fn from_ids(ids: Vec<TypeId>) -> Vec<cluster::TypeId> {
    ids.into_iter().map(|id| (id.of, id.number)).collect()
}

impl From<&cluster::Member> for Member {
    fn from(member: &cluster::Member) -> Self {
        Self {
            name: member.name.to_string(),
            incarnation: member.incarnation,
            addresses: member.addresses.clone(),
            roles: member.roles.clone(),
            entities: to_ids(&member.entities),
            services: to_ids(&member.services),
            root: member.root,
            release: member.release,
            started_us: member.started_us,
            draining: member.draining,
            load: member.load.into(),
            breaks: member.breaks.iter().map(Into::into).collect(),
        }
    }
}

impl From<&cluster::Break> for Break {
    fn from(it: &cluster::Break) -> Self {
        let (of, number) = it.of;
        Self {
            of: TypeId { of, number },
            since: it.since,
            what: it.what.clone(),
        }
    }
}

impl From<Break> for cluster::Break {
    fn from(it: Break) -> Self {
        Self {
            of: (it.of.of, it.of.number),
            since: it.since,
            what: it.what,
        }
    }
}

impl From<Member> for cluster::Member {
    fn from(member: Member) -> Self {
        Self {
            name: member.name.into(),
            incarnation: member.incarnation,
            addresses: member.addresses,
            roles: member.roles,
            entities: from_ids(member.entities),
            services: from_ids(member.services),
            root: member.root,
            release: member.release,
            breaks: member.breaks.into_iter().map(Into::into).collect(),
            strange: std::sync::Arc::default(),
            started_us: member.started_us,
            draining: member.draining,
            load: member.load.into(),
        }
    }
}

impl From<cluster::Seen> for Seen {
    fn from(seen: cluster::Seen) -> Self {
        Self {
            life: seen.life,
            version: seen.version,
        }
    }
}

impl From<Seen> for cluster::Seen {
    fn from(seen: Seen) -> Self {
        Self {
            life: seen.life,
            version: seen.version,
        }
    }
}

impl From<cluster::News> for News {
    fn from(news: cluster::News) -> Self {
        let loaded = |(name, load): (std::sync::Arc<str>, cluster::Load)| Loaded {
            name: name.to_string(),
            load: load.into(),
        };
        Self {
            seen: news.seen.into(),
            whole: news.whole,
            gone: news.gone.iter().map(ToString::to_string).collect(),
            members: news
                .members
                .iter()
                .map(|member| (&**member).into())
                .collect(),
            loads: news.loads.into_iter().map(loaded).collect(),
        }
    }
}

impl From<News> for cluster::News {
    fn from(news: News) -> Self {
        let member = |member: Member| std::sync::Arc::new(member.into());
        let load = |loaded: Loaded| (loaded.name.into(), loaded.load.into());
        Self {
            seen: news.seen.into(),
            whole: news.whole,
            gone: news.gone.into_iter().map(Into::into).collect(),
            members: news.members.into_iter().map(member).collect(),
            loads: news.loads.into_iter().map(load).collect(),
        }
    }
}

impl From<cluster::Locking> for Locking {
    fn from(locking: cluster::Locking) -> Self {
        match locking {
            cluster::Locking::Granted(token) => Self::Granted(token),
            cluster::Locking::Held => Self::Held,
            cluster::Locking::Waiting => Self::Waiting,
        }
    }
}

impl From<Locking> for cluster::Locking {
    fn from(locking: Locking) -> Self {
        match locking {
            Locking::Granted(token) => Self::Granted(token),
            Locking::Held => Self::Held,
            Locking::Waiting => Self::Waiting,
        }
    }
}

impl From<cluster::Refusal> for Refusal {
    fn from(refusal: cluster::Refusal) -> Self {
        match refusal {
            cluster::Refusal::Stranger => Self::Stranger,
            cluster::Refusal::NameTaken { address } => Self::NameTaken { address },
            cluster::Refusal::Refused(why) => Self::Refused { why },
        }
    }
}
