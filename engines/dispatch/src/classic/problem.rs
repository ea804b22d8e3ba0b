//! What is to be planned, refused at once where it cannot be.

/// More clients than this are refused: the planner keeps a table of all distances.
pub const MAX_CLIENTS: usize = 5_000;
/// Largest coordinate, time, demand and capacity.
pub const MAX_VALUE: i32 = 10_000_000;
/// Sums along a route stay below this, so that they fit a machine word twice over.
const MAX_SUM: i64 = 1 << 29;

/// A place to be visited; the depot is one too, with demand and service 0 and the opening hours as its window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Coordinates in whole units; a distance is counted in tenths of them.
    pub x: i32,
    pub y: i32,
    /// Units of the vehicle's capacity taken.
    pub demand: i32,
    /// Earliest start of service, in tenths. Who comes earlier waits.
    pub ready: i32,
    /// Latest start of service, in tenths.
    pub due: i32,
    /// Duration of service, in tenths.
    pub service: i32,
}

/// Why a problem is refused. `client` counts from 1; 0 is the depot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("there is no vehicle")]
    NoVehicle,
    #[error("{count} clients; at most {MAX_CLIENTS} are planned")]
    TooManyClients { count: usize },
    #[error("client {client}: a number is negative or too large")]
    OutOfRange { client: usize },
    #[error("client {client}: the window closes at {due} before it opens at {ready}")]
    WindowClosed { client: usize, ready: i32, due: i32 },
    #[error("client {client}: demand {demand} is over the vehicle's capacity {capacity}")]
    DemandOverCapacity { client: usize, demand: i32, capacity: i32 },
    #[error("client {client}: reached at {arrival} at the earliest, after the window closes at {due}")]
    OutOfReach { client: usize, arrival: i64, due: i32 },
    #[error("client {client}: back at the depot at {back} at the earliest, after it closes at {closes}")]
    NoWayBack { client: usize, back: i64, closes: i32 },
    #[error("all demand together is {demand}; {vehicles} vehicles hold {room}")]
    FleetTooSmall { demand: i64, vehicles: usize, room: i64 },
    #[error("routes could become too long to be counted")]
    TooLong,
}

/// Everything that is wrong with a problem, in the order of clients.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Refused(pub Vec<Trouble>);

/// A problem that passed every check that can be made without searching.
#[derive(Clone, Debug)]
pub struct Problem {
    vehicles: usize,
    capacity: i32,
    /// The depot, then the clients.
    places: Vec<Client>,
    /// Row by row; see [`Problem::row`].
    distances: Vec<i32>,
}

/// Straight line between two places in tenths, cut off, not rounded: the convention of the published results.
fn distance(a: &Client, b: &Client) -> i32 {
    let (dx, dy) = (i64::from(a.x) - i64::from(b.x), i64::from(a.y) - i64::from(b.y));
    let tenths = (100 * (dx * dx + dy * dy) as u64).isqrt();
    i32::try_from(tenths).unwrap_or(i32::MAX)
}

fn table(places: &[Client]) -> Vec<i32> {
    let mut all = Vec::with_capacity(places.len() * places.len());
    for a in places {
        all.extend(places.iter().map(|b| distance(a, b)));
    }
    all
}

impl Problem {
    /// # Errors
    /// Everything found to be impossible, client by client.
    pub fn new(vehicles: usize, capacity: i32, depot: Client, clients: &[Client]) -> Result<Problem, Refused> {
        let mut troubles = Vec::new();
        if vehicles == 0 {
            troubles.push(Trouble::NoVehicle);
        }
        if clients.len() > MAX_CLIENTS {
            return Err(Refused(vec![Trouble::TooManyClients { count: clients.len() }]));
        }
        let mut places = Vec::with_capacity(clients.len() + 1);
        places.push(Client { demand: 0, service: 0, ..depot });
        places.extend_from_slice(clients);
        let range = 0..=MAX_VALUE;
        let wide = -MAX_VALUE..=MAX_VALUE;
        for (client, c) in places.iter().enumerate() {
            let fine = wide.contains(&c.x)
                && wide.contains(&c.y)
                && [c.demand, c.ready, c.due, c.service].iter().all(|v| range.contains(v));
            if !fine {
                troubles.push(Trouble::OutOfRange { client });
            } else if c.ready > c.due {
                troubles.push(Trouble::WindowClosed { client, ready: c.ready, due: c.due });
            }
        }
        if !range.contains(&capacity) {
            troubles.push(Trouble::OutOfRange { client: 0 });
        }
        if !troubles.is_empty() {
            return Err(Refused(troubles));
        }
        let depot = places[0];
        for (client, c) in places.iter().enumerate().skip(1) {
            let way = i64::from(distance(&depot, c));
            let arrival = i64::from(depot.ready) + way;
            let back = arrival.max(i64::from(c.ready)) + i64::from(c.service) + way;
            if c.demand > capacity {
                troubles.push(Trouble::DemandOverCapacity { client, demand: c.demand, capacity });
            }
            if arrival > i64::from(c.due) {
                troubles.push(Trouble::OutOfReach { client, arrival, due: c.due });
            } else if back > i64::from(depot.due) {
                troubles.push(Trouble::NoWayBack { client, back, closes: depot.due });
            }
        }
        let demand = places.iter().map(|c| i64::from(c.demand)).sum::<i64>();
        let room = i64::from(capacity).saturating_mul(vehicles as i64);
        if demand > room {
            troubles.push(Trouble::FleetTooSmall { demand, vehicles, room });
        }
        if !troubles.is_empty() {
            return Err(Refused(troubles));
        }
        let distances = table(&places);
        let longest = i64::from(distances.iter().copied().max().unwrap_or(0));
        let service = i64::from(places.iter().map(|c| c.service).max().unwrap_or(0));
        if (longest + service) * (places.len() as i64 + 1) > MAX_SUM {
            return Err(Refused(vec![Trouble::TooLong]));
        }
        // More vehicles than clients are never used.
        let vehicles = vehicles.min(clients.len().max(1));
        Ok(Problem { vehicles, capacity, places, distances })
    }
    /// Vehicles at most; never more than there are clients.
    pub fn vehicles(&self) -> usize {
        self.vehicles
    }
    pub fn capacity(&self) -> i32 {
        self.capacity
    }
    pub fn depot(&self) -> &Client {
        &self.places[0]
    }
    /// The clients; number 1 is the first.
    pub fn clients(&self) -> &[Client] {
        &self.places[1..]
    }
    /// The same problem with client `order[i]` as number `i + 1`.
    pub(super) fn reordered(&self, order: &[u32]) -> Problem {
        let mut places = vec![self.places[0]];
        places.extend(order.iter().map(|&c| self.places[c as usize]));
        Problem { vehicles: self.vehicles, capacity: self.capacity, distances: table(&places), places }
    }
    /// The depot at 0, client `i` at `i`.
    pub(super) fn places(&self) -> &[Client] {
        &self.places
    }
    /// Distances from place `a` to all places, in tenths; the same in both directions.
    pub(super) fn row(&self, a: usize) -> &[i32] {
        let width = self.places.len();
        &self.distances[a * width..(a + 1) * width]
    }
    pub(super) fn distance(&self, a: usize, b: usize) -> i32 {
        self.distances[a * self.places.len() + b]
    }
}
