use crate::work::spend;

/// Which vertices of a directed graph stand on a cycle, or between two.
///
/// Vertices without successors are peeled off, then those without predecessors; what is left has both.
pub(super) fn cyclic(successors: &[Vec<usize>]) -> Vec<bool> {
    let mut predecessors = vec![Vec::new(); successors.len()];
    for (from, all) in successors.iter().enumerate() {
        for to in all {
            predecessors[*to].push(from);
        }
    }
    let mut left = vec![true; successors.len()];
    peel(successors, &predecessors, &mut left);
    peel(&predecessors, successors, &mut left);
    left
}

/// Takes away what has no way forward among what is left, again and again.
fn peel(forward: &[Vec<usize>], backward: &[Vec<usize>], left: &mut [bool]) {
    let degree = |idx: usize| forward[idx].iter().filter(|next| left[**next]).count();
    let mut degrees: Vec<usize> = (0..forward.len()).map(degree).collect();
    let mut open: Vec<usize> =
        (0..forward.len()).filter(|idx| left[*idx] && degrees[*idx] == 0).collect();
    while let Some(idx) = open.pop() {
        left[idx] = false;
        spend(backward[idx].len() + 1);
        for before in &backward[idx] {
            degrees[*before] -= 1;
            if degrees[*before] == 0 && left[*before] {
                open.push(*before);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_turns_in_circles_is_left() {
        let cases: [(&[Vec<usize>], &[usize]); 5] = [
            (&[], &[]),
            (&[vec![1], vec![2], vec![]], &[]),
            (&[vec![0]], &[0]),
            (&[vec![1], vec![2], vec![1], vec![0]], &[1, 2]),
            (&[vec![1, 1], vec![0, 2], vec![]], &[0, 1]),
        ];
        for (successors, expected) in cases {
            let left = cyclic(successors);
            let found: Vec<usize> = (0..left.len()).filter(|idx| left[*idx]).collect();
            assert_eq!(found, expected, "{successors:?}");
        }
    }
}
