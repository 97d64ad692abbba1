//! How the three programs write accounts, commodities and transactions.

use crate::domain::credits::Credits;
use crate::domain::entry::{EntryId, Place};
use crate::domain::fault::Fault;
use crate::domain::text::visible;
use jiff::civil::Date;
use std::io::{Result, Write};
use std::str::FromStr;

/// A program's journal format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// <https://hledger.org>
    Hledger,
    /// <https://ledger-cli.org>
    Ledger,
    /// <https://beancount.github.io>
    Beancount,
}

impl FromStr for Dialect {
    type Err = Fault;
    fn from_str(text: &str) -> std::result::Result<Dialect, Fault> {
        match text {
            "hledger" => Ok(Dialect::Hledger),
            "ledger" => Ok(Dialect::Ledger),
            "beancount" => Ok(Dialect::Beancount),
            other => Err(Fault::new("R142", format!("`{other}` is not a journal format"))
                .remedy("use hledger, ledger or beancount")),
        }
    }
}

/// A transaction of two postings: the amount goes from one account to the other.
#[derive(Debug)]
pub struct Posting<'a> {
    /// Last day of the effective period.
    pub date: Date,
    /// The entry's kind.
    pub kind: &'a str,
    /// Title of the outcome.
    pub title: &'a str,
    /// The entry.
    pub entry: EntryId,
    /// The lot that it is about.
    pub lot: EntryId,
    /// Its batch.
    pub batch: &'a str,
    /// The account that gives.
    pub from: &'a str,
    /// The account that takes.
    pub to: &'a str,
    /// Code of the credit system.
    pub commodity: &'a str,
    /// The amount.
    pub amount: Credits,
}

/// Beancount wants accounts and commodities opened before their first use; no period begins earlier.
const FIRST_DAY: &str = "1800-01-01";

impl Dialect {
    /// An account's name: the place, then whose it is.
    pub fn account(self, place: Place, owner: &str) -> String {
        let mut place_name = place.name().to_owned();
        place_name[..1].make_ascii_uppercase();
        let root = match (self, place) {
            (Dialect::Beancount, Place::Recognised) => "Income:",
            (Dialect::Beancount, _) => "Assets:",
            _ => "",
        };
        format!("{root}{place_name}:{}", self.component(owner))
    }

    /// The first lines.
    pub fn title(self, out: &mut dyn Write, title: &str) -> Result<()> {
        writeln!(out, "; Learning credits: {}\n", one_line(title))?;
        match self {
            Dialect::Beancount => Ok(()),
            _ => writeln!(out, "tag entry\ntag batch\ntag lot"),
        }
    }

    /// Declares a credit system with three decimals.
    pub fn commodity(self, out: &mut dyn Write, code: &str, name: &str) -> Result<()> {
        match self {
            Dialect::Hledger => writeln!(out, "commodity 1000.000 \"{code}\""),
            Dialect::Ledger => writeln!(out, "commodity \"{code}\"\n    format 1000.000 \"{code}\""),
            Dialect::Beancount => {
                writeln!(out, "{FIRST_DAY} commodity {code}\n  name: {}", quoted(name))
            }
        }
    }

    /// Declares an account.
    pub fn open(self, out: &mut dyn Write, account: &str) -> Result<()> {
        match self {
            Dialect::Beancount => writeln!(out, "{FIRST_DAY} open {account}"),
            _ => writeln!(out, "account {account}"),
        }
    }

    /// Writes a transaction.
    pub fn transaction(self, out: &mut dyn Write, posting: &Posting) -> Result<()> {
        let Posting { date, kind, entry, lot, batch, from, to, .. } = posting;
        let (plus, minus) = (decimal(posting.amount), decimal(Credits(-posting.amount.0)));
        if self == Dialect::Beancount {
            writeln!(out, "\n{date} * \"{kind}\" {}", quoted(posting.title))?;
            writeln!(out, "  entry: \"{entry}\"\n  batch: \"{batch}\"\n  lot: \"{lot}\"")?;
            let code = posting.commodity;
            return writeln!(out, "  {to}  {plus} {code}\n  {from}  {minus} {code}");
        }
        writeln!(out, "\n{date} * {kind} {}", description(posting.title))?;
        writeln!(out, "    ; entry: {entry}\n    ; batch: {batch}\n    ; lot: {lot}")?;
        let code = posting.commodity;
        writeln!(out, "    {to}  {plus} \"{code}\"\n    {from}  {minus} \"{code}\"")
    }

    /// A code as one component of an account's name: letters, digits and hyphens, for Beancount ASCII
    /// ones with a capital or a digit first. Different codes stay different: whatever else a code
    /// holds becomes `-xHEX-`, a hyphen before an `x` too, and a code that may not begin a component
    /// gets `X-x-` in front, which no other code can.
    fn component(self, code: &str) -> String {
        let strict = self == Dialect::Beancount;
        let allowed = |c: char| c.is_ascii_alphanumeric() || (!strict && c.is_alphabetic());
        let begins = |c: char| allowed(c) && !(strict && c.is_ascii_lowercase());
        let mut safe = String::with_capacity(code.len() + 4);
        let mut rest = code.chars().peekable();
        while let Some(c) = rest.next() {
            let plain = allowed(c) || (c == '-' && rest.peek() != Some(&'x'));
            if plain { safe.push(c) } else { safe.push_str(&format!("-x{:x}-", u32::from(c))) }
        }
        if safe.starts_with(begins) { safe } else { format!("X-x-{safe}") }
    }
}

/// Three decimals, always.
fn decimal(amount: Credits) -> String {
    let sign = if amount.0 < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", amount.0.unsigned_abs() / 1_000, amount.0.unsigned_abs() % 1_000)
}

/// No control characters, single blanks.
fn one_line(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text after which hledger and Ledger do not look for a comment.
fn description(text: &str) -> String {
    one_line(text).replace(';', "\u{ff1b}")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", one_line(text).replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use std::collections::HashSet;

    /// A journal with what a registry may hold that could break the syntax.
    fn journal(dialect: Dialect) -> String {
        let mut out = Vec::new();
        dialect.title(&mut out, "国家开放大学\n2024-01-01 * x").unwrap();
        for (code, name) in [("ECTS", "ECTS credit"), ("US-SEM", "US \"semester\" hour \\")] {
            dialect.commodity(&mut out, code, name).unwrap();
        }
        let held = dialect.account(Place::Held, "CB000000018");
        let (placed, source) =
            (dialect.account(Place::Placed, "CB000000018"), dialect.account(Place::Recognised, "开大-x.1"));
        for account in [&held, &placed, &source] {
            dialect.open(&mut out, account).unwrap();
        }
        let titles = ["数据; date:x \"q\\ [2024-13-01]", "  ; (a) | = * !\n    Evil  5 X", "placed"];
        for (at, title) in titles.into_iter().enumerate() {
            let (from, to) = if at == 2 { (&held, &placed) } else { (&source, &held) };
            let posting = Posting {
                date: date(2024, 8, 31 - at as i8),
                kind: "deposit",
                title,
                entry: EntryId::new(at as i64, 12),
                lot: EntryId::new(0, 12),
                batch: "B3",
                from,
                to,
                commodity: "US-SEM",
                amount: Credits(2_500),
            };
            dialect.transaction(&mut out, &posting).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_from_the_ledger_stays_on_its_line() {
        for dialect in [Dialect::Hledger, Dialect::Ledger, Dialect::Beancount] {
            let text = journal(dialect);
            // Set JOURNALS to a folder to give these files to the programs themselves.
            if let Some(folder) = std::env::var_os("JOURNALS") {
                let file = std::path::Path::new(&folder).join(format!("{dialect:?}"));
                std::fs::write(file, &text).unwrap();
            }
            assert_eq!(text.lines().filter(|line| line.starts_with("2024")).count(), 3, "{text}");
            assert!(!text.lines().any(|line| line.trim_start().starts_with("Evil")), "{text}");
        }
        assert!(journal(Dialect::Hledger).contains("    Held:CB000000018  2.500 \"US-SEM\"\n"));
        assert!(journal(Dialect::Beancount).contains("  Assets:Held:CB000000018  2.500 US-SEM\n"));
    }

    #[test]
    fn different_codes_are_different_accounts() {
        let codes = [
            "OU",
            "ou",
            "-OU",
            "O-U",
            "O-xU",
            "O.U",
            "O-x2e-U",
            "开大",
            "X-x-ou",
            "é",
            "-xe9-",
            "O--U",
            "O-",
            "",
            "X-x--xe9-",
            "4T",
        ];
        for dialect in [Dialect::Hledger, Dialect::Ledger, Dialect::Beancount] {
            let names: HashSet<String> = codes.iter().map(|code| dialect.component(code)).collect();
            assert_eq!(names.len(), codes.len(), "{names:?}");
            for name in &names {
                assert!(name.chars().all(|c| c.is_alphanumeric() || c == '-'), "{name}");
            }
        }
        for code in codes {
            let name = Dialect::Beancount.component(code);
            assert!(name.is_ascii(), "{name}");
            assert!(name.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit()), "{name}");
        }
        assert_eq!(Dialect::Beancount.component("OPEN-UNI"), "OPEN-UNI");
        assert_eq!(Dialect::Hledger.component("开大.1"), "开大-x2e-1");
    }
}
