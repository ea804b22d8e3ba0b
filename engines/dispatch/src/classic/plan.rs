//! What the planner returns.

/// Who goes where, and what it costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Clients in the order of service, one list per vehicle that leaves the depot; numbers from 1, as in
    /// [`crate::classic::Problem::clients`].
    pub routes: Vec<Vec<u32>>,
    /// Clients for whom no vehicle was found; empty in a complete plan.
    pub unserved: Vec<u32>,
    /// Distance of all routes, in tenths.
    pub distance: i64,
    /// Units of work done by all threads together: places looked at for a client, moves tried.
    pub work: u64,
    /// Rounds of the search done by all threads together.
    pub iterations: u64,
}
