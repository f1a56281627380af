//! The shop's own scenarios.

use std::path::{Path, PathBuf};

#[test]
fn every_workflow_of_the_shop_does_what_its_scenarios_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop/workflows");
    let mut scenarios = 0;
    for path in workflows(&folder) {
        let file = path.with_extension("scenarios.yaml");
        let text = std::fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut loader = |name: &str| {
            std::fs::read_to_string(folder.join(name)).map_err(|error| error.to_string())
        };
        let suite = motet_scenario::read(&file.display().to_string(), &text, &mut loader)
            .unwrap_or_else(|problems| panic!("{problems:#?}"));
        let result = motet_scenario::run_suite(&suite, None);
        let report = motet_scenario::as_text(std::slice::from_ref(&result));
        assert!(result.has_passed(), "{report}");
        assert_eq!(result.coverage.len(), 1, "{report}");
        assert_eq!(result.coverage[0].never_begun, Vec::<String>::new(), "{report}");
        scenarios += result.verdicts.len();
    }
    assert!(scenarios >= 15, "{scenarios} scenarios");
}

fn workflows(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().expect("the folder is there");
    let entries = entries.map(|entry| entry.expect("its entries can be read").path());
    let is_workflow = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".yaml") && !name.ends_with(".scenarios.yaml")
    };
    entries.filter(is_workflow).collect()
}

#[test]
fn the_schema_for_editors_describes_them() {
    let schema: serde_json::Value = serde_json::from_str(motet_scenario::json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = 0;
    for folder in ["examples/shop/workflows", "tests/conformance"] {
        let Ok(entries) = root.join(folder).read_dir() else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let name = path.to_string_lossy().into_owned();
            if !name.ends_with(".scenarios.yaml") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let data = motet_definition::read_data(&text, &motet_types::Limits::default());
            let json = motet_definition::to_json(&data.value.unwrap());
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(&value)
                .map(|error| format!("{name}{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{errors:#?}");
            files += 1;
        }
    }
    assert!(files >= 4, "{files} files");
}
