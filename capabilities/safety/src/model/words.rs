//! The closed lists an emergency is written in: a stable code and the Chinese people read.
use vigil::{AlarmKind, Urgency};

store::words! {
    /// How grave an alarm is; later is graver.
    Risk {
        /// Somebody looks in working hours; nothing rings and no ladder is climbed.
        Note "note" "留意",
        /// To be answered within minutes.
        Serious "serious" "紧急",
        /// A life or a home may be in danger: rings until taken.
        Now "now" "危急",
    }
}

/// What an alarm is about, as a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KindColumn(pub(crate) AlarmKind);

impl store::sea_orm::TryGetable for KindColumn {
    fn try_get_by<I: store::sea_orm::ColIdx>(
        res: &store::sea_orm::QueryResult,
        i: I,
    ) -> Result<Self, store::sea_orm::TryGetError> {
        let text = <String as store::sea_orm::TryGetable>::try_get_by(res, i)?;
        AlarmKind::parse(&text).map(KindColumn).ok_or_else(|| {
            store::sea_orm::TryGetError::DbErr(store::sea_orm::DbErr::Type("stored text is not an AlarmKind".into()))
        })
    }
}

/// The words of an alarm on the desk: what the person at the screen says aloud.
pub const fn kind_zh(kind: AlarmKind) -> &'static str {
    match kind {
        AlarmKind::Sos => "一键呼叫",
        AlarmKind::Fall => "疑似跌倒",
        AlarmKind::NoMotion => "久无活动",
        AlarmKind::LeftBed => "离床没回",
        AlarmKind::FenceLeft => "走出范围",
        other => other.zh(),
    }
}

impl From<Urgency> for Risk {
    fn from(u: Urgency) -> Risk {
        match u {
            Urgency::Notice => Risk::Note,
            Urgency::Urgent => Risk::Serious,
            Urgency::Critical => Risk::Now,
        }
    }
}

store::words! {
    /// Where an alarm comes from.
    Origin {
        Device "device" "设备",
        Web "web" "网页按键",
        Phone "phone" "电话",
        Engine "engine" "平台判断",
        Desk "desk" "坐席登记",
    }
}

store::words! {
    /// Where a case stands.
    CaseState {
        /// Nobody has taken it.
        Open "open" "待接",
        Claimed "claimed" "已接手",
        Calling "calling" "核实中",
        /// A neighbour, worker, volunteer or the family is on the way.
        HelpSent "help_sent" "已派人",
        /// 120 or 110 has it.
        HandedOver "handed_over" "已转交",
        Arrived "arrived" "已到场",
        /// What came of it is written; the cause is missing still.
        Settled "settled" "有结果",
        Closed "closed" "已关",
    }
}

store::words! {
    /// One thing that is done about a case.
    Step {
        Claim "claim" "接手",
        /// Gives it back to whoever is there.
        Release "release" "放回",
        /// Takes it from an owner who does not answer, with a reason.
        TakeOver "take_over" "接过",
        Call "call" "打电话",
        SendHelp "send_help" "派人",
        HandOver "hand_over" "转交",
        Arrive "arrive" "到场",
        Settle "settle" "写结果",
        Close "close" "关闭",
    }
}

store::words! {
    /// What it was in the end; no case closes without one.
    Cause {
        FellHurt "fell_hurt" "跌倒，受伤",
        FellUnhurt "fell_unhurt" "跌倒，没受伤",
        Unwell "unwell" "身体不适",
        Found "found" "走失，已找到",
        Safe "safe" "已核实，平安",
        Fire "fire" "火情或泄漏",
        NeedsService "needs_service" "要服务、问事",
        /// Pressed by mistake.
        FalseAlarm "false_alarm" "误按、误报",
        Test "test" "设备测试",
        DeviceFault "device_fault" "设备故障",
        Died "died" "去世",
        Other "other" "其他",
    }
}

store::words! {
    /// Who somebody on the way is.
    HelperKind {
        Neighbour "neighbour" "邻居",
        Family "family" "家人",
        Worker "worker" "护理员",
        Volunteer "volunteer" "志愿者",
        Grid "grid" "网格员",
        Doctor "doctor" "村医",
    }
}

store::words! {
    /// Whom a case is handed to.
    Service {
        Ambulance "120" "120 急救",
        Police "110" "110 报警",
        Fire "119" "119 消防",
    }
}

store::words! {
    /// What a call led to.
    CallResult {
        Answered "answered" "接通",
        NoAnswer "no_answer" "没人接",
        Busy "busy" "占线",
        Off "off" "关机或停机",
        Wrong "wrong" "号码不对",
    }
}

store::words! {
    /// Whom the ladder reaches on a rung.
    Duty {
        /// Whoever sits at a desk.
        Desk "desk" "在线坐席",
        Lead "lead" "班长",
        Town "town" "镇街值班",
        County "county" "县值班",
        Medical "medical" "村医值班",
        Family "family" "家人",
    }
}

store::words! {
    /// How far a message to somebody has come. Nothing is called sent that no channel has taken.
    NoticeState {
        Queued "queued" "待发",
        HandedOver "handed_over" "已交短信通道",
        Delivered "delivered" "已送到",
        Failed "failed" "没送到",
    }
}

store::words! {
    /// Why a message is written.
    NoticeKind {
        Raised "raised" "告知报警",
        Rung "rung" "没人接，通知值班",
        Send "send" "请去看看",
        Closed "closed" "告知结果",
    }
}

store::words! {
    /// A line of a case's history.
    EventKind {
        Opened "opened" "报警",
        Joined "joined" "又一种报警",
        Rung "rung" "升级",
        Claimed "claimed" "接手",
        Released "released" "放回",
        TakenOver "taken_over" "接过",
        OwnerLost "owner_lost" "接手人不在线",
        Called "called" "打电话",
        HelpSent "help_sent" "派人",
        HandedOver "handed_over" "转交",
        Arrived "arrived" "到场",
        Settled "settled" "结果",
        Closed "closed" "关闭",
        Noted "noted" "补记",
        Told "told" "告知",
        Position "position" "位置",
        Withdrawn "withdrawn" "本人说按错",
        Slow "slow" "为什么慢",
        Rescue "rescue" "寻人链接",
        Cleared "cleared" "解除",
        Unlocked "unlocked" "远程开锁",
    }
}

store::words! {
    /// Whether an elder lets the platform use what it knows in an emergency.
    Consent {
        /// Nobody has asked yet: an emergency is handled with what is known.
        NotAsked "not_asked" "还没问",
        Given "given" "同意",
        /// Minimum data: name, place, reason, emergency contact. Nobody is told by message.
        Withdrawn "withdrawn" "不同意",
    }
}

store::words! {
    /// Why an answer took too long.
    SlowClass {
        Staff "staff" "人手",
        Line "line" "线路",
        Handling "handling" "操作",
        Transfer "transfer" "转接",
        Other "other" "其他",
    }
}

impl Risk {
    /// For sorting in the database; higher is graver.
    pub const fn rank(self) -> i64 {
        match self {
            Risk::Note => 0,
            Risk::Serious => 1,
            Risk::Now => 2,
        }
    }
    /// Whether somebody has to answer within a minute: it rings, climbs the ladder and counts in the month's figures.
    pub const fn rings(self) -> bool {
        !matches!(self, Risk::Note)
    }
    /// The state chip.
    pub const fn mark(self) -> web::Mark {
        match self {
            Risk::Note => web::Mark::Note,
            Risk::Serious => web::Mark::Danger,
            Risk::Now => web::Mark::Solid,
        }
    }
}

impl CaseState {
    pub const fn open(self) -> bool {
        !matches!(self, CaseState::Closed)
    }
    pub const fn mark(self) -> web::Mark {
        match self {
            CaseState::Open => web::Mark::Solid,
            CaseState::Claimed | CaseState::Calling | CaseState::HelpSent | CaseState::HandedOver => web::Mark::Doing,
            CaseState::Arrived => web::Mark::Doing,
            CaseState::Settled => web::Mark::Note,
            CaseState::Closed => web::Mark::Ok,
        }
    }
}

impl Consent {
    /// Whether what is known beyond the place may be shown, and the family told.
    pub const fn full(self) -> bool {
        !matches!(self, Consent::Withdrawn)
    }
}

impl HelperKind {
    /// Metres a minute: on foot, or by electric bicycle for whoever has the day's round to ride.
    pub const fn pace(self) -> i64 {
        match self {
            HelperKind::Worker | HelperKind::Doctor | HelperKind::Family => 250,
            HelperKind::Neighbour | HelperKind::Volunteer | HelperKind::Grid => 75,
        }
    }
    /// Minutes for a distance as the crow flies, at least one.
    pub const fn minutes(self, metres: i64) -> i64 {
        // Lanes are no crow's way.
        let way = metres * 13 / 10;
        let m = (way + self.pace() - 1) / self.pace();
        if m < 1 { 1 } else { m }
    }
}
