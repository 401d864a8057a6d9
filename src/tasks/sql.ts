import type { Value, ValueMap } from "../model/json.ts";
import type { Backpressure, Call, Failure } from "../model/verdict.ts";
import { UnusableError } from "../model/unusable_error.ts";
import type { Finished, SqlSession, SqlStatement } from "../runtime/databases.ts";
import type { Body } from "./body.ts";
import { cancellable } from "./cancellable.ts";
import { captureLimit } from "./capture_limit.ts";
import { judgeTrouble } from "./database_failure.ts";
import type { Answer, Job, Performer, TaskContext } from "./kind.ts";
import { compileValue } from "./render_value.ts";
import { compilePlace, keyOfPlace } from "./server_place.ts";
import { joinSessionPool, type SessionPool } from "./session_pool.ts";
import { takeSession } from "./take_session.ts";
import { ResultRows, type RowLimits } from "./sql_rows.ts";
import { rowFormatOf, type RowWriter, writeRows } from "./sql_save.ts";
import { builtInMaxBytes, builtInMaxRows } from "./sql_schema.ts";
import { bindValues, checkQuery } from "./sql_statement.ts";
import { onlyReads } from "./sql_text.ts";
import { readSqlUrl, type SqlPlace } from "./sql_url.ts";

/**
 * Opens a `sql` task: its queries run on connections that all tasks of its pool share.
 *
 * A query's rows go by one at a time. They are kept only where an expression or the report asks for them, so that a
 * result of any size takes no more memory than its largest row and what is kept.
 */
export async function openSql(context: TaskContext): Promise<Performer> {
  const { task, ports } = context;
  const spec = readSpec(task.spec);
  const renderParams = compileValue(spec.params, context.template);
  const limits: RowLimits = {
    maxRows: spec.maxRows,
    maxBytes: spec.maxBytes,
    captureBytes: captureLimit(task.capture, spec.maxBytes),
    keepAll: context.reads("rows"),
  };
  const format = task.save === null ? null : rowFormatOf(task.save.path);
  const sessions: SessionPool<SqlSession> = joinSessionPool(context.pool);
  const statements = new Map<string, PreparedQuery>();
  const places = compilePlace(context, readSqlUrl);
  const wrong = places.known && prepare(places.known).wrong;
  if (wrong !== undefined) throw new UnusableError(`Cannot send the query: ${wrong}`);

  return {
    async perform(job, call) {
      const place = places.of(job.vars);
      if ("wrong" in place) return failed("template", `Cannot use sql.url: ${place.wrong}`);
      const prepared = prepare(place);
      if (prepared.wrong !== undefined) return failed("query", `Cannot send the query: ${prepared.wrong}`);
      const { params, names } = prepared.bind(renderParams(job.vars) as readonly Value[]);
      const statement: SqlStatement = {
        query: spec.query,
        params,
        names,
        readOnly: spec.readOnly,
        maxRows: spec.maxRows,
        maxRowBytes: spec.maxBytes,
        stoppable: prepared.stoppable,
        prompt: job.stream !== undefined && prepared.stoppable,
        serverTimeoutMs: task.timeouts.attemptMs === null ? null : task.timeouts.attemptMs + serverGraceMs,
      };
      return await attempt(place, prepared, statement, job, call);
    },
    poolKey: ({ vars }) => keyOfPlace(places.of(vars)),
    spare: () => sessions.spare(),
    close: () => sessions.leave(),
  };

  /** What can be said of the query depends on who reads it, and that is known when the URL is. */
  function prepare(place: SqlPlace): PreparedQuery {
    let prepared = statements.get(place.dialect);
    if (prepared === undefined) statements.set(place.dialect, prepared = prepareQuery(spec, place));
    return prepared;
  }

  async function attempt(
    place: SqlPlace,
    { onlyReads }: PreparedQuery,
    statement: SqlStatement,
    job: Job,
    call: Call,
  ): Promise<Answer | Failure | Backpressure> {
    const of = place.dialect === "sqlite" ? "file" : "server";
    const judging = {
      of,
      what: "statement",
      shown: place.shown,
      harmless: task.harmless,
      onlyReads,
    } as const;
    const session = await takeSession(sessions, place.key, () => place.open(ports.databases), judging, call);
    if ("kind" in session) return session;
    const { body, writer } = startSave(job);
    // What writes may still be rolled back.
    const stream = statement.stoppable ? job.stream?.() ?? null : null;
    const keepAll = limits.keepAll || (job.stream !== undefined && stream === null);
    const rows = new ResultRows({ ...limits, keepAll }, { writer, stream });
    const running = session.run(statement, rows);
    const ending = await cancellable(running, running.ended, call);
    sessions.giveBack(place.key, session, call.limit);
    if (ending.kind === "trouble") {
      body?.discard();
      return judgeTrouble(ending, { ...judging, sent: true, cancelled: call.cancelled });
    }
    return finish(ending, rows, statement.stoppable, body, writer);
  }

  function startSave(job: Job): { readonly body: Body | null; readonly writer: RowWriter | null } {
    if (format === null) return { body: null, writer: null };
    // What may be written is bounded by the rows that are taken.
    const body = job.body({ maxBytes: Number.MAX_SAFE_INTEGER, main: true, keepContent: false, hash: false });
    return { body, writer: writeRows(body, format) };
  }

  function finish(
    ending: Finished,
    rows: ResultRows,
    stoppable: boolean,
    body: Body | null,
    writer: RowWriter | null,
  ): Answer | Failure {
    const rowCount = rows.columnNames.length > 0 ? rows.count : ending.rowCount;
    const output: ValueMap = {
      rows: rows.captured,
      rowCount,
      columns: rows.columnNames,
      truncated: rows.truncated,
    };
    if (rows.exceeded !== undefined && spec.ifMore === "fail") {
      body?.discard();
      return {
        ...failed("too_large", tooLarge(rows.exceeded, stoppable)),
        output: { fields: output, outputs: null, saved: null },
      };
    }
    writer?.end();
    return { kind: "answer", fields: { rows: rows.rows, rowCount, columns: rows.columnNames }, output, body };
  }

  function tooLarge(exceeded: "maxRows" | "maxBytes", stoppable: boolean): string {
    const limit = exceeded === "maxRows" ? `${spec.maxRows} rows` : `${spec.maxBytes} bytes`;
    return `the result has more than ${limit}${stoppable ? "" : ", though the statement was carried out"}: ` +
      `raise sql.${exceeded}, or write \`ifMore: truncate\` to go on with the first rows`;
  }
}

/** A server ends a statement by itself a little later than this program does, should it not be told to. */
const serverGraceMs = 1_000;

interface SqlSpec {
  readonly query: string;
  readonly params: readonly Value[];
  readonly readOnly: boolean;
  readonly maxRows: number;
  readonly maxBytes: number;
  readonly ifMore: "fail" | "truncate";
}

function readSpec(spec: ValueMap): SqlSpec {
  return {
    query: String(spec.query),
    params: (spec.params ?? []) as readonly Value[],
    readOnly: spec.readOnly === true,
    maxRows: Number(spec.maxRows ?? builtInMaxRows),
    maxBytes: Number(spec.maxBytes ?? builtInMaxBytes),
    ifMore: spec.ifMore === "truncate" ? "truncate" : "fail",
  };
}

interface PreparedQuery {
  readonly wrong: string | undefined;
  /** Its fate is never unknown. */
  readonly onlyReads: boolean;
  /** @see SqlStatement.stoppable */
  readonly stoppable: boolean;
  readonly bind: ReturnType<typeof bindValues>;
}

function prepareQuery({ query, params, readOnly }: SqlSpec, { dialect }: SqlPlace): PreparedQuery {
  const reads = onlyReads(query, dialect);
  return {
    wrong: checkQuery(query, dialect, params.length)?.message,
    onlyReads: readOnly || (dialect === "sqlite" && reads),
    stoppable: readOnly || reads,
    bind: bindValues(query, dialect),
  };
}

function failed(code: "template" | "query" | "too_large", message: string): Failure {
  return { kind: "failed", error: { code, message, retryable: false } };
}
