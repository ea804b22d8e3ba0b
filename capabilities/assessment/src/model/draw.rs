//! Random samples that can be drawn again.

/// `take` places out of `0..of`, by a seed: the same seed draws the same places, in the same order.
/// SplitMix64 and a partial Fisher–Yates shuffle; a place is biased by less than `of / 2^64`.
pub fn draw(seed: u64, of: usize, take: usize) -> Vec<usize> {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    let mut places: Vec<usize> = (0..of).collect();
    let take = take.min(of);
    for i in 0..take {
        let j = i + (next() % (of - i) as u64) as usize;
        places.swap(i, j);
    }
    places.truncate(take);
    places
}
