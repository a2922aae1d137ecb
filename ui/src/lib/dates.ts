/** The day of a time of RFC 3339, as the person writes it: with the browser's own region where it speaks the page's language. */
export function day(time: string, language: string): string {
  const locale = navigator.languages.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language;
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(new Date(time));
}
