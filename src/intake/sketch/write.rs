//! A draft of a profile: TOML that the program loads as it is, with its reasons and questions as comments.

use super::column::Column;
use super::{About, Filled, Sketch, Word};
use crate::domain::credits::DecimalMark;
use crate::domain::text::{shorten, visible};
use crate::intake::format::Format;
use crate::intake::profile::{Field, Target};
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// Where comments beside a setting begin.
const COMMENTS: usize = 36;
/// Width of a line of comment.
const WIDTH: usize = 106;

/// Writes the draft.
pub fn draft(sketch: &Sketch) -> String {
    let mut draft = Draft { text: String::new(), sketch };
    draft.top();
    draft.file();
    draft.columns();
    draft.constants();
    draft.dates();
    draft.values();
    draft.who_and_what();
    draft.group();
    draft.identifiers();
    draft.rest();
    draft.institutions();
    draft.text
}

struct Draft<'s> {
    text: String,
    sketch: &'s Sketch,
}

impl Draft<'_> {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// A table's heading, after a blank line.
    fn table(&mut self, heading: &str) {
        self.line("");
        self.line(heading);
    }

    /// A setting with a remark beside it.
    fn setting(&mut self, setting: &str, remark: &str) {
        let gap = COMMENTS.saturating_sub(setting.width()).max(2);
        match remark {
            "" => self.line(setting),
            remark => self.line(&format!("{setting}{}# {}", " ".repeat(gap), visible(remark))),
        }
    }

    /// Lines of comment, broken at blanks; `mark` begins the first, such as `# ? `.
    fn comment(&mut self, mark: &str, text: &str) {
        let mut line = mark.to_owned();
        for word in visible(text).split(' ') {
            if line.width() + 1 + word.width() > WIDTH && line.len() > 4 {
                self.line(line.trim_end());
                line = if mark.contains('?') { "#   " } else { "# " }.to_owned();
            }
            if !line.ends_with(' ') {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(line.trim_end());
    }

    fn ask(&mut self, about: impl Fn(About) -> bool) {
        for question in self.sketch.questions.iter().filter(|question| about(question.about)) {
            self.comment("# ? ", &question.text);
        }
    }

    fn top(&mut self) {
        let sketch = self.sketch;
        let rows = match (sketch.complete, sketch.rows) {
            (true, 1) => "its one row".to_owned(),
            (true, rows) => format!("all of its {rows} rows"),
            (false, rows) => format!("its first {rows} rows"),
        };
        let file = shorten(&sketch.options.file, 80);
        self.comment("# ", &format!("A draft of how {file} is read, made from {rows}."));
        self.line("#");
        self.line("# Lines that begin with `# ?` ask what only a person knows: answer them and take them out. Try it:");
        self.line("#   creditbank import FILE --profile DRAFT --dry-run");
        self.line(&format!("name = {}", quoted(&sketch.options.name)));
        self.setting(&format!("target = {}", quoted(sketch.target.name())), meaning(sketch.target));
        self.ask(|about| matches!(about, About::Target | About::People));
    }

    fn file(&mut self) {
        let written = &self.sketch.written;
        self.table("[file]");
        if written.format != Format::Text {
            self.line(&format!("format = {}", quoted(written.format.name())));
            self.header();
            return;
        }
        let encoding = written.encoding.name().to_ascii_lowercase();
        self.setting(&format!("encoding = {}", quoted(&encoding)), written.because);
        let delimiter = char::from(written.delimiter).to_string();
        self.line(&format!("delimiter = {}", quoted(&delimiter)));
        let mark = if self.sketch.decimal_mark == DecimalMark::Comma { "," } else { "." };
        self.line(&format!("decimal_mark = {}", quoted(mark)));
        self.header();
    }

    /// Where the header stands, and what is asked of the file.
    fn header(&mut self) {
        match self.sketch.header_row {
            Some(row) => {
                self.setting(&format!("header_row = {row}"), "what stands above it is passed over");
            }
            None => self.line(&format!("header = {}", self.sketch.header)),
        }
        self.ask(|about| about == About::File);
    }

    fn columns(&mut self) {
        self.table("# On the left the field, on the right the column of the file.");
        self.line("[columns]");
        for filled in &self.sketch.fields {
            let column = &self.sketch.columns[filled.column];
            let hidden = if filled.kept { "" } else { "# " };
            let setting = format!("{hidden}{} = {}", filled.field.name(), self.written_as(column));
            let remark = remark(filled, column);
            self.setting(&setting, &remark);
            let field = filled.field;
            self.ask(|about| about == About::Field(field));
        }
        let unfilled = |field| self.sketch.fields.iter().all(|filled| filled.field != field);
        let left: Vec<Field> = Field::ALL.iter().copied().filter(|field| unfilled(*field)).collect();
        self.ask(|about| {
            matches!(about, About::Field(field) if left.contains(&field) && !matches!(field, Field::System | Field::Kind))
                || about == About::Columns
        });
    }

    /// A column as the right side of a setting.
    fn written_as(&self, column: &Column) -> String {
        if self.sketch.header { quoted(&column.heading) } else { column.number.to_string() }
    }

    fn constants(&mut self) {
        let sketch = self.sketch;
        if matches!(sketch.target, Target::Institutions | Target::Learners) && sketch.constants.is_empty() {
            return;
        }
        self.table("# What is the same in every row.");
        self.line("[constants]");
        for (field, value) in &sketch.constants {
            self.line(&format!("{} = {}", field.name(), quoted(value)));
        }
        self.ask(|about| about == About::Field(Field::Kind));
        let filled = |field: Field| sketch.place_of(field).is_some() || sketch.is_constant(field);
        if !filled(Field::Institution) {
            self.line("# institution = \"CODE\"");
        }
        let results = matches!(sketch.target, Target::Achievements | Target::Outcomes);
        if results && !filled(Field::System) {
            self.line("# system = \"CODE\"");
        }
        self.ask(|about| about == About::Field(Field::System));
        if let (Some(grade), false) = (sketch.column_of(Field::Grade), filled(Field::Scale)) {
            let remark = format!("? which scale is it: {}", grades(grade));
            self.setting("# scale = \"NAME\"", &remark);
        }
    }

    fn dates(&mut self) {
        let sketch = self.sketch;
        if sketch.dates.is_empty() {
            if sketch.questions.iter().any(|question| question.about == About::Dates) {
                self.table("# [dates]");
                self.line("# formats = []");
                self.ask(|about| about == About::Dates);
            }
            return;
        }
        self.table("[dates]");
        let formats: Vec<String> = sketch.dates.iter().map(|format| quoted(format)).collect();
        self.line(&format!("formats = [{}]", formats.join(", ")));
        self.ask(|about| about == About::Dates);
    }

    fn values(&mut self) {
        for (field, words) in &self.sketch.words {
            self.table("# The file's words, and what they mean here.");
            self.line(&format!("[values.{}]", field.name()));
            for Word { written, meant, times } in words {
                let hidden = if meant.is_some() { "" } else { "# " };
                let meaning = quoted(meant.as_deref().unwrap_or_default());
                let rows = if *times == 1 { "1 row".to_owned() } else { format!("{times} rows") };
                self.setting(&format!("{hidden}{} = {meaning}", quoted(written)), &rows);
            }
            self.ask(|about| about == About::Values(*field));
        }
    }

    fn who_and_what(&mut self) {
        let target = self.sketch.target;
        if matches!(target, Target::Achievements | Target::Learners) {
            self.table("[learner]");
            let scheme = self.sketch.scheme.unwrap_or("student-number");
            self.setting(&format!("scheme = {}", quoted(scheme)), "what sort of number it is");
            if self.sketch.scheme != Some("orcid") && self.sketch.scheme != Some("cn-resident-id") {
                self.setting("# issuer = \"CODE\"", "? who issued it, unless each institution its own");
            }
            self.setting("unknown = \"create\"", "\"refuse\" where learners are registered beforehand");
            self.ask(|about| about == About::Learner);
        }
        if target != Target::Institutions {
            self.table("[institution]");
            self.setting("unknown = \"create\"", "\"refuse\" once the partners are registered");
        }
        if matches!(target, Target::Achievements | Target::Outcomes) {
            self.table("[outcome]");
            if target == Target::Achievements {
                self.setting("unknown = \"create\"", "\"refuse\" once the catalogue is imported");
            }
            self.setting("differs = \"refuse\"", "or \"version\", where outcomes change");
            self.ask(|about| about == About::Outcome);
        }
        if target == Target::Achievements {
            self.table("[deposit]");
            self.line("statuses = [\"passed\"]");
            self.ask(|about| about == About::Deposit);
        }
    }

    fn group(&mut self) {
        if self.sketch.shared_load {
            self.table("# [group]");
            self.line("# by = [\"learner\", \"period\"]");
            self.ask(|about| about == About::Group);
        }
    }

    fn identifiers(&mut self) {
        if self.sketch.identifiers.is_empty() {
            return;
        }
        self.table("# What else identifies the learner.");
        self.line("[identifiers]");
        for (scheme, at) in &self.sketch.identifiers {
            let column = &self.sketch.columns[*at];
            let setting = format!("{scheme} = {}", self.written_as(column));
            self.setting(&setting, &format!("column {}: {}", column.number, column.shape()));
        }
    }

    /// Columns that are not read.
    fn rest(&mut self) {
        let sketch = self.sketch;
        let named = |at: &usize| sketch.fields.iter().any(|filled| filled.column == *at);
        let unread: Vec<usize> =
            (0..sketch.columns.len()).filter(|at| !sketch.is_read(*at) && !named(at)).collect();
        if unread.is_empty() {
            return;
        }
        let keeps = sketch.target == Target::Achievements;
        self.line("");
        self.comment("# ", match keeps {
            true => "Columns that are not read. To keep one with each result as it was then, take the # away from it and from [attributes], and give it a name.",
            false => "Columns that are not read.",
        });
        if keeps {
            self.line("# [attributes]");
        }
        for at in unread {
            let column = &sketch.columns[at];
            let personal = sketch.personal.iter().find(|(place, _)| *place == at).map(|(_, what)| *what);
            let remark = match personal {
                Some(what) => format!("{what}: {}", column.shape()),
                None => values(column),
            };
            let setting = match keeps && personal.is_none() {
                true => format!("# column-{} = {}", column.number, self.written_as(column)),
                false if column.heading.is_empty() => format!("# column {}", column.number),
                false => format!("# column {}: {}", column.number, quoted(&column.heading)),
            };
            self.setting(&setting, &remark);
        }
    }

    fn institutions(&mut self) {
        let sketch = self.sketch;
        let code = sketch.constants.iter().find(|(field, _)| *field == Field::Institution);
        if code.is_none() && sketch.terms.is_empty() {
            return;
        }
        let code = code.map_or("CODE", |(_, code)| code.as_str());
        self.line("");
        self.comment("# ", "The institution, where the bank does not know it yet; without this its code stands for its name.");
        self.line("# [[institutions]]");
        self.line(&format!("# code = {}", quoted(code)));
        self.setting("# name = \"\"", "? its name");
        self.setting("# country = \"\"", "? two letters");
        for pattern in &sketch.terms {
            self.line("#");
            self.line("# [[institutions.calendar.term]]");
            self.line(&format!("# written = {}", quoted(pattern)));
            self.setting("# first = \"MM-DD\"", "? its first day");
            self.setting("# last = \"MM-DD\"", "? its last day");
        }
    }
}

fn meaning(target: Target) -> &'static str {
    match target {
        Target::Achievements => "results of learners",
        Target::Outcomes => "a catalogue of what can be achieved",
        Target::Institutions => "a register of institutions",
        Target::Learners => "a register of learners",
    }
}

fn remark(filled: &Filled, column: &Column) -> String {
    let mut text = format!("column {}, by {}: {}", column.number, filled.by.name(), column.shape());
    let amount = matches!(filled.field, Field::Credits | Field::Hours);
    if let (true, Some((least, most))) = (amount, column.range) {
        let _ = write!(text, ", {least} to {most}");
    }
    if !filled.kept {
        text.push_str("; not read unless you take the # away");
    }
    text
}

/// The values of a column where they come back often enough to be no names, else what they look like.
fn values(column: &Column) -> String {
    match column.words().filter(|_| column.may_be_shown()) {
        None => column.shape(),
        Some(words) => match words.as_slice() {
            [(only, times)] if *times > 1 && column.empty == 0 => {
                format!("`{}` in every row", shorten(only, 40))
            }
            words => {
                let list: Vec<String> = words.iter().map(|(word, _)| shorten(word, 20)).collect();
                format!("{}: {}", column.shape(), list.join(", "))
            }
        },
    }
}

/// What the grades of a column are.
fn grades(column: &Column) -> String {
    let (numbers, others) = (column.numbers(), column.filled - column.numbers());
    let range = column.range.map(|(least, most)| format!("numbers from {least} to {most}"));
    let words = column.words().unwrap_or_default();
    let is_word = |word: &str| !word.starts_with(|c: char| c.is_ascii_digit());
    let words: Vec<String> =
        words.iter().filter(|(word, _)| is_word(word)).map(|(word, _)| shorten(word, 12)).collect();
    match (numbers, others) {
        (_, 0) => range.unwrap_or_default(),
        (0, _) if !words.is_empty() => words.join(", "),
        (0, _) => "many different words".to_owned(),
        _ if !words.is_empty() => format!("{}, and {}", range.unwrap_or_default(), words.join(", ")),
        _ => format!("{}, and {others} other values", range.unwrap_or_default()),
    }
}

/// A text as a TOML string of one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        let hidden = !matches!(visible(c.encode_utf8(&mut [0; 4])), std::borrow::Cow::Borrowed(_));
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\t' => quoted.push_str("\\t"),
            c if hidden => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
