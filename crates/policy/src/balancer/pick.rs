use motet_types::Timestamp;

use super::{Balancer, Condition, Endpoint, Slot, Strategy, Wish};

/// What one zone may carry beyond its share before others are asked (Envoy's overprovisioning factor).
const ZONE_OVERPROVISION: f64 = 1.4;

/// What an endpoint without a measured latency counts as where nobody has one, in microseconds.
const LATENCY_DEFAULT: f64 = 30_000.0;

/// Who is asked, in this order; each only while there is nobody of those before it.
const ASKED: [Condition; 3] = [Condition::Usable, Condition::Suspect, Condition::Ejected];

impl Balancer {
    /// The endpoint for a call that leaves now; `None` if there is none that may have it.
    ///
    /// Suspects are asked while nobody is usable, and those that are ejected while there are no suspects either: an answer
    /// is never empty because our own view failed.
    pub fn pick(&mut self, now: Timestamp, wish: Wish) -> Option<Slot> {
        let candidates = self.candidates(wish)?;
        match self.options.strategy {
            Strategy::Ewma => self.least(now, candidates, Score::Latency),
            Strategy::LeastRequest => self.least(now, candidates, Score::InFlight),
            Strategy::RoundRobin => self.next_in_turn(now, candidates),
            Strategy::Random => self.by_chance(now, candidates),
            Strategy::RingHash => match wish.key {
                Some(key) => self
                    .ring
                    .from(key)
                    .find(|index| candidates.admits(&self.endpoints, *index))
                    .map(Slot),
                None => self.by_chance(now, candidates),
            },
        }
    }

    /// Whom the choice is among.
    fn candidates(&self, wish: Wish) -> Option<Candidates> {
        let of = |condition| Candidates { condition, zone: None, avoid: None };
        let mut all = ASKED.into_iter().map(of).find(|candidates| self.any(*candidates))?;
        if let Some(zone) = wish.zone.filter(|zone| self.can_carry(*zone)) {
            all.zone = Some(zone);
        }
        let spared = Candidates { avoid: wish.avoid, ..all };
        Some(if wish.avoid.is_some() && self.any(spared) { spared } else { all })
    }

    fn any(&self, candidates: Candidates) -> bool {
        self.live.iter().any(|index| candidates.admits(&self.endpoints, *index))
    }

    /// Whether the zone's usable endpoints can carry the calls of its own callers.
    fn can_carry(&self, zone: u32) -> bool {
        if self.live.len() < self.options.zone_endpoints_min {
            return false;
        }
        let local = self.live().filter(|(_, own)| own.member.zone == Some(zone));
        let (mut all, mut usable) = (0_u32, 0_u32);
        for (_, endpoint) in local {
            all += 1;
            usable += u32::from(endpoint.condition == Condition::Usable);
        }
        usable > 0 && f64::from(usable) * ZONE_OVERPROVISION >= f64::from(all)
    }

    fn live(&self) -> impl Iterator<Item = (u32, &Endpoint)> {
        self.live
            .iter()
            .filter_map(|index| Some((*index, self.endpoints[*index as usize].as_ref()?)))
    }

    fn least(&mut self, now: Timestamp, candidates: Candidates, score: Score) -> Option<Slot> {
        let count = self.live.len();
        if count > self.options.full_scan_max {
            let best = self.best_of_some(now, candidates, score);
            if best.is_some() {
                return best;
            }
        }
        // Equals are met in another order each time, so that none is always the first.
        let first = self.random.below(count);
        let (before, after) = self.live.split_at(first);
        self.best(now, after.iter().chain(before).copied(), candidates, score)
    }

    fn best_of_some(
        &mut self,
        now: Timestamp,
        candidates: Candidates,
        score: Score,
    ) -> Option<Slot> {
        let count = self.live.len();
        let drawn: Vec<u32> =
            (0..self.options.choices).map(|_| self.live[self.random.below(count)]).collect();
        self.best(now, drawn.into_iter(), candidates, score)
    }

    fn best(
        &self,
        now: Timestamp,
        indexes: impl Iterator<Item = u32>,
        candidates: Candidates,
        score: Score,
    ) -> Option<Slot> {
        let mut unmeasured = None;
        let mut best: Option<(f64, u32)> = None;
        for index in indexes.filter(|index| candidates.admits(&self.endpoints, *index)) {
            let endpoint = self.endpoints[index as usize].as_ref()?;
            let load =
                (endpoint.in_flight() + 1) as f64 / endpoint.weight(now, self.options.slow_start);
            let score = match score {
                Score::InFlight => load,
                Score::Latency => {
                    let latency = endpoint
                        .latency(now, self.options.decay)
                        .unwrap_or_else(|| *unmeasured.get_or_insert_with(|| self.typical(now)));
                    // A microsecond at least, so that calls in flight count where nothing takes time.
                    latency.max(endpoint.oldest_age(now)).max(1.0) * load
                }
            };
            if best.is_none_or(|(least, _)| score < least) {
                best = Some((score, index));
            }
        }
        best.map(|(_, index)| Slot(index))
    }

    /// What is expected of an endpoint that nobody has called yet: what the others need on average.
    fn typical(&self, now: Timestamp) -> f64 {
        let (mut sum, mut count) = (0.0, 0_u32);
        for (_, endpoint) in self.live().take(self.options.full_scan_max) {
            if let Some(latency) = endpoint.latency(now, self.options.decay) {
                sum += latency;
                count += 1;
            }
        }
        if count == 0 { LATENCY_DEFAULT } else { sum / f64::from(count) }
    }

    /// Smooth weighted round robin: everybody earns its weight, the richest pays for all.
    fn next_in_turn(&mut self, now: Timestamp, candidates: Candidates) -> Option<Slot> {
        let (mut total, mut richest) = (0.0, None);
        let slow_start = self.options.slow_start;
        for index in &self.live {
            if !candidates.admits(&self.endpoints, *index) {
                continue;
            }
            let endpoint = self.endpoints[*index as usize].as_mut()?;
            let weight = endpoint.weight(now, slow_start);
            endpoint.credit += weight;
            total += weight;
            if richest.is_none_or(|(credit, _)| endpoint.credit > credit) {
                richest = Some((endpoint.credit, *index));
            }
        }
        let (_, index) = richest?;
        self.endpoints[index as usize].as_mut()?.credit -= total;
        Some(Slot(index))
    }

    fn by_chance(&mut self, now: Timestamp, candidates: Candidates) -> Option<Slot> {
        let lot = self.random.fraction();
        let weight = |endpoint: &Endpoint| endpoint.weight(now, self.options.slow_start);
        let admitted =
            || self.live().filter(|(index, _)| candidates.admits(&self.endpoints, *index));
        let mut left = lot * admitted().map(|(_, endpoint)| weight(endpoint)).sum::<f64>();
        let mut last = None;
        for (index, endpoint) in admitted() {
            last = Some(Slot(index));
            left -= weight(endpoint);
            if left < 0.0 {
                break;
            }
        }
        last
    }
}

#[derive(Clone, Copy)]
enum Score {
    Latency,
    InFlight,
}

/// Whom a choice is among.
#[derive(Clone, Copy)]
struct Candidates {
    condition: Condition,
    zone: Option<u32>,
    avoid: Option<Slot>,
}

impl Candidates {
    fn admits(self, endpoints: &[Option<Endpoint>], index: u32) -> bool {
        endpoints[index as usize].as_ref().is_some_and(|endpoint| {
            endpoint.condition == self.condition
                && self.zone.is_none_or(|zone| endpoint.member.zone == Some(zone))
                && self.avoid != Some(Slot(index))
        })
    }
}
