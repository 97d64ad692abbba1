//! What was found, weighed: dates, words, identifiers, loads; and what is left to ask.

use super::assign::named;
use super::column::Column;
use super::dates::Dates;
use super::words::{is_nothing, kind, status, system};
use super::{About, Rows, Sketch, Word};
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::date::{Calendar, DateFormat};
use crate::domain::outcome::{Kind, Status};
use crate::intake::format::Format;
use crate::intake::profile::{Field, Target};
use hashbrown::HashMap;

/// Weighs what was found.
pub(super) fn judge(sketch: &mut Sketch, rows: &Rows) {
    file(sketch, rows);
    super::layout::published(sketch);
    headings(sketch);
    decimal_mark(sketch);
    dates(sketch);
    words(sketch);
    required(sketch);
    results(sketch);
    identifiers(sketch);
    repeated_outcomes(sketch, rows);
    shared_load(sketch, rows);
}

fn file(sketch: &mut Sketch, rows: &Rows) {
    if matches!(sketch.written.format, Format::Xml | Format::Json) {
        let text = "built-in profiles read transcripts and credentials of this kind, and a profile of your own may \
                    extend one: is this draft needed? `creditbank profile list` shows them";
        sketch.ask(About::File, text);
    }
    if sketch.written.guessed {
        let (encoding, because) = (sketch.written.encoding.name(), sketch.written.because);
        sketch.ask(
            About::File,
            format!("the encoding is a guess, {encoding} because {because}: are names and titles readable?"),
        );
    }
    if let Some((count, line)) = rows.uneven {
        let verb = if count == 1 { "row has" } else { "rows have" };
        let text = format!(
            "{count} {verb} more or fewer fields than the first ({}), first on line {line}: an import refuses them",
            rows.width
        );
        sketch.ask(About::File, text);
    }
    if !sketch.header {
        sketch.ask(
            About::File,
            "the first row seems to hold data, so columns are given by number: is there no header?",
        );
    }
}

fn headings(sketch: &mut Sketch) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut faults = Vec::new();
    for column in &sketch.columns {
        if column.heading.is_empty() {
            continue;
        }
        if let Some(first) = seen.insert(column.heading.clone(), column.number) {
            let heading = named(column);
            faults.push(format!(
                "{heading} heads columns {first} and {}: an import refuses the file until each has its own name",
                column.number
            ));
        }
    }
    let nameless: Vec<usize> = (0..sketch.columns.len())
        .filter(|at| sketch.header && sketch.columns[*at].heading.is_empty() && sketch.is_read(*at))
        .collect();
    for at in nameless {
        sketch.fields.retain(|filled| filled.column != at);
        sketch.identifiers.retain(|(_, column)| *column != at);
        faults.push(format!("column {} has no heading, so it cannot be read", at + 1));
    }
    for text in faults {
        sketch.ask(About::File, text);
    }
}

fn decimal_mark(sketch: &mut Sketch) {
    let amounts = [Field::Credits, Field::Hours].into_iter().filter_map(|field| sketch.column_of(field));
    let (points, commas) = amounts.fold((0, 0), |sum, column| (sum.0 + column.points, sum.1 + column.commas));
    if commas > points {
        sketch.decimal_mark = DecimalMark::Comma;
    }
    if commas > 0 && points > 0 {
        let text =
            format!("{points} amounts have a decimal point and {commas} a comma: an import refuses one sort");
        sketch.ask(About::File, text);
    }
}

fn dates(sketch: &mut Sketch) {
    let dated: Vec<Field> = sketch
        .fields
        .iter()
        .map(|filled| filled.field)
        .filter(|field| {
            use Field::{AccreditedFrom, AccreditedTo, BirthDate, Offering, Period, ValidFrom, ValidTo};
            matches!(
                field,
                AccreditedFrom | AccreditedTo | BirthDate | Offering | Period | ValidFrom | ValidTo
            )
        })
        .collect();
    let (mut open, mut numbered) = (false, false);
    for field in dated {
        let Some(column) = sketch.column_of(field) else { continue };
        let (name, filled, unread) = (named(column), column.filled, column.filled - column.dates.count());
        let found = column.dates.dates();
        let mut texts: Vec<String> = numbers_of_days(column).into_iter().collect();
        numbered |= !texts.is_empty();
        match found {
            Some(Dates::Forms(forms)) => {
                for form in forms {
                    if !sketch.dates.iter().any(|known| known == form) {
                        sketch.dates.push(form.to_owned());
                    }
                }
            }
            Some(Dates::Either(one, other)) => {
                open = true;
                texts.push(format!(
                    "{name}: all {filled} dates can be read as {one} and as {other}, so nothing tells which part \
                     is the day: which is it?"
                ));
            }
            Some(Dates::Both(one, line, other, against)) => {
                open = true;
                texts.push(format!(
                    "{name}: line {line} can only be {one} and line {against} only {other}: the file mixes them, \
                     and a date that fits both means nothing"
                ));
            }
            Some(Dates::Terms(patterns)) => {
                if !sketch.dates.iter().any(|known| known == "term") {
                    sketch.dates.push("term".to_owned());
                }
                for pattern in &patterns {
                    if !sketch.terms.contains(pattern) {
                        sketch.terms.push(pattern.clone());
                    }
                }
                texts.push(format!(
                    "{name} holds terms, written {}: which days do they cover? Give the institution a calendar, \
                     see [[institutions]] below",
                    patterns.iter().map(|pattern| format!("`{pattern}`")).collect::<Vec<_>>().join(", ")
                ));
            }
            None => {}
        }
        if unread > 0 {
            texts.push(format!("{name}: {unread} of {filled} values are no dates that the program reads"));
        }
        for text in texts {
            sketch.ask(About::Dates, text);
        }
    }
    // What is left of the values is read as the number of a day.
    sketch.dates.extend(numbered.then(|| "serial".to_owned()));
    if open {
        sketch.dates.clear();
    }
}

/// Asks whether numbers are those under which a workbook keeps days, and from when it counts them.
fn numbers_of_days(column: &Column) -> Option<String> {
    let (least, most, times) = column.dates.numbered()?;
    let years = |format: DateFormat| {
        let year = |number: u32| {
            let day = format.read(&number.to_string(), &Calendar::default()).ok()?;
            Some(day.written.split('-').next()?.to_owned())
        };
        Some(match (year(least)?, year(most)?) {
            (first, last) if first == last => first,
            (first, last) => format!("{first} to {last}"),
        })
    };
    Some(format!(
        "{}: {times} of {} values are numbers such as those under which a workbook keeps days. Counted from 1900, these \
         are of {} (`serial`), counted from 1904 of {} (`serial-1904`): which is right? Better still, ask for an export \
         with dates",
        named(column),
        column.filled,
        years(DateFormat::Serial)?,
        years(DateFormat::Serial1904)?,
    ))
}

/// What a word of the file means, if it is known.
type Meaning<'a> = &'a dyn Fn(&str) -> Option<String>;
/// Whether a word is the bank's own.
type Own = fn(&str) -> bool;

fn words(sketch: &mut Sketch) {
    let nothing = |word: &str| is_nothing(word).then(String::new);
    let status_word =
        |word: &str| status(word).map(|status| status.name().to_owned()).or_else(|| nothing(word));
    let kind_word = |word: &str| kind(word).map(|kind| kind.name().to_owned()).or_else(|| nothing(word));
    let system_word = |word: &str| system(word).or_else(|| nothing(word));
    let tables: [(Field, Meaning, Own); 3] = [
        (Field::Status, &status_word, |word| Status::from_name(word).is_some()),
        (Field::Kind, &kind_word, |word| Kind::from_name(word).is_some()),
        (Field::System, &system_word, |_| false),
    ];
    for (field, meaning, own) in tables {
        let Some(met) = sketch.column_of(field).and_then(Column::words) else { continue };
        let words: Vec<Word> = met
            .into_iter()
            .map(|(word, times)| Word { written: word.to_owned(), meant: meaning(word), times })
            .filter(|word| !own(&word.written) && word.meant.as_deref() != Some(&word.written))
            .collect();
        let unknown: Vec<&str> =
            words.iter().filter(|word| word.meant.is_none()).map(|word| word.written.as_str()).collect();
        if !unknown.is_empty() {
            let list = crate::domain::text::shorten(&unknown.join(", "), 300);
            let text =
                format!("what do these words mean: {list}? Until that is said, their rows are refused");
            sketch.ask(About::Values(field), text);
        }
        if !words.is_empty() {
            sketch.words.push((field, words));
        }
    }
    for field in [Field::Credits, Field::Hours, Field::Grade] {
        let Some(column) = sketch.column_of(field).filter(|column| column.nothing > 0) else { continue };
        let met = column.words().unwrap_or_default();
        let words = met.into_iter().filter(|(word, _)| is_nothing(word));
        let words =
            words.map(|(word, times)| Word { written: word.to_owned(), meant: Some(String::new()), times });
        let words: Vec<Word> = words.collect();
        if !words.is_empty() {
            sketch.words.push((field, words));
        }
    }
}

fn required(sketch: &mut Sketch) {
    for field in sketch.target.required() {
        match sketch.column_of(*field) {
            Some(column) if column.empty > 0 => {
                let text = format!(
                    "{} is empty in {} of {} rows: an import refuses them",
                    named(column),
                    column.empty,
                    sketch.rows
                );
                sketch.ask(About::Field(*field), text);
            }
            Some(_) => {}
            None if sketch.is_constant(*field) => {}
            None => {
                let name = field.name();
                let mut text = format!(
                    "no column seems to hold {} (`{name}`), and an import needs it: give its column, or \
                     {name} = \"…\" in [constants] where it is the same in every row",
                    field.meaning()
                );
                if let (Field::Outcome, Some(title)) = (field, sketch.column_of(Field::Title)) {
                    text.push_str(&format!(
                        ". {} could serve as a code, if its titles never change",
                        named(title)
                    ));
                }
                sketch.ask(About::Field(*field), text);
            }
        }
    }
    let has_credits = sketch.place_of(Field::Credits).is_some();
    if has_credits && sketch.place_of(Field::System).is_none() && !sketch.is_constant(Field::System) {
        let text =
            "in which unit are the credits counted, such as ECTS? `creditbank system list` shows the codes";
        sketch.ask(About::Field(Field::System), text);
    }
}

fn results(sketch: &mut Sketch) {
    if sketch.target != Target::Achievements || sketch.place_of(Field::Status).is_some() {
        return;
    }
    let mut text = "no column says how a result ended, so every row counts as passed".to_owned();
    if let Some(grade) = sketch.column_of(Field::Grade)
        && let (true, Some((least, most))) = (grade.numbers() > 0, grade.range)
    {
        text.push_str(&format!(" ({} goes from {least} to {most})", named(grade)));
    }
    text.push_str(": does the file hold passed results only?");
    sketch.ask(About::Deposit, text);
}

fn identifiers(sketch: &mut Sketch) {
    let of_learner = sketch.place_of(Field::Learner).into_iter();
    let places: Vec<usize> = of_learner
        .chain(sketch.identifiers.iter().map(|(_, at)| *at))
        .chain(sketch.place_of(Field::Outcome))
        .collect();
    for at in places {
        let column = &sketch.columns[at];
        let about = if Some(at) == sketch.place_of(Field::Outcome) { About::Outcome } else { About::Learner };
        let name = named(column);
        let mut texts = Vec::new();
        if let Some((times, line)) = column.exponents {
            texts.push(format!(
                "{name}: a spreadsheet turned {times} of {} values into numbers such as 4.4E+17, first on line \
                 {line}; their last digits are lost. Ask for an export with the column as text",
                column.filled
            ));
        }
        let padded = column.lengths.filter(|(least, most)| least < most && *most >= 6);
        if let (true, true, Some((_, most))) =
            (column.leading_zeros > 0, column.digits == column.filled, padded)
        {
            texts.push(format!(
                "{name}: {} values begin with a zero and not all have {most} digits: did some lose theirs?",
                column.leading_zeros
            ));
        }
        for text in texts {
            sketch.ask(about, text);
        }
    }
}

/// Outcomes of one code that the rows describe differently, such as with 3 credits and with 1.
fn repeated_outcomes(sketch: &mut Sketch, rows: &Rows) {
    let (Some(outcome), false) = (sketch.place_of(Field::Outcome), sketch.shared_by_learner(rows)) else {
        return;
    };
    let institution = sketch.place_of(Field::Institution);
    for field in [Field::Credits, Field::Title] {
        let Some(at) = sketch.place_of(field) else { continue };
        let mut first: HashMap<(u64, u64), (u64, u64)> = HashMap::new();
        let mut clashes: Vec<(u64, u64)> = Vec::new();
        for (row, (code, line)) in rows.column(outcome).enumerate() {
            let value = rows.hashes[row * rows.width + at];
            let whose = institution.map_or(0, |at| rows.hashes[row * rows.width + at]);
            if rows.is_empty(row, outcome, &sketch.columns) {
                continue;
            }
            let (known, before) = *first.entry((whose, code)).or_insert((value, line));
            if known != value {
                clashes.push((before, line));
            }
        }
        let Some((before, line)) = clashes.first() else { continue };
        let more = match clashes.len() - 1 {
            0 => String::new(),
            1 => ", and in one more place".to_owned(),
            more => format!(", and in {more} more places"),
        };
        let text = format!(
            "lines {before} and {line} give one outcome different values of {}{more}: which is right? An import \
             refuses the later one unless [outcome] says differs = \"version\"",
            named(&sketch.columns[at])
        );
        sketch.ask(About::Outcome, text);
    }
}

fn shared_load(sketch: &mut Sketch, rows: &Rows) {
    if !sketch.shared_by_learner(rows) {
        return;
    }
    sketch.shared_load = true;
    let Some(credits) = sketch.column_of(Field::Credits) else { return };
    let text = format!(
        "{} has one figure for all rows of a learner and period, whatever the outcome: is it the learner's load, \
         to be counted once? Then take the # away; as it stands, each row counts all of it",
        named(credits)
    );
    sketch.ask(About::Group, text);
}

impl Rows {
    fn is_empty(&self, row: usize, at: usize, columns: &[Column]) -> bool {
        let nothing = std::hash::BuildHasher::hash_one(columns[at].hasher(), "");
        self.hashes[row * self.width + at] == nothing
    }

    /// How many groups of rows that agree on `by` have several rows, and in how many of them `of` differs.
    fn groups(&self, by: &[usize], of: usize) -> (usize, usize) {
        let mut groups: HashMap<Vec<u64>, (u64, usize, bool)> = HashMap::new();
        for row in 0..self.lines.len() {
            let cell = |at: usize| self.hashes[row * self.width + at];
            let key: Vec<u64> = by.iter().map(|at| cell(*at)).collect();
            let (first, size, differs) = groups.entry(key).or_insert((cell(of), 0, false));
            *size += 1;
            *differs |= *first != cell(of);
        }
        let several = groups.values().filter(|(_, size, _)| *size > 1);
        (several.clone().count(), several.filter(|(_, _, differs)| *differs).count())
    }
}

impl Sketch {
    /// Whether the credits follow the learner and the period, and not the outcome.
    fn shared_by_learner(&self, rows: &Rows) -> bool {
        let fields = [Field::Learner, Field::Period, Field::Outcome, Field::Credits];
        let [Some(learner), Some(period), Some(outcome), Some(credits)] =
            fields.map(|field| self.place_of(field))
        else {
            return false;
        };
        let (loads, differing) = rows.groups(&[learner, period], credits);
        let (outcomes, varying) = rows.groups(&[outcome], credits);
        let zero = self.columns[credits].range.is_none_or(|(_, most)| most == Credits::ZERO);
        loads > 1 && differing == 0 && outcomes > 0 && varying * 2 > outcomes && !zero
    }
}
