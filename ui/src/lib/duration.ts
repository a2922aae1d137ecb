const units = [['hour', 3600], ['minute', 60], ['second', 1]] as const;

/** A time to wait, in words and rounded up, never down: 30 → "30 seconds", 61 → "2 minutes". Empty if unknown. */
export function inWords(seconds: number | undefined, language: string): string {
  if (!seconds || seconds <= 0) return '';
  const [unit, size] = units.find(([, size]) => seconds >= size) ?? units[2];
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(Math.ceil(seconds / size));
}
