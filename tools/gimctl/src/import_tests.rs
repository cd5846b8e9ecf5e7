// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of reading `/etc/gim_config`.

use super::*;
use proptest::prelude::*;

fn problems(text: &str) -> Vec<(usize, String)> {
    parse(text)
        .problems
        .into_iter()
        .map(|p| (p.line, p.what))
        .collect()
}

#[test]
fn a_file_that_the_c_driver_wrote() {
    let text = "fb_option=0\nsched_option=1\nvf_num=4\npf_fb=512\nvf_fb=1024\nsched_interval=6\n\
                sched_interval_us=0\nfb_clear=1\n";
    let imported = parse(text);
    assert_eq!(imported.problems, []);
    assert_eq!(
        imported.parameters(),
        "fb_option=0 sched_option=1 vf_num=4 pf_fb=512 vf_fb=1024 sched_interval=6 sched_interval_us=0 fb_clear=1"
    );
    assert!(imported.modprobe().contains("\noptions gim vf_num=4\n"));
    let settings = imported.settings();
    assert!(
        settings.contains("policy = \"predictable\"\nfb_clear = true\n"),
        "{settings}"
    );
    assert!(settings.contains("exec_quantum_ms = 6\n"), "{settings}");
}

#[test]
fn ends_of_lines_are_separators_as_any_other() {
    let same = parse("vf_num 4 fb_clear\t1");
    for text in [
        "vf_num=4\nfb_clear=1",
        "vf_num\n4\nfb_clear\n=1\n",
        "vf_num == 4\r\nfb_clear = 1\r\n",
    ] {
        assert_eq!(parse(text), same, "{text:?}");
    }
}

#[test]
fn what_is_not_taken_over_is_said_with_its_line() {
    let found = problems(
        "# mine\nvf_num=4\nvfnum=5 6\npf_fb=0x100\nsched_option=4\nvf_fb\nvf_num=2\nfb_clear=-1",
    );
    let lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8]);
    for ((_, what), part) in found.iter().zip([
        "unknown key \"vfnum\"",
        "\"0x100\" is no value: pf_fb: not a number",
        "sched_option=4: out of range, give 0 to 3",
        "vf_fb has no value",
        "vf_num was 4 above: 2 is what counts",
        "\"-1\" is no value",
    ]) {
        assert!(what.contains(part), "{what}");
    }
    assert_eq!(parse("pf_fb=0x100\nvf_num=2").parameters(), "vf_num=2");
}

#[test]
fn zeros_in_front_do_not_make_a_number_octal() {
    assert_eq!(
        parse("vf_num=010 pf_fb=000").parameters(),
        "vf_num=10 pf_fb=0"
    );
}

#[test]
fn the_tail_that_the_c_driver_leaves_does_no_harm() {
    // It writes a shorter text over a longer one without cutting the file.
    let imported = parse("vf_num=4\nfb_clear=1\n_clear=0\n");
    assert_eq!(imported.parameters(), "vf_num=4 fb_clear=1");
    assert_eq!(imported.problems.len(), 1);
}

#[test]
fn framebuffers_that_were_not_cleared_and_will_be_are_mentioned() {
    assert!(parse("vf_num=1")
        .modprobe()
        .contains("fb_clear is not there"));
    assert!(!parse("fb_clear=0")
        .modprobe()
        .contains("fb_clear is not there"));
}

proptest! {
    #[test]
    fn whatever_is_read_is_valid(text in "\\PC{0,60}|([a-z_=0-9 \n#\r\t+-]{0,200})") {
        let imported = parse(&text);
        for pair in imported.parameters().split_whitespace() {
            let (name, value) = pair.split_once('=').unwrap();
            let spec = KEYS.iter().find(|spec| spec.name == name).unwrap();
            prop_assert!(spec.parse(value.as_bytes()).is_ok());
        }
        let lines = text.lines().count();
        for problem in &imported.problems {
            prop_assert!((1..=lines).contains(&problem.line));
        }
    }

    #[test]
    fn what_is_good_is_taken_over(
        values in proptest::collection::vec(0_u32..2, KEYS.len()),
        separators in proptest::collection::vec("[ =\t\n]{1,3}", 16),
    ) {
        let mut text = String::new();
        let mut separators = separators.iter();
        for (spec, value) in KEYS.iter().zip(&values) {
            text += spec.name;
            text += separators.next().unwrap();
            text += &value.to_string();
            text += separators.next().unwrap();
        }
        let imported = parse(&text);
        prop_assert_eq!(&imported.problems, &[]);
        prop_assert_eq!(imported.values.to_vec(), values.into_iter().map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn its_own_output_means_the_same(text in "((vf_num|pf_fb|fb_clear|what|sched_option)[= \n](1|7|99999|x)[ \n]){0,8}") {
        let imported = parse(&text);
        prop_assert_eq!(parse(&imported.parameters()).values, imported.values);
    }
}
