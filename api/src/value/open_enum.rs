//! Open enumerations: sets of values to which later releases may add, without breaking clients.
//!
//! An open enumeration is published as a string with a pattern. The known values are listed in its description and in
//! `x-extensible-enum`, which generators of clients ignore, so that a client accepts values that are newer than itself.
//! In requests only known values are accepted.
//!
//! To add an enumeration, declare it with `open_enum!` in the file of its subject. To add a value, add a line to the
//! declaration. Removing or renaming a value breaks clients.

use poem_openapi::registry::{MetaSchema, Registry};
use poem_openapi::types::Type;

/// The spelling of an enumeration's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Regular expression that every present and future value matches.
    pub pattern: &'static str,
    /// Maximum length in characters.
    pub max_length: usize,
}

/// `tenant_not_found`: lower-case words joined by underscores.
pub const SNAKE_CASE: Form = Form { pattern: "^[a-z][a-z0-9_]*$", max_length: 64 };
/// `Selective Call Acceptance`: words separated by spaces.
pub const WORDS: Form = Form { pattern: "^[A-Z][A-Za-z0-9 -]*$", max_length: 64 };

/// Registers the schema of the open enumeration `T`. Where a schema has both a pattern and a set of values, the
/// finishing step of the document turns the set into `x-extensible-enum`.
pub(crate) fn register<T: Type>(registry: &mut Registry, meaning: &[&str], form: Form, values: &[(&str, String)]) {
    registry.create_schema::<T, _>(T::name().into_owned(), |_| MetaSchema {
        description: Some(describe(meaning, values).leak()),
        pattern: Some(form.pattern.to_owned()),
        min_length: Some(1),
        max_length: Some(form.max_length),
        enum_items: values.iter().map(|(value, _)| (*value).into()).collect(),
        ..MetaSchema::new("string")
    });
}

fn describe(meaning: &[&str], values: &[(&str, String)]) -> String {
    let values: Vec<_> = values.iter().map(|(value, meaning)| format!("`{value}`: {meaning}")).collect();
    format!("{} Values may be added. Known values:\n\n{}", sentence(meaning), values.join(" "))
}

/// Joins the lines of a doc comment.
pub(crate) fn sentence(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// The message for a `text` that is not among the `known` values.
pub(crate) fn unknown(text: &str, known: &[&str]) -> String {
    let start: String = text.chars().take(100).collect();
    let known: Vec<_> = known.iter().map(|value| format!("{value:?}")).collect();
    format!("{start:?} is not one of {}", known.join(", "))
}

/// Declares an open enumeration; see the [module](crate::value::open_enum).
///
/// The doc comments are published. The string after `=` is the value as written on the wire.
macro_rules! open_enum {
    (
        $(#[doc = $doc:expr])+
        $name:ident: $form:expr, {
            $(
                $(#[doc = $meaning:expr])+
                $variant:ident = $text:literal,
            )+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name {
            $(
                $(#[doc = $meaning])+
                $variant,
            )+
        }

        impl $name {
            /// Every value, in the order of the document.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// The spelling of the values.
            pub const FORM: $crate::value::open_enum::Form = $form;

            /// The value as written on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// Parses a known value.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }

            fn parse_or_explain(text: &str) -> Result<Self, String> {
                Self::parse(text).ok_or_else(|| $crate::value::open_enum::unknown(text, &[$($text),+]))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse_or_explain(&text).map_err(serde::de::Error::custom)
            }
        }

        impl poem_openapi::types::Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                poem_openapi::registry::MetaSchemaRef::Reference(stringify!($name).to_owned())
            }

            fn register(registry: &mut poem_openapi::registry::Registry) {
                let values = [$(($text, $crate::value::open_enum::sentence(&[$($meaning),+]))),+];
                $crate::value::open_enum::register::<Self>(registry, &[$($doc),+], Self::FORM, &values);
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        impl poem_openapi::types::ParseFromJSON for $name {
            fn parse_from_json(value: Option<serde_json::Value>) -> poem_openapi::types::ParseResult<Self> {
                match value {
                    Some(serde_json::Value::String(text)) => {
                        Self::parse_or_explain(&text).map_err(poem_openapi::types::ParseError::custom)
                    }
                    _ => Err(poem_openapi::types::ParseError::expected_input()),
                }
            }
        }

        impl poem_openapi::types::ParseFromParameter for $name {
            fn parse_from_parameter(value: &str) -> poem_openapi::types::ParseResult<Self> {
                Self::parse_or_explain(value).map_err(poem_openapi::types::ParseError::custom)
            }
        }

        impl poem_openapi::types::ToJSON for $name {
            fn to_json(&self) -> Option<serde_json::Value> {
                Some(self.as_str().into())
            }
        }
    };
}
pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    use super::*;

    open_enum! {
        /// A colour
        /// of the rainbow.
        Colour: SNAKE_CASE, {
            /// As blood.
            Red = "red",
            /// As the sky
            /// at noon.
            LightBlue = "light_blue",
        }
    }

    #[test]
    fn values_are_read_and_written_as_they_are_declared() {
        assert_eq!(Colour::ALL.map(Colour::as_str), ["red", "light_blue"]);
        assert_eq!(Colour::parse("light_blue"), Some(Colour::LightBlue));
        assert_eq!(serde_json::to_string(&Colour::LightBlue).ok().as_deref(), Some("\"light_blue\""));
        assert_eq!(serde_json::from_str::<Colour>("\"re\\u0064\"").ok(), Some(Colour::Red));
    }

    #[test]
    fn the_error_for_an_unknown_value_lists_the_known_ones() {
        assert_eq!(Colour::parse("Red"), None);
        let error = serde_json::from_str::<Colour>("\"green\"").expect_err("green is unknown").to_string();
        assert_eq!(error, r#""green" is not one of "red", "light_blue""#);
    }

    #[test]
    fn the_schema_has_a_pattern_and_the_known_values_with_their_meaning() {
        let mut registry = Registry::new();
        Colour::register(&mut registry);
        let schema = &registry.schemas["Colour"];
        assert_eq!(schema.pattern.as_deref(), Some(SNAKE_CASE.pattern));
        assert_eq!(schema.enum_items, ["red", "light_blue"]);
        let described = "A colour of the rainbow. Values may be added. Known values:\n\n\
                         `red`: As blood. `light_blue`: As the sky at noon.";
        assert_eq!(schema.description, Some(described));
    }
}
