//! A mark where nothing looks for it.

use playhouse::{Cx, hook};

struct Plain;

impl Plain {
    #[hook]
    async fn created(&mut self, _cx: &mut Cx) {}
}

fn main() {}
