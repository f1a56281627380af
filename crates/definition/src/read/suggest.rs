use crate::work::spend;

/// Longest word that is compared; longer ones are no slips of the pen.
const WORD_LEN_MAX: usize = 40;

/// Words that are compared; a document may declare very many.
pub(crate) const CANDIDATES_MAX: usize = 200;

/// The word of `known` that was probably meant by `written`, if one is near enough.
pub(crate) fn nearest<'a, T: AsRef<str> + ?Sized>(
    written: &str,
    known: &[&'a T],
) -> Option<&'a str> {
    if written.len() > WORD_LEN_MAX {
        return None;
    }
    let near = |known: &'a str| {
        let tolerance = match known.chars().count().min(written.chars().count()) {
            0..=2 => 0,
            3..=5 => 1,
            _ => 2,
        };
        let distance =
            if known.eq_ignore_ascii_case(written) { 1 } else { distance(written, known) };
        (distance <= tolerance.max(usize::from(known.eq_ignore_ascii_case(written))))
            .then_some((distance, known))
    };
    known
        .iter()
        .map(|known| (*known).as_ref())
        .take(CANDIDATES_MAX)
        .filter(|known| *known != written)
        .filter_map(near)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Edits between two words; swapping two neighbours counts as one (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    spend((left.len() + 1) * (right.len() + 1));
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for i in 1..=left.len() {
        let mut current = vec![i];
        for j in 1..=right.len() {
            let substituted = previous[j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut least = substituted.min(previous[j] + 1).min(current[j - 1] + 1);
            let swapped =
                i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
            if swapped {
                least = least.min(before[j - 2] + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_is_near_and_nothing_else() {
        let known = ["do", "set", "switch", "exceptWhen", "compensate"];
        let cases = [
            ("swtich", Some("switch")),
            ("compensat", Some("compensate")),
            ("exceptwhen", Some("exceptWhen")),
            ("DO", Some("do")),
            ("st", None),
            ("sets", Some("set")),
            ("foo", None),
            ("", None),
        ];
        for (written, expected) in cases {
            assert_eq!(nearest(written, &known), expected, "{written}");
        }
    }
}
