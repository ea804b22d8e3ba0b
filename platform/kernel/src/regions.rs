//! The names and nesting of the regions of one installation.
use crate::region::{RegionCode, Tier};
use std::collections::BTreeMap;

/// One region of the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub code: RegionCode,
    pub name: String,
}

/// 墩塘村民委员会 → 墩塘村, 水唇社区居民委员会 → 水唇社区.
fn spoken(official: &str) -> &str {
    official.strip_suffix("居民委员会").or_else(|| official.strip_suffix("民委员会")).unwrap_or(official)
}

/// All regions of an installation, read once and kept in memory (a city has a few thousand).
#[derive(Clone, Debug, Default)]
pub struct RegionBook {
    by_code: BTreeMap<RegionCode, String>,
    children: BTreeMap<RegionCode, Vec<RegionCode>>,
}

impl RegionBook {
    pub fn new(rows: impl IntoIterator<Item = Region>) -> RegionBook {
        let by_code: BTreeMap<RegionCode, String> = rows.into_iter().map(|r| (r.code, r.name)).collect();
        let mut children: BTreeMap<RegionCode, Vec<RegionCode>> = BTreeMap::new();
        for code in by_code.keys() {
            // A level may be missing (a city without counties): the child hangs on the nearest ancestor there is.
            let mut up = code.parent();
            while let Some(p) = up {
                if by_code.contains_key(&p) {
                    children.entry(p).or_default().push(*code);
                    break;
                }
                up = p.parent();
            }
        }
        RegionBook { by_code, children }
    }

    /// Reads `code12,name,level,parent_code12` with a header line.
    ///
    /// # Errors
    /// The line (1-based) and what is wrong with it.
    pub fn from_csv(text: &str) -> Result<RegionBook, (usize, String)> {
        let mut rows = Vec::new();
        for (i, line) in text.trim_start_matches('\u{feff}').lines().enumerate().skip(1) {
            if line.trim().is_empty() {
                continue;
            }
            let mut cells = line.split(',');
            let code = cells.next().unwrap_or_default().trim();
            let name = cells.next().unwrap_or_default().trim();
            let code: RegionCode = code.parse().map_err(|e: &str| (i + 1, e.to_string()))?;
            if name.is_empty() {
                return Err((i + 1, "没有名称".into()));
            }
            rows.push(Region { code, name: name.to_string() });
        }
        if rows.is_empty() {
            return Err((1, "文件里没有区划".into()));
        }
        Ok(RegionBook::new(rows))
    }
    pub fn len(&self) -> usize {
        self.by_code.len()
    }
    pub fn is_empty(&self) -> bool {
        self.by_code.is_empty()
    }
    pub fn iter(&self) -> impl Iterator<Item = (RegionCode, &str)> {
        self.by_code.iter().map(|(c, n)| (*c, n.as_str()))
    }
    pub fn contains(&self, code: &RegionCode) -> bool {
        self.by_code.contains_key(code)
    }
    /// The region's name as people say it (墩塘村, not 墩塘村民委员会), or its code if the book does not know it.
    pub fn name(&self, code: &RegionCode) -> String {
        self.by_code.get(code).map(|n| spoken(n).to_string()).unwrap_or_else(|| code.to_string())
    }
    /// Direct children in code order.
    pub fn children(&self, code: &RegionCode) -> &[RegionCode] {
        self.children.get(code).map(Vec::as_slice).unwrap_or(&[])
    }
    /// From the largest known ancestor down to the region itself.
    pub fn path(&self, code: &RegionCode) -> Vec<Region> {
        let mut out = Vec::new();
        let mut at = Some(*code);
        while let Some(c) = at {
            if let Some(name) = self.by_code.get(&c) {
                out.push(Region { code: c, name: spoken(name).to_string() });
            }
            at = c.parent();
        }
        out.reverse();
        out
    }
    /// 水唇镇墩塘村: names below the county, joined.
    pub fn short(&self, code: &RegionCode) -> String {
        let p = self.path(code);
        p.iter().filter(|r| r.code.tier() > Tier::County).map(|r| r.name.as_str()).collect::<String>()
    }
    /// 汕尾市陆河县水唇镇墩塘村
    pub fn full(&self, code: &RegionCode) -> String {
        self.path(code).iter().filter(|r| r.code.tier() > Tier::Province).map(|r| r.name.as_str()).collect()
    }
    /// The region inside `within` that has this exact name (official or as spoken), if there is only one.
    pub fn find_by_name(&self, within: &RegionCode, tier: Tier, name: &str) -> Option<RegionCode> {
        let wanted = spoken(name.trim());
        let mut hits = self
            .by_code
            .range(*within..)
            .take_while(|(c, _)| within.contains(c))
            .filter(|(c, n)| c.tier() == tier && (n.as_str() == name.trim() || spoken(n) == wanted))
            .map(|(c, _)| *c);
        match (hits.next(), hits.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }
}
