//! Clients of other makers: Mosquitto's over MQTT 3.1.1, 5 and TLS, paho's in Python. When they say that a message is
//! published it can be read back.
use crate::common::*;
use crate::tools::{paho, tool};
use gateway::Limits;
use std::process::{Command, Output};
use store::testing::each_engine;
use vigil::Measure;

/// Runs beside the gateway.
async fn run_it(mut command: Command) -> Output {
    soon(tokio::task::spawn_blocking(move || command.output())).await.unwrap().unwrap()
}

#[tokio::test]
async fn mosquittos_client_over_both_versions_and_tls() {
    let Some(program) = tool("mosquitto_pub", "mosquitto-clients") else { return };
    let program = &program;
    each_engine(&migrations(), |db| async move {
        let elder = with_m1(&db).await;
        let run = Running::start(&db, Limits::default()).await;
        let publish = async |name: &str, steps: u32, more: &[&str]| {
            let mut c = Command::new(program);
            let body = format!(r#"{{"readings":{{"steps":{steps}}}}}"#);
            c.args(["-h", "127.0.0.1", "-p", &run.at(name).port().to_string(), "-i", "mosq", "-u", "m1", "-P", SECRET]);
            c.args(["-q", "1", "-t", "yinian/m1/up", "-m", &body]).args(more);
            run_it(c).await
        };
        let ca = pem("ca.pem").display().to_string();
        for (n, version) in ["mqttv311", "mqttv5"].into_iter().enumerate() {
            for (name, more) in [("mqtt", &[][..]), ("mqtts", &["--cafile", ca.as_str()])] {
                let steps = 100 + 10 * n as u32 + u32::from(name == "mqtts");
                let said = publish(name, steps, &[&["-V", version], more].concat()).await;
                assert!(said.status.success(), "{version} {name}: {}", String::from_utf8_lossy(&said.stderr));
                assert!(stored(&db, elder).await.contains(&Measure::Steps(steps)), "{version} {name}");
            }
            let said = publish("mqtt", 999, &["-V", version, "-P", "wrong wrong wrong"]).await;
            assert!(!said.status.success(), "{version}: a wrong password");
        }
        assert_eq!(stored(&db, elder).await.len(), 4);
        run.end().await;
    })
    .await;
}

const PAHO: &str = r#"
import sys, json
import paho.mqtt.client as mqtt
port, version = int(sys.argv[1]), int(sys.argv[2])
api = getattr(mqtt, "CallbackAPIVersion", None)
c = mqtt.Client(*([api.VERSION1] if api else []), client_id="paho", protocol=version)
c.username_pw_set("m1", sys.argv[3])
c.connect("127.0.0.1", port, 30)
c.loop_start()
sent = [c.publish("yinian/m1/up", json.dumps({"readings": {"steps": n}}), qos=1) for n in range(1, 101)]
for s in sent:
    s.wait_for_publish()
    assert s.is_published()
"#;

#[tokio::test]
async fn pahos_client_in_python() {
    let Some(python) = paho() else { return };
    let python = &python;
    each_engine(&migrations(), |db| async move {
        let elder = with_m1(&db).await;
        let run = Running::start(&db, Limits::default()).await;
        // 4 and 5 as paho calls the versions.
        for version in ["4", "5"] {
            let later = db.now().plus_ms(1_000);
            db.clock().set(later);
            let mut c = Command::new(python);
            c.args(["-c", PAHO, &run.at("mqtt").port().to_string(), version, SECRET]);
            let said = run_it(c).await;
            assert!(said.status.success(), "{version}: {}", String::from_utf8_lossy(&said.stderr));
            let all = stored(&db, elder).await.len();
            assert_eq!(all, 100 * if version == "4" { 1 } else { 2 }, "version {version}");
        }
        run.end().await;
    })
    .await;
}
