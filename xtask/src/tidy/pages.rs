//! Pages obey the content security policy: no inline style, no inline script, nothing from other hosts.
use super::{File, Finding};
use crate::rust_text::{Kind, split};

pub fn check(file: &File) -> Vec<Finding> {
    if file.is("html") && !file.path.starts_with("docs/") {
        return check_markup(file, &file.text, 1);
    }
    // Markup also stands in string literals of code that builds pages.
    let builds_pages = file.path.starts_with("platform/web/src") || file.path.starts_with("capabilities/");
    if file.is("rs") && builds_pages && !file.is_test() {
        let pieces = split(&file.text);
        let texts = pieces.iter().filter(|p| p.kind == Kind::Text && p.text.contains('<'));
        return texts.flat_map(|p| check_markup(file, &p.text.replace("\\\"", "\""), p.line)).collect();
    }
    Vec::new()
}

fn check_markup(file: &File, text: &str, first_line: usize) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, tag) in tags(text) {
        let line = first_line + text[..at].matches('\n').count();
        let mut say = |message: &str| findings.push(file.finding(line, message));
        if tag.name == "style" {
            say("<style> is blocked by the content policy: put the rule into the stylesheet");
        }
        if tag.name == "script" && !tag.has("src") && tag.value("type") != Some("application/json") {
            say("a <script> without src is blocked by the content policy: put it into a file of assets");
        }
        for (attribute, value) in &tag.attributes {
            let value = value.trim();
            if attribute == "style" {
                say("style= is blocked by the content policy: use a class");
            }
            if attribute.starts_with("on") && !value.is_empty() || attribute.starts_with("hx-on") {
                say("an inline handler is blocked by the content policy: listen in a file of assets");
            }
            if value.starts_with("javascript:") {
                say("a javascript: address is blocked by the content policy");
            }
            let loads = matches!(tag.name.as_str(), "script" | "link" | "img" | "iframe" | "source");
            let elsewhere = value.starts_with("http://") || value.starts_with("https://") || value.starts_with("//");
            if loads && matches!(attribute.as_str(), "src" | "href" | "srcset") && elsewhere {
                say("nothing is loaded from another host: ship the file with the program");
            }
        }
    }
    findings
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn value(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
    fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }
}

/// Opening tags with their attributes, wherever template expressions stand between them. Comments are passed over.
fn tags(text: &str) -> Vec<(usize, Tag)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('<').map(|n| at + n) {
        let rest = &text[open + 1..];
        if rest.starts_with("!--") {
            at = rest.find("-->").map_or(text.len(), |n| open + 1 + n + 3);
            continue;
        }
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        if name.is_empty() {
            at = open + 1;
            continue;
        }
        let (attributes, used) = attributes(&rest[name.len()..]);
        at = open + 1 + name.len() + used;
        found.push((open, Tag { name: name.to_ascii_lowercase(), attributes }));
    }
    found
}

/// Attributes up to the closing `>`, and how many bytes they take.
fn attributes(text: &str) -> (Vec<(String, String)>, usize) {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with('>') {
            return (found, at + 1);
        }
        // A template expression between attributes.
        if let Some(close) = [("{%", "%}"), ("{{", "}}"), ("{#", "#}")].iter().find(|(o, _)| rest.starts_with(o)) {
            at += rest.find(close.1).map_or(rest.len(), |n| n + 2);
            continue;
        }
        let name: String = rest
            .chars()
            .take_while(|c| !c.is_whitespace() && !matches!(c, '=' | '>' | '/' | '"' | '\'' | '{'))
            .collect();
        if name.is_empty() {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        at += name.len();
        let after = text[at..].trim_start();
        let mut value = String::new();
        if let Some(assigned) = after.strip_prefix('=') {
            let assigned = assigned.trim_start();
            at = text.len() - assigned.len();
            if let Some(quote) = assigned.chars().next().filter(|c| matches!(c, '"' | '\'')) {
                let close = assigned[1..].find(quote).map_or(assigned.len(), |n| n + 1);
                value = assigned[1..close].to_string();
                at += (close + 1).min(assigned.len());
            } else {
                value = assigned.chars().take_while(|c| !c.is_whitespace() && *c != '>').collect();
                at += value.len();
            }
        }
        found.push((name.to_ascii_lowercase(), value));
    }
    (found, at)
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn count(markup: &str) -> usize {
        check(&file("capabilities/people/templates/x.html", markup)).len()
    }

    #[test]
    fn what_the_policy_blocks_is_found() {
        for bad in [
            "<p style=\"color:red\">x</p>",
            "<p\n  class=a style='x'>",
            "<style>p{}</style>",
            "<script>go()</script>",
            "<script type=\"module\">go()</script>",
            "<button onclick=\"go()\">",
            "<div hx-on:click='go()'>",
            "<a href=\"javascript:go()\">",
            "<script src=\"https://cdn.example.org/x.js\"></script>",
            "<p {% if a > b %} style=\"x\" {% endif %}>",
        ] {
            assert_eq!(count(bad), 1, "{bad}");
        }
    }

    #[test]
    fn what_it_allows_passes() {
        for good in [
            "<script src=\"/assets/app.js\" type=\"module\"></script>",
            "<script type=\"application/json\" id=\"d\">{}</script>",
            "<a href=\"https://www.gov.cn/\">国务院</a>",
            "<!-- <style> --><p title=\"style= is gone\" class=\"lifestyle\">",
            "<input name=on data-style=\"x\" only>",
            "{% if a < b %}style{% endif %}",
        ] {
            assert_eq!(count(good), 0, "{good}");
        }
    }

    #[test]
    fn markup_in_code_is_seen_and_lines_are_told() {
        let code = "fn f() {\n    let a = \"<p style=\\\"x\\\">\";\n    // <style>\n}";
        let found = check(&file("capabilities/people/src/pages.rs", code));
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [2]);
        assert!(check(&file("capabilities/people/tests/pages.rs", code)).is_empty());
    }
}
