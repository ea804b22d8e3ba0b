//! Streams as they really come: rubbish, lost ends, broken sums, flooding; and what must never get lost in them.
#![allow(clippy::unwrap_used)]
use kernel::Instant;
use wire::{Alarm, Command, Decoded, Framer, Protocol, Refusal, Session, decode, encode, hex, unhex};

const NOW: Instant = Instant(1_795_000_000_000);

fn session(protocol: Protocol) -> Session {
    let mut s = Session::new(protocol);
    s.device = Some("868000000000001".into());
    s
}

fn frames(protocol: Protocol, stream: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let mut framer = Framer::new(protocol);
    framer.feed(stream, &mut out);
    framer.finish(&mut out);
    out
}

fn read(protocol: Protocol, frame: &[u8]) -> Decoded {
    decode(frame, &mut session(protocol), NOW)
}

fn gt06(kind: u8, content: &str) -> Vec<u8> {
    let mut f = vec![0x78, 0x78, 0, kind];
    f.extend(unhex(content).unwrap());
    f.extend([0, 7]);
    f[2] = (f.len() - 3 + 2) as u8;
    let mut crc = 0xFFFFu16;
    for b in &f[2..] {
        crc ^= u16::from(*b);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 };
        }
    }
    f.extend((!crc).to_be_bytes());
    f.extend([0x0D, 0x0A]);
    f
}

fn minifinder(command: u8, flags: u8, items: &str) -> Vec<u8> {
    let mut body = vec![command];
    body.extend(unhex(items).unwrap());
    let crc = body.iter().fold(0u16, |crc, b| {
        (0..8).fold(crc ^ u16::from(*b) << 8, |c, _| if c & 0x8000 != 0 { c << 1 ^ 0x1021 } else { c << 1 })
    });
    let mut f = vec![0xAB, flags];
    f.extend((body.len() as u16).to_le_bytes());
    f.extend(crc.to_le_bytes());
    f.extend([0x34, 0x12]);
    f.extend(body);
    f
}

fn jt808(id: u16, body: &str) -> Vec<u8> {
    let body = unhex(body).unwrap();
    let mut f = vec![0x7E];
    f.extend(id.to_be_bytes());
    f.extend((body.len() as u16).to_be_bytes());
    f.extend([0x01, 0x23, 0x45, 0x67, 0x89, 0x00, 0x00, 0x64]);
    f.extend(body);
    f.push(f[1..].iter().fold(0, |a, b| a ^ b));
    f.push(0x7E);
    f
}

const JT_SOS: &str = "000000010000000200ba7f0e07e4f11c0028003c0000180715101010";
const GT_GPS: &str = "0b081d112e10cf027ac7eb0c46584900148f";
const MF_IMEI: &str = "1001383638303030303030303030303031";

/// One SOS of each protocol, sound.
fn sos(protocol: Protocol) -> Vec<u8> {
    match protocol {
        Protocol::Watch => {
            let content = "AL,180916,025723,A,22.570733,N,113.8626083,E,0.00,249.5,0.0,6,100,60,0,0,00010001,0,0";
            format!("[3G*8800000015*{:04X}*{content}]", content.len()).into_bytes()
        }
        Protocol::Trv => {
            b"IWAP10080524A2232.9806N11404.9355E000.1061830323.8706000908000502,460,0,9520,3671,01,zh-cn,00,#".to_vec()
        }
        Protocol::Minifinder2 => minifinder(1, 0x10, &format!("{MF_IMEI}050205100000")),
        Protocol::Jt808 => jt808(0x0200, JT_SOS),
        Protocol::Gt06 => gt06(0x16, &format!("{GT_GPS}0801cc00287d001fb80004040102")),
    }
}

/// The same with one byte changed that the checksum or length would catch, away from what makes it an SOS.
fn damaged(protocol: Protocol) -> Vec<u8> {
    let mut f = sos(protocol);
    match protocol {
        Protocol::Watch => {
            let star = f.iter().rposition(|b| *b == b'*').unwrap();
            f[star - 1] = b'F';
            f[star - 2] = b'F';
        }
        // No checksum: the damage is in a field.
        Protocol::Trv => f[10] = b'?',
        Protocol::Minifinder2 => f[4] ^= 0x55,
        Protocol::Jt808 => f[30] ^= 1,
        Protocol::Gt06 => {
            let n = f.len();
            f[n - 3] ^= 1;
        }
    }
    f
}

#[test]
fn an_sos_is_first_and_every_other_alarm_is_with_it() {
    for protocol in Protocol::ALL {
        let decoded = read(protocol, &frames(protocol, &sos(protocol))[0]);
        let record = &decoded.records[0];
        assert_eq!(record.alarms.first(), Some(&Alarm::Sos), "{}", protocol.code());
        assert!(!record.unverified && decoded.refused.is_none() && decoded.reply.is_some(), "{}", protocol.code());
    }
    let watch = read(Protocol::Watch, &sos(Protocol::Watch));
    assert_eq!(watch.records[0].alarms, [Alarm::Sos, Alarm::LowBattery]);
    let mini = read(Protocol::Minifinder2, &sos(Protocol::Minifinder2));
    assert_eq!(mini.records[0].alarms, [Alarm::Sos, Alarm::FallDown, Alarm::LowBattery]);
}

#[test]
fn an_sos_in_a_damaged_frame_is_raised_unverified_and_not_acknowledged() {
    for protocol in Protocol::ALL {
        let mut s = session(protocol);
        let cut = frames(protocol, &damaged(protocol));
        assert_eq!(cut.len(), 1, "{}", protocol.code());
        let decoded = decode(&cut[0], &mut s, NOW);
        assert!(decoded.refused.is_some(), "{}", protocol.code());
        assert_eq!(decoded.reply, None, "unanswered, so that it is sent again");
        assert_eq!((decoded.records.len(), s.refused), (1, 1), "{}", protocol.code());
        assert!(decoded.records[0].unverified && decoded.records[0].has(Alarm::Sos), "{}", protocol.code());
        assert_eq!(s.device.as_deref(), Some("868000000000001"), "a damaged frame does not rename the connection");
    }
}

#[test]
fn a_damaged_frame_without_a_call_for_help_says_nothing() {
    let mut low_battery = jt808(0x0200, &JT_SOS.replacen("00000001", "00000080", 1));
    low_battery[20] ^= 1;
    let decoded = read(Protocol::Jt808, &low_battery);
    assert_eq!((decoded.refused, decoded.records.len()), (Some(Refusal::Checksum), 0));
    let mut lenient = session(Protocol::Jt808);
    lenient.lenient = true;
    let decoded = decode(&low_battery, &mut lenient, NOW);
    assert!(decoded.refused.is_none() && decoded.records[0].unverified && decoded.reply.is_some());
}

#[test]
fn rubbish_before_between_and_after_costs_no_frame() {
    let noise: [&[u8]; 4] = [b"\x00\xffGET / HTTP/1.1\r\n\r\n", b"]]]]****", b"\x7d\x01\x02", b"#"];
    for protocol in Protocol::ALL {
        for noise in noise {
            let sound = sos(protocol);
            let stream = [noise, &sound, noise, &sound, noise].concat();
            let found = frames(protocol, &stream);
            let good = found.iter().filter(|f| read(protocol, f).refused.is_none()).count();
            assert_eq!(
                good,
                2,
                "{} with {noise:?}: {:?}",
                protocol.code(),
                found.iter().map(|f| hex(f)).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn a_frame_that_lost_its_end_does_not_swallow_the_next() {
    for protocol in [Protocol::Watch, Protocol::Trv, Protocol::Jt808] {
        let sound = sos(protocol);
        let stream = [&sound[..sound.len() - 1], &sound[..]].concat();
        let found = frames(protocol, &stream);
        let decoded: Vec<_> = found.iter().map(|f| read(protocol, f)).collect();
        assert!(decoded.iter().any(|d| d.refused.is_none() && d.records[0].has(Alarm::Sos)), "{}", protocol.code());
    }
    let lost = sos(Protocol::Watch);
    let found = frames(Protocol::Watch, &[&lost[..lost.len() - 1], &lost[..]].concat());
    assert_eq!(found.len(), 2);
    assert_eq!(read(Protocol::Watch, &found[0]).refused, Some(Refusal::Length));
}

#[test]
fn memory_is_bounded_whatever_is_sent() {
    let floods: [&[u8]; 7] =
        [b"[", b"[3G*88", b"IWAP01", b"\xab\x10\xff\x3f\x00\x00\x00\x00\x01", b"\x7e\x01", b"(a", b"\x79\x79\xff\xff"];
    for protocol in Protocol::ALL {
        for flood in floods {
            let mut framer = Framer::new(protocol);
            let mut out = Vec::new();
            let block: Vec<u8> = flood.iter().copied().cycle().take(8192).collect();
            for _ in 0..16 {
                framer.feed(&block, &mut out);
                assert!(framer.pending() <= protocol.max_frame() + 4096, "{} {flood:?}", protocol.code());
                assert!(out.iter().all(|f| f.len() <= protocol.max_frame()), "{}", protocol.code());
                out.clear();
            }
        }
    }
}

#[test]
fn lists_are_bounded() {
    let wifi = "x,00:11:22:33:44:55,-5,".repeat(500);
    let content = format!("UD,180916,025723,A,22.5,N,113.8,E,0,0,0,6,100,60,0,0,00000000,0,500,{wifi}");
    let frame = format!("[3G*8800000015*{:04X}*{content}]", content.len());
    assert_eq!(read(Protocol::Watch, frame.as_bytes()).records[0].wifi.len(), wire::MAX_LIST);
    let items = format!("{MF_IMEI}{}", "02145a".repeat(3000));
    let decoded = read(Protocol::Minifinder2, &minifinder(1, 0, &items));
    assert!(decoded.records.len() <= 512);
}

#[test]
fn falls_are_told_by_every_protocol_that_can() {
    let watch = "[3G*8800000015*0047*AL,180916,025723,V,0.0,N,0.0,E,0,0,0,0,100,60,0,0,00200000,0,0]";
    let mut lenient = session(Protocol::Watch);
    lenient.lenient = true;
    assert!(decode(watch.as_bytes(), &mut lenient, NOW).records[0].has(Alarm::FallDown));
    for code in ["05", "06"] {
        let trv =
            format!("IWAP10080524A2232.9806N11404.9355E000.1061830323.8706000908000002,460,0,9520,3671,{code},zh,00,");
        assert!(read(Protocol::Trv, trv.as_bytes()).records[0].has(Alarm::FallDown));
    }
    // The arm state is not the alarm.
    let armed = "IWAP10080524A2232.9806N11404.9355E000.1061830323.8706000908000502,460,0,9520,3671,00,zh,00,";
    assert!(read(Protocol::Trv, armed.as_bytes()).records[0].alarms.is_empty());
    let mini = minifinder(1, 0, &format!("{MF_IMEI}050204000000"));
    assert_eq!(read(Protocol::Minifinder2, &mini).records[0].alarms, [Alarm::FallDown]);
    let jt = jt808(0x0200, &JT_SOS.replacen("00000001", "20000000", 1));
    assert!(read(Protocol::Jt808, &jt).records[0].has(Alarm::FallDown));
    let gt = gt06(0x26, &format!("{GT_GPS}0801cc00287d001fb80004042302"));
    assert_eq!(read(Protocol::Gt06, &gt).records[0].alarms, [Alarm::FallDown]);
    // Bit 22 of a watch is the heart rate, not a fall.
    let heart = watch.replace("00200000", "00400000");
    assert_eq!(decode(heart.as_bytes(), &mut lenient, NOW).records[0].alarms, [Alarm::HeartRate]);
}

#[test]
fn what_was_not_measured_is_no_vital() {
    let mut s = session(Protocol::Watch);
    s.lenient = true;
    let watch = |content: &str, s: &mut Session| {
        decode(format!("[3G*8800000015*0000*{content}]").as_bytes(), s, NOW).records.remove(0)
    };
    assert_eq!(watch("heart,0", &mut s).vitals.heart_rate, None);
    assert_eq!(watch("bphrt,0,0,0,,,,", &mut s).vitals, Default::default());
    assert_eq!(watch("btemp2,1,0", &mut s).vitals.temperature, None);
    assert_eq!(watch("btemp2,1,36.6", &mut s).vitals.temperature, Some(36.6));
    let placeholder = read(Protocol::Trv, b"IWAPHP,0,0,0,95,0.0,0.0");
    assert_eq!(placeholder.records[0].vitals, Default::default());
    let mini = minifinder(1, 0, &format!("{MF_IMEI}06400000000001"));
    assert_eq!(read(Protocol::Minifinder2, &mini).records[0].vitals.heart_rate, None);
}

#[test]
fn replies_follow_the_message() {
    let reply = |protocol, frame: &[u8]| read(protocol, frame).reply.map(|r| hex(&r));
    // The pendant's own sequence comes back; without the flag nothing does.
    let data = minifinder(1, 0x10, MF_IMEI);
    assert_eq!(reply(Protocol::Minifinder2, &data).unwrap(), "ab00030008c734127f0100");
    assert_eq!(reply(Protocol::Minifinder2, &minifinder(1, 0, MF_IMEI)), None);
    // Services: the time, in the request's own command.
    let services = minifinder(3, 0x10, &format!("{MF_IMEI}0112"));
    let answer = unhex(&reply(Protocol::Minifinder2, &services).unwrap()).unwrap();
    assert_eq!(answer[8..11], [3, 5, 0x12]);
    assert_eq!(u32::from_le_bytes(answer[11..15].try_into().unwrap()), 1_795_000_000);
    // ZJ watches get their index back.
    let zj = b"[ZJ*5678901234*0a1B*0002*LK]";
    assert_eq!(reply(Protocol::Watch, zj).unwrap(), hex(b"[ZJ*5678901234*0a1B*0002*LK]"));
    assert_eq!(
        reply(Protocol::Watch, b"[3G*8800000015*000B*oxygen,0,96]").unwrap(),
        hex(b"[3G*8800000015*0008*oxygen,1]")
    );
    assert_eq!(reply(Protocol::Watch, b"[3G*8800000015*0002*TS]"), None);
    // GT06: time in UTC, place asked for, command echoes unanswered.
    assert_eq!(&reply(Protocol::Gt06, &gt06(0x8A, "")).unwrap()[..22], "78780b8a1a0b120b062800");
    assert!(reply(Protocol::Gt06, &gt06(0x2A, "00")).unwrap().starts_with("797900159"));
    assert_eq!(reply(Protocol::Gt06, &gt06(0x80, "00")), None);
    assert_eq!(&reply(Protocol::Gt06, &gt06(0x77, "00")).unwrap()[..12], "787805770007");
    // JT808: the clock in both forms.
    assert!(reply(Protocol::Jt808, &jt808(0x0109, "")).unwrap().contains("07ea0b120b062800"));
    assert!(reply(Protocol::Jt808, &jt808(0x0004, "")).unwrap().contains("261118110640"));
    let text = b"(794104004140,1,001,BASE,2,TIME)";
    assert_eq!(reply(Protocol::Jt808, text).unwrap(), hex(b"(794104004140,1,001,BASE,2,20261118110640)"));
    // Nobody is answered before the login.
    let decoded = decode(b"IWAP49,68", &mut Session::new(Protocol::Trv), NOW);
    assert_eq!((decoded.refused, decoded.reply), (Some(Refusal::BeforeLogin), None));
}

#[test]
fn a_split_message_is_put_together() {
    let whole = format!("0001000026{JT_SOS}0104000000640202003700");
    let bytes = unhex(&whole).unwrap();
    let part = |n: u8, body: &[u8]| {
        let mut f = vec![0x7E, 0x07, 0x04];
        f.extend((0x2000 | body.len() as u16).to_be_bytes());
        f.extend([0x01, 0x23, 0x45, 0x67, 0x89, 0x00, 0x00, 0x64 + n, 0, 2, 0, n]);
        f.extend(body);
        f.push(f[1..].iter().fold(0, |a, b| a ^ b));
        f.push(0x7E);
        f
    };
    let mut s = session(Protocol::Jt808);
    let first = decode(&part(1, &bytes[..20]), &mut s, NOW);
    assert!(first.records.is_empty() && first.reply.is_some());
    let last = decode(&part(2, &bytes[20..]), &mut s, NOW);
    assert_eq!(last.records[0].alarms, [Alarm::Sos]);
    assert_eq!(last.records[0].lat, Some(12.222222));
}

#[test]
fn commands_are_frames_of_their_protocol() {
    let orders = [
        Command::LocateNow,
        Command::MeasureNow(wire::Measure::HeartRate),
        Command::CallBack { phone: "0516123490".into() },
        Command::SetFence { id: 1, lat: 34.26, lon: 117.18, radius_m: 500 },
        Command::Reboot,
        Command::Find,
        Command::Message { text: "吃药了".into() },
        Command::Voice { bytes: b"#!AMR\n[x]*,}".to_vec() },
        Command::SosNumbers { phones: vec!["1".into(), "2".into()] },
        Command::ReportEvery { seconds: 300 },
        Command::Configuration,
    ];
    for protocol in Protocol::ALL {
        let mut known = 0;
        for order in &orders {
            let mut s = session(protocol);
            let Some(bytes) = encode(order, "868000000000001", &mut s) else { continue };
            assert_eq!(s.serial, 1);
            let found = frames(protocol, &bytes);
            assert_eq!(found.len(), 1, "{} {order:?}", protocol.code());
            if protocol != Protocol::Trv {
                assert!(read(protocol, &found[0]).integrity.ok(), "{} {order:?}", protocol.code());
            }
            known += 1;
        }
        assert!(known >= 1, "{}", protocol.code());
    }
    // A watch that writes its index is written to with one, in its maker's name.
    let mut s = session(Protocol::Watch);
    decode(b"[ZJ*5678901234*0a1B*0002*LK]", &mut s, NOW);
    assert_eq!(encode(&Command::LocateNow, "5678901234", &mut s).unwrap(), b"[ZJ*5678901234*0001*0002*CR]");
}
