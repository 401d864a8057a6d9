import { stringify } from "yaml";
import { version } from "../../model/version.ts";
import { type ScheduledJob, shellQuoted, unitName } from "./scheduled_job.ts";

/** Longer names leave no room for what Kubernetes adds to those of its jobs. */
const longestName = 52;

/**
 * A CronJob that takes the config from a ConfigMap and secrets from a Secret, both of its own name; the comment above it
 * says how they are made. A ConfigMap is read-only: the config lies in a directory of the pod, where it can write beside
 * it what it is told to.
 */
export function kubernetesCronJob(job: ScheduledJob, image: string | null): string {
  const name = unitName(job).toLowerCase().slice(0, longestName).replace(/-+$/, "");
  const ownName = job.file.replace(/^.*\//, "");
  // Keys of a ConfigMap are made of letters, digits and a few signs.
  const key = /^[-._A-Za-z0-9]+$/.test(ownName) ? ownName : `${name}.yaml`;
  const fromSecret = (variable: string, optional: boolean) => ({
    name: variable,
    valueFrom: { secretKeyRef: { name, key: variable, ...(optional ? { optional } : {}) } },
  });
  const graceSeconds = Math.ceil(job.graceMs / 1_000) + 10;
  const manifest = {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name },
    spec: {
      schedule: job.at.text,
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 300,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        spec: {
          // What may be repeated fanout itself repeats.
          backoffLimit: 0,
          ...(job.timeoutMs === null
            ? {}
            : { activeDeadlineSeconds: Math.ceil(job.timeoutMs / 1_000) + graceSeconds + 60 }),
          template: {
            spec: {
              restartPolicy: "Never",
              terminationGracePeriodSeconds: graceSeconds,
              containers: [{
                name: "fanout",
                image: image ?? `fanout:${version}`,
                args: ["run", `/work/${key}`, ...job.command.slice(job.command.indexOf(job.file) + 1)]
                  // `$(NAME)` would be replaced, and `$$` stands for one `$`.
                  .map((word) => word.replaceAll("$", "$$$$")),
                env: [
                  { name: "XDG_STATE_HOME", value: "/work/.state" },
                  ...job.secretVariables.map((variable) => fromSecret(variable, false)),
                  ...job.paramVariables.map((variable) => fromSecret(variable, true)),
                ],
                volumeMounts: [
                  { name: "work", mountPath: "/work" },
                  { name: "config", mountPath: `/work/${key}`, subPath: key, readOnly: true },
                ],
              }],
              volumes: [
                { name: "config", configMap: { name } },
                { name: "work", emptyDir: {} },
              ],
            },
          },
        },
      },
    },
  };
  const literals = [...job.secretVariables, ...job.paramVariables].map((variable) =>
    ` --from-literal=${variable}=…`
  );
  const secret = literals.length === 0 ? "" : `# kubectl create secret generic ${name}${literals.join("")}\n`;
  return `# kubectl create configmap ${name} --from-file=${shellQuoted(`${key}=${job.file}`)}\n${secret}` +
    "# The schedule is in the cluster's time zone, mostly UTC; spec.timeZone names another.\n" +
    "# Reports and what is saved end with the pod, but for a persistentVolumeClaim in place of emptyDir.\n" +
    stringify(manifest, { lineWidth: 110 });
}
