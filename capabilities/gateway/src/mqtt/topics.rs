//! Which topics are a device's own.
use wire::thing::Family;

/// Whether a device may publish there.
pub(super) fn may_say(identity: &str, topic: &str) -> bool {
    let mut parts = topic.split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("yinian"), Some(d), Some("up" | "answer"), None) => d == identity,
        (Some("$sys"), Some(_), Some(d), Some(_)) => d == identity,
        (Some(""), Some("sys"), Some(_), Some(d)) => d == identity,
        (Some("zigbee2mqtt"), Some(_), ..) => true,
        (Some("v1"), Some("devices"), Some("me"), Some("telemetry")) => topic == "v1/devices/me/telemetry",
        _ => false,
    }
}

/// Whether a device may subscribe to that filter: nothing but its own, wildcards only below its name.
pub(super) fn may_hear(identity: &str, filter: &str) -> bool {
    let own = |rest: &str| rest.strip_prefix(identity).is_some_and(|r| r.is_empty() || r.starts_with('/'));
    let below = |prefix: &str| {
        let rest = filter.strip_prefix(prefix).and_then(|r| r.split_once('/'));
        rest.is_some_and(|(_, rest)| own(rest))
    };
    filter.strip_prefix("yinian/").is_some_and(own)
        || below("$sys/")
        || below("/sys/")
        || filter == "zigbee2mqtt"
        || filter.starts_with("zigbee2mqtt/")
}

/// The thing model a filter listens by, where it names the product.
pub(super) fn thing_of(filter: &str) -> Option<(Family, String)> {
    let (family, rest) = match filter.strip_prefix("$sys/") {
        Some(rest) => (Family::OneJson, rest),
        None => (Family::Alink, filter.strip_prefix("/sys/")?),
    };
    let product = rest.split('/').next().filter(|p| !p.is_empty() && *p != "+" && p.len() <= 64)?;
    Some((family, product.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_its_own_topics_only() {
        for mine in ["yinian/d1/up", "$sys/p/d1/thing/property/post", "/sys/p/d1/thing/event/property/post"] {
            assert!(may_say("d1", mine), "{mine}");
            assert!(!may_say("d2", mine), "{mine}");
        }
        for no in ["yinian/d1", "yinian/d1/down", "$SYS/broker", "homeassistant/x", "yinian/d1/up/more", ""] {
            assert!(!may_say("d1", no), "{no}");
        }
        for mine in ["yinian/d1/down", "yinian/d1/#", "$sys/p/d1/#", "/sys/+/d1/thing/#", "$sys/+/d1/cmd"] {
            assert!(may_hear("d1", mine), "{mine}");
            assert!(!may_hear("d2", mine), "{mine}");
        }
        assert_eq!(thing_of("$sys/lock1/d1/#"), Some((Family::OneJson, "lock1".to_string())));
        assert_eq!(thing_of("/sys/lock1/d1/thing/#"), Some((Family::Alink, "lock1".to_string())));
        for no in ["$sys/+/d1/#", "yinian/d1/down", "$sys"] {
            assert_eq!(thing_of(no), None, "{no}");
        }
        for no in ["#", "+/#", "yinian/#", "yinian/+/down", "yinian/d10/down", "$sys/#", "$sys/p/#"] {
            assert!(!may_hear("d1", no), "{no}");
        }
    }
}
