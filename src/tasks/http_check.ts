import type { ReportProblem } from "../model/diagnostic.ts";
import { isValueMap, type ValueMap } from "../model/json.ts";
import { headerFault } from "./http_headers.ts";
import { namesItsHost } from "./http_url.ts";

/**
 * Rules between the fields of a task's section, and of the connection it stands on. Paths are relative to the task's
 * section; the empty one means what the connection says.
 */
export function checkHttp(spec: ValueMap, report: ReportProblem, connection: ValueMap): void {
  checkUrl(spec, report, connection);
  checkMethod(spec, report);
  checkHeaders(spec, report);
  checkConnection(spec, report, { ...connection, ...withoutNulls(spec) });
}

function checkUrl({ url }: ValueMap, report: ReportProblem, connection: ValueMap): void {
  if (typeof url !== "string") return;
  // What stands before a port is a host, whatever a URL parser takes it for.
  const scheme = /^([a-z][a-z0-9+.-]*):(?!\d)/i.exec(url)?.[1];
  if (scheme !== undefined && !/^https?$/i.test(scheme)) {
    report(["url"], `${scheme}: is no HTTP: write http://… or https://…`);
  } else if (scheme !== undefined || url.startsWith("${{")) checkHome(url, report, connection);
  else if (typeof connection.baseUrl !== "string") {
    report(["url"], `"${url}" is relative: name a target that has a baseUrl, or write https://… in full`);
  }
}

/** What is configured for a target goes to an origin that the config names, never where data leads. */
function checkHome(url: string, report: ReportProblem, connection: ValueMap): void {
  if (connection.baseUrl || namesItsHost(url)) return;
  for (const key of ["headers", "auth"]) {
    if (!connection[key]) continue;
    report(
      ["url"],
      `the ${key} of the target or the defaults go to no host that data names: ` +
        `name a target that has a baseUrl, or write "${key}" in this task`,
    );
  }
}

function checkMethod({ method }: ValueMap, report: ReportProblem): void {
  if (typeof method !== "string" || method.includes("${{") || /^(?!connect$)[A-Za-z-]+$/i.test(method)) {
    return;
  }
  report(["method"], `${JSON.stringify(method)} is no method of an HTTP request: write GET, POST, …`);
}

function checkHeaders({ headers, auth }: ValueMap, report: ReportProblem): void {
  if (!isValueMap(headers)) return;
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== "string") continue;
    if (/^authorization$/i.test(name) && isValueMap(auth)) {
      report(["auth"], `"auth" and the header "${name}" say two things: leave out one of them`, {
        on: "key",
      });
    }
    const wrong = value.includes("${{") ? undefined : headerFault(name, value);
    if (wrong !== undefined) report(["headers", name], wrong);
  }
}

function checkConnection(spec: ValueMap, report: ReportProblem, { network, proxy, tls }: ValueMap): void {
  const at = (key: string) => spec[key] === undefined ? [] : [key];
  if (network === "public" && typeof proxy === "string" && proxy !== "none") {
    const message = '"network: public" cannot be kept through a proxy, which alone knows what it dials';
    report(at("proxy"), `${message}: leave out one of them`);
  }
  if (isValueMap(tls) && (typeof tls.cert === "string") !== (typeof tls.key === "string")) {
    report(at("tls"), "a client certificate needs both tls.cert and tls.key: write the other one too");
  }
}

function withoutNulls(spec: ValueMap): ValueMap {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== null));
}
