//! Prints how well planted departures are found: `cargo run -p vigil --example evaluate -- [first seed] [homes] [-v]`.
#[path = "../tests/common/evaluation.rs"]
mod evaluation;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |n: usize, or: u64| args.get(n).and_then(|a| a.parse().ok()).unwrap_or(or);
    let result = evaluation::evaluate(number(0, 1), number(1, 40), args.iter().any(|a| a == "-v"));
    println!("{result}");
}
