import { day, moment } from '../../lib/dates.ts';
import { app } from './app.svelte.ts';

const steps: [Intl.RelativeTimeFormatUnit, number][] = [['minute', 60], ['hour', 3600], ['day', 86_400]];

/** A time as one says it: within a month how long ago, before that the day. */
export function ago(time: string, now = Date.now()): string {
  const seconds = (new Date(time).getTime() - now) / 1000;
  if (Math.abs(seconds) < 60) return app.t.time.now;
  if (Math.abs(seconds) > 30 * 86_400) return day(time, app.language);
  const [unit, length] = steps.findLast(([, length]) => Math.abs(seconds) >= length)!;
  return new Intl.RelativeTimeFormat(app.language, { numeric: 'auto' }).format(Math.trunc(seconds / length), unit);
}

export const exactly = (time: string) => moment(time, app.language);
