import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Certificates of an authority that lives as long as a test. PEM. */
export interface TestCertificates {
  readonly ca: string;
  /** For `localhost`, `127.0.0.1` and `::1`. */
  readonly server: KeyPair;
  /** For another name only. */
  readonly otherName: KeyPair;
  /** For `localhost` and `127.0.0.1`, until yesterday. */
  readonly expired: KeyPair;
  readonly client: KeyPair;
}

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Makes them with the `openssl` program, in about half a second. */
export function makeTestCertificates(): TestCertificates {
  const folder = mkdtempSync(join(tmpdir(), "fanout-certificates-"));
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const read = (file: string) => readFileSync(join(folder, file), "utf8");
  const keyOptions = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const issue = (name: string, names: string, days: readonly string[]): KeyPair => {
    writeFileSync(join(folder, "extensions"), `subjectAltName=${names}\nbasicConstraints=CA:FALSE\n`);
    openssl("req", ...keyOptions, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    openssl(
      ...["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
      ...["-extfile", "extensions", "-out", `${name}.pem`, ...days],
    );
    return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
  };
  try {
    openssl(
      "req",
      "-x509",
      ...keyOptions,
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-subj",
      "/CN=Test CA",
      "-days",
      "2",
    );
    const here = "DNS:localhost,IP:127.0.0.1,IP:::1";
    return {
      ca: read("ca.pem"),
      server: issue("server", here, ["-days", "2"]),
      otherName: issue("other", "DNS:other.test", ["-days", "2"]),
      expired: issue("expired", here, ["-days", "-1"]),
      client: issue("client", "DNS:client.test", ["-days", "2"]),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
