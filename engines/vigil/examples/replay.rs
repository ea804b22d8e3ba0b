//! Runs a recorded home: `cargo run -p vigil --example replay -- FILE.csv`; with a seed instead of a file, writes one.
use kernel::CivilDate;
use vigil::rehearse::{Dice, Person, Plant, home};
use vigil::{Measure, Settings, replay};

fn main() {
    let Some(arg) = std::env::args().nth(1) else {
        return eprintln!("a file, or a seed for a made-up home");
    };
    if let Ok(seed) = arg.parse::<u64>() {
        return write_home(seed);
    }
    let result = std::fs::read(&arg).map_err(|e| e.to_string());
    let run = result
        .and_then(|bytes| replay(&String::from_utf8_lossy(&bytes), &Settings::default()).map_err(|e| e.to_string()));
    match run {
        Ok(replay) => println!("{}", serde_json::to_string_pretty(&replay).unwrap_or_default()),
        Err(e) => eprintln!("{e}"),
    }
}

/// A made-up home as a recording, with one departure of each kind.
fn write_home(seed: u64) {
    let person = Person::random(&mut Dice::new(seed ^ 0xfeed));
    let plants = [
        (25, Plant::LateRise(180)),
        (31, Plant::NoMeals),
        (37, Plant::NightWandering(90)),
        (43, Plant::LongBathroom(90)),
        (49, Plant::StayingOut(300)),
    ];
    let start = CivilDate::from_epoch_days(20_514);
    println!("local time,sensor,room,kind,state");
    for reading in home(&person, seed, start, 60, &plants) {
        let at = reading.at.stamp_seconds();
        match reading.what {
            Measure::Motion { room } => println!("{at},M{:03},{},motion,ON", reading.device + 1, room.code()),
            Measure::Door { open, .. } => println!("{at},D001,entrance,door,{}", if open { "OPEN" } else { "CLOSE" }),
            Measure::Bed { occupied } => println!("{at},B001,bedroom,bed,{}", if occupied { "ON" } else { "OFF" }),
            _ => {}
        }
    }
}
