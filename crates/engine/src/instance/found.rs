//! What people find an instance by.

use motet_expr::Value;

use super::Instance;

impl Instance {
    /// The key by which people know it.
    pub fn business_key(&self) -> Option<&str> {
        self.business_key.as_deref().or(self.start.business_key.as_deref())
    }

    /// Its search attributes, each as it was set last: those of the start in order of declaration, then those of tasks.
    pub fn search_attributes(&self) -> impl Iterator<Item = (&str, &Value)> {
        let of_start = self.start.attributes.iter().map(|(name, value)| (name.as_str(), value));
        let known = |name: &str| self.start.attributes.iter().any(|(own, _)| own == name);
        let of_tasks = self.attributes.iter().map(|(name, value)| (name.as_str(), value));
        let later = of_tasks.filter(move |(name, _)| !known(name));
        let newest = |(name, value)| (name, self.attributes.get(name).unwrap_or(value));
        of_start.map(newest).chain(later).filter(|(_, value)| **value != Value::Null)
    }
}
