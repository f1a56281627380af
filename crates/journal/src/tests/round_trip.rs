//! Whatever the engine can hold comes back exactly, and is written in the same bytes again.

use proptest::prelude::*;

use super::{
    CATALOG, CATALOG_RECORDS, INPUT, INSTANCE, MESSAGE, RECORDS, SCHEDULE, SET_HEAD, event_samples,
    samples, strategies,
};

#[test]
fn the_samples_survive() {
    RECORDS.check(&samples::records());
    RECORDS.check(&event_samples::records());
    INSTANCE.check(&event_samples::instance());
    INSTANCE.check(&samples::instance());
    RECORDS.check(&samples::records_28());
    CATALOG_RECORDS.check(&samples::catalog_records());
    CATALOG_RECORDS.check(&samples::catalog_records_28());
    CATALOG_RECORDS.check(&samples::catalog_records_110());
    CATALOG.check(&samples::catalog());
    CATALOG.check(&samples::catalog_28());
    samples::messages().iter().for_each(|message| MESSAGE.check(message));
    samples::inputs().iter().for_each(|input| INPUT.check(input));
    samples::schedule_messages().iter().for_each(|message| MESSAGE.check(message));
    SCHEDULE.check(&samples::schedule());
    SCHEDULE.check(&samples::on_schedule());
    SET_HEAD.check(&samples::set_head());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_records_survive(records in prop::collection::vec(strategies::record(), 0..8)) {
        RECORDS.check(&records);
    }

    #[test]
    fn any_instance_survives(instance in strategies::instance()) {
        INSTANCE.check(&instance);
    }

    #[test]
    fn any_catalog_survives(records in prop::collection::vec(strategies::catalog_record(), 0..8)) {
        CATALOG_RECORDS.check(&records);
        let mut catalog = motet_engine::Catalog::default();
        records.iter().for_each(|record| catalog.apply(record));
        CATALOG.check(&catalog);
    }

    #[test]
    fn any_message_survives(message in strategies::message()) {
        MESSAGE.check(&message);
    }

    #[test]
    fn any_schedule_survives(schedule in strategies::schedule()) {
        SCHEDULE.check(&schedule);
    }

    #[test]
    fn any_input_survives(input in strategies::input()) {
        INPUT.check(&input);
    }
}
