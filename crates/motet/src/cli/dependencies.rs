use clap::{Args, ValueEnum};

/// Of what, and in which versions.
#[derive(Args, Debug)]
pub(crate) struct Impact {
    /// What fails or changes, as in service/shop/payments, workflow/shop/order, workflow/shop/order:1.0.0,
    /// worker/shop/label, event/shop/order.placed or host/api.example.com
    #[arg(required = true, value_name = "SUBJECT")]
    pub(crate) of: Vec<String>,
    /// Every version of the workflows, not only those that start or run now
    #[arg(long)]
    pub(crate) all: bool,
}

/// Of which workflow, and of how many instances.
#[derive(Args, Debug)]
pub(crate) struct CriticalPath {
    /// The workflow, as namespace/name or namespace/name:version
    pub(crate) workflow: String,
    /// How many completed instances are looked at, those that started last
    #[arg(long, default_value_t = 20)]
    pub(crate) instances: usize,
}

/// Forms of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Drawing {
    Text,
    Dot,
    Mermaid,
    Svg,
}

impl From<Drawing> for motet_definition::graph::Format {
    fn from(drawing: Drawing) -> Self {
        match drawing {
            Drawing::Text => Self::Text,
            Drawing::Dot => Self::Dot,
            Drawing::Mermaid => Self::Mermaid,
            Drawing::Svg => Self::Svg,
        }
    }
}
