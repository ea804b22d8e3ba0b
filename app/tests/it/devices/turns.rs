//! Two processes on one installation: one has the devices, the other stands by and takes over.
use super::tools::Running;
use super::town::*;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// What a process says on its standard output, line by line.
struct Said(std::sync::mpsc::Receiver<String>);

impl Said {
    fn of(child: &mut Child) -> Said {
        let (tell, told) = std::sync::mpsc::channel();
        let out = child.stdout.take().unwrap();
        std::thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|l| tell.send(l)));
        Said(told)
    }
    /// Waits for a line with these words; whether one came in time.
    fn hears(&self, words: &str) -> bool {
        let until = Instant::now() + Duration::from_secs(30);
        while let Ok(line) = self.0.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if line.contains(words) {
                return true;
            }
        }
        false
    }
}

fn serve(town: &Town, role: &str) -> (Running, Said) {
    let mut c = town.folder.command(&["serve", "--listen", "127.0.0.1:0", "--role", role]);
    let mut child = c.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let said = Said::of(&mut child);
    (Running(child), said)
}

fn says(port: u16, content: &str, answer: &str) {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(socket, "[3G*8800000001*{:04X}*{content}]", content.len()).unwrap();
    let mut got = vec![0u8; answer.len()];
    socket.read_exact(&mut got).unwrap();
    assert_eq!(String::from_utf8(got).unwrap(), answer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_stands_by_and_takes_the_devices_over() {
    let town = town().await;
    let (mut first, said) = serve(&town, "gateway");
    assert!(said.hears("设备接入 watch"));
    says(town.watch, "HEART,71", "[3G*8800000001*0005*HEART]");
    let (second, said) = serve(&town, "gateway");
    assert!(said.hears("备用"), "it says that it stands by");
    assert!(said.hears("已开始服务"), "and answers meanwhile");
    first.0.kill().unwrap();
    first.0.wait().unwrap();
    assert!(said.hears("设备接入 watch"), "nobody had to do anything");
    says(town.watch, "HEART,72", "[3G*8800000001*0005*HEART]");
    drop(second);
    let (stored, _) = town.read().await;
    for rate in [71, 72] {
        assert!(stored.contains(&vigil::Measure::HeartRate(rate)), "{rate}: {stored:?}");
    }
}

/// The web process has pages and no devices, the worker neither.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_answers_what_is_its_own() {
    let town = town().await;
    for (role, login, ingest) in [("web", 200, true), ("gateway", 404, true), ("worker", 404, false)] {
        let (_process, said) = {
            let listen = format!("127.0.0.1:{}", town.web);
            let mut c = town.folder.command(&["serve", "--listen", &listen, "--role", role]);
            let mut child = c.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
            let said = Said::of(&mut child);
            (Running(child), said)
        };
        assert!(said.hears("已开始服务"), "{role}");
        let ask = |line: &str| {
            let mut socket = TcpStream::connect(("127.0.0.1", town.web)).unwrap();
            write!(socket, "{line} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .unwrap();
            let mut text = String::new();
            socket.read_to_string(&mut text).unwrap();
            text.split(' ').nth(1).and_then(|s| s.parse::<u16>().ok()).unwrap()
        };
        assert_eq!(ask("GET /healthz"), 200, "{role}");
        assert_eq!(ask("GET /login"), login, "{role}");
        assert_eq!(ask("POST /api/v1/readings") != 404, ingest, "{role}");
        assert_eq!(TcpStream::connect(("127.0.0.1", town.watch)).is_ok(), role == "gateway", "{role}");
    }
}
