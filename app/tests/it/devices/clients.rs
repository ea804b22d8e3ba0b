//! Clients of other makers: Mosquitto's over MQTT 3.1.1, 5 and TLS, paho's in Python.
use super::tools::{Running, listens, paho, tool};
use super::town::*;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use vigil::Measure;

fn pem(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../capabilities/gateway/tests/endpoint/pem").join(name)
}

fn publish(program: &Path, port: u16, more: &[&str], steps: u32) -> Output {
    let port = port.to_string();
    let body = format!(r#"{{"readings":{{"steps":{steps}}}}}"#);
    let mut c = Command::new(program);
    c.args(["-h", "127.0.0.1", "-p", &port, "-i", "mosq", "-u", "m1", "-P", SECRET, "-q", "1", "-t", "yinian/m1/up"]);
    c.args(["-m", &body]).args(more).output().unwrap()
}

fn steps(all: &[Measure]) -> Vec<u32> {
    all.iter().filter_map(|m| if let Measure::Steps(n) = m { Some(*n) } else { None }).collect()
}

/// What `mosquitto_pub` was told is stored is there though the program is killed in that moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mosquittos_client_over_both_versions_and_tls() {
    let Some(mosquitto_pub) = tool("mosquitto_pub", "mosquitto-clients") else { return };
    let mqtts = free_port();
    let more = format!(
        "mqtts = \"127.0.0.1:{mqtts}\"\ncertificate = {:?}\nkey = {:?}\n",
        pem("server.pem"),
        pem("server.key")
    );
    let town = town_with(&more).await;
    let ca = pem("ca.pem").display().to_string();
    let ways: [(u16, &[&str]); 4] = [
        (town.mqtt, &["-V", "mqttv311"]),
        (town.mqtt, &["-V", "mqttv5"]),
        (mqtts, &["-V", "mqttv311", "--cafile", &ca]),
        (mqtts, &["-V", "mqttv5", "--cafile", &ca]),
    ];
    for (n, (port, more)) in ways.into_iter().enumerate() {
        let mut program = Running(town.serve());
        listens(mqtts);
        let told = 100 + n as u32;
        let said = publish(&mosquitto_pub, port, more, told);
        program.0.kill().unwrap();
        program.0.wait().unwrap();
        assert!(said.status.success(), "{more:?}: {}", String::from_utf8_lossy(&said.stderr));
        let (stored, _) = town.read().await;
        assert!(steps(&stored).contains(&told), "{more:?} was acknowledged: {stored:?}");
    }
    // What is refused is not taken for sent: a wrong password, another's topic.
    let _program = Running(town.serve());
    for more in [&["-P", "wrong wrong wrong"][..], &["-V", "mqttv5", "-P", "wrong wrong wrong"]] {
        let said = publish(&mosquitto_pub, town.mqtt, more, 999);
        assert!(!said.status.success(), "{more:?}");
    }
    let other = publish(&mosquitto_pub, town.mqtt, &["-V", "mqttv5", "-t", "yinian/m2/up", "-d"], 999);
    let words = String::from_utf8_lossy(&[other.stdout, other.stderr].concat()).to_lowercase();
    assert!(words.contains("rc:135") || words.contains("not authorized"), "{words}");
    town.folder.sound();
}

const PAHO: &str = r#"
import sys, json
import paho.mqtt.client as mqtt
port, version = int(sys.argv[1]), int(sys.argv[2])
v1 = getattr(mqtt, "CallbackAPIVersion", None)
args = ([v1.VERSION1] if v1 else [])
c = mqtt.Client(*args, client_id="paho", protocol=version)
c.username_pw_set("m1", sys.argv[3])
c.connect("127.0.0.1", port, 30)
c.loop_start()
sent = [c.publish("yinian/m1/up", json.dumps({"readings": {"steps": n}}), qos=1) for n in range(1, 101)]
for s in sent:
    s.wait_for_publish(20)
    assert s.is_published()
print("published", len(sent), flush=True)
"#;

/// A hundred messages at once; when paho says that all are published the program is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pahos_client_in_python() {
    let Some(python) = paho() else { return };
    // 4 and 5 as paho calls the versions.
    for version in ["4", "5"] {
        let town = town().await;
        let mut program = Running(town.serve());
        let said = Command::new(&python).args(["-c", PAHO, &town.mqtt.to_string(), version, SECRET]).output().unwrap();
        program.0.kill().unwrap();
        program.0.wait().unwrap();
        assert!(said.status.success(), "{version}: {}", String::from_utf8_lossy(&said.stderr));
        let (stored, _) = town.read().await;
        let mut all = steps(&stored);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all, (1..=100).collect::<Vec<_>>(), "version {version}");
    }
}
