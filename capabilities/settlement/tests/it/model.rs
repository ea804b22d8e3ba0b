//! The pure rules: the chain of review, what may be done with a line, sums, seals, checks and words.
use kernel::{CivilDate, Fen, Instant, OrgId, PaymentListId, Quarter, RegionCode, UserId, WorkerId};
use proptest::prelude::*;
use settlement::model::*;
use uuid::Uuid;

const A: &str = "441523101000";
const B: &str = "441523103000";

fn town(code: &str) -> RegionCode {
    code.parse().expect("code")
}
fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}
fn chain(state: ListState) -> Chain {
    let past = !matches!(state, ListState::Making | ListState::Town);
    let one =
        |code| TownReview { town: town(code), state: if past { TownState::Approved } else { TownState::Waiting } };
    Chain {
        state,
        towns: vec![one(A), one(B)],
        county_by: matches!(state, ListState::Finance | ListState::Paid).then(|| user(1)),
        open_disputes: 0,
    }
}

#[test]
fn every_act_is_taken_in_its_own_state_and_refused_in_all_others() {
    let acts = [
        (Act::TownApprove(town(A)), ListState::Town, ListState::Town),
        (Act::CountyApprove, ListState::County, ListState::Finance),
        (Act::ReturnToTown(None), ListState::County, ListState::Town),
        (Act::Pay, ListState::Finance, ListState::Paid),
        (Act::ReturnToCounty, ListState::Finance, ListState::County),
    ];
    for (act, at, to) in acts {
        for state in ListState::ALL {
            let found = chain(state).after(act, user(2)).map(|c| c.state).ok();
            assert_eq!(found, (state == at).then_some(to), "{act:?} in {state:?}");
        }
    }
}

#[test]
fn the_county_gets_a_list_when_the_last_town_has_approved() {
    let one = chain(ListState::Town).after(Act::TownApprove(town(A)), user(1)).expect("first town");
    assert_eq!((one.state, one.towns_done()), (ListState::Town, (1, 2)));
    assert!(one.after(Act::TownApprove(town(A)), user(1)).is_err(), "a town approves once");
    assert!(one.after(Act::TownApprove(town("441523104000")), user(1)).is_err(), "a town without lines has no say");
    let two = one.after(Act::TownApprove(town(B)), user(2)).expect("second town");
    assert_eq!(two.state, ListState::County);
}

#[test]
fn a_returned_town_reviews_again_and_the_others_do_not() {
    let back = chain(ListState::County).after(Act::ReturnToTown(Some(town(B))), user(1)).expect("returned");
    assert_eq!((back.state, back.towns_done()), (ListState::Town, (1, 2)));
    assert_eq!(back.towns[1].state, TownState::Returned);
    let again = back.after(Act::TownApprove(town(B)), user(3)).expect("again");
    assert_eq!(again.state, ListState::County);
}

#[test]
fn who_approved_for_the_county_does_not_pay_and_a_return_forgets_the_approval() {
    let paid_by_the_same = chain(ListState::Finance).after(Act::Pay, user(1));
    assert!(paid_by_the_same.is_err());
    let back = chain(ListState::Finance).after(Act::ReturnToCounty, user(9)).expect("returned");
    assert_eq!(back.county_by, None);
    let again = back.after(Act::CountyApprove, user(4)).expect("again");
    assert_eq!(again.county_by, Some(user(4)));
}

#[test]
fn an_open_dispute_keeps_the_county_from_approving() {
    let disputed = Chain { open_disputes: 2, ..chain(ListState::County) };
    let refused = disputed.after(Act::CountyApprove, user(1)).expect_err("refused").user_message();
    assert!(refused.contains("2 单争议"), "{refused}");
}

const GOV: Fen = Fen(4_000);

#[test]
fn lines_are_decided_by_the_step_whose_turn_it_is() {
    let ok = LineState::ok();
    for (list, step) in ListState::ALL.into_iter().flat_map(|l| Step::ALL.map(|s| (l, s))) {
        let may = matches!((list, step), (ListState::Town, Step::Town) | (ListState::County, Step::County));
        assert_eq!(decide(list, step, ok, GOV, Decision::HoldBack).is_ok(), may, "{list:?} {step:?}");
    }
}

#[test]
fn what_was_held_back_only_the_county_clears() {
    let held = LineState { standing: Standing::HeldBack, ..LineState::ok() };
    assert!(decide(ListState::Town, Step::Town, held, GOV, Decision::Pay).is_err());
    assert!(decide(ListState::Town, Step::Town, held, GOV, Decision::Deduct(GOV)).is_ok());
    let cleared = decide(ListState::County, Step::County, held, GOV, Decision::Pay).expect("cleared");
    assert_eq!(cleared, LineChange::Within(LineState::ok()));
    for list in [ListState::Finance, ListState::Paid] {
        assert_eq!(decide(list, Step::County, held, GOV, Decision::Pay).expect("released"), LineChange::Released);
        assert!(decide(list, Step::County, LineState::ok(), GOV, Decision::Pay).is_err());
        assert!(decide(list, Step::County, held, GOV, Decision::Deduct(GOV)).is_err());
    }
}

#[test]
fn a_deduction_is_more_than_nothing_and_at_most_the_public_part() {
    for (fen, fits) in [(0, false), (-1, false), (1, true), (4_000, true), (4_001, false)] {
        let found = decide(ListState::County, Step::County, LineState::ok(), GOV, Decision::Deduct(Fen(fen)));
        assert_eq!(found.is_ok(), fits, "{fen}");
    }
}

#[test]
fn a_dispute_keeps_the_money_as_it_was_until_the_county_answers() {
    let cut = LineState { standing: Standing::Deducted, before: None, deducted: Fen(500) };
    for list in [ListState::Making, ListState::Finance, ListState::Paid] {
        assert!(dispute(list, cut).is_err(), "{list:?}");
    }
    let open = dispute(ListState::County, cut).expect("disputed");
    let money = LineMoney { fee: Fen(5_000), gov: GOV, own: Fen(1_000), state: open };
    assert_eq!(Totals::of(&money).payable(), Fen(3_500));
    assert!(dispute(ListState::County, open).is_err(), "one dispute at a time");
    assert!(
        decide(ListState::County, Step::County, open, GOV, Decision::Pay).is_err(),
        "the dispute is answered first"
    );
    assert_eq!(answer_dispute(ListState::County, open, GOV, Decision::Pay).expect("answered"), LineState::ok());
    assert!(answer_dispute(ListState::County, cut, GOV, Decision::Pay).is_err(), "nothing to answer");
}

proptest! {
    #[test]
    fn payable_and_what_is_taken_off_always_add_up_to_the_public_part(
        lines in prop::collection::vec((0i64..100_000, 0i64..100_000, 0usize..3, 0i64..=100), 0..50)
    ) {
        let all: Totals = lines.iter().map(|(gov, own, kind, part)| {
            let (standing, deducted) = match kind {
                0 => (Standing::Ok, 0),
                1 => (Standing::Deducted, gov * part / 100),
                _ => (Standing::HeldBack, 0),
            };
            let state = LineState { standing, before: None, deducted: Fen(deducted) };
            Totals::of(&LineMoney { fee: Fen(gov + own), gov: Fen(*gov), own: Fen(*own), state })
        }).sum();
        prop_assert_eq!(all.payable() + all.deducted + all.held_back, all.gov);
        prop_assert!(all.payable() >= Fen::ZERO);
        prop_assert_eq!(all.fee, all.gov + all.own);
    }
}

fn facts(seq: i64) -> LineFacts {
    LineFacts {
        seq,
        order: kernel::OrderId(Uuid::from_u128(seq as u128)),
        order_no: format!("WO20260801-{seq:06}"),
        town: town(A),
        region: town("441523101204"),
        elder: kernel::ElderId(Uuid::from_u128(5)),
        elder_name: "彭桂兰".into(),
        household: kernel::HouseholdId(Uuid::from_u128(6)),
        item: kernel::ItemId(Uuid::from_u128(7)),
        item_name: "助洁".into(),
        quantity: 1,
        served_on: CivilDate::new(2026, 8, 1).expect("day"),
        minutes: 58,
        price: Fen(4_000),
        fee: Fen(4_000),
        gov: Fen(4_000),
        own: Fen::ZERO,
        pack: Some("rural".into()),
        article: "第三条".into(),
        purse_account: None,
        worker: None,
        worker_name: "林玉芳".into(),
        checked_in_at: Some(Instant(1)),
        checked_out_at: None,
        confirm_how: "老人码".into(),
        rating: 5,
    }
}

#[test]
fn the_seal_sees_every_fact_the_order_of_lines_and_survives_an_interruption() {
    let head = HeadFacts {
        id: PaymentListId(Uuid::from_u128(1)),
        no: "JS-2026Q3-441523-1".into(),
        provider: OrgId(Uuid::from_u128(2)),
        provider_name: "颐安".into(),
        county: town("441523000000"),
        quarter: Quarter { year: 2026, q: 3 },
    };
    let whole = Seal::begin(&head).then(&facts(1)).then(&facts(2));
    let halfway = Seal::parse(&Seal::begin(&head).then(&facts(1)).hex()).expect("stored and read again");
    assert_eq!(halfway.then(&facts(2)), whole);
    assert_ne!(Seal::begin(&head).then(&facts(2)).then(&facts(1)), whole);
    let changes: [fn(&mut LineFacts); 10] = [
        |l| l.order_no.push('1'),
        |l| l.elder_name = "彭桂".into(),
        |l| l.served_on = l.served_on.plus_days(1),
        |l| l.gov = Fen(4_001),
        |l| l.own = Fen(1),
        |l| l.article = "第五条".into(),
        |l| l.pack = None,
        |l| l.checked_out_at = Some(Instant(0)),
        |l| l.worker_name.clear(),
        |l| l.rating = 4,
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut tampered = facts(2);
        change(&mut tampered);
        assert_ne!(Seal::begin(&head).then(&facts(1)).then(&tampered), whole, "change {i} was not seen");
    }
    assert_eq!(Seal::parse("abc"), None);
}

#[test]
fn what_is_wrong_with_a_visit_is_all_named() {
    let day = CivilDate::new(2026, 8, 1).expect("day");
    let fine = VisitFacts {
        served_on: day,
        checked_in_at: Some(Instant(1)),
        checked_out_at: Some(Instant(2)),
        price: Fen(4_000),
        approved: Some(Fen(4_000)),
        died_on: Some(day),
    };
    assert_eq!(flags(&fine), vec![], "at the price, and alive that morning");
    let wrong = VisitFacts {
        checked_in_at: None,
        checked_out_at: None,
        price: Fen(4_001),
        died_on: Some(day.plus_days(-1)),
        ..fine
    };
    assert_eq!(
        flags(&wrong),
        vec![
            Flag::NoCheckIn,
            Flag::NoCheckOut,
            Flag::AbovePrice { approved: Fen(4_000), charged: Fen(4_001) },
            Flag::DiedBefore(day.plus_days(-1)),
        ]
    );
    assert_eq!(flags(&VisitFacts { approved: None, ..fine }), vec![Flag::NoApprovedPrice]);
}

#[test]
fn overlapping_visits_of_one_worker_are_found_however_they_lie() {
    let visit = |worker: u128, from: i64, to: i64, key: &'static str| Visit {
        worker: WorkerId(Uuid::from_u128(worker)),
        from: Instant(from),
        to: Instant(to),
        key,
    };
    let sorted = vec![
        visit(1, 0, 10, "a"),
        visit(1, 10, 20, "b"),
        visit(1, 12, 14, "inside b"),
        visit(1, 18, 25, "end of b"),
        visit(1, 24, 30, "chain"),
        visit(2, 11, 40, "other worker"),
    ];
    let found: std::collections::BTreeSet<&str> = overlapping(&sorted).into_iter().flat_map(|(a, b)| [a, b]).collect();
    assert_eq!(found, ["b", "chain", "end of b", "inside b"].into_iter().collect());
}

#[test]
fn amounts_are_written_as_on_a_bill() {
    for (fen, words) in [
        (0, "人民币零元整"),
        (5, "人民币伍分"),
        (50, "人民币伍角整"),
        (105, "人民币壹元零伍分"),
        (1_000, "人民币壹拾元整"),
        (81_964_200, "人民币捌拾壹万玖仟陆佰肆拾贰元整"),
        (4_984_200, "人民币肆万玖仟捌佰肆拾贰元整"),
        (10_000_000, "人民币壹拾万元整"),
        (10_001_000, "人民币壹拾万零壹拾元整"),
        (100_070_053, "人民币壹佰万零柒佰元伍角叁分"),
        (1_000_000_001, "人民币壹仟万元零壹分"),
        (10_000_500_000_000, "人民币壹仟亿零伍佰万元整"),
        (-12_00, "人民币负壹拾贰元整"),
    ] {
        assert_eq!(rmb_upper(Fen(fen)), words, "{fen}");
    }
}

#[test]
fn the_share_of_an_earlier_price_is_rounded_to_the_nearest_fen() {
    assert_eq!(share_of_price(3, Fen(1_000), 4), Some(Fen(750)));
    assert_eq!(share_of_price(1, Fen(2), 3), Some(Fen(1)));
    assert_eq!(share_of_price(1, Fen(1), 3), Some(Fen(0)));
    assert_eq!(share_of_price(5, Fen(0), 0), None);
}

#[test]
fn a_list_number_names_quarter_county_and_place() {
    let q = Quarter { year: 2026, q: 3 };
    assert_eq!(list_no(q, &town("441523101204"), 2), "JS-2026Q3-441523-2");
}
