/**
 * Zip archives of members that are stored as they are, whose places are known before their bytes: what has to stand before and
 * behind these. Source: PKWARE's APPNOTE.
 */

/** A member of an archive. */
export interface StoredMember {
  readonly name: string;
  readonly size: number;
  /** Of its local header. */
  readonly offset: number;
}

/** From this on a size or a place is told in 64 bits, behind the others. */
const LIMIT = 0xffffffff;
/** 1980-01-01, the first day there is: so that the same rows give the same bytes. */
const DATE = 0x21;
const STORED = 0;

const uint16 = (n: number) => [n & 255, n >>> 8];
const uint32 = (n: number) => [...uint16(n & 65535), ...uint16(n >>> 16)];
const uint64 = (n: number) => [...uint32(n >>> 0), ...uint32(Math.floor(n / 2 ** 32))];

/** What local header and directory have in common, from the version that reads it on. */
function common({ name, size }: StoredMember, crc: number, extra: readonly number[], limit: number): number[] {
  const told = size >= limit ? LIMIT : size;
  return [
    ...uint16(extra.length > 0 ? 45 : 20),
    ...uint16(0),
    ...uint16(STORED),
    ...uint16(0),
    ...uint16(DATE),
    ...uint32(crc),
    ...uint32(told),
    ...uint32(told),
    ...uint16(name.length),
    ...uint16(extra.length),
  ];
}

const bytesOf = (ascii: string) => Array.from(ascii, (letter) => letter.charCodeAt(0));

/** The extra field with what takes 64 bits. */
const extraOf = (numbers: readonly number[]) =>
  numbers.length === 0 ? [] : [...uint16(1), ...uint16(8 * numbers.length), ...numbers.flatMap(uint64)];

/** What stands before the bytes of a member, of one length whatever the checksum. */
export function localHeader(member: StoredMember, crc: number, limit = LIMIT): Uint8Array {
  const extra = extraOf(member.size >= limit ? [member.size, member.size] : []);
  const name = bytesOf(member.name);
  return Uint8Array.from([...bytesOf("PK\x03\x04"), ...common(member, crc, extra, limit), ...name, ...extra]);
}

/** What stands behind all members, from the place `at` on; `checksums` are one a member. */
export function directory(
  members: readonly StoredMember[],
  checksums: readonly number[],
  at: number,
  limit = LIMIT,
): Uint8Array {
  const entries = members.flatMap((member, i) => {
    const { name, size, offset } = member;
    const extra = extraOf([...(size >= limit ? [size, size] : []), ...(offset >= limit ? [offset] : [])]);
    return [
      ...bytesOf("PK\x01\x02"),
      ...uint16(45),
      ...common(member, checksums[i], extra, limit),
      // comment, disk, attributes
      ...[...uint16(0), ...uint16(0), ...uint16(0), ...uint32(0)],
      ...uint32(offset >= limit ? LIMIT : offset),
      ...bytesOf(name),
      ...extra,
    ];
  });
  const size = entries.length;
  const isLarge = at >= limit;
  const count = uint64(members.length);
  const large = [
    ...bytesOf("PK\x06\x06"),
    ...uint64(44),
    ...[...uint16(45), ...uint16(45), ...uint32(0), ...uint32(0)],
    ...[...count, ...count, ...uint64(size), ...uint64(at)],
    ...bytesOf("PK\x06\x07"),
    ...[...uint32(0), ...uint64(at + size), ...uint32(1)],
  ];
  const end = [
    ...bytesOf("PK\x05\x06"),
    ...[...uint16(0), ...uint16(0), ...uint16(members.length), ...uint16(members.length)],
    ...[...uint32(size), ...uint32(isLarge ? LIMIT : at), ...uint16(0)],
  ];
  return Uint8Array.from([...entries, ...(isLarge ? large : []), ...end]);
}
