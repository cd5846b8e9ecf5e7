// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the files with settings.

use super::*;
use crate::planted;

fn commands(text: &str, vfs: usize) -> Vec<String> {
    let (_folder, card) = planted::card(vfs);
    let changes = Settings(parse(text).unwrap()).changes(&card);
    let prefix = card.admin("").display().to_string();
    changes
        .iter()
        .map(|c| c.shown().replace(&prefix, ""))
        .collect()
}

#[test]
fn the_narrower_setting_wins() {
    let text = r#"
        [card."*"]
        policy = "fair"
        [card."*".vf."2"]
        weight = 300
        [card."*".vf."10-12,1-3"]
        weight = 200
        [card."*".vf."*"]
        weight = 100
        [card."0000:01:00.0".vf."3"]
        weight = 400
        [card."0000:99:00.0".vf."3"]
        weight = 500
    "#;
    assert_eq!(
        commands(text, 4),
        [
            "echo fair > policy",
            "echo 200 > vf1/profile/weight",
            "echo 300 > vf2/profile/weight",
            "echo 400 > vf3/profile/weight",
            "echo 100 > vf4/profile/weight",
        ]
    );
}

#[test]
fn values_are_those_of_toml() {
    let text = "[card.\"*\"]\nfb_clear = false\nlone_check_ms = 20\n[card.\"*\".vf.1]\nvram_quota = \"512M\"\n";
    assert_eq!(
        commands(text, 1),
        [
            "echo 0 > fb_clear",
            "echo 20 > lone_check_ms",
            "echo 536870912 > vf1/profile/vram_quota"
        ]
    );
}

#[test]
fn what_is_wrong_is_said() {
    for (text, part) in [
        ("policy = 1", "\"policy\" is unknown"),
        ("[card.all]", "write \"*\""),
        (
            "[card.\"*\"]\nweight = 1",
            "\"weight\" is unknown: there is policy",
        ),
        ("[card.\"*\"]\npolicy = \"best\"", "one of solid"),
        ("[card.\"*\"]\npolicy = [1]", "has to be a number"),
        ("[card.\"*\".vf.17]\nweight = 1", "\"17\" is no VF"),
        ("[card.\"*\".vf.1]\nweight = 0", "from 1 to 10000"),
        ("[card.\"*\"]\nvf = 1", "has to be a table"),
        ("[card.\"*\"\n", "line 1"),
    ] {
        let error = format!("{:#}", parse(text).unwrap_err());
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn what_is_saved_is_what_is_applied() {
    let (_folder, card) = planted::card(3);
    let two = VfId::new(2).unwrap();
    system::write(&card.vf(two, "profile/weight"), "250").unwrap();
    system::write(&card.admin("policy"), "solid [fair]").unwrap();
    let text = saved(std::slice::from_ref(&card)).unwrap();
    assert!(
        text.contains("policy = \"fair\"\n") && text.contains("fb_clear = true\n"),
        "{text}"
    );
    assert!(text.contains(".vf.\"2\"]\nweight = 250\n"), "{text}");
    assert_eq!(text.matches("exec_quantum_ms").count(), 1, "{text}");
    let changes = Settings(parse(&text).unwrap()).changes(&card);
    let (made, refused) = crate::change::as_many_as_possible(changes);
    assert_eq!((made, refused.len()), (0, 0));
}

#[test]
fn what_can_only_be_read_is_not_saved() {
    let (_folder, card) = planted::card(1);
    let path = card.vf(VfId::FIRST, "profile/vram_quota");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o444)).unwrap();
    assert!(!saved(&[card]).unwrap().contains("vram_quota"));
}
