/** Fills `into` from a place on and says how much: less than its length only at the end. */
export type ReadAt = (into: Uint8Array, position: number) => Promise<number>;

/** Pieces of bytes that come one by one. */
export interface Chunks extends AsyncIterable<Uint8Array> {
  /** Lets them go, also while the next one is waited for. */
  destroy?(): unknown;
}

/** A member of a zip archive. */
export interface Member {
  readonly name: string;
  /** Bytes, when it is unpacked. */
  readonly size: number;
  /** Of its bytes, as the archive says. */
  readonly checksum: number;
  readonly isEncrypted: boolean;
  /** Unpacks it as it is read. */
  open(): Promise<Chunks>;
  /** Where its bytes begin in the archive; undefined of one that is packed, or where nobody asks. */
  begin?(): Promise<number> | undefined;
}

/** A zip archive that is open. */
export interface Archive {
  members(): AsyncIterable<Member>;
  close(): void;
}

/** Opens an archive whose bytes can be read from anywhere. */
export type OpenArchive = (readAt: ReadAt, size: number) => Promise<Archive>;
