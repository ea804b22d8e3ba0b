//! SCAIP (SS 91100, EN/TS 50134-9): the XML messages of social alarm units, without the SIP around them.
mod codes;
mod xml;

use crate::record::Record;
use xml::escape;

/// Content type of requests and replies.
pub const CONTENT_TYPE: &str = "application/scaip+xml";
/// Longest message in bytes.
pub const MAX_MESSAGE: usize = 16 * 1024;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `ME`: an alarm. Also when the tag is missing.
    Alarm,
    /// `RE`
    Reset,
    /// `IN`
    Information,
    /// `PI`
    Heartbeat,
}

/// A request (`<mrq>`). Codes are numbers: `2`, `02` and `0002` are the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Message reference, echoed in the reply.
    pub reference: String,
    /// The unit; must be the SIP user it is sent from.
    pub controller: String,
    pub device_type: u16,
    pub kind: Kind,
    /// 10 (manual alarm) where missing.
    pub status: u16,
    pub device_id: Option<String>,
    pub device_component: Option<String>,
    pub device_text: Option<String>,
    /// The unit wants to be called back instead of calling.
    pub call_back: bool,
    /// Where it can be called: `sip:…`, `gsm:+…`, `tel:…`, `no-voice:`.
    pub callers: Vec<String>,
    pub priority: u8,
    pub location: u16,
    pub location_value: Option<String>,
    pub location_text: Option<String>,
    /// `geo` coordinates, if told and readable.
    pub place: Option<(f64, f64)>,
    pub info: Option<String>,
    pub info_text: Option<String>,
    pub status_text: Option<String>,
    pub version: Option<String>,
    /// The root was `<scaip>` and the reply's must be too.
    alternative_root: bool,
}

/// The status number of a reply (`snu`). Anything but 0 makes the unit try again or turn to its second receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Accepted,
    TooLong,
    BadFormat,
    WrongContent,
    Hold,
    NotTreated,
    Busy,
    MandatoryMissing,
}

impl Status {
    pub fn number(self) -> u8 {
        match self {
            Status::Accepted => 0,
            Status::TooLong => 1,
            Status::BadFormat => 2,
            Status::WrongContent => 3,
            Status::Hold => 4,
            Status::NotTreated => 5,
            Status::Busy => 6,
            Status::MandatoryMissing => 7,
        }
    }
}

/// A request that cannot be taken: the status to answer with, and the reference if one was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub status: Status,
    pub reference: String,
    /// The tag at fault.
    pub tag: String,
}

impl Refused {
    /// The reply that says so.
    pub fn reply(&self) -> String {
        Reply { reference: self.reference.clone(), status: self.status, ..Reply::default() }.to_xml()
    }
}

/// Voice after an accepted alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Voice {
    None,
    /// Speak both ways with this number: `sip:…` or `tel:…`.
    Duplex {
        number: String,
    },
}

/// A reply (`<mrs>`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub reference: String,
    pub status: Status,
    pub text: Option<String>,
    pub voice: Voice,
    /// Ask for a heartbeat every so many minutes.
    pub heartbeat_minutes: Option<u32>,
    pub alternative_root: bool,
}

impl Default for Reply {
    fn default() -> Reply {
        Reply {
            reference: String::new(),
            status: Status::Accepted,
            text: None,
            voice: Voice::None,
            heartbeat_minutes: None,
            alternative_root: false,
        }
    }
}

impl Reply {
    pub fn to_xml(&self) -> String {
        let mut out = format!("<ref>{}</ref><snu>{}</snu>", escape(&self.reference), self.status.number());
        if let Some(text) = &self.text {
            out += &format!("<ste>{}</ste>", escape(text));
        }
        match &self.voice {
            Voice::None => out += "<mre>0</mre>",
            // 62: call the number given here.
            Voice::Duplex { number } => {
                out += &format!("<mre>1</mre><cre>62</cre><tnu>{}</tnu>", escape(number));
            }
        }
        if let Some(minutes) = self.heartbeat_minutes {
            out += &format!("<hbi>{minutes}</hbi>");
        }
        let root = if self.alternative_root { "scaip" } else { "mrs" };
        format!("<{root}>{out}</{root}>")
    }

    /// Reads a reply, as a unit or a test does.
    pub fn parse(xml: &[u8]) -> Option<Reply> {
        let doc = xml::parse(xml).ok()?;
        let get = |tag: &str| doc.first(tag).map(str::to_string);
        let status = match get("snu")?.trim().parse::<u8>().ok()? {
            0 => Status::Accepted,
            1 => Status::TooLong,
            2 => Status::BadFormat,
            3 => Status::WrongContent,
            4 => Status::Hold,
            6 => Status::Busy,
            7 => Status::MandatoryMissing,
            _ => Status::NotTreated,
        };
        let voice = match (get("mre").as_deref(), get("tnu")) {
            (Some("1"), Some(number)) => Voice::Duplex { number },
            _ => Voice::None,
        };
        Some(Reply {
            reference: get("ref")?,
            status,
            text: get("ste"),
            voice,
            heartbeat_minutes: get("hbi").and_then(|h| h.parse().ok()),
            alternative_root: doc.root == "scaip",
        })
    }
}

impl Request {
    /// Reads a request, or says with which status it is to be refused.
    pub fn parse(xml: &[u8]) -> Result<Request, Refused> {
        let mut reference = String::new();
        let refuse =
            |status, reference: &str, tag: &str| Refused { status, reference: reference.into(), tag: tag.into() };
        if xml.len() > MAX_MESSAGE {
            return Err(refuse(Status::TooLong, "", ""));
        }
        let doc = xml::parse(xml).map_err(|_| refuse(Status::BadFormat, "", ""))?;
        if !matches!(doc.root.as_str(), "mrq" | "scaip") {
            return Err(refuse(Status::BadFormat, "", &doc.root));
        }
        let text = |tag: &str| doc.first(tag).map(str::trim).filter(|t| !t.is_empty()).map(String::from);
        let must =
            |tag: &str, reference: &str| text(tag).ok_or_else(|| refuse(Status::MandatoryMissing, reference, tag));
        reference.clone_from(&must("ref", "")?);
        if reference.len() > 64 {
            return Err(refuse(Status::TooLong, "", "ref"));
        }
        let controller = must("cid", &reference)?.trim_start_matches('+').to_string();
        if controller.len() > 64 {
            return Err(refuse(Status::TooLong, &reference, "cid"));
        }
        let code = |tag: &str, usual: u16| -> Result<u16, Refused> {
            match text(tag) {
                None => Ok(usual),
                Some(t) if t.len() <= 4 => t.parse().map_err(|_| refuse(Status::WrongContent, &reference, tag)),
                Some(_) => Err(refuse(Status::TooLong, &reference, tag)),
            }
        };
        must("dty", &reference)?;
        let kind = match text("mty").as_deref() {
            None | Some("ME") => Kind::Alarm,
            Some("RE") => Kind::Reset,
            Some("IN") => Kind::Information,
            Some("PI") => Kind::Heartbeat,
            Some(_) => return Err(refuse(Status::WrongContent, &reference, "mty")),
        };
        let short = |tag: &str| text(tag).map(|t| t.chars().take(128).collect::<String>());
        Ok(Request {
            device_type: code("dty", 0)?,
            status: code("stc", 10)?,
            location: code("lco", 0)?,
            kind,
            device_id: short("did"),
            device_component: short("dco"),
            device_text: short("dte"),
            call_back: text("cha").as_deref() == Some("1"),
            callers: doc.all("crd").map(|c| c.trim().chars().take(128).collect()).take(8).collect(),
            priority: text("pri").and_then(|p| p.parse().ok()).unwrap_or(0),
            location_value: short("lva"),
            location_text: short("lte"),
            place: text("geo").or_else(|| text("lge")).and_then(|g| place(&g)),
            info: short("ico"),
            info_text: short("ite"),
            status_text: short("stt"),
            version: short("ver"),
            alternative_root: doc.root == "scaip",
            reference,
            controller,
        })
    }

    /// Is the SIP user of `From` the unit that speaks? Blanks, a `+` and leading zeros do not count.
    pub fn sent_by(&self, sip_user: &str) -> bool {
        let plain = |s: &str| s.trim().trim_start_matches('+').trim_start_matches('0').to_string();
        plain(&self.controller) == plain(sip_user)
    }

    /// Does the unit want to be spoken with?
    pub fn wants_voice(&self) -> bool {
        self.kind == Kind::Alarm && !self.callers.iter().any(|c| c.starts_with("no-voice"))
    }

    /// The accepting reply: for an alarm that wants voice, with the number of the desk.
    pub fn accept(&self, desk: Option<&str>) -> Reply {
        let voice = match desk.filter(|_| self.wants_voice()) {
            Some(number) => Voice::Duplex { number: number.into() },
            None => Voice::None,
        };
        Reply { reference: self.reference.clone(), voice, alternative_root: self.alternative_root, ..Reply::default() }
    }

    pub fn refuse(&self, status: Status) -> Reply {
        Reply { status, alternative_root: self.alternative_root, ..self.accept(None) }
    }

    /// The message as a record, with the alarms it raises.
    pub fn record(&self) -> Record {
        let mut r = Record { device: Some(self.controller.clone()), ..Record::new() };
        let mut alarms = Vec::new();
        codes::alarms(self, &mut alarms);
        alarms.into_iter().for_each(|a| r.alarm(a));
        r.set(
            "messageType",
            match self.kind {
                Kind::Alarm => "ME",
                Kind::Reset => "RE",
                Kind::Information => "IN",
                Kind::Heartbeat => "PI",
            },
        );
        r.set("deviceType", format!("{:04}", self.device_type));
        r.set("statusCode", format!("{:04}", self.status));
        if let Some(words) = codes::device_zh(self.device_type) {
            r.set("deviceWords", words);
        }
        if self.location > 0 {
            r.set("locationCode", format!("{:03}", self.location));
            if let Some(words) = codes::location_zh(self.location) {
                r.set("locationWords", words);
            }
        }
        let texts = [
            ("deviceId", &self.device_id),
            ("deviceText", &self.device_text),
            ("locationText", &self.location_text),
            ("infoText", &self.info_text),
            ("statusText", &self.status_text),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                r.set(name, value.clone());
            }
        }
        if let Some(caller) = self.callers.first() {
            r.set("caller", caller.clone());
        }
        if let Some((lat, lon)) = self.place {
            r.valid = Some(r.place(lat, lon));
        }
        r
    }
}

/// Two degrees in a text: `geo:34.1,117.2`, `34.1 117.2`.
fn place(text: &str) -> Option<(f64, f64)> {
    let mut numbers = text
        .split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
        .filter(|p| p.contains('.'))
        .filter_map(|p| p.parse::<f64>().ok());
    Some((numbers.next()?, numbers.next()?))
}
