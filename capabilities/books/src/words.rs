//! Amounts as they are written on bills and receipts.
use kernel::Fen;

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];

/// The amount in the capital numerals of Chinese bills (支付结算办法, annex on writing amounts):
/// `人民币肆万玖仟捌佰肆拾贰元整`. A negative amount starts with 负.
pub fn rmb_upper(amount: Fen) -> String {
    let abs = amount.0.unsigned_abs();
    let (yuan, jiao, fen) = (abs / 100, (abs / 10 % 10) as usize, (abs % 10) as usize);
    let mut out = String::from("人民币");
    if amount.is_negative() {
        out.push('负');
    }
    if yuan > 0 {
        out.push_str(&whole(yuan));
        out.push('元');
    } else if abs == 0 {
        out.push_str("零元");
    }
    match (jiao, fen) {
        (0, 0) => out.push('整'),
        (j, f) => {
            if j > 0 {
                out.push(DIGITS[j]);
                out.push('角');
            } else if yuan > 0 {
                out.push('零');
            }
            if f > 0 {
                out.push(DIGITS[f]);
                out.push('分');
            } else {
                out.push('整');
            }
        }
    }
    out
}

/// Groups of four digits: 亿 and 万; one 零 stands for any run of zeros inside.
fn whole(n: u64) -> String {
    const GROUPS: [&str; 5] = ["", "万", "亿", "万亿", "亿亿"];
    const PLACES: [&str; 4] = ["", "拾", "佰", "仟"];
    let mut out = String::new();
    let mut gap = false;
    for group in (0..5).rev() {
        let part = n / 10_000u64.pow(group) % 10_000;
        if part == 0 {
            gap = !out.is_empty();
            continue;
        }
        for place in (0..4usize).rev() {
            let digit = (part / 10u64.pow(place as u32) % 10) as usize;
            if digit == 0 {
                gap = gap || !out.is_empty();
                continue;
            }
            if gap {
                out.push('零');
                gap = false;
            }
            out.push(DIGITS[digit]);
            out.push_str(PLACES[place]);
        }
        out.push_str(GROUPS[group as usize]);
        gap = false;
    }
    out
}
