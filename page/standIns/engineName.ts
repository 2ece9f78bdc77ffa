/** What runs the page: the browser's name and version, and its system. */
export function browserName(userAgent: string): string {
  const system = /\(([^)]*)\)/.exec(userAgent)?.[1] ?? "";
  const names = [
    /Firefox\/[\d.]+/,
    /Edg\/[\d.]+/,
    /Chrome\/[\d.]+/,
    /Version\/[\d.]+(?=.*Safari)/,
    /AppleWebKit\/[\d.]+/,
  ];
  const found = names.map((name) => name.exec(userAgent)?.[0]).find(Boolean);
  const name = found?.replace("/", " ").replace("Version", "Safari").replace("Edg ", "Edge ") ?? "a browser";
  return system === "" ? name : `${name} (${system})`;
}

export const engineName = (): string => browserName(navigator.userAgent);

export const thisEngine = engineName;
