/** Lets the event loop have a turn, for timers, input and signals; a timer of 0 ms takes 4 in browsers. */
export function turn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };
  return new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve);
    else if (typeof MessageChannel === "function") {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    } else if (typeof setTimeout === "function") setTimeout(resolve);
    // a bare vm context has no event loop of its own
    else resolve();
  });
}
