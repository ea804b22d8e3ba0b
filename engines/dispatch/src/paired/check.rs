//! The independent judge of plans: shares no code with the planner, only the statement of the problem.
use super::plan::{Cost, Plan};
use super::problem::{Needs, Problem};

/// What is wrong with a plan. All numbers from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{got} routes for {expected} carers")]
    Routes { got: usize, expected: usize },
    #[error("carer {carer} goes to patient {patient}, who does not exist")]
    UnknownPatient { carer: usize, patient: usize },
    #[error("carer {carer} gives patient {patient} service {service}, which was not asked for")]
    NotAsked { carer: usize, patient: usize, service: usize },
    #[error("carer {carer} may not do service {service} at patient {patient}")]
    NoSkill { carer: usize, patient: usize, service: usize },
    #[error("patient {patient} gets service {service} {times} times")]
    Times { patient: usize, service: usize, times: usize },
    #[error("carer {carer} starts at patient {patient} at {start}, before the window opens at {earliest}")]
    TooEarly { carer: usize, patient: usize, start: i64, earliest: i64 },
    #[error("carer {carer} starts at patient {patient} at {start}, but cannot be there before {possible}")]
    NotThere { carer: usize, patient: usize, start: i64, possible: i64 },
    #[error("patient {patient}: both services by carer {carer}")]
    SameCarer { patient: usize, carer: usize },
    #[error("patient {patient}: gap {gap} is not within {min_gap} and {max_gap}")]
    Gap { patient: usize, gap: i64, min_gap: i64, max_gap: i64 },
    #[error("the plan says it costs {said:?}, its starts say {found:?}")]
    Cost { said: Cost, found: Cost },
}

/// Checks every rule against the stated starts and recomputes the cost from them.
///
/// # Errors
/// The first fault found.
pub fn check(problem: &Problem, plan: &Plan) -> Result<Cost, Fault> {
    let people = problem.patients();
    if plan.routes.len() != problem.carers() {
        return Err(Fault::Routes { got: plan.routes.len(), expected: problem.carers() });
    }
    // Who was served when and by whom, per patient in the order of the stops.
    let mut served: Vec<Vec<(usize, usize, i64)>> = vec![Vec::new(); people.len()];
    let mut found = Cost::default();
    for (carer, route) in plan.routes.iter().enumerate() {
        let (mut place, mut free) = (0usize, 0i64);
        for stop in route {
            let (patient, service, start) = (stop.patient, stop.service, stop.start);
            let Some(who) = people.get(patient) else { return Err(Fault::UnknownPatient { carer, patient }) };
            if !who.needs.services().any(|s| s == service) {
                return Err(Fault::NotAsked { carer, patient, service });
            }
            if !problem.can(carer, service) {
                return Err(Fault::NoSkill { carer, patient, service });
            }
            let way = problem.travel(place, patient + 1);
            if start < who.earliest {
                return Err(Fault::TooEarly { carer, patient, start, earliest: who.earliest });
            }
            if start < free + way {
                return Err(Fault::NotThere { carer, patient, start, possible: free + way });
            }
            let late = (start - who.latest).max(0);
            found.travel += way;
            found.late += late;
            found.worst = found.worst.max(late);
            served[patient].push((service, carer, start));
            place = patient + 1;
            free = start + problem.duration(patient, carer, service);
        }
        if !route.is_empty() {
            found.travel += problem.travel(place, 0);
        }
    }
    for (patient, (who, got)) in people.iter().zip(&served).enumerate() {
        both(patient, who.needs, got)?;
    }
    if found != plan.cost {
        return Err(Fault::Cost { said: plan.cost, found });
    }
    Ok(found)
}

fn both(patient: usize, needs: Needs, got: &[(usize, usize, i64)]) -> Result<(), Fault> {
    // A patient may need the same service twice; then the earlier start is the first of the two.
    let mut got = got.to_vec();
    got.sort_by_key(|&(service, carer, start)| (start, service, carer));
    let wanted: Vec<usize> = needs.services().collect();
    for &service in &wanted {
        let asked = wanted.iter().filter(|&&s| s == service).count();
        let times = got.iter().filter(|&&(s, ..)| s == service).count();
        if times != asked {
            return Err(Fault::Times { patient, service, times });
        }
    }
    let Needs::Two { first, min_gap, max_gap, .. } = needs else { return Ok(()) };
    let [a, b] = got[..] else { return Ok(()) };
    let (a, b) = if a.0 == first { (a, b) } else { (b, a) };
    if a.1 == b.1 {
        return Err(Fault::SameCarer { patient, carer: a.1 });
    }
    let gap = b.2 - a.2;
    if gap < min_gap || gap > max_gap {
        return Err(Fault::Gap { patient, gap, min_gap, max_gap });
    }
    Ok(())
}
