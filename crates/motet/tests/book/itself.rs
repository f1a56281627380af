//! What reads the book can be wrong, too.

use std::fs;
use std::path::Path;

use crate::names::{Names, matches};
use crate::page::Page;
use crate::shell::{self, Line};

#[test]
fn transcripts_differ_in_what_differs_between_runs_alone() {
    let id = "01a2042c-a60b-7081-8981-321c875a687f";
    let other = "01a2042d-0000-7000-8000-000000000000";
    let key = "2b0a9df6e6b30059c7863b4a386f748e";
    let same = [
        ("2026-11-22T16:52:44.683Z done".to_owned(), "2027-01-02T00:00:00.000Z done".to_owned()),
        ("after 37ms".to_owned(), "after 1.2s".to_owned()),
        (format!("key: {id}-{key}"), format!("key: {other}-{}", key.replace('2', "7"))),
        ("date: Sun, 22 Nov 2026".to_owned(), "date: Mon, 23 Nov 2026".to_owned()),
        ("in use by process 17".to_owned(), "in use by process 4711".to_owned()),
        ("copy: 17 bytes, every commit".to_owned(), "copy: 4711 bytes, every commit".to_owned()),
        ("a\n…\nd".to_owned(), "a\nb\nc\nd".to_owned()),
        ("a\n…".to_owned(), "a".to_owned()),
    ];
    for (said, printed) in &same {
        assert!(matches(said, printed), "{said:?} is not {printed:?}");
    }
    let different = [
        ("3 errors", "4 errors"),
        ("status 200", "status 201"),
        ("a\n…\nd", "a\nb\nc"),
        ("a", "a\nb"),
        (id, other),
    ];
    for (said, printed) in different {
        assert!(!matches(said, printed), "{said:?} is taken for {printed:?}");
    }
}

#[test]
fn a_page_calls_ids_by_names_of_its_own() {
    let (first, second) =
        ("01a2042c-a60b-7081-8981-321c875a687f", "01a2042d-0000-7000-8000-000000000000");
    let mut names = Names::new("page.md");
    let shown = names.shown(&format!("{first} {second} \"{first}\""));
    let words: Vec<&str> = shown.split(' ').collect();
    assert_ne!(words[0], words[1]);
    assert_eq!(words[2], format!("{:?}", words[0]));
    assert_eq!(names.real(&shown), format!("{first} {second} \"{first}\""));
    assert_eq!(names.named("describe ID2"), format!("describe {}", words[1]));
    assert_ne!(Names::new("other.md").shown(first), words[0]);
}

#[test]
fn command_lines_are_split_as_a_shell_does() {
    let parsed =
        shell::parse("A_B='x y' motet run \"a \\\"b\\\"\" 'c $d' \\\n  -e | jq '.a | .b'\n");
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        parsed,
        Line {
            environment: vec![("A_B".to_owned(), "x y".to_owned())],
            words: owned(&["motet", "run", "a \"b\"", "c $d", "-e"]),
            filter: Some(".a | .b".to_owned()),
            target: None
        }
    );
}

#[test]
fn pages_give_their_blocks_and_take_them_back() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("book-page.md");
    let text = "# A page\n\n<!-- file: a.yaml -->\n<!-- warns: x -->\n\n```yaml\ndocument: {}\n```\n\ntext\n\n\
                ```console\n$ motet\nold\n```\n";
    fs::write(&path, text).expect("the file can be written");
    let mut page = Page::read(&path);
    let [document, console] = page.blocks.as_mut_slice() else {
        panic!("two blocks: {:?}", page.blocks);
    };
    assert!(document.is_document() && !console.is_document());
    assert_eq!((document.mark("file"), document.mark("warns")), (Some("a.yaml"), Some("x")));
    assert_eq!(console.mark("file"), None);
    console.text = "$ motet\nnew\nand more\n".to_owned();
    page.write(&path);
    let written = fs::read_to_string(&path).expect("the file is there");
    fs::remove_file(&path).expect("the file can be removed");
    assert_eq!(written, text.replace("old", "new\nand more"));
}
