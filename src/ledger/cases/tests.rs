use super::*;
use crate::domain::credits::Credits;
use crate::domain::deadline::Term;
use crate::domain::decision::{Input, Inputs};
use crate::domain::registry::Scale;
use jiff::civil::date;

fn terms() -> Terms {
    Terms {
        name: "p".into(),
        version: 1,
        sha256: "00".into(),
        decide: Some(Term::Months(4)),
        silence: Silence::Learner,
        file: Some(Term::Days(15)),
        answer: Some(Term::Days(15)),
        appeal_silence: Silence::Learner,
        officers: 2,
        levels: 1,
        holidays: Vec::new(),
    }
}

/// A request of 31 October that was refused by ann on 10 November.
fn refused() -> Cases {
    let mut cases = Cases::default();
    step(&mut cases, 1, "ann", Verb::Request, date(2026, 10, 31), |step| {
        step.decision = None;
        step.target = Some("T".into());
        step.lots = vec![EntryId(0)];
        step.procedure = Some(terms());
    })
    .unwrap();
    assert_eq!(cases.get(EntryId(1)).unwrap().due(), Some(date(2027, 2, 28)));
    step(&mut cases, 2, "ann", Verb::Refuse, date(2026, 11, 10), |step| step.codes = vec!["grade".into()])
        .unwrap();
    cases
}

fn step(
    cases: &mut Cases,
    entry: i64,
    actor: &str,
    verb: Verb,
    day: Date,
    fill: impl FnOnce(&mut Step),
) -> Result<(), String> {
    let mut step = Step::new(verb, Account(7), day);
    step.decision = Some(EntryId(1));
    fill(&mut step);
    let event = Event { entry: EntryId(entry), learner: Some(7), actor: actor.into(), step };
    cases.take(&event, |_| Ok(None))
}

fn state(cases: &Cases) -> State {
    cases.get(EntryId(1)).unwrap().state
}

#[test]
fn an_appeal_is_in_time_on_its_last_day_and_late_on_the_next() {
    let mut cases = refused();
    assert_eq!(cases.get(EntryId(1)).unwrap().appeal_until(), Some(date(2026, 11, 25)));
    let late = step(&mut cases, 3, "ann", Verb::Appeal, date(2026, 11, 26), |_| {}).unwrap_err();
    assert!(late.contains("2026-11-25"), "{late}");
    step(&mut cases, 3, "ann", Verb::Appeal, date(2026, 11, 25), |_| {}).unwrap();
    assert_eq!(state(&cases), State::Appealed);
    let case = cases.get(EntryId(1)).unwrap();
    assert_eq!(case.due(), Some(date(2026, 12, 10)));
    assert!(!case.is_overdue(date(2026, 12, 10)) && case.is_overdue(date(2026, 12, 11)));
}

#[test]
fn who_decided_does_not_answer_the_appeal_where_two_officers_are_wanted() {
    let mut cases = refused();
    step(&mut cases, 3, "ann", Verb::Appeal, date(2026, 11, 20), |_| {}).unwrap();
    for verb in [Verb::Uphold, Verb::Overturn] {
        let own = step(&mut cases, 4, "ann", verb, date(2026, 11, 21), |_| {}).unwrap_err();
        assert!(own.contains("another officer"), "{own}");
    }
    step(&mut cases, 4, "bob", Verb::Uphold, date(2026, 11, 21), |_| {}).unwrap();
    assert_eq!(state(&cases), State::Upheld);
    let again = step(&mut cases, 5, "ann", Verb::Appeal, date(2026, 11, 22), |_| {}).unwrap_err();
    assert!(again.contains("1 of 1 times"), "{again}");
}

#[test]
fn silence_decides_after_the_last_day_and_says_which_it_was() {
    let mut cases = refused();
    step(&mut cases, 3, "ann", Verb::Appeal, date(2026, 11, 20), |_| {}).unwrap();
    let mut lapse = |day, due| {
        step(&mut cases, 4, "ann", Verb::Lapse, day, |step| {
            step.due = Some(due);
            step.placed = vec![EntryId(2)];
        })
    };
    assert!(lapse(date(2026, 12, 5), date(2026, 12, 5)).unwrap_err().contains("until 2026-12-05"));
    assert!(lapse(date(2026, 12, 6), date(2026, 12, 4)).is_err());
    lapse(date(2026, 12, 6), date(2026, 12, 5)).unwrap();
    assert_eq!(state(&cases), State::Overturned);
}

#[test]
fn no_step_leads_where_there_is_no_arrow() {
    use Verb::*;
    let allowed = |verb| {
        let mut cases = refused();
        step(&mut cases, 3, "bob", verb, date(2026, 11, 11), |step| {
            step.codes = vec!["grade".into()];
            step.placed = vec![EntryId(2)];
        })
        .is_ok()
    };
    for verb in Verb::ALL {
        assert_eq!(allowed(verb), matches!(verb, Except | Appeal | Precedent), "{verb:?}");
    }
    let mut cases = refused();
    step(&mut cases, 3, "ann", Precedent, date(2026, 11, 11), |_| {}).unwrap();
    assert!(step(&mut cases, 4, "ann", Precedent, date(2026, 11, 11), |_| {}).is_err());
    step(&mut cases, 4, "ann", Unprecedent, date(2026, 11, 11), |_| {}).unwrap();
    step(&mut cases, 5, "ann", Appeal, date(2026, 11, 11), |_| {}).unwrap();
    assert!(step(&mut cases, 6, "ann", Precedent, date(2026, 11, 11), |_| {}).is_err());
    assert!(step(&mut cases, 6, "ann", Uphold, date(2026, 11, 10), |_| {}).is_err(), "before the appeal");
    step(&mut cases, 6, "ann", Withdraw, date(2026, 11, 12), |_| {}).unwrap();
    assert_eq!(state(&cases), State::Decided);
    step(&mut cases, 7, "ann", Appeal, date(2026, 11, 12), |_| {}).unwrap();
}

#[test]
fn a_grade_is_in_a_band_where_its_scale_has_a_line() {
    let scale = |name: &str, numeric, grades: &str, pass: Option<&str>| Scale {
        id: 1,
        name: name.into(),
        version: 1,
        numeric,
        grades: grades.into(),
        pass: pass.map(str::to_owned),
        best: None,
        worst: None,
        step: None,
        valid_from: None,
        citation: String::new(),
        verified: 0,
    };
    let bands = Bands::new(vec![
        scale("letters", 0, r#"["F","D","C","A"]"#, Some("C")),
        scale("points", 1, "[]", Some("60")),
        scale("open", 0, r#"["a","b"]"#, None),
    ]);
    let cases = [
        (Some(("letters", "C")), "passed"),
        (Some(("letters", "D")), "below"),
        (Some(("letters", "E")), "E"),
        (Some(("points", "60")), "passed"),
        (Some(("points", "59.9")), "below"),
        (Some(("open", "a")), "a"),
        (Some(("", "17")), "17"),
        (None, "none"),
    ];
    for (grade, band) in cases {
        let grade = grade.map(|(scale, grade)| (scale.to_owned(), grade.to_owned()));
        assert_eq!(bands.band(grade.as_ref()), band, "{grade:?}");
    }
}

#[test]
fn equal_inputs_have_one_key_and_others_another() {
    let input = |outcome: &str| Input {
        institution: "I".into(),
        outcome: outcome.into(),
        system: "ECTS".into(),
        amount: Credits(5_000),
        band: "passed".into(),
        codes: vec![],
    };
    let base = Inputs { target: "T".into(), lots: vec![input("A")] };
    assert_eq!(key(&base), key(&base.clone()));
    let mut others = vec![Inputs { target: "U".into(), ..base.clone() }];
    let change = |change: fn(&mut Input)| {
        let mut inputs = base.clone();
        change(&mut inputs.lots[0]);
        inputs
    };
    others.push(change(|input| input.institution = "J".into()));
    others.push(change(|input| input.outcome = "B".into()));
    others.push(change(|input| input.system = "CN".into()));
    others.push(change(|input| input.amount = Credits(5_001)));
    others.push(change(|input| input.band = "below".into()));
    others.push(change(|input| input.codes = vec!["grade".into()]));
    others.push(Inputs { lots: vec![input("A"), input("A")], ..base.clone() });
    let mut keys: Vec<String> = others.iter().map(key).collect();
    keys.push(key(&base));
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), others.len() + 1);
}
