use std::collections::VecDeque;

use super::{DependencyGraph, Subject};

/// Something that depends on what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependent {
    /// Index of the vertex.
    pub vertex: usize,
    /// Edges between, at least 1.
    pub distance: usize,
    /// The vertex through which it depends, one edge nearer.
    pub through: usize,
}

impl DependencyGraph {
    /// Whatever is hit when one of these fails: who depends on them, directly or through others, nearest first.
    pub fn dependents(&self, of: &[usize]) -> Vec<Dependent> {
        let incoming = self.neighbours(|edge| (edge.to, edge.from));
        let mut seen = vec![false; self.vertices.len()];
        for origin in of {
            seen[*origin] = true;
        }
        let mut waiting: VecDeque<(usize, usize)> = of.iter().map(|origin| (*origin, 0)).collect();
        let mut found = Vec::new();
        while let Some((vertex, distance)) = waiting.pop_front() {
            for next in &incoming[vertex] {
                if !std::mem::replace(&mut seen[*next], true) {
                    found.push(Dependent {
                        vertex: *next,
                        distance: distance + 1,
                        through: vertex,
                    });
                    waiting.push_back((*next, distance + 1));
                }
            }
        }
        found
    }

    /// Groups of vertices each of which depends on itself through the others (strongly connected components: Tarjan,
    /// "Depth-first search and linear graph algorithms", 1972), and single ones with an edge to themselves.
    pub fn cycles(&self) -> Vec<Vec<usize>> {
        let outgoing = self.neighbours(|edge| (edge.from, edge.to));
        let mut search = Components {
            outgoing: &outgoing,
            order: vec![None; outgoing.len()],
            lowest: vec![0; outgoing.len()],
            is_open: vec![false; outgoing.len()],
            open: Vec::new(),
            visited: 0,
            found: Vec::new(),
        };
        for vertex in 0..outgoing.len() {
            if search.order[vertex].is_none() {
                search.visit(vertex);
            }
        }
        let mut cycles = search.found;
        cycles.retain(|group| group.len() > 1 || outgoing[group[0]].contains(&group[0]));
        for group in &mut cycles {
            group.sort_unstable();
        }
        cycles.sort_unstable();
        cycles
    }

    /// Services that no definition calls.
    pub fn orphans(&self) -> Vec<usize> {
        let incoming = self.neighbours(|edge| (edge.to, edge.from));
        let is_orphan = |idx: &usize| {
            matches!(self.vertices[*idx], Subject::Service(_)) && incoming[*idx].is_empty()
        };
        (0..self.vertices.len()).filter(is_orphan).collect()
    }

    /// By one end of each edge, the other ends in order, each once.
    fn neighbours(&self, ends: impl Fn(&super::Edge) -> (usize, usize)) -> Vec<Vec<usize>> {
        let mut neighbours = vec![Vec::new(); self.vertices.len()];
        for edge in &self.edges {
            let (own, other) = ends(edge);
            neighbours[own].push(other);
        }
        for own in &mut neighbours {
            own.sort_unstable();
            own.dedup();
        }
        neighbours
    }
}

/// Tarjan's search, with a stack of its own: a chain of workflows may be longer than the thread's.
struct Components<'n> {
    outgoing: &'n [Vec<usize>],
    /// When a vertex was first seen.
    order: Vec<Option<usize>>,
    /// The earliest open vertex that it reaches.
    lowest: Vec<usize>,
    is_open: Vec<bool>,
    /// Vertices whose component is not complete.
    open: Vec<usize>,
    visited: usize,
    found: Vec<Vec<usize>>,
}

impl Components<'_> {
    fn visit(&mut self, root: usize) {
        // A vertex, and which of its neighbours is next.
        let mut path = vec![(root, 0)];
        self.enter(root);
        while let Some((vertex, next)) = path.last_mut() {
            let vertex = *vertex;
            let Some(neighbour) = self.outgoing[vertex].get(*next).copied() else {
                path.pop();
                if let Some((parent, _)) = path.last() {
                    self.lowest[*parent] = self.lowest[*parent].min(self.lowest[vertex]);
                }
                self.leave(vertex);
                continue;
            };
            *next += 1;
            match self.order[neighbour] {
                None => {
                    self.enter(neighbour);
                    path.push((neighbour, 0));
                }
                Some(order) if self.is_open[neighbour] => {
                    self.lowest[vertex] = self.lowest[vertex].min(order);
                }
                Some(_) => {}
            }
        }
    }

    fn enter(&mut self, vertex: usize) {
        self.order[vertex] = Some(self.visited);
        self.lowest[vertex] = self.visited;
        self.visited += 1;
        self.open.push(vertex);
        self.is_open[vertex] = true;
    }

    /// Takes the component off whose first vertex this is.
    fn leave(&mut self, vertex: usize) {
        if self.order[vertex] != Some(self.lowest[vertex]) {
            return;
        }
        let begin = self.open.iter().rposition(|open| *open == vertex);
        let component =
            self.open.split_off(begin.expect("a vertex is open until its component is complete"));
        for member in &component {
            self.is_open[*member] = false;
        }
        self.found.push(component);
    }
}
