//! The pages of `docs/errors`, to which the `type` of every problem leads.

/// Name and text of each page, in order of the names; the build lists them.
static PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The page on an error, in Markdown.
pub(crate) fn page(code: &str) -> Option<&'static str> {
    let idx = PAGES.binary_search_by_key(&code, |(name, _)| name).ok()?;
    Some(PAGES[idx].1)
}
