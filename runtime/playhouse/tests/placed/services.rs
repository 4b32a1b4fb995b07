//! Services are found on whichever nodes serve them.

use std::time::Duration;

use playhouse::{Executed, Failure, FailureKind};

use crate::schema::{Hut, Road};
use crate::world::Village;

/// Asks by any road, again until it comes to what is wanted.
fn ask_until(
    village: &Village,
    node: usize,
    wanted: fn(&Result<String, Failure>) -> bool,
) -> Result<String, Failure> {
    village.on(node, async move || {
        loop {
            let asked = Road::any().ask(7).await;
            if wanted(&asked) {
                return asked;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
}

#[test]
fn a_service_of_other_nodes_is_found_by_any_and_by_key() {
    let mut village = Village::of(&["east"]);
    let none = village.on(0, async || Road::any().ask(7).await.unwrap_err());
    assert_eq!(
        (none.kind(), none.executed()),
        (FailureKind::Unreachable, Executed::NotExecuted)
    );
    let text = none.to_string();
    assert!(
        text.contains("role road serves Road") && text.contains("start one"),
        "{text}"
    );
    for name in ["high", "low"] {
        village.add_road(name);
    }
    let home = village.on(0, async || Hut::of(7).home().await.unwrap());
    assert_eq!(ask_until(&village, 0, Result::is_ok), Ok(home.clone()));
    for key in 0..20_u32 {
        let asked = village.on(0, async move || Road::by_key(&key).ask(7).await);
        assert_eq!(asked.as_ref(), Ok(&home));
    }
}

#[test]
fn a_service_whose_nodes_have_gone_says_since_when() {
    let mut village = Village::of(&["east"]);
    village.add_road("high");
    assert!(ask_until(&village, 0, Result::is_ok).is_ok());
    village.stop(1);
    let gone = ask_until(&village, 0, |asked| match asked {
        Ok(_) => false,
        Err(failure) => failure.to_string().contains("is there since"),
    });
    let gone = gone.unwrap_err();
    assert_eq!(
        (gone.kind(), gone.executed()),
        (FailureKind::Unreachable, Executed::NotExecuted)
    );
}
