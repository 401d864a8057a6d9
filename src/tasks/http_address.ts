/** What an IP address is good for, as far as policy cares. */
export type AddressClass = "public" | "private" | "link_local" | "metadata";

/**
 * The class of an address in any spelling that the system gives: dotted, IPv6 with or without a zone. An IPv4 address
 * inside an IPv6 one (mapped, compatible, NAT64, 6to4) counts as itself. What is no address at all is `private`.
 */
export function classifyAddress(text: string): AddressClass {
  const words = parseAddress(text);
  if (words === null) return "private";
  const inner = embeddedIpv4(words);
  if (inner !== null) return classifyIpv4(inner);
  if (metadataIpv6.has(words.join(":"))) return "metadata";
  if ((words[0]! & 0xffc0) === 0xfe80) return "link_local";
  // Of what is routed today, all is in 2000::/3.
  if ((words[0]! & 0xe000) !== 0x2000) return "private";
  const isSpecial = specialIpv6.some(([first, second, bits]) => startsWith(words, first, second, bits));
  return isSpecial ? "private" : "public";
}

/** True for an IPv4 or IPv6 address, without brackets. */
export function isAddress(text: string): boolean {
  return parseAddress(text) !== null;
}

/** Where clouds keep their credentials, beside 169.254.0.0/16. */
const metadataIpv4 = new Set(
  ["100.100.100.200", "168.63.129.16", "192.0.0.192"].map((text) => parseIpv4(text)!),
);
const metadataIpv6 = new Set(
  ["fd00:ec2::254", "fd20:ce::254"].map((text) => parseIpv6(text)!.join(":")),
);

/** IANA's special-purpose registry: what is not reachable globally, as address and length of the prefix. */
const specialIpv4 = ([
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const).map(([address, bits]) => ({ first: parseIpv4(address)!, shift: 32 - bits }));

/** Within 2000::/3: two words and the length of the prefix. */
const specialIpv6 = [
  // Protocol assignments, Teredo among them.
  [0x2001, 0x0000, 23],
  // Documentation.
  [0x2001, 0x0db8, 32],
  [0x3fff, 0x0000, 20],
] as const;

function classifyIpv4(address: number): AddressClass {
  if (metadataIpv4.has(address)) return "metadata";
  if (address >>> 16 === 0xa9fe) return "link_local";
  const isSpecial = specialIpv4.some(({ first, shift }) => address >>> shift === first >>> shift);
  return isSpecial ? "private" : "public";
}

function startsWith(words: readonly number[], first: number, second: number, bits: number): boolean {
  const shift = 32 - bits;
  const start = (words[0]! << 16 | words[1]!) >>> 0;
  return start >>> shift === ((first << 16 | second) >>> 0) >>> shift;
}

/** The IPv4 address that packets to this one end at; null for a true IPv6 address. */
function embeddedIpv4(words: readonly number[]): number | null {
  const [a, b, c, d, e, f, g, h] = words as [number, number, number, number, number, number, number, number];
  const last = (g << 16 | h) >>> 0;
  if (a === 0 && b === 0 && c === 0 && d === 0) {
    if (e === 0 && (f === 0xffff || f === 0)) return last;
    // IPv4-translated, RFC 2765.
    if (e === 0xffff && f === 0) return last;
  }
  // NAT64, RFC 6052.
  if (a === 0x64 && b === 0xff9b && c === 0 && d === 0 && e === 0 && f === 0) return last;
  // 6to4, RFC 3056.
  if (a === 0x2002) return (b << 16 | c) >>> 0;
  return null;
}

/** Eight words; an IPv4 address as its mapped one. */
function parseAddress(text: string): readonly number[] | null {
  if (text.includes(":")) return parseIpv6(text.split("%")[0]!);
  const address = parseIpv4(text);
  return address === null ? null : [0, 0, 0, 0, 0, 0xffff, address >>> 16, address & 0xffff];
}

function parseIpv4(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const bytes = match.slice(1).map(Number);
  if (bytes.some((byte) => byte > 255)) return null;
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

function parseIpv6(text: string): readonly number[] | null {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted) {
    const address = parseIpv4(dotted[2]!);
    if (address === null) return null;
    return parseIpv6(`${dotted[1]}${(address >>> 16).toString(16)}:${(address & 0xffff).toString(16)}`);
  }
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half) => half === "" ? [] : half.split(":"));
  const missing = 8 - head!.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const words = [...head!, ...Array<string>(missing).fill("0"), ...(tail ?? [])];
  if (!words.every((word) => /^[0-9a-f]{1,4}$/i.test(word))) return null;
  return words.map((word) => parseInt(word, 16));
}
