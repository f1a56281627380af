/// The JSON Schema of scenario files, for editors.
pub fn json_schema() -> &'static str {
    include_str!("../../../schema/scenarios.json")
}
