//! Skills and languages as small numbers, so that a set of them is one machine word.

macro_rules! tag_set {
    ($(#[$tag_doc:meta])* $tag:ident, $(#[$set_doc:meta])* $set:ident) => {
        $(#[$tag_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "u8", into = "u8")]
        pub struct $tag(u8);

        impl $tag {
            /// `None` from 64 on: a set has 64 places.
            pub const fn new(number: u8) -> Option<$tag> {
                if number < 64 { Some($tag(number)) } else { None }
            }
            pub const fn number(self) -> usize {
                self.0 as usize
            }
        }
        impl TryFrom<u8> for $tag {
            type Error = &'static str;
            fn try_from(number: u8) -> Result<$tag, &'static str> {
                $tag::new(number).ok_or("a tag is a number from 0 to 63")
            }
        }
        impl From<$tag> for u8 {
            fn from(tag: $tag) -> u8 {
                tag.0
            }
        }

        $(#[$set_doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $set(pub u64);

        impl $set {
            pub const EMPTY: $set = $set(0);
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }
            pub const fn with(self, tag: $tag) -> $set {
                $set(self.0 | 1 << tag.0)
            }
            pub const fn has(self, tag: $tag) -> bool {
                self.0 >> tag.0 & 1 == 1
            }
            /// What is in `self` and not in `other`.
            pub const fn without(self, other: $set) -> $set {
                $set(self.0 & !other.0)
            }
            pub const fn meets(self, other: $set) -> bool {
                self.0 & other.0 != 0
            }
            pub fn iter(self) -> impl Iterator<Item = $tag> {
                (0..64).map($tag).filter(move |tag| self.has(*tag))
            }
        }
        impl FromIterator<$tag> for $set {
            fn from_iter<I: IntoIterator<Item = $tag>>(tags: I) -> $set {
                tags.into_iter().fold($set::EMPTY, $set::with)
            }
        }
    };
}

tag_set!(
    /// Something a worker can do, as the place in [`crate::Vocabulary::skills`].
    Skill,
    /// A set of skills.
    SkillSet
);
tag_set!(
    /// A language or dialect, as the place in [`crate::Vocabulary::languages`].
    Language,
    /// A set of languages.
    LanguageSet
);
