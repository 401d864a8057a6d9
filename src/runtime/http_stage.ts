import type { Socket } from "node:net";
import type { HttpFailureReason } from "./http_port.ts";

/** One stage of a dial, under way. It tells how it ended once, and never before the call that began it has returned. */
export interface Stage {
  /** Closes what was opened; nobody is told anything more. */
  cancel(): void;
}

/** A connection over which requests of its route may go. */
export interface Connection {
  readonly socket: Socket;
  /** The address that was dialled; null behind a proxy. */
  readonly address: string | null;
}

/** Why a stage failed. Nothing of a request was sent. */
export class DialError {
  constructor(
    readonly reason: HttpFailureReason,
    /** The system's own word. */
    readonly code: string,
    readonly message: string,
  ) {}
}

/** The system's word for an error; `UNKNOWN` when it has none. */
export function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : "UNKNOWN";
}

/** Closes a socket that nobody needs any more. What it still has to say must not end the process. */
export function discard(socket: Socket): void {
  socket.removeAllListeners("error");
  socket.on("error", () => {});
  socket.destroy();
}
