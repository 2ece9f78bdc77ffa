// Streams (scripts/packModule.ts writes them) to the module they were made of: a tenth of a millisecond. JavaScript, which
// the engine still interprets at that time, takes twenty.

/** What follows the bytes of an operation: nothing (0), a local, a number of the streams from NUMBERS on, the next function. */
const LOCAL: u32 = 1;
const NUMBER: u32 = 2;
const END: u32 = 5;

/** The streams in their order. */
const HEAD: u32 = 0;
const TABLE: u32 = 1;
const PARAMETERS: u32 = 2;
const TYPES: u32 = 3;
const OPERATIONS: u32 = 4;
const LOCALS: u32 = 5;
const NUMBERS: u32 = 6;
const TAIL: u32 = 9;
const STREAMS: u32 = 10;

/** Each stream's next byte, each entry of the table, the function's locals from the one used last on, and its body. */
const NEXT: usize = 0;
const ENTRIES: usize = 1024;
const RECENT: usize = 2048;
const BODY: usize = 4096;
/** Where the streams are put; the module is written behind them. */
const PACKED: usize = 65536;

let at: usize;

/** An LEB128 number at `at`. */
function read(): u32 {
  let value: u32 = 0;
  let shift: u32 = 0;
  let byte: u32;
  do {
    byte = load<u8>(at++);
    value |= (byte & 127) << shift;
    shift += 7;
  } while (byte > 127);
  return value;
}

function write(to: usize, value: u32): usize {
  for (; value > 127; value >>= 7) store<u8>(to++, value | 128);
  store<u8>(to, value);
  return to + 1;
}

/** A loop: most are one or two bytes, for which memory.copy takes ten times as long. */
function append(to: usize, from: usize, bytes: usize): usize {
  const end = to + bytes;
  while (to < end) store<u8>(to++, load<u8>(from++));
  return end;
}

function place(stream: u32): usize {
  return load<usize>(NEXT + (stream << 2));
}

function next(stream: u32): u32 {
  const p = place(stream);
  store<usize>(NEXT + (stream << 2), p + 1);
  return load<u8>(p);
}

/** Parameters of the next function, its first locals. */
function begin(): u32 {
  const parameters = next(PARAMETERS);
  for (let i: u32 = 0; i < parameters; i++) store<u16>(RECENT + (i << 1), i);
  return parameters;
}

/** Writes the runs of locals of one type, and returns how many there are. */
function declare(count: u32): u32 {
  let runs: u32 = 0;
  let last: u32 = 0;
  let length: u32 = 0;
  for (; count > 0; count--) {
    const type = next(TYPES);
    if (type != last && length > 0) {
      at = write(write(at, length), last);
      length = 0;
      runs++;
    }
    last = type;
    length++;
  }
  if (length == 0) return 0;
  at = write(write(at, length), last);
  return runs + 1;
}

/** The module goes behind the streams; returns its end. */
export function unpack(): usize {
  at = PACKED;
  for (let i: u32 = 0; i < STREAMS; i++) store<u32>(NEXT + (i << 2), read());
  for (let i: u32 = 0; i < STREAMS; i++) {
    const length = place(i);
    store<usize>(NEXT + (i << 2), at);
    at += length;
  }
  const module = at;
  const operations = place(LOCALS);
  for (let entry = place(TABLE), i: u32 = 0; entry < place(PARAMETERS); entry += 2 + load<u8>(entry, 1), i++) {
    store<usize>(ENTRIES + (i << 2), entry);
  }
  let to = append(module, place(HEAD), place(TABLE) - place(HEAD));
  let body = BODY;
  let parameters = begin();
  let locals = parameters;
  let ranks = place(LOCALS);
  for (let operation = place(OPERATIONS); operation < operations; operation++) {
    let entry = load<usize>(ENTRIES + ((<usize>load<u8>(operation)) << 2));
    const follows: u32 = load<u8>(entry);
    const end = entry + 2 + load<u8>(entry, 1);
    for (entry += 2; entry < end; entry++) store<u8>(body++, load<u8>(entry));
    if (follows == LOCAL) {
      const rank: u32 = load<u8>(ranks++);
      const others = rank ? rank - 1 : locals;
      const local: u32 = rank ? load<u16>(RECENT + (others << 1)) : locals++;
      for (let p: usize = RECENT + (others << 1); p > RECENT; p -= 2) store<u16>(p, load<u16>(p - 2));
      store<u16>(RECENT, local);
      body = write(body, local);
    } else if (follows == END) {
      at = body;
      const runs = declare(locals - parameters);
      const size = <u32>(at - BODY);
      to = write(write(to, size + (runs > 127 ? 2 : 1)), runs);
      to = append(append(to, body, at - body), BODY, body - BODY);
      body = BODY;
      parameters = begin();
      locals = parameters;
    } else if (follows >= NUMBER) {
      const stream = NUMBERS - NUMBER + follows;
      let number = place(stream);
      let byte: u32;
      do {
        byte = load<u8>(number++);
        store<u8>(body++, byte);
      } while (byte > 127);
      store<usize>(NEXT + (stream << 2), number);
    }
  }
  return append(to, place(TAIL), module - place(TAIL));
}
