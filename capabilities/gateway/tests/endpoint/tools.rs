//! Programs of other makers: MQTT clients and brokers. `cargo xtask test` installs them on Debian; where one is missing the test says so and ends.
#![allow(dead_code)]
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program, or a printed reason why the test does not run.
pub fn tool(name: &str, package: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/bin")]);
    let found = folders.map(|f| f.join(name)).find(|p| p.is_file());
    if found.is_none() {
        println!("SKIPPED: {name} is not installed: apt-get install {package}");
    }
    found
}

/// Debian's Python with paho's client.
pub fn paho() -> Option<PathBuf> {
    let python = PathBuf::from("/usr/bin/python3");
    let ok = python.is_file()
        && Command::new(&python)
            .args(["-c", "import paho.mqtt.client"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success());
    if !ok {
        println!("SKIPPED: paho-mqtt is not installed: apt-get install python3-paho-mqtt");
    }
    ok.then_some(python)
}

/// A program that is ended with this value.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until somebody listens there.
pub fn listens(port: u16) {
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < Duration::from_secs(30), "nothing listens on {port}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn spawned(program: &Path, config: &Path, port: u16) -> Running {
    let mut c = Command::new(program);
    let child = Running(c.arg("-c").arg(config).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    listens(port);
    child
}

/// Mosquitto on a port of this machine, files in a folder of the test's.
pub fn mosquitto(folder: &Path, port: u16) -> Option<Running> {
    let program = tool("mosquitto", "mosquitto")?;
    let config = folder.join("mosquitto.conf");
    std::fs::write(
        &config,
        format!("listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\n"),
    )
    .unwrap();
    Some(spawned(&program, &config, port))
}

/// NATS with its MQTT listener; its MQTT stands on JetStream.
pub fn nats(folder: &Path, port: u16) -> Option<Running> {
    let program = tool("nats-server", "nats-server")?;
    let config = folder.join("nats.conf");
    // Its own half a minute until it sends again what was not acknowledged is long for a test.
    let text = format!(
        "server_name: t\nlisten: \"127.0.0.1:{}\"\njetstream {{ store_dir: {:?} }}\nmqtt {{ listen: \"127.0.0.1:{port}\", ack_wait: \"2s\" }}\n",
        free_port(),
        folder.join("jetstream")
    );
    std::fs::write(&config, text).unwrap();
    Some(spawned(&program, &config, port))
}
