use motet_engine::secret::{SecretKey, marker};
use motet_types::InstanceId;

use super::*;

#[test]
fn a_marker_shows_itself_between_any_bytes() {
    let marker = marker(&SecretKey([7; 32]), InstanceId([1; 16]), "shop", "token");
    let around: [&[u8]; 5] = [b"", b"text", b"\xff\xfe", b"\xef\xa3", b"\xf0\x9f"];
    for before in around {
        for after in around {
            let bytes = [before, marker.as_bytes(), after].concat();
            assert!(is_marked(&bytes), "{before:?} {after:?}");
        }
    }
    for bytes in around {
        assert!(!is_marked(bytes), "{bytes:?}");
    }
}

#[test]
fn the_runtime_declares_the_tables_with_the_columns_that_are_read() {
    assert_eq!(table("instance").columns[0].name, "id");
    assert!(table("instance").columns.iter().any(|column| column.name == "status"));
    assert_eq!(table("message").key_columns, 2);
}
