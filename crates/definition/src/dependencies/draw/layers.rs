use super::super::DependencyGraph;

/// For each vertex the column in which it stands: right of all that depend on it, those of one cycle aside.
pub(super) fn columns(graph: &DependencyGraph) -> Vec<usize> {
    let group = groups(graph);
    let mut columns = vec![0; graph.vertices.len()];
    let between: Vec<(usize, usize)> = graph
        .edges
        .iter()
        .map(|edge| (edge.from, edge.to))
        .filter(|(from, to)| group[*from] != group[*to])
        .collect();
    // Each round moves at least one group; without cycles between groups there are fewer rounds than groups.
    for _ in 0..graph.vertices.len() {
        let mut moved = false;
        for (from, to) in &between {
            if columns[*to] <= columns[*from] {
                let column = columns[*from] + 1;
                for (idx, own) in columns.iter_mut().enumerate() {
                    if group[idx] == group[*to] {
                        *own = column;
                    }
                }
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    columns
}

/// For each vertex the cycle that it is in, or a group of its own.
fn groups(graph: &DependencyGraph) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..graph.vertices.len()).collect();
    for cycle in graph.cycles() {
        for member in &cycle {
            groups[*member] = cycle[0];
        }
    }
    groups
}
