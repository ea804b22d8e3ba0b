//! The table of transitions, every state × step × person, and the rules of money and time.
use kernel::{CivilDate, Fen, Instant};
use orders::model::{AHEAD_DAYS, Next, Number, Refusal, State, Step, Who, check_start, fee_of, late_by, next, split};
use proptest::prelude::*;

/// Who may do a step at all.
fn doers(step: Step) -> &'static [Who] {
    match step {
        Step::Accept | Step::Refuse { .. } | Step::Assign | Step::Reassign => &[Who::Provider],
        Step::SetOut | Step::CheckIn | Step::CheckOut => &[Who::Worker],
        Step::Confirm => &[Who::Staff, Who::Worker],
        Step::Rate | Step::Dispute | Step::Resolve { .. } => &[Who::Staff],
        Step::Cancel => &[Who::Staff, Who::Platform],
        Step::NoShow => &[Who::Staff, Who::Provider, Who::Worker],
        Step::Lapse => &[Who::Office, Who::Platform],
        Step::Enlist | Step::Delist { .. } | Step::Pay => &[Who::Staff, Who::Office, Who::Platform],
    }
}

/// Where a step leads from each state in which it may be taken; `None` stands for "done before".
fn expected(step: Step) -> Vec<(State, Option<State>)> {
    use State::*;
    let go = |from: &[State], to: State| from.iter().map(|s| (*s, Some(to))).collect::<Vec<_>>();
    let mut out = match step {
        Step::Accept => go(&[Created], Accepted),
        Step::Refuse { passed_on: true } => go(&[Created, Accepted, Assigned], Created),
        Step::Refuse { passed_on: false } => go(&[Created, Accepted, Assigned], Refused),
        Step::Assign => go(&[Accepted], Assigned),
        Step::Reassign => go(&[Assigned, OnTheWay], Assigned),
        Step::SetOut => go(&[Assigned], OnTheWay),
        Step::CheckIn => go(&[OnTheWay], CheckedIn),
        Step::CheckOut => go(&[CheckedIn], CheckedOut),
        Step::Confirm => go(&[CheckedOut], Confirmed),
        Step::Rate => vec![(Confirmed, Some(Rated)), (InSettlement, Some(InSettlement)), (Paid, Some(Paid))],
        Step::Cancel => go(&[Created, Accepted, Assigned, OnTheWay, CheckedIn], Cancelled),
        Step::NoShow => go(&[Assigned, OnTheWay, CheckedIn], NoShow),
        Step::Dispute => go(&[CheckedOut, Confirmed, Rated], Disputed),
        Step::Resolve { served: true } => go(&[Disputed], Confirmed),
        Step::Resolve { served: false } => go(&[Disputed], Cancelled),
        Step::Enlist => go(&[Confirmed, Rated], InSettlement),
        Step::Delist { rated: true } => go(&[InSettlement], Rated),
        Step::Delist { rated: false } => go(&[InSettlement], Confirmed),
        Step::Pay => go(&[InSettlement], Paid),
        Step::Lapse => go(&[Created, Accepted, Assigned, OnTheWay], NoShow),
    };
    let again = match step {
        Step::Accept => Some(Accepted),
        Step::Refuse { passed_on: false } => Some(Refused),
        Step::Assign => Some(Assigned),
        Step::SetOut => Some(OnTheWay),
        Step::CheckIn => Some(CheckedIn),
        Step::CheckOut => Some(CheckedOut),
        Step::Confirm | Step::Resolve { served: true } | Step::Delist { rated: false } => Some(Confirmed),
        Step::Rate | Step::Delist { rated: true } => Some(Rated),
        Step::Cancel | Step::Resolve { served: false } => Some(Cancelled),
        Step::NoShow | Step::Lapse => Some(NoShow),
        Step::Dispute => Some(Disputed),
        Step::Enlist => Some(InSettlement),
        Step::Refuse { passed_on: true } | Step::Reassign | Step::Pay => None,
    };
    out.extend(again.map(|s| (s, None)));
    if step == Step::Pay {
        out.push((Paid, None));
    }
    out
}

#[test]
fn every_state_times_step_times_person() {
    for &step in Step::ALL {
        let table = expected(step);
        for &state in State::ALL {
            for &who in Who::ALL {
                let want = if !doers(step).contains(&who) {
                    Err(Refusal::NotYours { step, who })
                } else {
                    match table.iter().find(|(s, _)| *s == state) {
                        Some((_, Some(to))) => Ok(Next::Go(*to)),
                        Some((_, None)) => Ok(Next::Already),
                        None => Err(Refusal::NotNow { step, state }),
                    }
                };
                assert_eq!(next(state, step, who), want, "{state:?} × {step:?} × {who:?}");
            }
        }
    }
}

#[test]
fn ends_are_ends() {
    for state in [State::Cancelled, State::Refused, State::NoShow] {
        for &step in Step::ALL {
            for &who in Who::ALL {
                assert!(!matches!(next(state, step, who), Ok(Next::Go(_))), "{state:?} leads on by {step:?}");
            }
        }
    }
}

#[test]
fn codes_read_back() {
    for &s in State::ALL {
        assert_eq!(State::parse(s.code()), Some(s));
    }
    assert_eq!(State::parse("nonsense"), None);
}

#[test]
fn a_refusal_names_who_may() {
    let said = Refusal::NotYours { step: Step::Accept, who: Who::Staff }.zh();
    assert!(said.contains("接单") && said.contains("服务商"), "{said}");
}

#[test]
fn larger_than_the_purse_splits() {
    let s = split(Fen::yuan(80), Fen::yuan(74));
    assert_eq!((s.gov, s.own), (Fen::yuan(74), Fen::yuan(6)));
    let all = split(Fen::yuan(80), Fen::yuan(300));
    assert_eq!((all.gov, all.own), (Fen::yuan(80), Fen::ZERO));
    // A purse that owes something pays nothing.
    let none = split(Fen::yuan(80), Fen(-5));
    assert_eq!((none.gov, none.own), (Fen::ZERO, Fen::yuan(80)));
}

#[test]
fn numbers_are_written_with_day_and_place() {
    let day = CivilDate::new(2026, 11, 21).expect("a day");
    assert_eq!(Number { day, place: 123 }.to_string(), "WO20261121-000123");
    assert_eq!(Number { day, place: 1_234_567 }.to_string(), "WO20261121-1234567");
}

#[test]
fn no_visit_in_the_past_and_none_too_far_ahead() {
    let today = CivilDate::new(2026, 11, 20).expect("a day");
    let now = today.at(10, 0).plus_ms(30_000);
    assert!(check_start(today.at(10, 0), now).is_ok(), "the current minute is now");
    assert!(check_start(today.at(9, 59), now).is_err());
    assert!(check_start(today.plus_days(AHEAD_DAYS).at(23, 59), now).is_ok());
    assert!(check_start(today.plus_days(AHEAD_DAYS + 1).at(0, 0), now).is_err());
}

#[test]
fn only_a_visit_that_waits_is_late() {
    let start = Instant(0);
    let now = start.plus_minutes(22);
    assert_eq!(late_by(State::Assigned, start, now), 22);
    assert_eq!(late_by(State::CheckedIn, start, now), 0);
    assert_eq!(late_by(State::Assigned, now, start), 0);
}

proptest! {
    #[test]
    fn a_split_adds_up_and_never_takes_more_than_there_is(fee in 0i64..10_000_000, available in -1_000i64..10_000_000) {
        let s = split(Fen(fee), Fen(available));
        prop_assert_eq!(s.gov + s.own, s.fee);
        prop_assert!(s.gov >= Fen::ZERO && s.own >= Fen::ZERO);
        prop_assert!(s.gov <= Fen(available.max(0)));
    }

    #[test]
    fn a_fee_is_price_times_quantity_or_refused(price in 0i64..i64::MAX / 2, quantity in 1i64..1_000) {
        match fee_of(Fen(price), quantity) {
            Ok(fee) => prop_assert_eq!(fee.0 as i128, price as i128 * quantity as i128),
            Err(_) => prop_assert!(price as i128 * quantity as i128 > Fen::MAX_INPUT.0 as i128),
        }
    }
}
