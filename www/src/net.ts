/** Addresses: is one in the network of another? */

function bitsOf(address: string): { bits: bigint; size: number } | null {
  if (!address.includes(":")) {
    const parts = address.split(".").map(Number);
    if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return null;
    return { bits: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n), size: 32 };
  }
  const [head = "", tail] = address.split("::");
  const words = (text: string) => (text === "" ? [] : text.split(":"));
  const [front, back] = [words(head), words(tail ?? "")];
  const missing = tail === undefined ? 0 : 8 - front.length - back.length;
  const all = [...front, ...Array<string>(Math.max(0, missing)).fill("0"), ...back];
  if (all.length !== 8 || all.some((word) => !/^[0-9a-fA-F]{1,4}$/.test(word))) return null;
  return { bits: all.reduce((sum, word) => sum * 65536n + BigInt(Number.parseInt(word, 16)), 0n), size: 128 };
}

/** network: "192.0.2.7/24". */
export function contains(network: string, address: string): boolean {
  const [base = "", length = ""] = network.split("/");
  const [a, b] = [bitsOf(base), bitsOf(address)];
  if (a === null || b === null || a.size !== b.size) return false;
  const shift = BigInt(a.size - Number(length));
  return a.bits >> shift === b.bits >> shift;
}
