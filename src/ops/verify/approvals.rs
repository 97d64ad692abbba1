//! Two officers: what was staged is settled once, after it was staged, and approved by somebody else.

use super::audit::Audit;
use crate::domain::fault::Result;
use crate::ops::batch::{Approval, BatchPayload};
use std::collections::HashMap;

/// A batch that was staged.
struct Staged {
    actor: String,
    /// The files' hashes.
    files: Vec<String>,
    /// The batch that settled it.
    settled: Option<i64>,
}

impl Audit<'_> {
    /// Judges every approval and rejection.
    pub fn check_approvals(&mut self) -> Result<()> {
        let mut staged: HashMap<String, Staged> = HashMap::new();
        let mut wrong = Vec::new();
        let typed = self.read.batches(&mut |batch| {
            // A payload that cannot be read has been found already.
            let Ok(payload) = BatchPayload::read(&batch.payload) else { return Ok(()) };
            let files = |files: &[crate::ops::batch::SourceFile]| {
                files.iter().map(|file| file.sha256.clone()).collect::<Vec<_>>()
            };
            let (name, given) = match &payload.approval {
                None => return Ok(()),
                Some(Approval::Asked(asked)) => {
                    let waits =
                        Staged { actor: payload.actor.clone(), files: files(&asked.files), settled: None };
                    staged.insert(format!("B{}", batch.no), waits);
                    return Ok(());
                }
                Some(Approval::Given(name)) => (name, true),
                Some(Approval::Refused(name)) => (name, false),
            };
            let what = match staged.get_mut(name) {
                None => Some(format!("no batch before it was staged as {name}")),
                Some(staged) => match staged.settled.replace(batch.no) {
                    Some(other) => Some(format!("{name} was settled by batch B{other} before")),
                    None if given && staged.actor == payload.actor => {
                        Some(format!("{} approves what they staged themselves as {name}", payload.actor))
                    }
                    None if given && staged.files != files(&payload.files) => {
                        Some(format!("its files are not those staged as {name}"))
                    }
                    None => None,
                },
            };
            wrong.extend(what.map(|what| (batch.entry, what)));
            Ok(())
        });
        if typed.is_ok() {
            for (entry, what) in wrong {
                self.findings.add("V512", format!("act entry {entry}, column payload"), what);
            }
        }
        Ok(())
    }
}
