//! The judge of plans. It reads the problem's clients and counts everything anew; no code is shared with the planner.
use super::plan::Plan;
use super::problem::{Client, Problem};

/// What is wrong with a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{used} routes, {vehicles} vehicles")]
    TooManyRoutes { used: usize, vehicles: usize },
    #[error("route {route} is empty")]
    EmptyRoute { route: usize },
    #[error("client {client} does not exist")]
    Unknown { client: u32 },
    #[error("client {client} appears {times} times")]
    NotOnce { client: u32, times: usize },
    #[error("route {route} carries {load}, the vehicle holds {capacity}")]
    Overloaded { route: usize, load: i64, capacity: i32 },
    #[error("route {route} comes to client {client} at {arrival}, the window closes at {due}")]
    Late { route: usize, client: u32, arrival: i64, due: i32 },
    #[error("route {route} is back at {arrival}, the depot closes at {due}")]
    BackLate { route: usize, arrival: i64, due: i32 },
    #[error("the plan says distance {said}, it is {counted}")]
    WrongDistance { said: i64, counted: i64 },
}

/// Largest whole number of tenths not above the straight line, found by trying, not by the planner's formula.
fn tenths(a: &Client, b: &Client) -> i64 {
    let square = 100 * ((i64::from(a.x) - i64::from(b.x)).pow(2) + (i64::from(a.y) - i64::from(b.y)).pow(2));
    let mut guess = (square as f64).sqrt() as i64;
    while guess * guess > square {
        guess -= 1;
    }
    while (guess + 1) * (guess + 1) <= square {
        guess += 1;
    }
    guess
}

/// All faults of a plan; empty: every client is served once (or named as unserved), in time, within the capacity, with
/// no more vehicles than there are, and the distance is what the plan says.
pub fn check(problem: &Problem, plan: &Plan) -> Vec<Fault> {
    let mut faults = Vec::new();
    let clients = problem.clients();
    let depot = problem.depot();
    if plan.routes.len() > problem.vehicles() {
        faults.push(Fault::TooManyRoutes { used: plan.routes.len(), vehicles: problem.vehicles() });
    }
    let mut times = vec![0usize; clients.len()];
    for &client in plan.routes.iter().flatten().chain(&plan.unserved) {
        match (client as usize).checked_sub(1).and_then(|i| times.get_mut(i)) {
            Some(count) => *count += 1,
            None => faults.push(Fault::Unknown { client }),
        }
    }
    for (&times, client) in times.iter().zip(1..) {
        if times != 1 {
            faults.push(Fault::NotOnce { client, times });
        }
    }
    let mut counted = 0;
    for (route, stops) in plan.routes.iter().enumerate() {
        if stops.is_empty() {
            faults.push(Fault::EmptyRoute { route });
        }
        let mut here = depot;
        let mut clock = i64::from(depot.ready);
        let mut load = 0i64;
        for &client in stops {
            let Some(next) = (client as usize).checked_sub(1).and_then(|i| clients.get(i)) else { continue };
            let way = tenths(here, next);
            counted += way;
            let arrival = clock + way;
            if arrival > i64::from(next.due) {
                faults.push(Fault::Late { route, client, arrival, due: next.due });
            }
            clock = arrival.max(i64::from(next.ready)) + i64::from(next.service);
            load += i64::from(next.demand);
            here = next;
        }
        let way = tenths(here, depot);
        counted += way;
        if clock + way > i64::from(depot.due) {
            faults.push(Fault::BackLate { route, arrival: clock + way, due: depot.due });
        }
        if load > i64::from(problem.capacity()) {
            faults.push(Fault::Overloaded { route, load, capacity: problem.capacity() });
        }
    }
    if counted != plan.distance {
        faults.push(Fault::WrongDistance { said: plan.distance, counted });
    }
    faults
}
