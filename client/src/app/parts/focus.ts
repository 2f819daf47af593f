/** Keys of the page work where nothing is typed: on the canvas. */
export function focusCanvas(): void {
  document.querySelector<HTMLElement>('canvas[role=application]')?.focus({ preventScroll: true });
}
