/**
 * A user code as the device shows it, from what a person typed: neither case nor punctuation counts (RFC 8628 §6.1).
 * What is no code of eight characters stays as it was typed; whether it is one, the API says.
 */
export function tidy(typed: string): string {
  const code = typed.toUpperCase().replace(/[^A-Z0-9]/g, '');
  return code.length === 8 ? `${code.slice(0, 4)}-${code.slice(4)}` : typed.trim();
}
