use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::{Json, Word, number, rows};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Green,
}

#[test]
fn words_and_lists_come_back_as_they_went_in() {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE t (word TEXT, list TEXT) STRICT").unwrap();
    let insert = "INSERT INTO t VALUES (?1, ?2)";
    connection.execute(insert, (Word(Colour::Green), Json([1, 2]))).unwrap();
    let text = rows(&connection, "SELECT word, list FROM t", [], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    });
    assert_eq!(text.unwrap(), [("green".to_owned(), "[1,2]".to_owned())]);
    let read = rows(&connection, "SELECT word, list FROM t", [], |row| {
        let (Word(word), Json(list)) = (row.get(0)?, row.get(1)?);
        Ok::<(Colour, Vec<u8>), _>((word, list))
    });
    assert_eq!(read.unwrap(), [(Colour::Green, vec![1, 2])]);
}

#[test]
fn what_is_none_is_an_error() {
    let connection = Connection::open_in_memory().unwrap();
    let word =
        rows(&connection, "SELECT 'blue'", [], |row| row.get(0).map(|Word::<Colour>(word)| word));
    assert!(word.unwrap_err().to_string().contains("unknown variant `blue`"));
    let list =
        rows(&connection, "SELECT '[1,'", [], |row| row.get(0).map(|Json::<Vec<u8>>(list)| list));
    assert!(list.unwrap_err().to_string().contains("EOF while parsing"));
}

#[test]
fn an_id_is_written_in_one_way() {
    assert_eq!(number("order-7", "order"), Some(7));
    for id in ["order-07", "order-+7", "order7", "order-", "charge-7", "order-7 ", ""] {
        assert_eq!(number(id, "order"), None, "{id:?}");
    }
}
