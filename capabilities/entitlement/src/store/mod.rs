//! All SQL of this capability.
pub(crate) mod corrections;
pub(crate) mod desk;
pub(crate) mod lists;
pub(crate) mod purses;
pub(crate) mod reopen;
pub(crate) mod rows;
pub(crate) mod runs;
pub(crate) mod tally;
pub(crate) mod trials;
pub(crate) mod versions;

use store::Migration;

/// Tables: determinations with their history, the texts of packs they were decided by, purses, and runs. Lists and desks
/// count what fills a purse, so their indices hold nothing else.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        id: "entitlement-0001",
        sql: "CREATE TABLE determination (
  elder UUID NOT NULL, pack TEXT NOT NULL, since TEXT NOT NULL, revision BIGINT NOT NULL, household UUID NOT NULL,
  region TEXT NOT NULL, verdict TEXT NOT NULL, class BIGINT, monthly BIGINT NOT NULL, met BIGINT NOT NULL,
  unmet BIGINT NOT NULL, missing BIGINT NOT NULL, version BIGINT NOT NULL, facts TEXT NOT NULL, ends_on TEXT,
  passed_from TEXT, until TEXT, recorded_at BIGINT NOT NULL, superseded_at BIGINT,
  PRIMARY KEY (elder, pack, since, revision));
CREATE INDEX determination_eligible ON determination (region, since, elder, passed_from)
  WHERE until IS NULL AND superseded_at IS NULL AND verdict = 'eligible';
CREATE INDEX determination_ending ON determination (ends_on, region)
  WHERE until IS NULL AND superseded_at IS NULL AND verdict = 'eligible' AND ends_on IS NOT NULL;
CREATE INDEX determination_unknown ON determination (region)
  WHERE until IS NULL AND superseded_at IS NULL AND verdict = 'unknown';
CREATE TABLE policy_text (
  pack TEXT NOT NULL, version BIGINT NOT NULL, title TEXT NOT NULL, ground TEXT NOT NULL, body TEXT NOT NULL,
  first_at BIGINT NOT NULL, PRIMARY KEY (pack, version));
CREATE TABLE purse (
  household UUID NOT NULL, grp TEXT NOT NULL, quarter TEXT NOT NULL, region TEXT NOT NULL, county TEXT NOT NULL,
  account UUID NOT NULL UNIQUE, pack TEXT NOT NULL, lines TEXT NOT NULL, months BIGINT NOT NULL,
  granted BIGINT NOT NULL, cleared BIGINT NOT NULL, overgrant BIGINT NOT NULL, state TEXT NOT NULL,
  rounds BIGINT NOT NULL, opened_at BIGINT NOT NULL, changed_at BIGINT NOT NULL, cleared_at BIGINT,
  PRIMARY KEY (household, grp, quarter));
CREATE INDEX purse_region ON purse (quarter, region);
CREATE INDEX purse_state ON purse (quarter, state, household);
CREATE TABLE quarter_close (quarter TEXT PRIMARY KEY, at BIGINT NOT NULL);
CREATE TABLE determination_run (
  region TEXT NOT NULL, day TEXT NOT NULL, previous TEXT, after UUID, households BIGINT NOT NULL,
  report TEXT NOT NULL, started_at BIGINT NOT NULL, finished_at BIGINT, PRIMARY KEY (region, day));
CREATE TABLE determination_gate (id BIGINT PRIMARY KEY);
INSERT INTO determination_gate (id) VALUES (1);
",
    },
    Migration {
        id: "entitlement-0002",
        sql: "ALTER TABLE determination ADD COLUMN purse BOOLEAN NOT NULL DEFAULT TRUE;
DROP INDEX determination_eligible;
DROP INDEX determination_ending;
DROP INDEX determination_unknown;
CREATE INDEX determination_eligible ON determination (region, since, elder, passed_from)
  WHERE until IS NULL AND superseded_at IS NULL AND verdict = 'eligible' AND purse;
CREATE INDEX determination_ending ON determination (ends_on, region)
  WHERE until IS NULL AND superseded_at IS NULL AND verdict = 'eligible' AND purse AND ends_on IS NOT NULL;
CREATE INDEX determination_unknown ON determination (region)
  WHERE until IS NULL AND superseded_at IS NULL AND verdict = 'unknown' AND purse;
CREATE INDEX determination_eligible_pack ON determination (pack, region)
  WHERE until IS NULL AND superseded_at IS NULL AND verdict = 'eligible';
CREATE INDEX determination_unknown_pack ON determination (pack, region)
  WHERE until IS NULL AND superseded_at IS NULL AND verdict = 'unknown';
",
    },
    // Versions of packs written here; the stamp tells every process when what is approved has changed.
    Migration {
        id: "entitlement-0003",
        sql: "CREATE TABLE policy_version (
  id UUID PRIMARY KEY, pack TEXT NOT NULL, number BIGINT NOT NULL, state TEXT NOT NULL, region TEXT NOT NULL,
  title TEXT NOT NULL, body TEXT NOT NULL, base TEXT NOT NULL, effective_on TEXT NOT NULL, why TEXT NOT NULL,
  adopted_from TEXT, seen BIGINT NOT NULL, changed_at BIGINT NOT NULL, UNIQUE (pack, number));
CREATE INDEX policy_version_state ON policy_version (state, pack, number);
CREATE TABLE policy_step (
  version UUID NOT NULL, n BIGINT NOT NULL, act TEXT NOT NULL, who UUID NOT NULL, name TEXT NOT NULL,
  at BIGINT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (version, n));
CREATE TABLE policy_stamp (id BIGINT PRIMARY KEY, n BIGINT NOT NULL);
INSERT INTO policy_stamp (id, n) VALUES (1, 0);
CREATE TABLE policy_trial (
  version UUID NOT NULL, root TEXT NOT NULL, seen BIGINT NOT NULL, job UUID NOT NULL, body TEXT, at BIGINT NOT NULL,
  PRIMARY KEY (version, root));
CREATE TABLE policy_trial_row (
  version UUID NOT NULL, root TEXT NOT NULL, n BIGINT NOT NULL, elder UUID NOT NULL, household UUID NOT NULL,
  region TEXT NOT NULL, effect TEXT NOT NULL, was TEXT, will TEXT, PRIMARY KEY (version, root, n));
",
    },
    // What was put right later, and counts kept with every change instead of counted for every page.
    Migration {
        id: "entitlement-0004",
        sql: "CREATE TABLE correction (
  id UUID PRIMARY KEY, household UUID NOT NULL, elder UUID, grp TEXT NOT NULL, pack TEXT NOT NULL,
  quarter TEXT NOT NULL, region TEXT NOT NULL, account UUID NOT NULL, kind TEXT NOT NULL, months TEXT NOT NULL,
  posted BIGINT NOT NULL, outstanding BIGINT NOT NULL, cause TEXT NOT NULL, since TEXT, at BIGINT NOT NULL,
  told_at BIGINT, told_on TEXT, told_how TEXT, told_user UUID, told_by TEXT, told_whom TEXT);
CREATE INDEX correction_region ON correction (region, at);
CREATE INDEX correction_untold ON correction (region) WHERE told_at IS NULL;
CREATE INDEX purse_over ON purse (region) WHERE overgrant > 0;
CREATE TABLE determination_tally (
  pack TEXT NOT NULL, region TEXT NOT NULL, verdict TEXT NOT NULL, n BIGINT NOT NULL,
  PRIMARY KEY (pack, region, verdict));
INSERT INTO determination_tally (pack, region, verdict, n)
  SELECT pack, region, verdict, COUNT(*) FROM determination
   WHERE until IS NULL AND superseded_at IS NULL AND verdict IN ('eligible', 'unknown') GROUP BY pack, region, verdict;
INSERT INTO determination_tally (pack, region, verdict, n)
  SELECT '', region, verdict, COUNT(DISTINCT elder) FROM determination
   WHERE until IS NULL AND superseded_at IS NULL AND purse AND verdict IN ('eligible', 'unknown')
   GROUP BY region, verdict;
CREATE TABLE purse_tally (
  quarter TEXT NOT NULL, region TEXT NOT NULL, n BIGINT NOT NULL, granted BIGINT NOT NULL,
  PRIMARY KEY (quarter, region));
INSERT INTO purse_tally (quarter, region, n, granted)
  SELECT quarter, region, COUNT(*), CAST(SUM(granted) AS BIGINT) FROM purse GROUP BY quarter, region;
CREATE INDEX determination_since ON determination (since, elder, region)
  WHERE until IS NULL AND superseded_at IS NULL AND verdict = 'eligible' AND purse;
CREATE INDEX determination_newly ON determination (since, region)
  WHERE until IS NULL AND superseded_at IS NULL AND verdict = 'eligible' AND purse AND passed_from IS NULL;
",
    },
];

/// `$first, $first+1, …`
fn marks(first: usize, count: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(",")
}

/// Values of one `IN` list at most; both engines take more than 32,000.
const CHUNK: usize = 5_000;
