-- The ledger of a learning-credit bank (学分银行), one SQLite file.
--
-- For whoever opens the file with `sqlite3`: read the views (v_…) at the end; they are a contract and
-- only ever gain columns. Everything above them may change with the schema version.
--
-- Three kinds of tables:
--   journal   act, act_row, achievement, movement, identity, refusal, staged: only ever grows; each row
--             is covered by a leaf of the Merkle log (tile, log), so `creditbank verify` names any change.
--   registry  institution … closure: what the newest act_row says of each thing; a projection.
--   derived   batch, decision, link, pair, described, balance, summary: rebuilt from the journal by `creditbank rebuild`.
--
-- An entry is one leaf. Its number is log * 2^40 + seq, so that in log 0 it is the leaf's place in the
-- tree. Amounts are thousandths of a credit. Dates are ISO 8601 text.

PRAGMA application_id = 1129465163;  -- 'CREK'
PRAGMA user_version = 1;

-- ---------------------------------------------------------------- the Merkle log

-- One log per office that records. `root` is the RFC 6962 root over `size` leaves; `frontier` the
-- roots of its complete subtrees, largest first.
CREATE TABLE log (
  id        INTEGER PRIMARY KEY,
  origin    TEXT NOT NULL UNIQUE,
  size      INTEGER NOT NULL,
  root      BLOB NOT NULL,
  frontier  BLOB NOT NULL
) STRICT;

-- C2SP tlog tiles: up to 256 hashes of 32 bytes; tile (level, idx) holds subtrees of 256^level leaves.
CREATE TABLE tile (
  log     INTEGER NOT NULL REFERENCES log(id),
  level   INTEGER NOT NULL,
  idx     INTEGER NOT NULL,
  hashes  BLOB NOT NULL,
  PRIMARY KEY (log, level, idx)
) STRICT;

-- ---------------------------------------------------------------- journal

-- Acts: facts without an amount. kind: 1 genesis, 2 batch, 3 register, 4 enrol, 5 decision,
-- 6 refuse, 7 close, 8 receipt, 9 merge, 10 unmerge, 11 review, 12 distinct, 13 stage. An act about one
-- learner names them; its leaf is then a salted commitment.
CREATE TABLE act (
  entry       INTEGER PRIMARY KEY,
  kind        INTEGER NOT NULL,
  learner     INTEGER,
  payload     TEXT,
  commitment  BLOB
) STRICT;

-- Rows of a register act: `row` is a JSON object whose keys are the columns of table `tbl`.
CREATE TABLE act_row (
  entry  INTEGER NOT NULL REFERENCES act(entry),
  ord    INTEGER NOT NULL,
  tbl    TEXT NOT NULL,
  row    TEXT NOT NULL,
  PRIMARY KEY (entry, ord)
) STRICT, WITHOUT ROWID;
-- When versions of rule books and releases of the rules were introduced, which is asked of every conversion.
CREATE INDEX act_row_rules ON act_row (tbl) WHERE tbl = 'book' OR tbl = 'rule_release';

-- One learner's result in one outcome, with the credit that it deposits (a lot) or none.
--   nth         how many rows of the same key came before it: more than 0 only where an earlier one
--               was reversed, or where the institution's own record ids differ
--   status      0 passed, 1 failed, 2 withdrawn, 3 in progress; kind 0 formal, 1 non-formal, 2 informal
--   amount      thousandths deposited; 0 where nothing was
--   line        the row's line in the file; where a row has several results, result · 2^40 + line
--   group_line  where the source gives one load for a group of rows: the line of the group's first
--               row, and group_load the load that was apportioned over the group
CREATE TABLE achievement (
  entry       INTEGER PRIMARY KEY,
  learner     INTEGER NOT NULL,
  outcome     INTEGER NOT NULL,
  version     INTEGER NOT NULL DEFAULT 1,
  period      INTEGER NOT NULL,
  attempt     INTEGER NOT NULL DEFAULT 1,
  nth         INTEGER NOT NULL DEFAULT 0,
  status      INTEGER NOT NULL DEFAULT 0,
  kind        INTEGER NOT NULL,
  system      INTEGER NOT NULL,
  amount      INTEGER NOT NULL,
  grade       INTEGER,
  attrs       INTEGER,
  file        INTEGER NOT NULL DEFAULT 0,
  line        INTEGER NOT NULL,
  group_line  INTEGER,
  group_load  INTEGER,
  record      TEXT,
  commitment  BLOB
) STRICT;

-- Exactly once, and a learner's achievements, in one index.
CREATE UNIQUE INDEX achievement_key ON achievement (learner, outcome, period, attempt, nth);
CREATE INDEX achievement_record ON achievement (record) WHERE record IS NOT NULL;

-- Amounts that move between two accounts, which the kind fixes:
--   34 convert-out  held → placed          35 convert-in  recognised → converted
--   36 release, 40 reverse: back the way of the entry in `undoes`
--   37 hold, 38 unhold: nothing moves; from a hold to the unhold that undoes it nobody places the lot
--   39 supersede    held → recognised      another result in the outcome gives the credit
-- (deposits, recognised → held, stand in achievement). `lot` is the entry of the deposit; num/den the
-- share of it that is meant.
CREATE TABLE movement (
  entry       INTEGER PRIMARY KEY,
  kind        INTEGER NOT NULL,
  decision    INTEGER NOT NULL,
  learner     INTEGER NOT NULL,
  lot         INTEGER NOT NULL,
  num         INTEGER NOT NULL,
  den         INTEGER NOT NULL,
  system      INTEGER NOT NULL,
  amount      INTEGER NOT NULL,
  period      INTEGER NOT NULL,
  undoes      INTEGER,
  commitment  BLOB
) STRICT;
CREATE INDEX movement_lot ON movement (learner, lot);
CREATE INDEX movement_decision ON movement (decision);
CREATE INDEX movement_undoes ON movement (undoes) WHERE undoes IS NOT NULL;

-- Rows that an import refused, in the file's own words, until they are mended.
CREATE TABLE refusal (
  entry    INTEGER NOT NULL REFERENCES act(entry),
  ord      INTEGER NOT NULL,
  salt     BLOB NOT NULL,
  file     INTEGER NOT NULL,
  line     INTEGER NOT NULL,
  code     TEXT NOT NULL,
  reason   TEXT NOT NULL,
  row      TEXT NOT NULL,
  subject  TEXT NOT NULL,
  PRIMARY KEY (entry, ord)
) STRICT, WITHOUT ROWID;

-- The files of a staged batch, which waits for a second officer: each file in pieces of up to 1 MiB,
-- each deflated (zlib) by itself. Approved, they are read again, exactly as they were staged.
CREATE TABLE staged (
  entry  INTEGER NOT NULL REFERENCES act(entry),
  ord    INTEGER NOT NULL,
  salt   BLOB NOT NULL,
  file   INTEGER NOT NULL,
  bytes  BLOB NOT NULL,
  PRIMARY KEY (entry, ord)
) STRICT;

-- ---------------------------------------------------------------- people, apart from the journal

-- One account; the account number is the id with its check character. `key` salts every commitment
-- about this learner: without it nothing about them can be proved or guessed from the log.
CREATE TABLE learner (
  id   INTEGER PRIMARY KEY,
  key  BLOB NOT NULL
) STRICT;

-- What identifies a person, one fact a row; committed in the enrol act (entry, ord).
CREATE TABLE identity (
  learner     INTEGER NOT NULL REFERENCES learner(id) DEFERRABLE INITIALLY DEFERRED,
  nth         INTEGER NOT NULL,
  scheme      INTEGER NOT NULL,
  value       TEXT NOT NULL,
  valid_from  TEXT,
  valid_to    TEXT,
  entry       INTEGER NOT NULL,
  ord         INTEGER NOT NULL,
  PRIMARY KEY (learner, nth)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_value ON identity (value, scheme);

-- ---------------------------------------------------------------- registries (projections of act_row)

CREATE TABLE bank (id INTEGER PRIMARY KEY, name TEXT NOT NULL, identifier TEXT NOT NULL, home_system TEXT NOT NULL, time_zone TEXT NOT NULL) STRICT;
CREATE TABLE system (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, name_local TEXT NOT NULL, country TEXT NOT NULL, hours_low INTEGER, hours_high INTEGER, indivisible INTEGER NOT NULL, citation TEXT NOT NULL, verified INTEGER NOT NULL) STRICT;
CREATE TABLE framework (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, levels TEXT NOT NULL, citation TEXT NOT NULL, verified INTEGER NOT NULL) STRICT;
-- levels: JSON array in ascending order. scale: a grading scale; grades from worst to best, or numbers.
CREATE TABLE scale (id INTEGER PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL, numeric INTEGER NOT NULL, grades TEXT NOT NULL, pass TEXT, best TEXT, worst TEXT, step TEXT, valid_from TEXT, citation TEXT NOT NULL, verified INTEGER NOT NULL, UNIQUE (name, version)) STRICT;
-- How grades of one scale read on another, and how often an institution gave each passing grade.
CREATE TABLE grade_conversion (id INTEGER PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL, from_scale TEXT NOT NULL, to_scale TEXT NOT NULL, institution TEXT, method TEXT NOT NULL, body TEXT NOT NULL, valid_from TEXT, valid_to TEXT, citation TEXT NOT NULL, verified INTEGER NOT NULL, UNIQUE (name, version)) STRICT;
CREATE TABLE grading_table (id INTEGER PRIMARY KEY, institution TEXT NOT NULL, scale TEXT NOT NULL, field TEXT NOT NULL, cycle TEXT NOT NULL, first_year INTEGER NOT NULL, last_year INTEGER NOT NULL, version INTEGER NOT NULL, counts TEXT NOT NULL, source TEXT NOT NULL, UNIQUE (institution, scale, field, cycle, first_year, last_year, version)) STRICT;
CREATE TABLE institution (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, country TEXT, region TEXT, sector TEXT, calendar TEXT) STRICT;
CREATE TABLE outcome (id INTEGER PRIMARY KEY, institution INTEGER NOT NULL, code TEXT NOT NULL, repeatable INTEGER NOT NULL, UNIQUE (institution, code)) STRICT;
CREATE TABLE outcome_version (id INTEGER PRIMARY KEY, outcome INTEGER NOT NULL, version INTEGER NOT NULL, title TEXT NOT NULL, kind INTEGER, framework TEXT, level TEXT, field TEXT, hours INTEGER, credits INTEGER, system INTEGER, valid_from TEXT, valid_to TEXT, accredited_from TEXT, accredited_to TEXT, UNIQUE (outcome, version)) STRICT;
CREATE TABLE offering (id INTEGER PRIMARY KEY, outcome INTEGER NOT NULL, period INTEGER NOT NULL, UNIQUE (outcome, period)) STRICT;
CREATE TABLE period (id INTEGER PRIMARY KEY, written TEXT NOT NULL, precision TEXT NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL, UNIQUE (written, precision, first, last)) STRICT;
CREATE TABLE grade (id INTEGER PRIMARY KEY, scale TEXT NOT NULL, written TEXT NOT NULL, UNIQUE (scale, written)) STRICT;
CREATE TABLE attrs (id INTEGER PRIMARY KEY, json TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE scheme (id INTEGER PRIMARY KEY, name TEXT NOT NULL, issuer TEXT NOT NULL, UNIQUE (name, issuer)) STRICT;
CREATE TABLE profile (id INTEGER PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL, sha256 TEXT NOT NULL, source TEXT NOT NULL, UNIQUE (name, version)) STRICT;
CREATE TABLE book (id INTEGER PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL, sha256 TEXT NOT NULL, UNIQUE (name, version)) STRICT;
CREATE TABLE rule (id INTEGER PRIMARY KEY, book INTEGER NOT NULL, code TEXT NOT NULL, from_system TEXT, from_institution TEXT, from_outcome TEXT, to_system TEXT, to_institution TEXT, to_outcome TEXT, body TEXT NOT NULL, UNIQUE (book, code)) STRICT;
-- Outcomes that a rule asks for beside others, and patterns (`*`); a rule that asks for one outcome has it in `rule`.
CREATE TABLE rule_source (id INTEGER PRIMARY KEY, rule INTEGER NOT NULL, institution TEXT NOT NULL, outcome TEXT NOT NULL) STRICT;
CREATE INDEX rule_source_outcome ON rule_source (institution, outcome);
CREATE TABLE rule_cap (id INTEGER PRIMARY KEY, book INTEGER NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (book, name)) STRICT;
CREATE INDEX rule_to_system ON rule (to_system) WHERE to_system IS NOT NULL;
CREATE INDEX rule_to_institution ON rule (to_institution) WHERE to_institution IS NOT NULL;
CREATE INDEX rule_from_system ON rule (from_system) WHERE from_system IS NOT NULL;
CREATE INDEX rule_from ON rule (from_institution, from_outcome) WHERE from_outcome IS NOT NULL;
-- A release of the rules; `books` is a JSON array of its rule books, each with its version and the hash of its file.
CREATE TABLE rule_release (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, valid_from TEXT NOT NULL, authority TEXT NOT NULL, pinned TEXT NOT NULL, books TEXT NOT NULL) STRICT;
-- Deadlines of requests and appeals; who may place credit without a rule.
CREATE TABLE procedure (id INTEGER PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL, sha256 TEXT NOT NULL, source TEXT NOT NULL, UNIQUE (name, version)) STRICT;
CREATE TABLE authority (id INTEGER PRIMARY KEY, code TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, targets TEXT NOT NULL, most INTEGER, system TEXT, officers TEXT NOT NULL, valid_from TEXT, valid_to TEXT, citation TEXT NOT NULL, UNIQUE (code, version)) STRICT;
CREATE TABLE closure (id INTEGER PRIMARY KEY, through TEXT NOT NULL) STRICT;

-- ---------------------------------------------------------------- derived

CREATE TABLE batch (
  entry    INTEGER PRIMARY KEY,
  no       INTEGER NOT NULL UNIQUE,
  size     INTEGER NOT NULL,
  payload  TEXT NOT NULL
) STRICT;
-- `about` is the decision that another one is about: that a release ends, or that is appealed.
CREATE TABLE decision (
  entry    INTEGER PRIMARY KEY,
  learner  INTEGER,
  verb     TEXT NOT NULL,
  target   TEXT,
  rule     INTEGER,
  about    INTEGER
) STRICT;
-- Whose rules are those of a release.
CREATE INDEX decision_pin ON decision (learner) WHERE verb = 'pin' OR verb = 'unpin';
CREATE INDEX decision_about ON decision (about) WHERE about IS NOT NULL;
-- That an account is the same person's as another, since a day; ended by an unmerge act, or it stands.
-- Entries keep the account under which they were made: whoever asks for the person finds both.
CREATE TABLE link (
  entry    INTEGER PRIMARY KEY,
  account  INTEGER NOT NULL,
  person   INTEGER NOT NULL,
  since    TEXT NOT NULL,
  ended    INTEGER,
  until    TEXT
) STRICT;
-- Accounts that may be one person's, for somebody to look at; `apart` is the act that says they are two.
CREATE TABLE pair (
  entry    INTEGER PRIMARY KEY,
  account  INTEGER NOT NULL,
  other    INTEGER NOT NULL,
  score    INTEGER NOT NULL,
  why      TEXT NOT NULL,
  apart    INTEGER
) STRICT;
-- People by birth date and by the letters of their names, where facts of identity give both: without accents,
-- blanks and case, begun where that comes first of all, so that the family's name may stand first or last.
CREATE TABLE described (
  birth    TEXT NOT NULL,
  name     TEXT NOT NULL,
  learner  INTEGER NOT NULL,
  PRIMARY KEY (birth, name, learner)
) STRICT, WITHOUT ROWID;
-- What each person has in each credit system, under the account that no standing link leads on from;
-- `recognised`, the source, is minus the sum.
CREATE TABLE balance (
  learner      INTEGER NOT NULL,
  system       INTEGER NOT NULL,
  held         INTEGER NOT NULL,
  placed       INTEGER NOT NULL,
  converted    INTEGER NOT NULL,
  redeemed     INTEGER NOT NULL,
  expired      INTEGER NOT NULL,
  transferred  INTEGER NOT NULL,
  PRIMARY KEY (learner, system)
) STRICT, WITHOUT ROWID;
-- Standing achievements and what they moved, by what they are; `year` is the period's first year.
CREATE TABLE summary (
  institution  INTEGER NOT NULL,
  system       INTEGER NOT NULL,
  kind         INTEGER NOT NULL,
  framework    TEXT NOT NULL,
  level        TEXT NOT NULL,
  field        TEXT NOT NULL,
  year         TEXT NOT NULL,
  status       INTEGER NOT NULL,
  achievements INTEGER NOT NULL,
  deposited    INTEGER NOT NULL,
  placed       INTEGER NOT NULL,
  converted    INTEGER NOT NULL,
  PRIMARY KEY (institution, system, kind, framework, level, field, year, status)
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- guards against accidents
-- (The evidence against intent is the Merkle log: `creditbank verify`.)

CREATE TRIGGER act_kept BEFORE UPDATE ON act BEGIN SELECT RAISE(ABORT, 'the journal only grows: post a reversing entry instead'); END;
CREATE TRIGGER act_stays BEFORE DELETE ON act BEGIN SELECT RAISE(ABORT, 'the journal only grows: post a reversing entry instead'); END;
CREATE TRIGGER act_row_kept BEFORE UPDATE ON act_row BEGIN SELECT RAISE(ABORT, 'the journal only grows: post a reversing entry instead'); END;
CREATE TRIGGER act_row_stays BEFORE DELETE ON act_row BEGIN SELECT RAISE(ABORT, 'the journal only grows: post a reversing entry instead'); END;
CREATE TRIGGER achievement_kept BEFORE UPDATE ON achievement BEGIN SELECT RAISE(ABORT, 'the journal only grows: post a reversing entry instead'); END;
CREATE TRIGGER achievement_stays BEFORE DELETE ON achievement BEGIN SELECT RAISE(ABORT, 'the journal only grows: post a reversing entry instead'); END;
CREATE TRIGGER movement_kept BEFORE UPDATE ON movement BEGIN SELECT RAISE(ABORT, 'the journal only grows: post a reversing entry instead'); END;
CREATE TRIGGER movement_stays BEFORE DELETE ON movement BEGIN SELECT RAISE(ABORT, 'the journal only grows: post a reversing entry instead'); END;
CREATE TRIGGER refusal_kept BEFORE UPDATE ON refusal BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
CREATE TRIGGER refusal_stays BEFORE DELETE ON refusal BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
CREATE TRIGGER staged_kept BEFORE UPDATE ON staged BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
CREATE TRIGGER staged_stays BEFORE DELETE ON staged BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
CREATE TRIGGER identity_kept BEFORE UPDATE ON identity BEGIN SELECT RAISE(ABORT, 'facts of identity are added, with dates, never changed'); END;
CREATE TRIGGER identity_stays BEFORE DELETE ON identity BEGIN SELECT RAISE(ABORT, 'facts of identity are added, with dates, never changed'); END;

-- ---------------------------------------------------------------- published views

CREATE VIEW v_learner AS
  SELECT i.learner AS learner, s.name AS scheme, s.issuer, i.value, i.valid_from, i.valid_to, i.entry
  FROM identity i JOIN scheme s ON s.id = i.scheme;

CREATE VIEW v_link AS
  SELECT account, person, since, until, entry, ended FROM link;

CREATE VIEW v_pair AS
  SELECT account, other, score, why, entry, apart FROM pair;

CREATE VIEW v_achievement AS
  SELECT a.entry, a.learner, t.code AS institution, o.code AS outcome, v.version, v.title,
         CASE a.kind WHEN 0 THEN 'formal' WHEN 1 THEN 'non-formal' ELSE 'informal' END AS kind,
         CASE a.status WHEN 0 THEN 'passed' WHEN 1 THEN 'failed' WHEN 2 THEN 'withdrawn' ELSE 'in-progress' END AS status,
         v.framework, v.level, v.field, v.hours AS hours_thousandths, y.code AS system,
         a.amount AS amount_thousandths, g.written AS grade, g.scale, p.written AS period, p.precision,
         p.first AS period_first, p.last AS period_last, a.attempt, r.json AS attributes, a.file, a.line & 1099511627775 AS line, a.record,
         EXISTS (SELECT 1 FROM movement m WHERE m.learner = a.learner AND m.lot = a.entry AND m.undoes = a.entry) AS reversed,
         a.line >> 40 AS result
  FROM achievement a
  JOIN outcome o ON o.id = a.outcome
  JOIN outcome_version v ON v.outcome = a.outcome AND v.version = a.version
  JOIN institution t ON t.id = o.institution
  JOIN system y ON y.id = a.system
  JOIN period p ON p.id = a.period
  LEFT JOIN grade g ON g.id = a.grade
  LEFT JOIN attrs r ON r.id = a.attrs;

CREATE VIEW v_movement AS
  SELECT m.entry, CASE m.kind WHEN 34 THEN 'convert-out' WHEN 35 THEN 'convert-in' WHEN 36 THEN 'release'
         WHEN 37 THEN 'hold' WHEN 38 THEN 'unhold' ELSE 'reverse' END AS kind,
         m.decision, d.target, m.learner, m.lot, m.num, m.den, y.code AS system, m.amount AS amount_thousandths,
         p.written AS effective, m.undoes
  FROM movement m JOIN system y ON y.id = m.system JOIN period p ON p.id = m.period
  LEFT JOIN decision d ON d.entry = m.decision;

CREATE VIEW v_decision AS
  SELECT d.entry, d.learner, d.verb, d.target, b.name AS book, r.code AS rule, b.version AS book_version, d.about
  FROM decision d LEFT JOIN rule r ON r.id = d.rule LEFT JOIN book b ON b.id = r.book;

CREATE VIEW v_balance AS
  SELECT b.learner, y.code AS system, b.held, b.placed, b.converted, b.redeemed, b.expired, b.transferred
  FROM balance b JOIN system y ON y.id = b.system;

CREATE VIEW v_batch AS
  SELECT no, entry, size, payload ->> 'id' AS id, payload ->> 'actor' AS actor, payload ->> 'site' AS site,
         payload ->> 'recorded' AS recorded, payload ->> 'command' AS command, payload ->> 'why' AS why
  FROM batch;
