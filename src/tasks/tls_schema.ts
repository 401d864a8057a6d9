import { flag, settings, text, within } from "../schema/words.ts";

const pem = text("Path of a PEM file, relative to the config, or PEM text itself.");

/** TLS of a connection, the same for every kind that makes one. */
export const tlsSettings = within(
  "plan",
  settings({
    ca: pem,
    cert: pem,
    key: pem,
    serverName: text("The name the certificate is checked against."),
    insecure: flag({ description: "Accept any certificate. For tests only.", default: false }),
  }, "TLS: own authorities and client certificates."),
);
