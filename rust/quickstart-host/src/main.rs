//! The quick start on the host: the same jobs as `samples/quickstart`, on threads.

mod board;
#[path = "../../../samples/quickstart/src/story.rs"]
mod story;

fn main() {
    story::run();
}
