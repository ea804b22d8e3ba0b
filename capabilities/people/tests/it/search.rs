//! Every way an elder is looked for.
use crate::common::*;
use people::service;
use store::Db;
use store::testing::each_engine;

async fn names(db: &Db, q: &str) -> Vec<String> {
    service::find(db, &scope(TOWN), q, 10).await.expect("works").into_iter().map(|c| c.name).collect()
}

#[tokio::test]
async fn by_name_pinyin_initials_number_phone_and_address() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let mut a = person("曾月华", "1948-05-11", 1);
        a.phone = Some("13866012345".parse().unwrap());
        let number = a.id_number.as_str().to_string();
        open(&db, a).await;
        let mut b = person("单德才", "1950-05-11", 2);
        b.address = "塘背 8 号".into();
        open(&db, b).await;
        open(&db, person("吕春梅", "1951-05-11", 3)).await;
        open(&db, person("尉迟秀英", "1952-05-11", 4)).await;
        for q in ["曾月华", "曾月", "月华", "华", "曾", "zengyuehua", "zengyue", "ZYH", "cengyuehua", "cyh", "yuehua"]
        {
            assert_eq!(names(&db, q).await, ["曾月华"], "{q}");
        }
        for q in ["shandecai", "sdc", "dandecai", "ddc", "单"] {
            assert_eq!(names(&db, q).await, ["单德才"], "{q}");
        }
        for q in ["lvchunmei", "lüchunmei", "luchunmei", "lcm"] {
            assert_eq!(names(&db, q).await, ["吕春梅"], "{q}");
        }
        for q in ["yuchixiuying", "ycxy", "weichixiuying"] {
            assert_eq!(names(&db, q).await, ["尉迟秀英"], "{q}");
        }
        for q in [number.as_str(), "13866012345", "138 6601 2345", "2345"] {
            assert_eq!(names(&db, q).await, ["曾月华"], "{q}");
        }
        assert_eq!(names(&db, "塘背8号").await, ["单德才"]);
        assert_eq!(names(&db, "塘背 8").await, ["单德才"]);
        assert_eq!(names(&db, "墩塘").await.len(), 4, "the village's name is part of the address");
        for q in ["", "  ", "%", "'; DROP TABLE elder", "zz", "塘背 9 号", "13800000000"] {
            assert!(names(&db, q).await.is_empty(), "{q}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_new_name_phone_or_address_is_found_and_the_old_is_not() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let id = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        let changes = service::Changes {
            name: Some("彭桂蘭".into()),
            phone: Some(Some("13912340099".parse().unwrap())),
            address: Some("岭下 14 号".into()),
            ..service::Changes::default()
        };
        let always = people::model::Since::Always;
        service::correct(&db, &clerk(), id, 1, changes, always, people::model::Source::Office).await.unwrap();
        for q in ["桂蘭", "0099", "岭下14号", "13912340099"] {
            assert_eq!(names(&db, q).await.len(), 1, "{q}");
        }
        for q in ["桂兰", "上围17号"] {
            assert!(names(&db, q).await.is_empty(), "{q}");
        }
    })
    .await;
}
