//! What an administrator does on the command line: first start, doctor, backup and restore, audit, settings, help.

use crate::program::{Folder, command, said};
use kernel::Clock;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use store::{SqlExt, vals};
use yinian::config::{Config, Flags};

/// Serves until the first page answered, then asks the program to end. What it printed.
fn serve_once(folder: &Folder) -> String {
    let mut child = folder
        .command(&["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    let address = loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the program ended: {printed}");
        printed.push_str(&line);
        if let Some((_, rest)) = line.split_once("http://") {
            break rest.trim().to_string();
        }
    };
    for (path, wanted) in [("/healthz", "ok"), ("/readyz", "ready"), ("/login", "登录"), ("/metrics", "yinian_info")]
    {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(wanted), "{path}: {answer}");
    }
    // An orderly end, as a service manager asks for it.
    let ended = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(ended.success());
    let asked = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "it ended with {status}");
            break;
        }
        if asked.elapsed() > Duration::from_secs(15) {
            child.kill().unwrap();
            panic!("it did not end when asked to");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    reader.read_to_string(&mut printed).unwrap();
    printed
}

/// The folder `backup` made inside `into`.
fn backup(folder: &Folder, into: &Path) -> PathBuf {
    let told: serde_json::Value =
        serde_json::from_str(&folder.run(&["backup", into.to_str().unwrap(), "--json"])).unwrap();
    PathBuf::from(told["folder"].as_str().unwrap())
}

fn restore(from: &Path) -> (Folder, crate::program::Said) {
    let to = Folder::new();
    let said = to.say(&["restore", from.to_str().unwrap()]);
    (to, said)
}

#[test]
fn the_first_start_prints_a_password_once_and_doctor_is_green() {
    let folder = Folder::new();
    let nothing = folder.say(&["doctor"]);
    assert!(!nothing.ok && nothing.out.contains("yinian serve"), "{}", nothing.out);
    let first = serve_once(&folder);
    assert!(first.contains("admin") && first.contains("密码只显示这一次"), "{first}");
    let password = first.lines().find_map(|l| l.trim().strip_prefix("密码  ")).unwrap();
    assert!(password.chars().count() >= 12, "{password}");
    let second = serve_once(&folder);
    assert!(!second.contains("密码") && !second.contains(password), "{second}");
    folder.sound();
    let human = folder.run(&["doctor"]);
    assert!(human.lines().count() >= 8 && human.lines().all(|l| l.starts_with('✓')), "{human}");
    let bytes = std::fs::read(folder.path().join("yinian.sqlite")).unwrap();
    assert!(!bytes.windows(password.len()).any(|w| w == password.as_bytes()), "the password is stored in clear");
}

#[test]
fn a_backup_is_restored_and_proved_and_an_altered_one_refused() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    folder.run(&["import", "elders", roster(&folder).to_str().unwrap()]);
    std::fs::create_dir_all(folder.path().join("photos/2026-11")).unwrap();
    std::fs::write(folder.path().join("photos/2026-11/a.jpg"), b"a photo").unwrap();
    let shelf = tempfile::tempdir().unwrap();
    let made = backup(&folder, shelf.path());
    let (to, said) = restore(&made);
    assert!(said.ok, "{}{}", said.out, said.err);
    to.sound();
    assert_eq!(std::fs::read(to.path().join("photos/2026-11/a.jpg")).unwrap(), b"a photo");
    assert_eq!(elders(&to), 3, "the archives came along, and the key that opens them");
    // Into a folder with something in it: never.
    let full = to.say(&["restore", made.to_str().unwrap()]);
    assert!(!full.ok && full.err.contains("not empty"), "{}", full.err);

    for file in ["yinian.sqlite", "keys", "photos/2026-11/a.jpg"] {
        let path = made.join(file);
        let kept = std::fs::read(&path).unwrap();
        let mut altered = kept.clone();
        let at = altered.len() / 2;
        altered[at] ^= 1;
        std::fs::write(&path, altered).unwrap();
        let (_, said) = restore(&made);
        assert!(!said.ok && said.err.contains(file) && said.err.contains("altered"), "{file}: {}", said.err);
        std::fs::write(&path, kept).unwrap();
    }
    let manifest = made.join("manifest.json");
    let kept = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, kept.replace("photos/2026-11/a.jpg", "../../outside")).unwrap();
    assert!(!restore(&made).1.ok, "a path that leads out of the backup");
    std::fs::remove_file(&manifest).unwrap();
    let (_, said) = restore(&made);
    assert!(!said.ok && said.err.contains("not a finished backup"), "{}", said.err);
}

/// Reads and writes of a folder's databases outside the program.
fn with_databases<T>(folder: &Folder, work: impl AsyncFnOnce(store::Db, store::Db) -> T) -> T {
    let config = Config::load(&Flags { data: Some(folder.path().to_path_buf()), ..Flags::default() }).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let db = yinian::wire::open(&config, Clock::System, false).await.unwrap();
        let telemetry = yinian::devices::open(&config, &db, false).await.unwrap();
        let out = work(db.clone(), telemetry.clone()).await;
        telemetry.close().await.unwrap();
        db.close().await.unwrap();
        out
    })
}

#[test]
fn readings_are_in_the_backup_and_doctor_misses_them() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    folder.run(&["import", "elders", roster(&folder).to_str().unwrap()]);
    folder.sound();
    // One device was heard, and one elder has readings.
    with_databases(&folder, async |db, telemetry| {
        let sign = safety::devices::Sign { heard_at: db.now(), battery: Some(80), signal: None, firmware: None };
        safety::devices::signs(&db, vec![safety::devices::NewSign { no: 1, sign }]).await.unwrap();
        let tx = db.begin().await.unwrap();
        tx.exec("UPDATE device_number SET last = 1 WHERE name = 'elder'", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        let tx = telemetry.begin().await.unwrap();
        tx.exec("INSERT INTO reading_log (seq, at, n, data) VALUES (7, 0, 1, $1)", vals![vec![1u8]]).await.unwrap();
        let state = "INSERT INTO reading_state (elder, seq, due, state, latest) VALUES (1, 7, NULL, '{}', $1)";
        tx.exec(state, vals![vec![1u8]]).await.unwrap();
        tx.commit().await.unwrap();
    });
    folder.sound();
    let shelf = tempfile::tempdir().unwrap();
    let made = backup(&folder, shelf.path());
    let (to, said) = restore(&made);
    assert!(said.ok, "{}{}", said.out, said.err);
    assert!(said.out.contains("1 位老人的读数"), "{}", said.out);
    let seq = with_databases(&to, async |_, telemetry| {
        telemetry.read().scalar::<i64>("SELECT MAX(seq) FROM reading_log", vec![]).await.unwrap()
    });
    assert_eq!(seq, Some(7), "the readings came along");
    // An altered file of readings is refused like any other.
    let path = made.join(yinian::devices::FILE);
    let mut altered = std::fs::read(&path).unwrap();
    let at = altered.len() / 2;
    altered[at] ^= 1;
    std::fs::write(&path, altered).unwrap();
    assert!(restore(&made).1.err.contains("altered"));
    // Readings of a later day than the main database: numbers nobody has been given.
    with_databases(&to, async |_, telemetry| {
        let tx = telemetry.begin().await.unwrap();
        tx.exec("UPDATE reading_state SET elder = 9", vec![]).await.unwrap();
        tx.commit().await.unwrap();
    });
    let strange = to.say(&["doctor"]);
    assert!(!strange.ok && strange.out.contains("不是同一次备份"), "{}", strange.out);
    // The readings are gone while the main database knows that there were some.
    for file in ["telemetry.sqlite", "telemetry.sqlite-wal", "telemetry.sqlite-shm"] {
        let _ = std::fs::remove_file(to.path().join(file));
    }
    let gone = to.say(&["doctor"]);
    assert!(!gone.ok && gone.out.contains("telemetry.sqlite 却不在"), "{}", gone.out);
}

#[test]
fn without_its_key_a_restored_folder_is_not_called_sound() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    folder.run(&["import", "elders", roster(&folder).to_str().unwrap()]);
    let shelf = tempfile::tempdir().unwrap();
    let told = folder.run(&["backup", shelf.path().to_str().unwrap(), "--without-keys", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let made = PathBuf::from(told["folder"].as_str().unwrap());
    assert!(!made.join("keys").exists());
    let (_, said) = restore(&made);
    assert!(!said.ok && said.out.contains("✗ 密钥"), "{}{}", said.out, said.err);
}

#[tokio::test]
async fn one_altered_row_of_the_audit_log_is_found() {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    folder.run(&["import", "elders", roster(&folder).to_str().unwrap()]);
    folder.sound();
    let flags = Flags { data: Some(folder.path().to_path_buf()), ..Flags::default() };
    let db = yinian::wire::open(&Config::load(&flags).unwrap(), Clock::System, true).await.unwrap();
    let tx = db.begin().await.unwrap();
    let changed = tx.exec("UPDATE audit_log SET actor = $1 WHERE seq = 2", vals!["别人"]).await.unwrap();
    assert_eq!(changed, 1);
    tx.commit().await.unwrap();
    db.close().await.unwrap();
    let found = folder.say(&["audit", "verify"]);
    assert!(!found.ok && found.out.contains("第 2 条"), "{}", found.out);
    let doctor = folder.say(&["doctor"]);
    assert!(!doctor.ok && doctor.out.contains("✗ 审计记录"), "{}", doctor.out);
}

#[test]
fn a_wrong_setting_is_refused_with_its_line_and_nothing_is_touched() {
    let folder = Folder::new();
    let wrong = [
        ("listen = \"127.0.0.1:8080\"\n[site]\nregoin = \"4415\"\n", "line 3", "regoin"),
        ("[web]\nconnections = \"many\"\n", "line 2", "connections"),
        ("listen = \"nowhere\"\n", "line 1", "listen"),
    ];
    for (text, line, word) in wrong {
        std::fs::write(folder.path().join("yinian.toml"), text).unwrap();
        let s = folder.say(&["serve"]);
        assert!(!s.ok && s.err.contains(line) && s.err.contains(word) && s.err.contains("yinian.toml"), "{}", s.err);
        assert!(!folder.path().join("yinian.sqlite").exists(), "a database was made under wrong settings");
    }
    std::fs::remove_file(folder.path().join("yinian.toml")).unwrap();
    let s = folder.say(&["doctor", "--database", "mysql://x"]);
    assert!(!s.ok && s.err.contains("postgres://"), "{}", s.err);
    let s = folder.say(&["settle", "--period", "2026Q5"]);
    assert!(!s.ok && s.err.contains("--period"), "{}", s.err);
}

#[test]
fn help_teaches_and_completions_are_there() {
    let help = said(command(&["--help"]).output().unwrap());
    for word in ["yinian demo", "serve", "determine", "settle", "backup", "restore", "doctor", "YINIAN_DATA"] {
        assert!(help.ok && help.out.contains(word), "{word}: {}", help.out);
    }
    for sub in ["serve", "demo", "import", "determine", "settle", "backup", "restore", "doctor", "audit", "bench"] {
        let s = said(command(&[sub, "--help"]).output().unwrap());
        assert!(s.ok && s.out.contains("Usage:"), "{sub}: {}", s.err);
    }
    let settle = said(command(&["settle", "--help"]).output().unwrap());
    assert!(settle.out.contains("yinian settle --period 2026Q3"), "{}", settle.out);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let s = said(command(&["completions", shell]).output().unwrap());
        assert!(s.ok && s.out.contains("determine"), "{shell}");
    }
    assert!(!said(command(&["settel"]).output().unwrap()).ok);
}

/// A file of three people.
fn roster(folder: &Folder) -> PathBuf {
    let path = folder.path().join("三人.csv");
    let mut text = String::from("姓名,身份证号,户籍性质,村（社区）,住址\n");
    for (name, head) in
        [("叶春梅", "44152319490308002"), ("彭桂兰", "44152319500308004"), ("罗细妹", "44152319510308006")]
    {
        let check = kernel::IdNumber::check_char(head.as_bytes()).unwrap();
        text += &format!("{name},{head}{check},农村,441523101204,上围\n");
    }
    std::fs::write(&path, text).unwrap();
    path
}

fn elders(folder: &Folder) -> i64 {
    let doctor: serde_json::Value = serde_json::from_str(&folder.run(&["doctor", "--json"])).unwrap();
    let keys = doctor["checks"].as_array().unwrap().iter().find(|c| c["name"] == "密钥").unwrap();
    let found = keys["found"].as_str().unwrap();
    found.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
}
