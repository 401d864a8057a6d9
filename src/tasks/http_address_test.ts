import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type AddressClass, classifyAddress, isAddress } from "./http_address.ts";

const table: readonly (readonly [AddressClass, ...string[]])[] = [
  [
    "public",
    "8.8.8.8",
    "1.1.1.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "100.128.0.1",
    "223.255.255.255",
  ],
  [
    "public",
    "2606:4700::1111",
    "2a00:1450:4001:82a::200e",
    "2001:4860:4860::8888",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
  ],
  ["public", "2002:0808:0808::1"],
  [
    "private",
    "10.0.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "192.168.1.1",
    "172.16.0.1",
    "172.31.255.255",
    "0.0.0.0",
  ],
  [
    "private",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
  ],
  [
    "private",
    "::1",
    "::",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    "2001::1",
    "100::1",
    "5f00::1",
  ],
  [
    "private",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:7f00:1::",
    "64:ff9b:1::8.8.8.8",
  ],
  ["private", "::ffff:0:10.0.0.1", "0:0:0:0:0:ffff:a00:1", "::FFFF:10.0.0.1"],
  [
    "link_local",
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "::ffff:169.254.169.254",
  ],
  ["link_local", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"],
  [
    "metadata",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "FD00:EC2:0:0:0:0:0:254",
    "::ffff:168.63.129.16",
  ],
  [
    "private",
    "no address",
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    ":::",
    "1::2::3",
    "12345::",
    "::1.2.3",
    "0x7f.1",
    "2130706433",
  ],
];

for (const [expected, ...addresses] of table) {
  test(`classifyAddress() calls ${addresses[0] || "nothing"} and others like it ${expected}`, () => {
    for (const address of addresses) assert.equal(classifyAddress(address), expected, address);
  });
}

test("classifyAddress() gives an IPv4 address and its mapped spellings the same class", () => {
  fc.assert(fc.property(fc.ipV4(), (address) => {
    const expected = classifyAddress(address);
    const [a, b, c, d] = address.split(".").map(Number) as [number, number, number, number];
    const hex = `${(a << 8 | b).toString(16)}:${(c << 8 | d).toString(16)}`;
    for (const spelling of [`::ffff:${address}`, `::ffff:${hex}`, `64:ff9b::${hex}`, `2002:${hex}::`]) {
      assert.equal(classifyAddress(spelling), expected, spelling);
    }
  }));
});

test("isAddress() takes whole addresses only", () => {
  for (const text of ["127.0.0.1", "::1", "fe80::1%2"]) assert.ok(isAddress(text), text);
  for (const text of ["localhost", "1.2.3", "[::1]", "1.2.3.4:80", "a:b"]) assert.ok(!isAddress(text), text);
});
