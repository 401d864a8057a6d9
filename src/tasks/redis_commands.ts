/** Commands that change nothing, by the flag `readonly` that Redis 7 gives them, and some that ask about the server. */
const readers: ReadonlySet<string> = new Set(
  (
    "bitcount bitfield_ro bitpos dbsize dump eval_ro evalsha_ro exists expiretime fcall_ro geodist geohash geopos " +
    "georadius_ro georadiusbymember_ro geosearch get getbit getrange hexists hget hgetall hkeys hlen hmget hrandfield " +
    "hscan hstrlen hvals keys lcs lindex llen lolwut lpos lrange memory|usage mget object|encoding object|freq " +
    "object|idletime object|refcount pexpiretime pfcount pttl randomkey scan scard sdiff sinter sintercard sismember " +
    "smembers smismember sort_ro srandmember sscan strlen substr sunion touch ttl type xinfo|consumers xinfo|groups " +
    "xinfo|stream xlen xpending xrange xread xrevrange zcard zcount zdiff zinter zintercard zlexcount zmscore " +
    "zrandmember zrange zrangebylex zrangebyscore zrank zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore " +
    "zunion command echo info lastsave ping role time"
  ).split(" "),
);

/** Commands that may wait on the server for something to happen, and can be let go of. */
const waiters: ReadonlySet<string> = new Set(
  "blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin xread xreadgroup".split(" "),
);

/** Commands after which a connection is not what the next command takes it for. */
const changers: ReadonlySet<string> = new Set(
  "asking auth client quit readonly readwrite reset".split(" "),
);

/** Commands that take a connection over, or never answer. */
const endless: ReadonlySet<string> = new Set(
  "monitor psubscribe psync punsubscribe replconf ssubscribe subscribe sunsubscribe sync unsubscribe client|reply"
    .split(" "),
);

const script = 'write one script for what belongs together, [EVAL, "redis.call(…)", …]';

/** Commands that speak of the commands after them on their connection, and what to write instead. */
const forConnections: { readonly [command: string]: string } = {
  multi: script,
  exec: script,
  discard: script,
  watch: script,
  unwatch: script,
  select: "write the database at the end of the URL, as in redis://host:6379/3",
  hello: "fanout has chosen the protocol, and takes name and password from the URL",
};

/** Changes nothing, so that it may be repeated. False for a command that is not known. */
export function isReader(words: readonly string[]): boolean {
  return isIn(readers, words);
}

/** May wait on the server. */
export function isWaiter(words: readonly string[]): boolean {
  return isIn(waiters, words);
}

/** Leaves its connection in another state. */
export function isChanger(words: readonly string[]): boolean {
  return isIn(changers, words);
}

/** Why a command can be no task: it does not answer once, or acts on nothing but a connection that no other task has. */
export function whyNoTask(words: readonly string[]): string | undefined {
  const name = words[0] ?? "";
  if (isIn(endless, words)) return `${name} does not answer once: it cannot be a task`;
  const instead = forConnections[name.toLowerCase()];
  return instead &&
    `${name} says nothing to the next command, which may go by another connection: ${instead}`;
}

function isIn(commands: ReadonlySet<string>, [command = "", subcommand = ""]: readonly string[]): boolean {
  const name = command.toLowerCase();
  return commands.has(name) || commands.has(`${name}|${subcommand.toLowerCase()}`);
}
