//! Checks a profile's parts against each other and brings them into their final form.

mod credit;
mod terms;

use super::error::Faults;
use super::source::{self, ColumnName, Source, Table};
use super::{Column, Field, FileShape, LearnerRule, OutcomeRule, Profile, Sheet, Target, ValueMap};
use crate::domain::outcome::{Kind, Status};
use crate::domain::scheme::FORBIDDEN;
use crate::intake::decode;
use crate::intake::hash::sha256_hex;
use credit::{gathered, group_of, part_of, pass_of, repeat_of};
use std::ops::Range;
use terms::{date_formats, institutions, leniencies, line, officers, standard, statuses};
use toml::Spanned;

/// What a profile writes to leave something to be found in the file.
const GUESS: &str = "guess";

/// The last row in which a header is looked for.
pub(in crate::intake) const MAX_HEADER_ROW: i64 = 1_000;

/// Makes the profile, noting every fault on the way.
pub(super) fn profile(source: Source, text: &str, may_be_open: bool, faults: &mut Faults<'_>) -> Profile {
    let target = *source.target.as_ref();
    check_name(source.name.as_ref(), source.name.span(), "profile name", faults);
    let file = file_shape(&source.file, faults);
    let columns = fields(source.columns, target, faults);
    let constants = fields(source.constants, target, faults);
    let open = open_fields(source.open, target, faults);
    check_filled(&columns, &constants, source.target.span(), target, &open, faults);
    if !may_be_open {
        check_open(&columns, &constants, &open, faults);
    }
    let open = open.into_iter().map(|(field, _)| field).collect();
    let required = open_fields(source.required, target, faults).into_iter().map(|(field, _)| field).collect();
    let attributes = named_columns(source.attributes, file.header, "attribute", faults);
    let (identifiers, issuers) = identifiers(source.identifiers, file.header, faults);
    let columns: Vec<(Field, Column)> =
        columns.into_iter().map(|(field, name)| (field, column(&name, file.header, faults))).collect();
    let names = attributes.iter().chain(&identifiers).map(|(name, _)| name.as_str()).collect::<Vec<_>>();
    let values = value_maps(source.values, &names, faults);
    let gather =
        gathered(source.gather, &attributes, target, source.group.is_some() || source.part.is_some(), faults);
    let pass = source.pass.map(|pass| pass_of(pass, &columns, &constants, faults));
    let repeat = repeat_of(source.repeat, &columns, &attributes, source.group.is_some(), &file, faults);
    let group = source.group.map(|group| group_of(group, &columns, target, faults));
    let part = source.part.map(|part| part_of(part, &columns, &attributes, target, group.is_some(), faults));
    let (dates, date_texts) = date_formats(source.dates, faults);
    if let Some(scheme) = &source.learner.scheme {
        check_scheme(scheme, faults);
    }
    let line = line(source.learner.line.as_ref(), faults);
    Profile {
        name: source.name.into_inner(),
        title: source.title,
        extends: source.extends,
        open,
        target,
        file,
        columns,
        constants: constants.into_iter().map(|(field, value)| (field, value.as_ref().text())).collect(),
        dates,
        date_texts,
        values,
        learner: LearnerRule {
            scheme: source.learner.scheme.map_or_else(|| "student-number".into(), Spanned::into_inner),
            issuer: source.learner.issuer,
            unknown: source.learner.unknown,
            alike: source.learner.alike,
            line,
        },
        outcome: OutcomeRule { unknown: source.outcome.unknown, differs: source.outcome.differs },
        institution_unknown: source.institution.unknown,
        offered: source.period.offered,
        changed: source.result.differs,
        attempts: source.attempts.counts,
        officers: officers(&source.approval, faults),
        deposit: statuses(source.deposit, faults),
        standard: standard(source.standard, faults),
        lenient: leniencies(source.lenient, faults),
        group,
        part,
        attributes,
        identifiers,
        issuers,
        required,
        repeat,
        pass,
        gather,
        institutions: institutions(source.institutions, faults),
        source: text.to_owned(),
        sha256: sha256_hex(text),
    }
}

/// The entries of a table in the order of the text, not of the alphabet.
fn in_order<V>(table: Option<Table<V>>) -> Vec<(Spanned<String>, Spanned<V>)> {
    let mut entries: Vec<_> = table.unwrap_or_default().into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn check_name(name: &str, at: Range<usize>, what: &str, faults: &mut Faults<'_>) {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let allows_underscore = what != "profile name";
    if !(1..=40).contains(&name.len())
        || !name.bytes().all(fits)
        || (name.contains('_') && !allows_underscore)
    {
        let why = "a name is 1 to 40 of a–z, 0–9 and -";
        faults.add(at, format!("bad {what} `{name}`"), why, "choose another name");
    }
}

fn file_shape(file: &source::File, faults: &mut Faults<'_>) -> FileShape {
    let mut shape = FileShape {
        format: file.format,
        sheet: file.sheet.as_ref().and_then(|sheet| sheet_of(sheet, faults)),
        encoding: None,
        delimiter: None,
        header_row: file.header_row.as_ref().and_then(|row| header_row(row, file, faults)),
        header: file.header.unwrap_or(true),
        decimal_mark: file.decimal_mark,
    };
    if let Some(label) = &file.encoding {
        match decode::encoding(label.as_ref()) {
            Some(encoding) => shape.encoding = Some(encoding),
            None if label.as_ref() == GUESS => {}
            None => faults.add(
                label.span(),
                format!("unknown encoding `{}`", label.as_ref()),
                "it is no label of the WHATWG encoding standard",
                "write utf-8, gb18030, big5, shift_jis, windows-1252 or the like, or guess",
            ),
        }
    }
    if let Some(delimiter) = &file.delimiter {
        match delimiter.as_ref().as_str() {
            GUESS => {}
            "," | ";" | "\t" | "|" => shape.delimiter = Some(delimiter.as_ref().as_bytes()[0]),
            other => faults.add(
                delimiter.span(),
                format!("bad delimiter `{}`", other.escape_debug()),
                "it is none of , ; tab |",
                "write one of \",\" \";\" \"\\t\" \"|\", or \"guess\"",
            ),
        }
    }
    shape
}

fn sheet_of(sheet: &Spanned<source::SheetName>, faults: &mut Faults<'_>) -> Option<Sheet> {
    match sheet.as_ref() {
        source::SheetName::Name(name) if !name.trim().is_empty() => Some(Sheet::Name(name.trim().to_owned())),
        source::SheetName::Number(number @ 1..=10_000) => Some(Sheet::Number(*number as usize)),
        _ => {
            let why = "a sheet is given by its name, or by its number from 1";
            faults.add(sheet.span(), "bad sheet", why, "correct it");
            None
        }
    }
}

fn header_row(row: &Spanned<i64>, file: &source::File, faults: &mut Faults<'_>) -> Option<u64> {
    let why = match (*row.as_ref(), file.header) {
        (_, Some(false)) => "header = false says that there is none",
        (1..=MAX_HEADER_ROW, _) => return Some(*row.as_ref() as u64),
        _ => "rows are counted from 1 to 1,000",
    };
    faults.add(row.span(), format!("bad header_row {}", row.as_ref()), why, "correct it or remove it");
    None
}

fn fields<V>(table: Option<Table<V>>, target: Target, faults: &mut Faults<'_>) -> Vec<(Field, Spanned<V>)> {
    let mut found = Vec::new();
    for (name, value) in in_order(table) {
        match Field::from_name(name.as_ref()) {
            Some(field) if target.allows(field) => found.push((field, value)),
            Some(field) => faults.add(
                name.span(),
                format!("field `{}` has no place here", field.name()),
                format!("the target is {}", target.name()),
                "remove it, or keep the column as an attribute",
            ),
            None => {
                let known: Vec<&str> = Field::ALL
                    .iter()
                    .filter(|field| target.allows(**field))
                    .map(|field| field.name())
                    .collect();
                faults.add_unknown(name.span(), "field", name.as_ref(), &known);
            }
        }
    }
    found
}

fn check_filled(
    columns: &[(Field, Spanned<ColumnName>)],
    constants: &[(Field, Spanned<source::Constant>)],
    target_at: Range<usize>,
    target: Target,
    open: &[(Field, Range<usize>)],
    faults: &mut Faults<'_>,
) {
    for (field, value) in constants {
        if columns.iter().any(|(column, _)| column == field) {
            let why = "it is both a column and a constant";
            faults.add(
                value.span(),
                format!("field `{}` is given twice", field.name()),
                why,
                "keep one of them",
            );
        }
        check_constant(*field, value, faults);
    }
    for field in target.required() {
        if !is_given(columns, constants, *field) && open.iter().all(|(open, _)| open != field) {
            faults.add(
                target_at.clone(),
                format!("field `{}` is missing", field.name()),
                format!("{} need it", target.name()),
                "add it to [columns] or to [constants]",
            );
        }
    }
}

fn is_given<A, B>(columns: &[(Field, A)], constants: &[(Field, B)], field: Field) -> bool {
    columns.iter().any(|(column, _)| *column == field)
        || constants.iter().any(|(constant, _)| *constant == field)
}

/// The fields that a built-in profile leaves to those who extend it.
fn open_fields(
    open: Vec<Spanned<String>>,
    target: Target,
    faults: &mut Faults<'_>,
) -> Vec<(Field, Range<usize>)> {
    let mut found = Vec::new();
    for name in open {
        match Field::from_name(name.as_ref()).filter(|field| target.allows(*field)) {
            Some(field) => found.push((field, name.span())),
            None => {
                let known: Vec<&str> = Field::ALL.iter().map(|field| field.name()).collect();
                faults.add_unknown(name.span(), "field", name.as_ref(), &known);
            }
        }
    }
    found
}

fn check_open<A, B>(
    columns: &[(Field, A)],
    constants: &[(Field, B)],
    open: &[(Field, Range<usize>)],
    faults: &mut Faults<'_>,
) {
    for (field, at) in open.iter().filter(|(field, _)| !is_given(columns, constants, *field)) {
        faults.add(
            at.clone(),
            format!("field `{}` is left open", field.name()),
            "a built-in profile cannot know it",
            "give it in [constants] of a profile of your own that extends the built-in one",
        );
    }
}

fn check_constant(field: Field, value: &Spanned<source::Constant>, faults: &mut Faults<'_>) {
    let text = value.as_ref().text();
    match field {
        Field::Status if Status::from_name(&text).is_none() => {
            faults.add_unknown(value.span(), "status", &text, &Status::ALL.map(Status::name));
        }
        Field::Kind if Kind::from_name(&text).is_none() => {
            faults.add_unknown(value.span(), "kind", &text, &Kind::ALL.map(Kind::name));
        }
        _ if text.trim().is_empty() => {
            let what = format!("field `{}` is constantly empty", field.name());
            faults.add(value.span(), what, "a constant has a value", "remove it or fill it in");
        }
        _ => {}
    }
}

fn check_scheme(scheme: &Spanned<String>, faults: &mut Faults<'_>) {
    check_name(scheme.as_ref(), scheme.span(), "identifier scheme", faults);
    if let Some((name, why)) = FORBIDDEN.iter().find(|(name, _)| *name == scheme.as_ref()) {
        faults.add(
            scheme.span(),
            format!("identifiers of the scheme `{name}`"),
            *why,
            "leave the column out",
        );
    }
}

/// Schemes with their columns and, where it is said, their issuers.
type Identifiers = (Vec<(String, Column)>, Vec<(String, String)>);

fn identifiers(
    table: Option<Table<source::IdentifierColumn>>,
    header: bool,
    faults: &mut Faults<'_>,
) -> Identifiers {
    let (mut columns, mut issuers) = (Vec::new(), Vec::new());
    for (scheme, value) in in_order(table) {
        check_scheme(&scheme, faults);
        let at = value.span();
        let (name, issuer) = match value.into_inner() {
            source::IdentifierColumn::Column(name) => (name, None),
            source::IdentifierColumn::Issued(issued) => (issued.column, issued.issuer),
        };
        columns.push((scheme.as_ref().clone(), column(&Spanned::new(at, name), header, faults)));
        issuers.extend(issuer.map(|issuer| (scheme.into_inner(), issuer)));
    }
    (columns, issuers)
}

fn column(name: &Spanned<ColumnName>, header: bool, faults: &mut Faults<'_>) -> Column {
    match (name.as_ref(), header) {
        (ColumnName::Name(name), true) => return Column::Name(name.clone()),
        (ColumnName::Names(names), true) if !names.is_empty() && !names[0].is_empty() => {
            let optional = names.last().is_some_and(String::is_empty);
            let names = names.iter().filter(|name| !name.is_empty()).cloned().collect();
            return Column::AnyOf { names, optional };
        }
        (ColumnName::Names(_), true) => faults.add(
            name.span(),
            "a list of names without a name",
            "the first is the layout's own",
            "write the names in quotes; an empty one at the end says that the column may be missing",
        ),
        (ColumnName::Number(number @ 1..=4_096), false) => return Column::Number(*number as usize),
        (ColumnName::Number(number), false) => faults.add(
            name.span(),
            format!("bad column number {number}"),
            "columns are counted from 1 to 4,096",
            "correct the number",
        ),
        (ColumnName::Number(number), true) => faults.add(
            name.span(),
            format!("column {number} is given as a number"),
            "the file has a header",
            "write the column's name in quotes, or set header = false in [file]",
        ),
        (ColumnName::Names(_), false) => faults.add(
            name.span(),
            "a column is given by names",
            "the file has no header",
            "write the column's number, counted from 1, or set header = true in [file]",
        ),
        (ColumnName::Name(column), false) => faults.add(
            name.span(),
            format!("column `{column}` is given by name"),
            "the file has no header",
            "write the column's number, counted from 1, or set header = true in [file]",
        ),
    }
    Column::Number(1)
}

fn named_columns(
    table: Option<Table<ColumnName>>,
    header: bool,
    what: &str,
    faults: &mut Faults<'_>,
) -> Vec<(String, Column)> {
    let mut found = Vec::new();
    for (name, value) in in_order(table) {
        check_name(name.as_ref(), name.span(), what, faults);
        found.push((name.into_inner(), column(&value, header, faults)));
    }
    found
}

fn value_maps(
    values: Option<Table<Table<String>>>,
    names: &[&str],
    faults: &mut Faults<'_>,
) -> Vec<ValueMap> {
    let mut maps = Vec::new();
    for (name, words) in in_order(values) {
        let field = Field::from_name(name.as_ref());
        if field.is_none() && !names.contains(&name.as_ref().as_str()) {
            let known: Vec<&str> =
                Field::ALL.iter().map(|field| field.name()).chain(names.iter().copied()).collect();
            faults.add_unknown(name.span(), "field or attribute", name.as_ref(), &known);
        }
        let mut map = ValueMap { name: name.into_inner(), words: Vec::new() };
        for (from, to) in in_order(Some(words.into_inner())) {
            let meant = to.as_ref().as_str();
            match field {
                Some(Field::Status) if Status::from_name(meant).is_none() && !meant.is_empty() => {
                    faults.add_unknown(to.span(), "status", meant, &Status::ALL.map(Status::name));
                }
                Some(Field::Kind) if Kind::from_name(meant).is_none() && !meant.is_empty() => {
                    faults.add_unknown(to.span(), "kind", meant, &Kind::ALL.map(Kind::name));
                }
                _ => {}
            }
            map.words.push((from.into_inner(), to.into_inner()));
        }
        maps.push(map);
    }
    maps
}
