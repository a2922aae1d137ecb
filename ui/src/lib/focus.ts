/** An attachment: the element takes the focus when it appears, in a task of its own, since that makes the browser lay out the page. */
export const takeFocus = (element: HTMLElement) => void setTimeout(() => element.focus());
