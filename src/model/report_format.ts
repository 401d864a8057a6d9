/** What a report can be shown as. */
export const reportFormats = ["text", "json", "html", "junit", "prometheus", "markdown", "csv"] as const;

/** One of {@link reportFormats}. */
export type ReportFormat = (typeof reportFormats)[number];
