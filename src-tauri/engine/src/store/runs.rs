//! Records of runs, and what must survive the process beside them.

use fieldscan_core::{
    agent::Lasting,
    ids::{RunId, SubnetId},
    run::{Run, SubnetRun},
};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::{
    CacheKey, Reader, Result, Source, Store, source, source_or_new,
    value::{Id, Json, Ms},
};

impl Store {
    /// Keeps a run's record, new or changed. Of its subnets, only those that changed are written.
    ///
    /// # Errors
    /// If the database can't be written.
    pub fn save_run(&mut self, key: &CacheKey, run: &Run) -> Result<()> {
        let tx = self.write()?;
        let Source(source) = source_or_new(&tx, key)?;
        tx.prepare_cached(
            "INSERT INTO runs (id, source, trigger, started_at, finished_at, stopped, problem)
             VALUES (:id, :source, :trigger, :started_at, :finished_at, :stopped, :problem)
             ON CONFLICT DO UPDATE SET trigger = excluded.trigger, started_at = excluded.started_at,
             finished_at = excluded.finished_at, stopped = excluded.stopped, problem = excluded.problem",
        )?
        .execute(named_params! {
            ":id": Id(run.id.0),
            ":source": source,
            ":trigger": Json(run.trigger),
            ":started_at": Ms(run.started_at),
            ":finished_at": run.finished_at.map(Ms),
            ":stopped": run.stopped,
            ":problem": run.problem.as_ref().map(Json),
        })?;
        {
            let mut save = tx.prepare_cached(
                "INSERT INTO run_subnets (run, position, subnet, cidr, description, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET subnet = excluded.subnet, cidr = excluded.cidr, description = excluded.description,
                 outcome = excluded.outcome WHERE (subnet, cidr, description, outcome)
                 <> (excluded.subnet, excluded.cidr, excluded.description, excluded.outcome)",
            )?;
            for (position, part) in run.subnets.iter().enumerate() {
                save.execute(params![
                    Id(run.id.0),
                    position as i64,
                    Id(part.subnet.0),
                    part.cidr,
                    part.description,
                    Json(&part.outcome)
                ])?;
            }
        }
        tx.execute(
            "DELETE FROM run_subnets WHERE run = ?1 AND position >= ?2",
            params![Id(run.id.0), run.subnets.len() as i64],
        )?;
        tx.execute("UPDATE last_ids SET run = max(run, ?1)", [Id(run.id.0)])?;
        Ok(tx.commit()?)
    }

    /// Keeps what must survive the process and stands nowhere else.
    ///
    /// # Errors
    /// If the database can't be written.
    pub fn save_lasting(&mut self, lasting: &Lasting) -> Result<()> {
        self.reader
            .conn
            .prepare_cached(
                "INSERT INTO lasting (one, value) VALUES (1, ?1) ON CONFLICT DO UPDATE SET value = excluded.value",
            )?
            .execute([Json(lasting)])?;
        Ok(())
    }
}

impl Reader {
    /// Runs, the newest first.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn runs(&self, key: &CacheKey, limit: u32) -> Result<Vec<Run>> {
        let tx = self.conn.unchecked_transaction()?;
        let Some(source) = source(&tx, key)? else {
            return Ok(Vec::new());
        };
        let mut query =
            tx.prepare_cached("SELECT * FROM runs WHERE source = ?1 ORDER BY id DESC LIMIT ?2")?;
        let runs: Vec<Run> = query
            .query_map(params![source.0, limit], read)?
            .collect::<rusqlite::Result<_>>()?;
        runs.into_iter().map(|run| with_subnets(&tx, run)).collect()
    }

    /// A run.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn run(&self, run: RunId) -> Result<Option<Run>> {
        let tx = self.conn.unchecked_transaction()?;
        let found = tx
            .prepare_cached("SELECT * FROM runs WHERE id = ?1")?
            .query_row([Id(run.0)], read)
            .optional()?;
        found.map(|run| with_subnets(&tx, run)).transpose()
    }

    /// What the last process left beside runs, scans and reports; the default if there was none.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn lasting(&self) -> Result<Lasting> {
        lasting(&self.conn)
    }
}

pub(super) fn lasting(conn: &Connection) -> Result<Lasting> {
    Ok(conn
        .prepare_cached("SELECT value FROM lasting")?
        .query_row([], |row| row.get(0))
        .optional()?
        .map_or_else(Default::default, |Json(lasting)| lasting))
}

/// The last run that ended.
pub(super) fn last_finished(conn: &Connection, source: Source) -> Result<Option<Run>> {
    let found = conn
        .prepare_cached(
            "SELECT * FROM runs WHERE source = ?1 AND finished_at IS NOT NULL ORDER BY id DESC LIMIT 1",
        )?
        .query_row([source.0], read)
        .optional()?;
    found.map(|run| with_subnets(conn, run)).transpose()
}

fn with_subnets(conn: &Connection, mut run: Run) -> Result<Run> {
    run.subnets = conn
        .prepare_cached(
            "SELECT subnet, cidr, description, outcome FROM run_subnets WHERE run = ?1 ORDER BY position",
        )?
        .query_map([Id(run.id.0)], |row| {
            Ok(SubnetRun {
                subnet: SubnetId(row.get::<_, Id>(0)?.0),
                cidr: row.get(1)?,
                description: row.get(2)?,
                outcome: row.get::<_, Json<_>>(3)?.0,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(run)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        id: RunId(row.get::<_, Id>("id")?.0),
        trigger: row.get::<_, Json<_>>("trigger")?.0,
        started_at: row.get::<_, Ms>("started_at")?.0,
        finished_at: row.get::<_, Option<Ms>>("finished_at")?.map(|at| at.0),
        stopped: row.get("stopped")?,
        subnets: Vec::new(),
        problem: row
            .get::<_, Option<Json<_>>>("problem")?
            .map(|Json(problem)| problem),
    })
}
