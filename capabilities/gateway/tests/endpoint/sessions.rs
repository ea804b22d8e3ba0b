//! Sessions: TLS, take-over by the newest, silence.
use crate::common::*;
use crate::raw::*;
use gateway::Limits;
use rumqttc_v5::PublishOptions;
use rumqttc_v5::mqttbytes::v5::{Packet, PubAckReason};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::sync::Arc;
use std::time::Duration;
use store::testing::each_engine;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use vigil::Measure;

fn tls(trusted: bool) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    if trusted {
        roots.add(CertificateDer::from_pem_file(pem("ca.pem")).unwrap()).unwrap();
    }
    TlsConnector::from(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

#[tokio::test]
async fn a_session_over_tls() {
    each_engine(&migrations(), |db| async move {
        let elder = with_m1(&db).await;
        let run = Running::start(&db, Limits::default()).await;
        let name = ServerName::try_from("localhost").unwrap();
        let to = || async { TcpStream::connect(run.at("mqtts")).await.unwrap() };
        let refused = tls(false).connect(name.clone(), to().await).await;
        assert!(refused.is_err(), "a client that does not know the authority goes no further");
        let stream = soon(tls(true).connect(name, to().await)).await.unwrap();
        let mut raw = Raw::over(stream);
        raw.hello(&Hello::default()).await;
        raw.say(&publish("yinian/m1/up", HEART_72, Some(1))).await;
        assert_eq!(raw.hear().await, Some((PUBACK, vec![0, 1])));
        assert_eq!(stored(&db, elder).await, [Measure::HeartRate(72)]);
        // Plain MQTT on the TLS port gets no answer that could be read as one.
        let mut plain = Raw::open(run.at("mqtts")).await;
        plain.say(&connect(&Hello::default())).await;
        assert_ne!(plain.hear().await.map(|p| p.0), Some(CONNACK));
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn the_newest_sign_in_has_the_session() {
    each_engine(&migrations(), |db| async move {
        let elder = with_m1(&db).await;
        let run = Running::start(&db, Limits::default()).await;
        let (first, mut old) = run.client("m1", SECRET);
        next(&mut old, |p| matches!(p, Packet::ConnAck(_)).then_some(())).await;
        let (second, mut new) = run.client("m1", SECRET);
        next(&mut new, |p| matches!(p, Packet::ConnAck(_)).then_some(())).await;
        let why = ended(&mut old).await;
        assert!(why.contains("SessionTakenOver"), "{why}");
        drop(first);
        second.publish("yinian/m1/up", HEART_72, PublishOptions::at_least_once()).await.unwrap();
        assert_eq!(acked(&mut new).await, PubAckReason::Success, "the old one's end does not end the new one");
        assert_eq!(stored(&db, elder).await, [Measure::HeartRate(72)]);
        assert_eq!(run.started.figures().online, 1);
        // In 3.1.1 there are no words, the socket closes.
        let mut third = Raw::signed_in(run.at("mqtt"), &Hello::default()).await;
        let mut fourth = Raw::signed_in(run.at("mqtt"), &Hello::default()).await;
        assert_eq!(third.hear().await, None);
        fourth.say(&[0xC0, 0]).await;
        assert_eq!(fourth.hear().await, Some((PINGRESP, vec![])));
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn who_is_silent_beyond_its_keep_alive_is_let_go() {
    each_engine(&migrations(), |db| async move {
        with_m1(&db).await;
        let limits = Limits { login_s: 1, ..Limits::default() };
        let run = Running::start(&db, limits).await;
        let begun = db.now();
        let mut silent = Raw::signed_in(run.at("mqtt"), &Hello { keep_alive: 1, ..Hello::default() }).await;
        // 1.5 times the keep-alive, by the server's clock.
        db.clock().set(begun.plus_ms(1_400));
        tokio::time::sleep(Duration::from_millis(1_700)).await;
        silent.say(&[0xC0, 0]).await;
        assert_eq!(silent.hear().await, Some((PINGRESP, vec![])), "not yet");
        db.clock().set(begun.plus_ms(1_400 + 1_600));
        assert_eq!(silent.hear().await, None);
        // Who never says who it is, too.
        let mut nobody = Raw::open(run.at("mqtt")).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        nobody.say(&[0x10]).await;
        let later = db.now().plus_ms(1_100);
        db.clock().set(later);
        assert_eq!(nobody.hear().await, None);
        run.end().await;
    })
    .await;
}
