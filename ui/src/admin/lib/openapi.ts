import { resource } from './sign-in.ts';
import type { OpenAPI } from './fields.ts';

let document: Promise<OpenAPI> | undefined;

/** What the API says of itself, asked for once. */
export const openAPI = (): Promise<OpenAPI> => {
  document ??= fetch(`${resource()}/openapi.json`).then((response) => response.json());
  document.catch(() => { document = undefined; });
  return document;
};
