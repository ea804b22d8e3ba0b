//! The little XML a message needs: one root with flat or nested text tags. No document type, no external entity.
pub(super) struct Doc {
    pub root: String,
    tags: Vec<(String, String)>,
}

impl Doc {
    pub fn first(&self, tag: &str) -> Option<&str> {
        self.tags.iter().find(|(t, _)| t == tag).map(|(_, v)| v.as_str())
    }
    pub fn all<'a>(&'a self, tag: &'a str) -> impl Iterator<Item = &'a str> {
        self.tags.iter().filter(move |(t, _)| t == tag).map(|(_, v)| v.as_str())
    }
}

/// Most tags of one message.
const MAX_TAGS: usize = 96;
const MAX_DEPTH: usize = 4;

/// Not well-formed, or more than a message may hold.
#[derive(Debug)]
pub(super) struct Malformed;

pub(super) fn parse(bytes: &[u8]) -> Result<Doc, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|_| Malformed)?;
    let mut rest = text.trim_start_matches('\u{feff}');
    let mut open: Vec<(String, String)> = Vec::new();
    let mut doc = Doc { root: String::new(), tags: Vec::new() };
    let mut closed = false;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        match open.last_mut() {
            Some((_, value)) => value.push_str(&unescape(before)?),
            None if before.trim().is_empty() => {}
            None => return Err(Malformed),
        }
        if let Some(comment) = from.strip_prefix("<!--") {
            rest = comment.split_once("-->").ok_or(Malformed)?.1;
        } else if let Some(data) = from.strip_prefix("<![CDATA[") {
            let (data, after) = data.split_once("]]>").ok_or(Malformed)?;
            open.last_mut().ok_or(Malformed)?.1.push_str(data);
            rest = after;
        } else if let Some(instruction) = from.strip_prefix("<?") {
            rest = instruction.split_once("?>").ok_or(Malformed)?.1;
        } else if from.starts_with("<!") {
            return Err(Malformed);
        } else if let Some(end) = from.strip_prefix("</") {
            let (name, after) = end.split_once('>').ok_or(Malformed)?;
            let (opened, value) = open.pop().ok_or(Malformed)?;
            if opened != local(name) {
                return Err(Malformed);
            }
            if open.is_empty() {
                closed = true;
            } else {
                doc.tags.push((opened, value));
            }
            rest = after;
        } else {
            let (tag, after) = from[1..].split_once('>').ok_or(Malformed)?;
            let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |t| (t, true));
            let name = local(tag);
            let sound = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            if !sound || closed || doc.tags.len() >= MAX_TAGS || open.len() >= MAX_DEPTH {
                return Err(Malformed);
            }
            if open.is_empty() {
                doc.root.clone_from(&name);
                closed = empty;
            }
            match (empty, open.is_empty()) {
                (true, false) => doc.tags.push((name, String::new())),
                (true, true) => {}
                (false, _) => open.push((name, String::new())),
            }
            rest = after;
        }
    }
    if !closed || !open.is_empty() || !rest.trim().is_empty() {
        return Err(Malformed);
    }
    Ok(doc)
}

/// A tag's name without prefix and attributes.
fn local(tag: &str) -> String {
    let name = tag.split_ascii_whitespace().next().unwrap_or("");
    name.rsplit(':').next().unwrap_or("").to_string()
}

fn unescape(text: &str) -> Result<String, Malformed> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, after) = after.split_once(';').ok_or(Malformed)?;
        out.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            number => {
                let code = match number.strip_prefix('#').ok_or(Malformed)? {
                    n if n.starts_with(['x', 'X']) => u32::from_str_radix(&n[1..], 16),
                    n => n.parse(),
                };
                code.ok().and_then(char::from_u32).ok_or(Malformed)?
            }
        });
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c if c < ' ' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
