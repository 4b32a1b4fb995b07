//! Players whose connection broke: they keep their places for a while, and most are back before anybody notices.

use playhouse::{Cx, Duration};

/// How long a place is kept for somebody whose connection broke.
const KEPT: Duration = Duration::from_seconds(15);

const KEY: &str = "away";

/// In the hook `lost`: has `leave` run, now if the session is over, and later if only its link was lost and nobody comes back.
pub(crate) fn leave<L: 'static>(cx: &mut Cx, part: &mut L, leave: fn(&mut L, &mut Cx)) {
    let kept = cx.has_session() && cx.timer_fn(leave).key(KEY).after(KEPT).is_ok();
    if !kept {
        leave(part, cx);
    }
}

/// In the hooks `attached` and `resumed`: somebody is there, and nobody leaves.
pub(crate) fn stay(cx: &mut Cx) {
    cx.cancel_timers(KEY);
}
