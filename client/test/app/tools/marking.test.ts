import { expect, it } from 'vitest';
import { attributeText, parseAttributes } from '../../../src/app/tools/marking';

it('attributes are read a line each, and written the same', () => {
  const text = ' colour =  brown, dark  black ,brown\ntame ?\n\nnote\nnote?\n= x';
  const rules = parseAttributes('dog', text);
  expect(rules).toEqual([
    { class: 'dog', name: 'colour', kind: 'select', values: ['brown', 'dark black'] },
    { class: 'dog', name: 'tame', kind: 'checkbox' },
    { class: 'dog', name: 'note', kind: 'text' },
  ]);
  expect(attributeText(rules)).toBe('colour = brown, dark black\ntame?\nnote');
  expect(parseAttributes('dog', attributeText(rules))).toEqual(rules);
  expect(parseAttributes('dog', ' \n=\n')).toEqual([]);
});
