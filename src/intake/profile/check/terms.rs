//! What a bank and a partner agree on: dates, officers, standards, leniency.

use super::super::error::Faults;
use super::super::source::{self, Table};
use super::super::{Control, Introduced, Leniency, Share, Standard};
use super::in_order;
use crate::domain::date::DateFormat;
use crate::domain::likeness::LINE;
use crate::domain::outcome::Status;
use crate::intake::rules::{Rule, Severity};
use toml::Spanned;

/// The score from which people are alike. Below 50 a name's parts alone would do.
pub(super) fn line(line: Option<&Spanned<u32>>, faults: &mut Faults<'_>) -> u32 {
    let Some(line) = line else { return LINE };
    if !(50..=100).contains(line.as_ref()) {
        let what = format!("bad line {}", line.as_ref());
        faults.add(line.span(), what, "scores of likeness lie between 50 and 100", "correct the number");
    }
    *line.as_ref()
}

pub(super) fn date_formats(
    dates: Option<source::Dates>,
    faults: &mut Faults<'_>,
) -> (Vec<DateFormat>, Vec<String>) {
    let Some(dates) = dates else {
        return (vec![DateFormat::Fields("YYYY-MM-DD".into())], vec!["YYYY-MM-DD".into()]);
    };
    let (mut formats, mut texts) = (Vec::new(), Vec::new());
    for text in dates.formats {
        match DateFormat::parse(text.as_ref()) {
            Ok(format) => formats.push(format),
            Err(why) => faults.add(text.span(), "bad date format", why, "correct it"),
        }
        texts.push(text.into_inner());
    }
    (formats, texts)
}

pub(super) fn officers(approval: &source::Approval, faults: &mut Faults<'_>) -> u8 {
    match &approval.officers {
        None => 1,
        Some(count) if *count.as_ref() == 1 => 1,
        Some(count) if *count.as_ref() == 2 => 2,
        Some(count) => {
            let what = format!("{} officers", count.as_ref());
            faults.add(count.span(), what, "one imports, or one stages and another approves", "write 1 or 2");
            1
        }
    }
}

pub(super) fn statuses(deposit: Option<source::Deposit>, faults: &mut Faults<'_>) -> Vec<Status> {
    let Some(deposit) = deposit else { return vec![Status::Passed] };
    let mut found = Vec::new();
    for word in deposit.statuses {
        match Status::from_name(word.as_ref()) {
            Some(status) => found.push(status),
            None => faults.add_unknown(word.span(), "status", word.as_ref(), &Status::ALL.map(Status::name)),
        }
    }
    found
}

pub(super) fn standard(source: source::Standard, faults: &mut Faults<'_>) -> Standard {
    let mut share = |text: Option<Spanned<String>>| {
        let text = text?;
        let share = Share::parse(text.as_ref());
        if share.is_none() {
            let what = format!("bad share `{}`", text.as_ref());
            faults.add(
                text.span(),
                what,
                "it is no exact share",
                "write it as \"10%\", \"2.5%\" or \"1/10\"",
            );
        }
        share
    };
    let [refused_at_most, fewer_rows, more_rows, less_credit, more_credit] =
        [source.refused_at_most, source.fewer_rows, source.more_rows, source.less_credit, source.more_credit]
            .map(&mut share);
    let mut amount = |(system, amount): (Spanned<String>, Spanned<super::super::standard::Amount>)| {
        let credits = amount.as_ref().read();
        if credits.is_none() {
            let what = format!("the control total of {} is no amount", system.as_ref());
            faults.add(amount.span(), what, "credits are exact", "write it as \"25.5\"");
        }
        Some((system.into_inner(), credits?))
    };
    let credits =
        source.credits.map(|table| in_order(Some(table)).into_iter().filter_map(&mut amount).collect());
    Standard {
        refused_at_most,
        fewer_rows,
        more_rows,
        less_credit,
        more_credit,
        manifest: source.manifest == Some(source::ManifestWanted::Required),
        control: Control { rows: source.rows, credits },
    }
}

pub(super) fn leniencies(table: Option<Table<String>>, faults: &mut Faults<'_>) -> Vec<Leniency> {
    let mut found: Vec<Leniency> = Vec::new();
    for (code, reason) in in_order(table) {
        let Some(rule) = Rule::from_code(code.as_ref()) else {
            let lenient = Rule::ALL.iter().filter(|rule| rule.lenient().is_some());
            let known: Vec<&str> = lenient.map(|rule| rule.code()).collect();
            faults.add_unknown(code.span(), "rule", code.as_ref(), &known);
            continue;
        };
        let text = reason.as_ref().trim();
        if rule.lenient().is_none() {
            let what = format!("a profile cannot be lenient for {rule}");
            let why = match rule.severity() {
                Severity::Error => format!("what breaks it cannot be taken: {}", rule.summary()),
                severity => format!("it is a {} already", severity.name()),
            };
            faults.add(
                code.span(),
                what,
                why,
                "remove it; `creditbank import-rules` says what can be lenient",
            );
        } else if text.is_empty() {
            let why = "a leniency is recorded with its reason";
            faults.add(reason.span(), format!("{rule} is lenient for no reason"), why, "write the reason");
        } else if found.iter().any(|known| known.rule == rule) {
            faults.add(
                code.span(),
                format!("{rule} is there twice"),
                "it has one reason",
                "remove one of them",
            );
        } else {
            found.push(Leniency { rule, reason: text.to_owned() });
        }
    }
    found
}

pub(super) fn institutions(
    list: Option<Vec<Spanned<source::Introduced>>>,
    faults: &mut Faults<'_>,
) -> Vec<Introduced> {
    let mut found: Vec<Introduced> = Vec::new();
    for item in list.unwrap_or_default() {
        let at = item.span();
        let source::Introduced { code, name, country, sector, region, calendar } = item.into_inner();
        if let Err(why) = calendar.check() {
            faults.add(at.clone(), format!("bad calendar of `{code}`"), why, "correct the term");
        }
        if code.trim().is_empty() || name.trim().is_empty() {
            faults.add(at.clone(), "an institution without code or name", "it needs both", "fill them in");
        }
        if found.iter().any(|earlier| earlier.code == code) {
            faults.add(at, format!("institution `{code}` twice"), "a code names one", "remove one of them");
        }
        found.push(Introduced { code, name, country, sector, region, calendar });
    }
    found
}
