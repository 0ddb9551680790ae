//! Value types: text that is checked once, when it is parsed.
//!
//! A value type is declared with `text!`. Its rule is written once and used for request bodies, path and query
//! parameters, the published schema and error messages. To add a value type, declare it with `text!` in the file of its
//! subject. If a pattern cannot express its whole rule, set a `format` and a `holds` function, and register the format
//! in [`crate::wire::validation::compile`].

use std::{borrow::Cow, fmt};

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use regex::Regex;
use serde::de::{Error, Visitor};

/// The error for a text that is not a value of the type. The message says what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {meaning}: {rule}")]
pub struct NotValid {
    text: String,
    meaning: &'static str,
    rule: Cow<'static, str>,
}

impl NotValid {
    /// Replaces the general rule by a specific `reason`, if there is one.
    pub(crate) fn because(self, reason: Option<String>) -> Self {
        Self { rule: reason.map_or(self.rule, Cow::Owned), ..self }
    }
}

/// The rule of a value type, as published in its schema.
pub struct Rule {
    /// Name of the schema in the published document.
    pub name: &'static str,
    /// What the value is, with its article: "a tenant's identifier".
    pub meaning: &'static str,
    /// The rule in words.
    pub rule: &'static str,
    /// Minimum and maximum length in characters.
    pub length: (usize, usize),
    /// Regular expression in the common subset of ECMA 262, Rust, Java, Go and Python.
    pub pattern: &'static str,
    /// OpenAPI `format`, if the pattern cannot express the whole rule.
    pub format: Option<&'static str>,
    /// A valid value.
    pub example: &'static str,
}

impl Rule {
    /// The published description: the meaning, then the rule in words.
    pub fn description(&self) -> String {
        let mut meaning = self.meaning.to_owned();
        if let Some(first) = meaning.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        format!("{meaning}: {}.", self.rule)
    }

    pub(crate) fn schema_ref(&self) -> MetaSchemaRef {
        MetaSchemaRef::Reference(self.name.to_owned())
    }

    pub(crate) fn register<T>(&self, registry: &mut Registry)
    where
        T: poem_openapi::types::Type,
    {
        registry.create_schema::<T, _>(self.name.to_owned(), |_| MetaSchema {
            description: Some(self.description().leak()),
            format: self.format,
            min_length: Some(self.length.0),
            max_length: Some(self.length.1),
            pattern: Some(self.pattern.to_owned()),
            example: Some(self.example.into()),
            ..MetaSchema::new("string")
        });
    }

    pub(crate) fn check(&self, text: &str, pattern: &Regex, holds: fn(&str) -> bool) -> Result<(), NotValid> {
        let (least, most) = self.length;
        let right = (least..=most).contains(&text.chars().count()) && pattern.is_match(text) && holds(text);
        if right { Ok(()) } else { Err(self.refuse(text)) }
    }

    fn refuse(&self, text: &str) -> NotValid {
        NotValid { text: text.chars().take(100).collect(), meaning: self.meaning, rule: self.rule.into() }
    }
}

/// Parses the text that serde deserializes.
pub(crate) struct Parsed<T>(pub(crate) fn(&str) -> Result<T, NotValid>);

impl<T> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        self.0(text).map_err(E::custom)
    }
}

/// Compiles `pattern` with its meaning in ECMA 262, where `\s` includes the byte order mark. `\s` may be used only
/// within brackets.
pub(crate) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(&pattern.replace(r"\s", r"\s\x{FEFF}"))
}

/// Declares a value type; see the [module](crate::value::text).
///
/// `holds` checks the part of the rule that `pattern` cannot express, `reason` makes a specific error message, and
/// `canonical` the form in which a valid text is stored.
macro_rules! text {
    (
        $(#[$meta:meta])*
        $name:ident {
            meaning: $meaning:expr,
            rule: $rule:expr,
            length: $least:literal..=$most:literal,
            pattern: $pattern:expr,
            $(format: $format:literal, holds: $holds:expr,)?
            $(reason: $reason:expr,)?
            $(canonical: $canonical:expr,)?
            example: $example:expr $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// The rule of this type.
            pub const RULE: $crate::value::text::Rule = $crate::value::text::Rule {
                name: stringify!($name),
                meaning: $meaning,
                rule: $rule,
                length: ($least, $most),
                pattern: $pattern,
                format: text!(@option $($format)?),
                example: $example,
            };

            /// Parses `text`. The error says what would be right.
            pub fn parse(text: &str) -> Result<Self, $crate::value::text::NotValid> {
                Self::parse_cow(text.into())
            }

            fn parse_cow(text: std::borrow::Cow<'_, str>) -> Result<Self, $crate::value::text::NotValid> {
                static COMPILED: std::sync::LazyLock<regex::Regex> = std::sync::LazyLock::new(|| {
                    $crate::value::text::compile($pattern).expect("a value type's pattern is a regular expression")
                });
                // Threads that share one wait for its scratch space.
                thread_local!(static PATTERN: regex::Regex = COMPILED.clone());
                let check = |text: &str| {
                    PATTERN.with(|pattern| Self::RULE.check(text, pattern, text!(@holds $($holds)?)))
                };
                check(&text).map_err(|refused| refused.because(text!(@reason text $($reason)?)))?;
                let canonical = match text!(@canonical text $($canonical)?) {
                    std::borrow::Cow::Owned(canonical) if canonical != text => Some(canonical),
                    _ => None,
                };
                let Some(canonical) = canonical else { return Ok(Self(text.into_owned().into())) };
                check(&canonical)?;
                Ok(Self(canonical.into()))
            }

            /// The value as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::value::text::NotValid;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse_cow(text.into())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::value::text::Parsed(Self::parse))
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0.into()
            }
        }

        impl poem_openapi::types::Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> std::borrow::Cow<'static, str> {
                Self::RULE.name.into()
            }

            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                Self::RULE.schema_ref()
            }

            fn register(registry: &mut poem_openapi::registry::Registry) {
                Self::RULE.register::<Self>(registry);
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(self.as_raw_value().into_iter())
            }
        }

        impl poem_openapi::types::ParseFromJSON for $name {
            fn parse_from_json(value: Option<serde_json::Value>) -> poem_openapi::types::ParseResult<Self> {
                match value {
                    Some(serde_json::Value::String(text)) => Self::parse_cow(text.into()).map_err(Into::into),
                    _ => Err(poem_openapi::types::ParseError::expected_input()),
                }
            }
        }

        impl poem_openapi::types::ParseFromParameter for $name {
            fn parse_from_parameter(value: &str) -> poem_openapi::types::ParseResult<Self> {
                Self::parse(value).map_err(Into::into)
            }
        }

        impl poem_openapi::types::ToJSON for $name {
            fn to_json(&self) -> Option<serde_json::Value> {
                Some(self.as_str().into())
            }
        }
    };
    (@option) => { None };
    (@option $value:expr) => { Some($value) };
    (@holds) => { |_| true };
    (@holds $holds:expr) => { $holds };
    (@reason $text:ident) => { None };
    (@reason $text:ident $reason:expr) => { ($reason)(&$text) };
    (@canonical $text:ident) => { std::borrow::Cow::Borrowed(&*$text) };
    (@canonical $text:ident $canonical:expr) => { std::borrow::Cow::from(($canonical)(&$text)) };
}
pub(crate) use text;
