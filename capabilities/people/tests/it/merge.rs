//! Merging two archives of one person, and taking it back.
use crate::common::*;
use kernel::Error;
use people::model::{Living, ReviewState};
use people::service;
use store::testing::each_engine;

#[tokio::test]
async fn every_old_id_number_phone_and_code_gives_the_survivor_and_all_of_it_can_be_undone() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let stays = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        let mut second = person("彭桂兰", "1949-03-08", 41);
        second.phone = Some("13866012345".parse().unwrap());
        second.living = Living::LivingAlone;
        let second_number = second.id_number.as_str().to_string();
        let goes = open(&db, second).await;
        let page = kernel::PageAsk { page: 1, rows: 10 };
        let open_ones = service::duplicate_reviews(&db, &scope(TOWN), ReviewState::Open, page, "d.id").await.unwrap();
        assert_eq!(open_ones.total, 1, "two of one name, birth date and village are asked about");
        let merge = service::merge(&db, &clerk(), goes, stays, "本人到场，两个证件号是换证前后").await.unwrap();
        let asked = scope(TOWN);
        assert_eq!(service::card(&db, &asked, goes).await.unwrap().id, stays);
        assert_eq!(service::cards(&db, &asked, &[goes, stays]).await.unwrap()[&goes].id, stays);
        for q in [second_number.as_str(), "13866012345", "彭桂兰", "pgl"] {
            let found = service::find(&db, &asked, q, 5).await.unwrap();
            assert_eq!(found.iter().map(|c| c.id).collect::<Vec<_>>(), [stays], "{q}");
        }
        let card = service::card(&db, &asked, stays).await.unwrap();
        assert_eq!((card.living, card.phone_masked.as_str()), (Living::LivingAlone, "138****2345"));
        assert_eq!(service::identities(&db, goes).await.unwrap(), [stays, goes]);
        let old_code = service::elder_code(&db, goes);
        assert!(service::code_matches(&db, stays, &old_code).await.unwrap(), "the card printed before stays good");
        let members: usize =
            service::households_after(&db, &asked, None, 9).await.unwrap().iter().map(|h| h.members.len()).sum();
        assert_eq!(members, 1, "one person counts once");
        let reviews = service::duplicate_reviews(&db, &asked, ReviewState::Open, page, "d.id").await.unwrap();
        assert_eq!(reviews.total, 0);

        service::unmerge(&db, &clerk(), merge, "其实是两姐妹").await.unwrap();
        assert_eq!(service::card(&db, &asked, goes).await.unwrap().id, goes);
        let card = service::card(&db, &asked, stays).await.unwrap();
        assert_eq!((card.living, card.phone_masked.as_str()), (Living::Unknown, ""));
        assert!(matches!(service::unmerge(&db, &clerk(), merge, "再来").await, Err(Error::Refused(_))));
        let found = service::find(&db, &asked, "彭桂兰", 5).await.unwrap();
        assert_eq!(found.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_merge_stays_inside_the_region_and_needs_the_right_and_a_reason() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let a = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        let b = open(&db, person("叶四妹", "1950-03-08", 41)).await;
        let village = actor(kernel::Role::VillageStaff, DUNTANG);
        assert!(matches!(service::merge(&db, &village, a, b, "同一人").await, Err(Error::Forbidden(_))));
        let stranger = actor(kernel::Role::TownStaff, OTHER_TOWN);
        assert!(matches!(service::merge(&db, &stranger, a, b, "同一人").await, Err(Error::NotFound(_))));
        assert!(matches!(service::merge(&db, &clerk(), a, b, " ").await, Err(Error::Invalid(_))));
        assert!(matches!(service::merge(&db, &clerk(), a, a, "同一人").await, Err(Error::Refused(_))));
        assert_eq!(service::card(&db, &scope(TOWN), a).await.unwrap().id, a);
    })
    .await;
}
