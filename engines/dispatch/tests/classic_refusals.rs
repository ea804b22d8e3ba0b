//! What cannot be planned is said, what is not an instance is not read, what is not a plan is not believed.
#![allow(clippy::unwrap_used)]
use dispatch::classic::check::Fault;
use dispatch::classic::sintef::SintefError;
use dispatch::classic::{Client, MAX_CLIENTS, Plan, Problem, Refused, Trouble, check, sintef};
use proptest::prelude::*;

const DEPOT: Client = Client { x: 0, y: 0, demand: 0, ready: 0, due: 1000, service: 0 };
const NEAR: Client = Client { x: 3, y: 4, demand: 2, ready: 0, due: 900, service: 10 };

fn troubles(vehicles: usize, capacity: i32, clients: &[Client]) -> Vec<Trouble> {
    Problem::new(vehicles, capacity, DEPOT, clients).map(|_| Vec::new()).unwrap_or_else(|Refused(all)| all)
}

#[test]
fn every_impossible_client_is_named() {
    let clients = [
        NEAR,
        Client { demand: 9, ..NEAR },
        Client { x: 100, y: 0, ..NEAR },
        Client { service: 940, ..NEAR },
        Client { ready: 960, due: 990, ..NEAR },
    ];
    assert_eq!(
        troubles(9, 5, &clients),
        [
            Trouble::DemandOverCapacity { client: 2, demand: 9, capacity: 5 },
            Trouble::OutOfReach { client: 3, arrival: 1000, due: 900 },
            Trouble::NoWayBack { client: 4, back: 1040, closes: 1000 },
            Trouble::NoWayBack { client: 5, back: 1020, closes: 1000 },
        ]
    );
}

#[test]
fn a_window_that_closes_first_a_wrong_number_and_a_missing_fleet_are_refused() {
    let backwards = Client { ready: 5, due: 4, ..NEAR };
    let negative = Client { demand: -1, ..NEAR };
    assert_eq!(
        troubles(0, 5, &[backwards, negative]),
        [Trouble::NoVehicle, Trouble::WindowClosed { client: 1, ready: 5, due: 4 }, Trouble::OutOfRange { client: 2 },]
    );
    assert_eq!(troubles(1, 5, &[NEAR; 3]), [Trouble::FleetTooSmall { demand: 6, vehicles: 1, room: 5 }]);
    let crowd = vec![NEAR; MAX_CLIENTS + 1];
    assert_eq!(troubles(1, 5, &crowd), [Trouble::TooManyClients { count: MAX_CLIENTS + 1 }]);
    let refused = Problem::new(1, 1, DEPOT, &[NEAR]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "client 1: demand 2 is over the vehicle's capacity 1; all demand together is 2; 1 vehicles hold 1"
    );
}

const SMALL: &str =
    "T\n\nVEHICLE\nNUMBER CAPACITY\n 2 10\n\nCUSTOMER\nCUST NO. X Y\n\n0 0 0 0 0 100 0\n1 3 4 2 0 90 1\n";

#[test]
fn reads_a_small_instance() {
    let instance = sintef::parse(SMALL).unwrap();
    assert_eq!(instance.name, "T");
    assert_eq!(instance.problem.vehicles(), 1, "never more than clients");
    assert_eq!(instance.problem.capacity(), 10);
    assert_eq!(instance.problem.clients(), [Client { x: 3, y: 4, demand: 2, ready: 0, due: 900, service: 10 }]);
}

#[test]
fn says_what_is_wrong_and_where() {
    let broken = |from: &str, to: &str| sintef::parse(&SMALL.replace(from, to)).unwrap_err();
    assert_eq!(sintef::parse("").unwrap_err(), SintefError::Ends("a name"));
    assert_eq!(sintef::parse("T\n").unwrap_err(), SintefError::Ends("VEHICLE"));
    assert_eq!(broken("VEHICLE", "CARS"), SintefError::Expected { line: 3, wanted: "VEHICLE" });
    assert_eq!(broken(" 2 10", " 2"), SintefError::Expected { line: 5, wanted: "number of vehicles and capacity" });
    assert_eq!(broken("1 3 4", "2 3 4"), SintefError::OutOfOrder { line: 11, found: 2, wanted: 1 });
    let row = SintefError::Expected { line: 11, wanted: "number, x, y, demand, ready, due and service" };
    assert_eq!(broken("90 1", "90"), row);
    assert_eq!(broken("90 1", "90 1 1"), row);
    assert!(matches!(broken("90 1", "90 one"), SintefError::Number { line: 11, .. }));
    assert!(matches!(broken("90 1", "90 99999999999999999999"), SintefError::Number { line: 11, .. }));
    assert!(matches!(broken(" 90 1", " 3 1"), SintefError::Refused(_)));
    assert!(matches!(broken(" 2 10", " -2 10"), SintefError::Expected { line: 5, .. }));
    assert!(matches!(broken(" 2 10", " 2 -10"), SintefError::Refused(_)));
    assert_eq!(sintef::parse(&"x".repeat(sintef::MAX_BYTES + 1)).unwrap_err(), SintefError::TooLong);
    let mut endless = SMALL.to_owned();
    for i in 2..=MAX_CLIENTS + 1 {
        endless.push_str(&format!("{i} 3 4 2 0 90 1\n"));
    }
    assert_eq!(sintef::parse(&endless).unwrap_err(), SintefError::TooManyClients { line: 11 + MAX_CLIENTS });
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn garbage_never_panics(text in "(T\nVEHICLE\nNUMBER\n)?[-0-9 A-Z\n]{0,200}", cut in 0..100usize, more in "\\PC{0,40}") {
        let _ = sintef::parse(&text);
        let mut bent: String = SMALL.chars().take(cut).collect();
        bent.push_str(&more);
        bent.extend(SMALL.chars().skip(cut));
        if let Ok(instance) = sintef::parse(&bent) {
            prop_assert!(instance.problem.clients().len() <= MAX_CLIENTS);
        }
    }
}

#[test]
fn the_judge_finds_every_kind_of_fault() {
    let tight = Client { x: 6, y: 8, due: 105, ..NEAR };
    let problem = Problem::new(2, 3, DEPOT, &[NEAR, tight]).unwrap();
    let faults = |routes: &[&[u32]], unserved: &[u32], distance| {
        let routes = routes.iter().map(|r| r.to_vec()).collect();
        check(&problem, &Plan { routes, unserved: unserved.to_vec(), distance, work: 0, iterations: 0 })
    };
    assert_eq!(faults(&[&[1], &[2]], &[], 300), []);
    assert_eq!(faults(&[&[1]], &[2], 100), []);
    assert_eq!(faults(&[&[1], &[2]], &[], 299), [Fault::WrongDistance { said: 299, counted: 300 }]);
    assert_eq!(
        faults(&[&[1, 2]], &[], 200),
        [
            Fault::Late { route: 0, client: 2, arrival: 110, due: 105 },
            Fault::Overloaded { route: 0, load: 4, capacity: 3 },
        ]
    );
    assert_eq!(faults(&[&[1]], &[], 100), [Fault::NotOnce { client: 2, times: 0 }]);
    assert_eq!(faults(&[&[1], &[2]], &[2], 300), [Fault::NotOnce { client: 2, times: 2 }]);
    assert_eq!(faults(&[&[1], &[2, 7]], &[], 300), [Fault::Unknown { client: 7 }]);
    assert_eq!(
        faults(&[&[1], &[2], &[]], &[], 300),
        [Fault::TooManyRoutes { used: 3, vehicles: 2 }, Fault::EmptyRoute { route: 2 }]
    );
}
