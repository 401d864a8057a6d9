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
  "asking auth client discard exec hello multi quit readonly readwrite reset select unwatch watch".split(" "),
);

/** Commands that take a connection over, or never answer. */
const endless: ReadonlySet<string> = new Set(
  "monitor psubscribe psync punsubscribe replconf ssubscribe subscribe sunsubscribe sync unsubscribe client|reply"
    .split(" "),
);

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

/** Does not answer once, as a task needs it. */
export function isEndless(words: readonly string[]): boolean {
  return isIn(endless, words);
}

function isIn(commands: ReadonlySet<string>, [command = "", subcommand = ""]: readonly string[]): boolean {
  const name = command.toLowerCase();
  return commands.has(name) || commands.has(`${name}|${subcommand.toLowerCase()}`);
}
