//! Logistic regression with an L1 penalty (a lasso on the log-odds), so that few words keep a weight.
//!
//! The lasso is the crate `linfa-elasticnet`'s, by coordinate descent. It knows least squares only;
//! the logistic loss is its quadratic approximation around the last fit, fitted anew a few times
//! (Friedman, Hastie and Tibshirani 2010, §3). Bounded by words × messages × the constants below.

use linfa::DatasetBase;
use linfa::traits::Fit as _;
use linfa_elasticnet::ElasticNet;
use ndarray::{Array1, Array2, Axis, ShapeBuilder as _};

/// Times the loss is approximated anew.
const ROUNDS: usize = 8;

/// Rounds of coordinate descent for each.
const DESCENTS_MAX: u32 = 200;

/// Where descent stops, as a share of what there is to explain.
const TOLERANCE: f64 = 1e-4;

/// What a unit of log-odds costs, in messages: a word must explain more than one.
const PENALTY: f64 = 1.0;

/// The constant column's value: so large that its own penalty does not count.
const CONSTANT: f64 = 100.0;

/// Least variance of a message, so that one that is explained already keeps the fit finite.
const VARIANCE_MIN: f64 = 0.02;

/// Changes of log-odds below this are none.
const STILL: f64 = 1e-3;

/// What was learnt.
#[derive(Debug)]
pub(super) struct Fitted {
    /// Log-odds of a message without any of the words.
    pub intercept: f64,
    /// Log-odds that each word adds.
    pub weights: Vec<f64>,
}

/// Fits `rows`, each with the numbers of its words (below `width`) and its answer. Nothing where
/// there is nothing to tell apart.
pub(super) fn fit(rows: &[(Vec<usize>, bool)], width: usize) -> Option<Fitted> {
    let yes = rows.iter().filter(|(_, answer)| *answer).count();
    if width == 0 || yes == 0 || yes == rows.len() {
        return None;
    }
    // By columns, the way the descent goes; the constant is the last one.
    let mut presence = Array2::<f64>::zeros((rows.len(), width + 1).f());
    let mut answers = Array1::<f64>::zeros(rows.len());
    for (n, (words, answer)) in rows.iter().enumerate() {
        for word in words.iter().filter(|word| **word < width) {
            presence[(n, *word)] = 1.0;
        }
        presence[(n, width)] = CONSTANT;
        answers[n] = f64::from(u8::from(*answer));
    }
    #[allow(clippy::cast_precision_loss)]
    let penalty = PENALTY / rows.len() as f64;
    let lasso = ElasticNet::<f64>::lasso()
        .penalty(penalty)
        .with_intercept(false)
        .max_iterations(DESCENTS_MAX)
        .tolerance(TOLERANCE);
    let mut weights = Array1::<f64>::zeros(width + 1);
    for _ in 0..ROUNDS {
        let odds = presence.dot(&weights);
        let chance = odds.mapv(|odds| 1.0 / (1.0 + (-odds).exp()));
        let variance = chance.mapv(|chance| (chance * (1.0 - chance)).max(VARIANCE_MIN));
        let root = variance.mapv(f64::sqrt);
        let wanted = (&odds + (&answers - &chance) / &variance) * &root;
        let scaled = &presence * &root.insert_axis(Axis(1));
        let next = lasso.fit(&DatasetBase::new(scaled, wanted)).ok()?;
        let next = next.hyperplane().clone();
        let moved = (&next - &weights).fold(0.0_f64, |most, by| most.max(by.abs()));
        weights = next;
        if moved < STILL {
            break;
        }
    }
    let mut weights = weights.to_vec();
    let intercept = weights.pop()? * CONSTANT;
    (intercept.is_finite() && weights.iter().all(|weight| weight.is_finite()))
        .then_some(Fitted { intercept, weights })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_keeps_a_weight_and_what_does_not_keeps_none() {
        // Word 0 tells, word 1 comes with either, word 2 tells against, word 3 came once.
        let mut rows = Vec::new();
        for n in 0..20 {
            let mut words = vec![if n % 2 == 0 { 0 } else { 2 }];
            words.extend((n % 4 < 2).then_some(1));
            words.extend((n == 0).then_some(3));
            rows.push((words, n % 2 == 0));
        }
        let fitted = fit(&rows, 4).expect("two answers");
        let [for_it, either, against, once] = fitted.weights[..] else {
            panic!("{fitted:?}");
        };
        assert!(for_it > 0.5 && against < -0.5, "{fitted:?}");
        assert!(either.abs() + once.abs() < 1e-9, "{fitted:?}");
        assert!(fit(&rows[..1], 4).is_none());
    }
}
