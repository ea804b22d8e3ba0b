//! One way to write an enum whose values are stored as small integers, carried as text and shown in Chinese.

/// Declares a field-less enum with a stored number, a code, Chinese words and the list of all values.
macro_rules! coded {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $number:literal, $code:literal, $zh:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* $variant = $number,)+ }
        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];
            /// The stored number. Never reused for another meaning.
            pub const fn number(self) -> u8 { self as u8 }
            pub const fn from_number(number: u8) -> Option<$name> {
                match number { $($number => Some($name::$variant),)+ _ => None }
            }
            /// The word used in APIs, files and addresses.
            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)+ }
            }
            pub const fn zh(self) -> &'static str {
                match self { $($name::$variant => $zh,)+ }
            }
            pub fn parse(code: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|v| v.code() == code)
            }
        }
    };
}
pub(crate) use coded;
