//! Weighted kappa: published examples and what must always hold.
#![allow(clippy::unwrap_used)]
use proptest::prelude::*;
use scales::agreement::{Kappa, weighted_kappa};

fn pairs(table: &[&[usize]]) -> Vec<(usize, usize)> {
    let cells = table.iter().enumerate().flat_map(|(a, row)| row.iter().enumerate().map(move |(b, n)| (a, b, *n)));
    cells.flat_map(|(a, b, n)| vec![(a, b); n]).collect()
}

fn close(a: f64, b: f64, digits: i32) -> bool {
    (a - b).abs() < 0.5 * 10f64.powi(-digits)
}

/// SAS/STAT User's Guide, FREQ procedure, "Agreement Study": two dermatologists, 88 patients, four grades. Printed there:
/// simple kappa 0.3449, weighted kappa (Cicchetti–Allison, linear) 0.5082.
#[test]
fn the_skin_condition_example() {
    let table: [&[usize]; 4] = [&[10, 4, 1, 0], &[5, 10, 12, 2], &[2, 4, 12, 5], &[0, 2, 6, 13]];
    let kappa = weighted_kappa(&pairs(&table), 4).unwrap();
    assert_eq!((kappa.pairs, kappa.equal), (88, 45));
    assert!(close(kappa.plain, 0.3449, 4), "{kappa:?}");
    assert!(close(kappa.linear, 0.5082, 4), "{kappa:?}");
}

/// Agresti, Categorical Data Analysis: two pathologists (Holmquist et al. 1967), 118 slides, four grades. Printed there:
/// kappa 0.493; weighted with squared distances 0.78.
#[test]
fn the_carcinoma_example() {
    let table: [&[usize]; 4] = [&[22, 2, 2, 0], &[5, 7, 14, 0], &[0, 2, 36, 0], &[0, 1, 17, 10]];
    let kappa = weighted_kappa(&pairs(&table), 4).unwrap();
    assert!(close(kappa.plain, 0.493, 3), "{kappa:?}");
    assert!(close(kappa.quadratic, 0.78, 2), "{kappa:?}");
}

#[test]
fn a_small_case_by_hand() {
    // Pairs 0-0, 1-1, 2-2, 0-2 over three levels. First: 2,1,1; second: 1,1,2.
    // Plain: observed 1/4; expected 1 − (2·1 + 1·1 + 1·2)/16 = 11/16; 1 − 4/11 = 7/11.
    // Linear: observed 2/4; expected (2·1·1 + 2·2·2 + 1·1·1 + 1·2·1 + 1·1·2 + 1·1·1)/16 = 16/16; 1 − 1/2.
    // Quadratic: observed 4/4; expected (2·1 + 2·2·4 + 1 + 2 + 1·1·4 + 1)/16 = 26/16; 1 − 16/26.
    let kappa = weighted_kappa(&[(0, 0), (1, 1), (2, 2), (0, 2)], 3).unwrap();
    assert!(close(kappa.plain, 7.0 / 11.0, 12), "{kappa:?}");
    assert!(close(kappa.linear, 0.5, 12), "{kappa:?}");
    assert!(close(kappa.quadratic, 10.0 / 26.0, 12), "{kappa:?}");
}

#[test]
fn where_there_is_nothing_to_measure_there_is_no_kappa() {
    assert_eq!(weighted_kappa(&[], 4), None);
    assert_eq!(weighted_kappa(&[(0, 0)], 1), None);
    assert_eq!(weighted_kappa(&[(0, 4)], 4), None);
    assert_eq!(weighted_kappa(&[(4, 0)], 4), None);
    assert_eq!(weighted_kappa(&[(2, 2), (2, 2)], 4), None);
    assert_eq!(weighted_kappa(&[(0, 1)], usize::MAX), None);
}

fn rated() -> impl Strategy<Value = (usize, Vec<(usize, usize)>)> {
    (2usize..8).prop_flat_map(|k| (Just(k), prop::collection::vec((0..k, 0..k), 1..60)))
}

proptest! {
    #[test]
    fn bounds_symmetry_and_order_of_persons((k, pairs) in rated()) {
        let Some(kappa) = weighted_kappa(&pairs, k) else {
            // Only when both always chose one and the same level.
            prop_assert!(pairs.iter().all(|p| *p == (pairs[0].0, pairs[0].0)));
            return Ok(());
        };
        let all = |k: &Kappa| [k.plain, k.linear, k.quadratic];
        for value in all(&kappa) {
            prop_assert!(value <= 1.0 && value.is_finite());
            prop_assert_eq!(value == 1.0, kappa.equal == kappa.pairs);
        }
        let swapped: Vec<_> = pairs.iter().map(|(a, b)| (*b, *a)).collect();
        prop_assert_eq!(weighted_kappa(&swapped, k), Some(kappa));
        let mut turned = pairs.clone();
        turned.reverse();
        prop_assert_eq!(weighted_kappa(&turned, k), Some(kappa));
        // Numbering the levels from the other end changes nothing; neither do levels nobody chose.
        let mirrored: Vec<_> = pairs.iter().map(|(a, b)| (k - 1 - a, k - 1 - b)).collect();
        prop_assert_eq!(weighted_kappa(&mirrored, k), Some(kappa));
        prop_assert_eq!(weighted_kappa(&pairs, k + 3), Some(kappa));
        // Every person twice: the same agreement.
        let twice = [pairs.clone(), pairs].concat();
        let doubled = weighted_kappa(&twice, k).unwrap();
        prop_assert!(all(&doubled).iter().zip(all(&kappa)).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn with_two_levels_all_weights_agree(pairs in prop::collection::vec((0usize..2, 0usize..2), 1..60)) {
        if let Some(kappa) = weighted_kappa(&pairs, 2) {
            prop_assert_eq!(kappa.plain, kappa.linear);
            prop_assert_eq!(kappa.linear, kappa.quadratic);
        }
    }
}
