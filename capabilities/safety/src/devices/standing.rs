//! How a device stands: what happened to it, what it last said of itself, what follows from that. Pure.
use super::model::{Device, DeviceEventId, DeviceKind, DeviceState, Payer, Protocol};
use kernel::{ElderId, Instant};

store::words! {
    /// One thing that happened to a device.
    Happened {
        Registered "registered" "登记",
        Bound "bound" "绑定",
        Lent "lent" "借出",
        Unbound "unbound" "解绑",
        Returned "returned" "归还",
        Repair "repair" "送修",
        Stocked "stocked" "入库",
        Retired "retired" "报废",
        Edited "edited" "改资料",
        Secret "secret" "换密码",
        Unlocked "unlocked" "远程开锁",
    }
}

/// A line of a device's history.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceEvent {
    pub id: DeviceEventId,
    pub at: Instant,
    pub kind: Happened,
    pub elder: Option<ElderId>,
    pub note: String,
    pub by: String,
}

/// What a device last said of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    pub heard_at: Instant,
    /// Per cent.
    pub battery: Option<u8>,
    /// As the device puts it: percent of bars, or dBm where it is negative.
    pub signal: Option<i32>,
    pub firmware: Option<String>,
}

/// A sign of life by a device's short number. `None` leaves what is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSign {
    pub no: i64,
    pub sign: Sign,
}

/// At this charge, in percent, somebody has to look after the battery.
pub const LOW_BATTERY: u8 = 20;

/// What a list says of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Retired,
    Repair,
    Stock,
    /// Minutes since it was heard of, beyond its limit.
    Silent(i64),
    Low(u8),
    /// Bound and never heard of, still within its limit.
    Waiting,
    Well,
}

/// How a device stands at a moment. Silence outweighs a low battery: a silent device may be empty already.
pub fn standing(device: &Device, sign: Option<&Sign>, now: Instant) -> Standing {
    match device.state {
        DeviceState::Retired => return Standing::Retired,
        DeviceState::Repair => return Standing::Repair,
        DeviceState::Stock => return Standing::Stock,
        DeviceState::Bound | DeviceState::Lent => {}
    }
    let since = device.bound.map_or(device.created_at, |b| b.since);
    // A binding begins anew: what was heard before says nothing of whom it watches now.
    let last = sign.map_or(since, |s| s.heard_at.max(since));
    let minutes = now.since(last) / Instant::MINUTE;
    if device.silent.is_some_and(|limit| minutes >= limit) {
        return Standing::Silent(minutes);
    }
    match sign {
        Some(Sign { battery: Some(b), .. }) if *b <= LOW_BATTERY => Standing::Low(*b),
        Some(s) if s.heard_at >= since => Standing::Well,
        Some(_) | None => Standing::Waiting,
    }
}

/// What a list of devices asks for.
#[derive(Clone, Debug, Default)]
pub struct DeviceAsk {
    pub kind: Option<DeviceKind>,
    pub state: Option<DeviceState>,
    pub protocol: Option<Protocol>,
    pub payer: Option<Payer>,
    pub elder: Option<ElderId>,
    pub view: View,
    /// The beginning of the printed number or model, or whose it is.
    pub q: String,
    /// Whether the question may also be an elder.
    pub by_elder: bool,
}

store::words! {
    /// The common questions asked of the estate.
    #[derive(Default)]
    View {
        #[default]
        All "all" "全部",
        Silent "silent" "失联",
        Low "low" "低电",
        Stock "stock" "在库",
        Repair "repair" "维修",
        /// Lent and not back by its day.
        Overdue "overdue" "到期没还",
    }
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub device: Device,
    pub sign: Option<Sign>,
}

/// `3 天`, `5 小时`, `12 分钟`.
pub fn minutes_words(minutes: i64) -> String {
    match minutes {
        m if m >= 2 * 1_440 => format!("{} 天", m / 1_440),
        m if m >= 120 => format!("{} 小时", m / 60),
        m => format!("{} 分钟", m.max(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::{Bound, DeviceId};
    use kernel::RegionCode;

    fn watch(state: DeviceState, since: Instant) -> Device {
        let elder = ElderId(uuid::Uuid::from_u128(7));
        Device {
            id: DeviceId(uuid::Uuid::from_u128(1)),
            no: 1,
            protocol: Protocol::Watch,
            identity: "8800000001".into(),
            kind: DeviceKind::Watch,
            model: String::new(),
            state,
            region: "441523101204".parse::<RegionCode>().expect("a code"),
            bound: matches!(state, DeviceState::Bound | DeviceState::Lent).then_some(Bound {
                elder,
                no: 1,
                slot: 0,
                since,
            }),
            room: None,
            door: None,
            silent: Some(60),
            firmware: String::new(),
            payer: Payer::Own,
            payer_note: String::new(),
            has_secret: false,
            created_at: Instant(0),
            version: 1,
            cost: None,
            due_back: None,
        }
    }

    fn heard(at: Instant, battery: u8) -> Sign {
        Sign { heard_at: at, battery: Some(battery), signal: None, firmware: None }
    }

    #[test]
    fn silence_counts_from_the_binding_or_the_last_word() {
        let t = Instant(1_795_140_000_000);
        let d = watch(DeviceState::Bound, t);
        let min = |n: i64| t.plus_ms(n * Instant::MINUTE);
        assert_eq!(standing(&d, None, min(59)), Standing::Waiting);
        assert_eq!(standing(&d, None, min(60)), Standing::Silent(60));
        assert_eq!(standing(&d, Some(&heard(min(30), 80)), min(89)), Standing::Well);
        assert_eq!(standing(&d, Some(&heard(min(30), 80)), min(90)), Standing::Silent(60));
        assert_eq!(standing(&d, Some(&heard(min(30), 20)), min(31)), Standing::Low(20));
        assert_eq!(standing(&d, Some(&heard(min(30), 20)), min(90)), Standing::Silent(60), "silence first");
        // Heard long before this elder got it.
        assert_eq!(standing(&d, Some(&heard(min(-900), 80)), min(59)), Standing::Waiting);
        let never = Device { silent: None, ..d.clone() };
        assert_eq!(standing(&never, None, min(100_000)), Standing::Waiting, "silence is normal for it");
    }

    #[test]
    fn what_is_not_in_use_is_never_silent() {
        let t = Instant(1_795_140_000_000);
        for (state, is) in [
            (DeviceState::Stock, Standing::Stock),
            (DeviceState::Repair, Standing::Repair),
            (DeviceState::Retired, Standing::Retired),
        ] {
            assert_eq!(standing(&watch(state, t), Some(&heard(t, 3)), t.plus_ms(90 * Instant::DAY)), is);
        }
    }
}
