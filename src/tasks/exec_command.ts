import type { Template, Vars } from "../model/expression.ts";
import type { Failure } from "../model/verdict.ts";
import type { ProcessCommand } from "../runtime/processes.ts";
import { resolvePath } from "../runtime/resolve_path.ts";
import type { ExecSpec } from "./exec_schema.ts";
import type { TaskContext } from "./kind.ts";

/** Names the run in the environment of its subprocesses. */
export const runVariable = "FANOUT_RUN_ID";

/** A command of one task run; `onOutput` is added by who starts it. */
export type RenderedCommand = Omit<ProcessCommand, "onOutput"> & { readonly kind: "command" };

/** Compiles what `command` or `shell`, `env`, `cwd` and `stdin` say. What it gives throws ExpressionError. */
export function compileCommand(context: TaskContext): (vars: Vars) => RenderedCommand | Failure {
  const spec = context.task.spec as unknown as ExecSpec;
  const argv = compileArguments(context, spec);
  const environment = compileEnvironment(context, spec);
  const cwd = compilePath(context, spec.cwd ?? ".");
  const stdin = compileStdin(context, spec.stdin);
  return (vars) => {
    const rendered = argv(vars);
    if (!Array.isArray(rendered)) return rendered;
    const [program, ...others] = rendered as [string, ...string[]];
    return {
      kind: "command",
      program,
      arguments: others,
      environment: environment(vars),
      cwd: cwd(vars),
      stdin: stdin(vars),
    };
  };
}

function compileArguments(context: TaskContext, spec: ExecSpec): (vars: Vars) => string[] | Failure {
  if (spec.shell) {
    const command = ["/bin/sh", "-c", spec.shell];
    return () => command;
  }
  const templates = spec.command!.map((argument) => context.template(argument));
  const optionsEnd = templates.findIndex((template) => template.constant && template.source === "--");
  const isGuarded = (position: number) => optionsEnd !== -1 && position > optionsEnd;
  const guards = templates.map((template, position) => template.whole && !isGuarded(position));
  return (vars) => {
    const argv: string[] = [];
    for (let position = 0; position < templates.length; position++) {
      const text = templates[position]!.renderText(vars);
      if (guards[position] && looksLikeOption(text)) return refuseOption(templates[position]!, text);
      argv.push(text);
    }
    return argv;
  };
}

/** Data that begins with `-` would be taken for an option; a negative number hardly ever is one. */
function looksLikeOption(text: string): boolean {
  return text.startsWith("-") && !/^-(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text);
}

function refuseOption(template: Template, text: string): Failure {
  const message = `The argument ${template.source} is ${JSON.stringify(text.slice(0, 200))}, ` +
    'which the program would take for an option; put a literal "--" before it in command, ' +
    `or write it as one text with its option: "--name=${template.source}"`;
  return { kind: "failed", error: { code: "template", message, retryable: false } };
}

function compileEnvironment(context: TaskContext, spec: ExecSpec): (vars: Vars) => Record<string, string> {
  const fixed: Record<string, string> = {};
  for (const [name, value] of Object.entries(context.ports.host.environment)) {
    if (value !== undefined && !context.secretVariables.includes(name)) fixed[name] = value;
  }
  fixed[runVariable] = context.runId;
  const rendered: [string, Template][] = [];
  for (const [name, value] of Object.entries(spec.env ?? {})) {
    delete fixed[name];
    if (value === null) continue;
    const template = context.template(value);
    if (template.constant) fixed[name] = template.renderText({});
    else rendered.push([name, template]);
  }
  if (rendered.length === 0) return () => fixed;
  return (vars) => {
    const environment = { ...fixed };
    for (const [name, template] of rendered) environment[name] = template.renderText(vars);
    return environment;
  };
}

function compileStdin(
  context: TaskContext,
  stdin: ExecSpec["stdin"],
): (vars: Vars) => ProcessCommand["stdin"] {
  if (stdin === undefined || stdin === null) return () => null;
  if (typeof stdin === "object") {
    const path = compilePath(context, stdin.file);
    return (vars) => ({ file: path(vars) });
  }
  const template = context.template(stdin);
  const encoder = new TextEncoder();
  return (vars) => {
    const value = template.whole ? template.render(vars) : null;
    return value instanceof Uint8Array ? value : encoder.encode(template.renderText(vars));
  };
}

/** A path of the config, relative to its directory. */
function compilePath(context: TaskContext, source: string): (vars: Vars) => string {
  const template = context.template(source);
  if (!template.constant) return (vars) => resolvePath(context.directory, template.renderText(vars));
  const path = resolvePath(context.directory, template.renderText({}));
  return () => path;
}
