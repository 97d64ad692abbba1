//! `init`: a new bank.

use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::registry::{Bank, FrameworkRow, SystemRow};
use crate::domain::{level, system};
use crate::ops::batch::{Actor, BatchPayload, hex, random};
use crate::ops::post::Poster;
use crate::store::{ActRow, Head, Store, act_row};

/// What a bank is founded with.
#[derive(Debug, Clone)]
pub struct Founding {
    /// Its name.
    pub name: String,
    /// Its identifier: a domain name or a registration number.
    pub identifier: String,
    /// Code of its home credit system.
    pub home_system: String,
    /// IANA time zone.
    pub time_zone: String,
}

/// Founds a bank in an empty store: log 0 with its genesis, the credit systems and the frameworks.
///
/// # Errors
/// `B101` for an unknown home system, `B102` for an unknown time zone, `B103` for an empty name.
pub fn init(store: &mut dyn Store, founding: &Founding, actor: &Actor) -> Result<Head> {
    check(founding)?;
    let origin = format!("{}/creditbank/{}", origin_name(&founding.identifier), hex(&random::<8>()?));
    let genesis = serde_json::json!({
        "bank": founding.name,
        "identifier": founding.identifier,
        "home_system": founding.home_system,
        "time_zone": founding.time_zone,
        "origin": origin,
        "encoding": 1,
    });
    let payload = BatchPayload::new(actor)?;
    let rows = builtin_rows(founding)?;
    let mut head = None;
    store.append(0, None, &mut |tx| {
        let mut poster = Poster::found(tx, 0, &origin, &genesis.to_string(), &payload)?;
        poster.register(&rows)?;
        head = Some(poster.seal()?.head);
        Ok(true)
    })?;
    head.ok_or_else(|| Fault::new("B104", "the bank was not founded"))
}

/// Checks a founding before any file is made.
///
/// # Errors
/// As [`init`].
pub fn check(founding: &Founding) -> Result<()> {
    let usage =
        |code, what: String, remedy: String| Err(Fault::new(code, what).remedy(remedy).exit(Exit::Usage));
    if founding.name.trim().is_empty() || founding.identifier.trim().is_empty() {
        return usage(
            "B103",
            "a bank needs a name and an identifier".into(),
            "give --name and --identifier".into(),
        );
    }
    if jiff::tz::TimeZone::get(&founding.time_zone).is_err() {
        return usage(
            "B102",
            format!("there is no time zone `{}`", founding.time_zone),
            "use an IANA name such as Asia/Shanghai, Europe/Berlin or UTC".into(),
        );
    }
    let systems = system::builtin();
    if !systems.iter().any(|system| system.code == founding.home_system) {
        let codes: Vec<&str> = systems.iter().map(|system| system.code.as_str()).collect();
        return usage(
            "B101",
            format!("there is no credit system `{}`", founding.home_system),
            format!("choose one of {}; others can be added with `creditbank system add`", codes.join(", ")),
        );
    }
    Ok(())
}

/// A log's origin may hold no spaces or plus signs (C2SP tlog-checkpoint).
fn origin_name(identifier: &str) -> String {
    identifier.chars().map(|c| if c.is_whitespace() || c == '+' { '-' } else { c }).collect()
}

fn builtin_rows(founding: &Founding) -> Result<Vec<ActRow>> {
    let bank = Bank {
        id: 1,
        name: founding.name.clone(),
        identifier: founding.identifier.clone(),
        home_system: founding.home_system.clone(),
        time_zone: founding.time_zone.clone(),
    };
    let mut rows = vec![act_row(0, &bank)?];
    for (system, id) in system::builtin().into_iter().zip(1..) {
        rows.push(act_row(0, &system_row(id, system))?);
    }
    for (framework, id) in level::builtin().into_iter().zip(1..) {
        let levels = serde_json::to_string(&framework.levels).unwrap_or_default();
        let level::Framework { code, name, citation, verified, .. } = framework;
        let verified = i64::from(verified);
        rows.push(act_row(0, &FrameworkRow { id, code, name, levels, citation, verified })?);
    }
    Ok(rows)
}

/// A credit system as the registry keeps it.
pub fn system_row(id: i64, system: system::System) -> SystemRow {
    SystemRow {
        id,
        code: system.code,
        name: system.name,
        name_local: system.name_local,
        country: system.country,
        hours_low: system.hours.as_ref().map(|hours| hours.low_milli),
        hours_high: system.hours.as_ref().map(|hours| hours.high_milli),
        indivisible: i64::from(system.indivisible),
        citation: system.citation,
        verified: i64::from(system.verified),
    }
}
