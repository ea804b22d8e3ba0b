//! Languages and dialects workers speak.
use catalogue::Skill;
use dispatch::{LanguageSet, Vocabulary};

store::words! {
    /// A language or dialect. The order is the number in [`dispatch::Language`] and is stored: new ones go to the end.
    Language {
        Mandarin "mandarin" "普通话",
        Hakka "hakka" "客家话",
        Hoklo "hoklo" "福佬话",
        Teochew "teochew" "潮州话",
        Cantonese "cantonese" "广州话",
        Minnan "minnan" "闽南话",
        Wu "wu" "吴语",
        Xiang "xiang" "湘语",
        Gan "gan" "赣语",
        Sichuanese "sichuanese" "四川话",
        SignLanguage "sign_language" "手语",
    }
}

impl Language {
    /// Its place in a [`LanguageSet`].
    pub fn tag(self) -> dispatch::Language {
        dispatch::Language::new(self as u8).expect("there are fewer than 64 languages")
    }
    pub fn set(languages: &[Language]) -> LanguageSet {
        languages.iter().map(|l| l.tag()).collect()
    }
    pub fn of(set: LanguageSet) -> Vec<Language> {
        Language::ALL.iter().copied().filter(|l| set.has(l.tag())).collect()
    }
}

/// The words of skills and languages for the reasons of [`dispatch::rank`].
pub fn vocabulary() -> Vocabulary {
    Vocabulary {
        skills: Skill::ALL.iter().map(|s| s.zh().to_string()).collect(),
        languages: Language::ALL.iter().map(|l| l.zh().to_string()).collect(),
    }
}
