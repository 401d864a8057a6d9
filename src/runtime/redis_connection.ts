import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { cancelledTrouble, socketTrouble } from "./database_trouble.ts";
import type {
  Opening,
  RedisCommand,
  RedisSession,
  RunningCommand,
  ServerOptions,
  Trouble,
} from "./databases.ts";
import { type RedisReply, ReplyReader } from "./redis_reply.ts";

/** The other side ended the connection. */
export class ConnectionClosed extends Error {
  readonly code = "ECONNRESET";
}

/** How long a blocking command has to be let go of on the server, before the connection is closed without a word. */
const unblockMs = 1_000;

/** A command that was sent, and what becomes of its reply. */
interface Sent {
  readonly settle: (reply: RedisReply | Trouble) => void;
}

/** A connection that stands. Invariant: replies come in the order of what was sent; after `ended` nothing is sent any more. */
export class RedisConnection implements RedisSession {
  private readonly socket: Socket;
  /** Opens another connection to the same server, to let go of a blocking command by. */
  private readonly another: () => Opening<RedisSession>;
  private readonly reader = new ReplyReader((reply) => this.take(reply));
  private readonly closed: Promise<void>;
  private readonly sent: Sent[] = [];
  private clientId: string | undefined;
  /** What the server said without being asked, before it hung up. */
  farewell: Trouble | undefined;
  private ended = false;

  constructor(socket: Socket, another: () => Opening<RedisSession>) {
    this.socket = socket;
    this.another = another;
    socket.on("data", (chunk: Uint8Array) => this.reader.push(chunk));
    socket.on("error", (error) => this.end(socketTrouble(error, true)));
    this.closed = new Promise((resolve) =>
      socket.once("close", () => {
        this.end(socketTrouble(new ConnectionClosed(), true));
        resolve();
      })
    );
  }

  get usable(): boolean {
    return !this.ended;
  }

  /** All at once. A server that does not tell a client its number unblocks none by it either. */
  async signIn({ user, password, database }: ServerOptions): Promise<RedisSession | Trouble> {
    const auth = password === null ? [] : [["AUTH", ...(user === null ? [] : [user]), password]];
    const select = database === null ? [] : [["SELECT", database]];
    const replies = [...auth, ...select, ["CLIENT", "ID"]].map((command) => this.send(command));
    const id = await replies.pop()!;
    for (const [index, pending] of replies.entries()) {
      const reply = await pending;
      if (reply.kind === "value") continue;
      this.socket.destroy();
      const trouble = troubleOf(reply);
      const isAuth = index < auth.length && !trouble.lost && trouble.code !== "MAXCLIENTS";
      return { ...trouble, lost: false, code: isAuth ? "WRONGPASS" : trouble.code };
    }
    if (id.kind === "value") this.clientId = String(id.value);
    else if (id.kind !== "error" || !/^(NOPERM|ERR (unknown|syntax|wrong))/i.test(id.message)) {
      this.socket.destroy();
      return { ...troubleOf(id), lost: false };
    }
    return this;
  }

  run({ words, maxBytes, blocks }: RedisCommand): RunningCommand {
    let cancelled = false;
    let unanswered = true;
    this.reader.maxBytes = maxBytes;
    const ended = this.send(words).then((reply) => {
      unanswered = false;
      // Let go of, a command answers as if its own time had run out: it took nothing.
      const isLetGo = cancelled && reply.kind === "value" && reply.value === null;
      if (isLetGo) return cancelledTrouble(false);
      if (reply.kind === "value") return { kind: "reply" as const, value: reply.value };
      return cancelled && reply.kind !== "error" ? cancelledTrouble(true) : troubleOf(reply);
    });
    return {
      ended,
      cancel: () => {
        if (cancelled || !unanswered) return;
        cancelled = true;
        this.ended = true;
        if (blocks && this.clientId !== undefined) this.unblock(this.clientId);
        else this.socket.destroy();
      },
    };
  }

  async close(): Promise<void> {
    this.ended = true;
    if (this.sent.length > 0) this.socket.destroy();
    else this.socket.end();
    const timer = setTimeout(() => this.socket.destroy(), 500);
    await this.closed;
    clearTimeout(timer);
  }

  private send(words: readonly (string | Uint8Array)[]): Promise<RedisReply | Trouble> {
    if (this.ended) return Promise.resolve(this.farewell ?? socketTrouble(new ConnectionClosed(), false));
    const { promise, resolve } = Promise.withResolvers<RedisReply | Trouble>();
    this.sent.push({ settle: resolve });
    this.socket.write(encode(words));
    return promise;
  }

  private take(reply: RedisReply): void {
    const sent = this.sent.shift();
    if (reply.kind === "broken" || sent === undefined) {
      this.farewell ??= reply.kind === "value" ? undefined : { ...troubleOf(reply), lost: false };
      this.ended = true;
      this.socket.destroy();
    }
    sent?.settle(reply);
  }

  private end(trouble: Trouble): void {
    this.ended = true;
    for (const { settle } of this.sent.splice(0)) settle(trouble);
  }

  private async unblock(clientId: string): Promise<void> {
    const opening = this.another();
    const timer = setTimeout(() => {
      opening.cancel();
      this.socket.destroy();
    }, unblockMs);
    this.socket.once("close", () => clearTimeout(timer));
    const other = await opening.opened;
    if ("kind" in other) return void this.socket.destroy();
    const { ended } = other.run({ words: ["CLIENT", "UNBLOCK", clientId], maxBytes: 1024, blocks: false });
    const answer = await ended;
    // It answers 1 when somebody was let go of. A reply that is on its way arrives before the end of its connection.
    if (answer.kind !== "reply" || answer.value !== 1) this.socket.end();
    await other.close();
  }
}

function troubleOf(reply: RedisReply | Trouble): Trouble {
  switch (reply.kind) {
    case "trouble":
      return reply;
    case "broken":
      return { kind: "trouble", code: reply.code, message: reply.message, lost: reply.code === "PROTOCOL" };
    case "error": {
      const code = /^ERR max number of clients/i.test(reply.message)
        ? "MAXCLIENTS"
        : reply.message.split(" ", 1)[0]!;
      return { kind: "trouble", code, message: reply.message, lost: false };
    }
    case "value":
      throw new Error("a value is no trouble");
  }
}

/** A command as Redis reads it: a list of texts of known length. */
function encode(words: readonly (string | Uint8Array)[]): Uint8Array {
  const pieces = words.map((word) => typeof word === "string" ? Buffer.from(word) : word);
  const lines = pieces.flatMap((piece) => [Buffer.from(`$${piece.length}\r\n`), piece, lineEnd]);
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...lines]);
}

const lineEnd = Buffer.from("\r\n");
