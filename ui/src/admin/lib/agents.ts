const browsers: [RegExp, string][] = [
  [/Edg(e|A|iOS)?\//, 'Edge'], [/OPR\/|Opera/, 'Opera'], [/SamsungBrowser\//, 'Samsung Internet'], [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrom(e|ium)\/|CriOS\//, 'Chrome'], [/Version\/.*Safari\//, 'Safari'],
];
const systems: [RegExp, string][] = [
  [/iPhone|iPad/, 'iOS'], [/Android/, 'Android'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/CrOS/, 'ChromeOS'], [/Linux/, 'Linux'],
];

/** A browser by its name and system; what is not known as it says itself. */
export function agentOf(agent: string | undefined): string {
  const found = [browsers, systems].map((list) => list.find(([sign]) => sign.test(agent ?? ''))?.[1]);
  return found[0] ? found.filter(Boolean).join(', ') : agent ?? '';
}
