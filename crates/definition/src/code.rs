use std::fmt;

use crate::Severity;

/// Declares every code with its stable name, its severity and the rule that it stands for.
macro_rules! codes {
    ($($variant:ident $severity:ident $name:literal $rule:literal)*) => {
        /// What kind of problem a diagnostic reports; the name is stable and has a page in the documentation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $rule] $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The rule that was broken, in one sentence.
            pub fn rule(self) -> &'static str {
                match self { $(Self::$variant => $rule,)* }
            }

            /// How severe a problem of this kind is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    // The text.
    Syntax Error "syntax" "The text is YAML 1.2 or JSON."
    EmptyDocument Error "empty-document" "The text holds a document."
    SeveralDocuments Error "several-documents" "The text holds one document."
    DocumentTooLarge Error "document-too-large" "The text keeps within the limit of bytes."
    TooDeep Error "too-deep" "The document keeps within the limit of nesting."
    DuplicateKey Error "duplicate-key" "A key stands once in an object."
    InvalidKey Error "invalid-key" "A key is text."
    MergeKey Error "merge-key" "Merge keys are not used."
    UnknownTag Error "unknown-tag" "Tags are those of the YAML core schema."
    InvalidNumber Error "invalid-number" "A number is one of JSON, of bounded length."
    AliasExpansion Error "alias-expansion" "Aliases add a bounded number of values."
    // The shape.
    WrongType Error "wrong-type" "A value is of the type that its property asks for."
    MissingProperty Error "missing-property" "Required properties are present."
    UnknownProperty Error "unknown-property" "A closed object holds only properties that the language knows."
    SuspiciousProperty Warning "suspicious-property" "A free property has no effect, or resembles one that the language knows."
    InvalidValue Error "invalid-value" "A value is one of those that its property allows."
    ConflictingProperties Error "conflicting-properties" "Of alternative properties exactly one is present."
    TaskItem Error "task-item" "An item of a list holds exactly one name."
    NoTaskKind Error "no-task-kind" "A task says what it does."
    SeveralTaskKinds Error "several-task-kinds" "A task does exactly one thing."
    NestedUntil Error "nested-until" "The strategy of an `until` has no `until` of its own."
    NonPortableValue Warning "non-portable-value" "A value is one that other runtimes of the language take too."
    // Values.
    UnsupportedDsl Error "unsupported-dsl" "The language version is 1.0.x."
    InvalidVersion Error "invalid-version" "A version is a semantic version."
    InvalidName Error "invalid-name" "Namespace and name are DNS labels in lower case."
    InvalidDuration Error "invalid-duration" "A duration is an object of counts, ISO 8601 text or an expression."
    DurationTooLong Error "duration-too-long" "A duration keeps within the limit."
    CalendarDuration Warning "calendar-duration" "A duration does not depend on the calendar."
    InvalidUri Error "invalid-uri" "An address is a URI, a URI template or an expression."
    InvalidStatus Error "invalid-status" "A status is an HTTP status code."
    InvalidVariable Error "invalid-variable" "A variable has a name that an expression can use."
    // Expressions.
    InvalidExpression Error "invalid-expression" "An expression compiles."
    UndefinedVariable Error "undefined-variable" "A variable exists where it is used."
    SecretOutsideCall Error "secret-outside-call" "A secret is compared or transformed only inside a call."
    // Tasks and names.
    EmptyTaskList Error "empty-task-list" "A task list holds a task."
    DuplicateTaskName Error "duplicate-task-name" "A task's name is unique in its list."
    ReservedTaskName Error "reserved-task-name" "A task is not named like a flow directive."
    UnknownTask Error "unknown-task" "A flow directive names a task of its own list."
    TaskOutOfScope Error "task-out-of-scope" "A flow directive does not leave its scope."
    SeveralDefaults Error "several-defaults" "A switch has at most one default."
    UnreachableTask Warning "unreachable-task" "A task can be reached."
    UnknownError Error "unknown-error" "A named error is declared in `use.errors`."
    UnknownRetry Error "unknown-retry" "A named retry policy is declared in `use.retries`."
    UnknownTimeout Error "unknown-timeout" "A named timeout is declared in `use.timeouts`."
    UnknownFunction Error "unknown-function" "A called function is declared in `use.functions`."
    RecursiveFunction Error "recursive-function" "A function does not call itself."
    UnknownAuthentication Error "unknown-authentication" "A named policy is declared in `use.authentications`."
    UnknownSecret Error "unknown-secret" "A secret is declared in `use.secrets`."
    UnknownCatalog Error "unknown-catalog" "A function catalog is declared in `use.catalogs`."
    MisplacedMetadata Error "misplaced-metadata" "A key of `metadata.motet` stands on a task that it applies to."
    InvalidNeeds Error "invalid-needs" "A branch of a fork that is no race needs other branches of it, without a cycle."
    UnknownService Warning "unknown-service" "A host without dot and port is a service that is known."
    UndeclaredIdempotency Warning "undeclared-idempotency" "A call that may not be repeated says so."
    UncompensatedCall Warning "uncompensated-call" "A call between tasks that can be undone can be undone, too."
    NotCompilable Error "not-compilable" "A schema is a JSON Schema that stands in the document, and the tasks are not too many."
    // Valid, and not executed yet.
    UnsupportedExtensions Error "unsupported-extensions" "`use.extensions` is not executed yet."
    UnsupportedCatalogs Error "unsupported-catalogs" "`use.catalogs` is not executed yet."
    UnsupportedGrpc Error "unsupported-grpc" "`call: grpc` is not executed yet."
    UnsupportedOpenApi Error "unsupported-openapi" "`call: openapi` is not executed yet."
    UnsupportedAsyncApi Error "unsupported-asyncapi" "`call: asyncapi` is not executed yet."
    UnsupportedA2a Error "unsupported-a2a" "`call: a2a` is not executed yet."
    UnsupportedMcp Error "unsupported-mcp" "`call: mcp` is not executed yet."
    UnsupportedCataloguedFunction Error "unsupported-catalogued-function" "A function of a catalog is not executed yet."
    UnsupportedFunctionUri Error "unsupported-function-uri" "A function at a URI is not executed yet."
    UnsupportedContainer Error "unsupported-container" "`run: container` is not executed yet."
    UnsupportedScript Error "unsupported-script" "`run: script` is not executed yet."
    UnsupportedShell Error "unsupported-shell" "`run: shell` is not executed yet."
    UnsupportedDigest Error "unsupported-digest" "`digest` authentication is not executed yet."
    UnsupportedOAuth2 Error "unsupported-oauth2" "`oauth2` authentication is not executed yet."
    UnsupportedOidc Error "unsupported-oidc" "`oidc` authentication is not executed yet."
    UnsupportedServiceVersion Error "unsupported-service-version" "`metadata.motet.version` is not executed yet."
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
