const localeOf = (language: string) =>
  navigator.languages.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language;

/** A time of RFC 3339 to the minute, as the person writes it. */
export function moment(time: string, language: string): string {
  return new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(time));
}

/** The day of a time of RFC 3339, as the person writes it: with the browser's own region where it speaks the page's language. */
export function day(time: string, language: string): string {
  return new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'medium' }).format(new Date(time));
}
