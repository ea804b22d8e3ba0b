//! The main command takes the benches' options among its own.
use clap::{CommandFactory, Parser};

#[derive(clap::Args)]
struct Args {
    #[command(flatten)]
    planner: routebench::Args,
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

#[test]
fn the_options_can_be_part_of_others() {
    Line::command().debug_assert();
    let line = Line::parse_from(["bench", "--visits", "12", "--units", "7"]);
    assert_eq!((line.args.planner.visits, line.args.planner.units), (12, Some(7)));
}
