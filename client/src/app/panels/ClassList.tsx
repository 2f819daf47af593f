import { useRef, useState } from 'preact/hooks';
import { classColour, hexColour } from '../../canvas/palette';
import { classesOf, type ClassInUse } from '../../session/classes';
import type { App } from '../app';
import { Icon } from '../parts/icons';
import { keyTexts } from '../tools/keyMap';
import { classKey } from '../tools/keyTable';
import { chooseColour, createClasses, reorderClass, toggleClass, tryColour } from '../tools/labelling';
import * as say from '../wording/page';
import './ClassList.css';

/** What objects are called: choosing a class labels the selected object and those that come. */
export function ClassList({ app }: { readonly app: App }) {
  const { store } = app;
  const { classList } = store.session.value;
  const classes = classesOf(store.session.value);
  const [sought, seek] = useState('');
  const isSought = ({ name }: ClassInUse): boolean =>
    name.toLowerCase().includes(sought.trim().toLowerCase());
  const hasSearch = classes.length > MANY;
  return (
    <section class="section">
      <header class="section-head">
        <h2>{say.classes}</h2>
        <span>
          {classList.isVocabulary && <small>{say.inUse(classList.names.length)} </small>}
          <button
            type="button"
            class="link"
            title={say.classNamesHint}
            onClick={() => {
              store.classNamesOpen.value = true;
            }}
          >
            {say.classNames}
          </button>
        </span>
      </header>
      {hasSearch && <Search app={app} classes={classes.filter(isSought)} sought={sought} onSeek={seek} />}
      <ul class="classes" aria-label={say.classes}>
        {classes.map(
          (row, index) =>
            (!hasSearch || isSought(row)) && (
              <ClassItem
                key={row.name}
                app={app}
                row={row}
                index={index}
                isLast={index === classes.length - 1}
              />
            ),
        )}
      </ul>
      <NewClass app={app} />
    </section>
  );
}

/** Classes above which there is a field to search them by. */
const MANY = 12;

interface SearchProps {
  readonly app: App;
  /** Those that are found. */
  readonly classes: readonly ClassInUse[];
  readonly sought: string;
  readonly onSeek: (sought: string) => void;
}

/** Enter chooses the first that is found. */
const Search = ({ app, classes, sought, onSeek }: SearchProps) => (
  <input
    type="search"
    class="class-search"
    aria-label={say.searchClasses}
    placeholder={say.searchClasses}
    value={sought}
    onInput={({ currentTarget }) => onSeek(currentTarget.value)}
    onKeyDown={({ key }) => {
      if (key === 'Enter' && sought.trim() !== '' && classes[0]) toggleClass(app, classes[0].name);
    }}
  />
);

interface ItemProps {
  readonly app: App;
  readonly row: ClassInUse;
  readonly index: number;
  readonly isLast: boolean;
}

function ClassItem({ app, row: { name, count }, index, isLast }: ItemProps) {
  const isNext = app.store.nextLabel.value === name;
  const key = keyTexts(app, classKey(index));
  const objects = say.counted(count, 'object');
  return (
    <li class={isNext ? 'class active' : 'class'}>
      <ColourChoice app={app} name={name} />
      <button
        type="button"
        class="class-choice"
        aria-description={key === '' ? objects : say.withKey(objects, key)}
        aria-pressed={isNext}
        title={isNext ? say.comingAre(name) : name}
        onClick={() => toggleClass(app, name)}
      >
        <span class="class-name" dir="auto">
          {name}
        </span>
        <small aria-hidden="true">{count}</small>
        {key !== '' && <kbd aria-hidden="true">{key}</kbd>}
      </button>
      <button
        type="button"
        class="quiet move"
        aria-label={say.attributesOfClass(name)}
        title={say.attributesHint}
        onClick={() => (app.store.attributesOpen.value = name)}
      >
        <Icon name="fields" />
      </button>
      <MoveButton app={app} name={name} by={-1} isPossible={index > 0} />
      <MoveButton app={app} name={name} by={1} isPossible={!isLast} />
    </li>
  );
}

/** Dragging in the browser's picker only shows the colour; what it is left with is chosen. */
const ColourChoice = ({ app, name }: { readonly app: App; readonly name: string }) => (
  <input
    type="color"
    class="class-colour"
    aria-label={say.colourOfClass(name)}
    title={say.colourHint}
    value={hexColour(classColour(name, app.store.classColours.value))}
    onInput={({ currentTarget }) => tryColour(app, name, currentTarget.value)}
    onChange={({ currentTarget }) => chooseColour(app, name, currentTarget.value)}
  />
);

interface MoveProps {
  readonly app: App;
  readonly name: string;
  readonly by: -1 | 1;
  readonly isPossible: boolean;
}

const MoveButton = ({ app, name, by, isPossible }: MoveProps) => (
  <button
    type="button"
    class="quiet move"
    aria-label={say.moveClass(name, by < 0)}
    title={by < 0 ? say.moveUp : say.moveDown}
    disabled={!isPossible}
    onClick={() => reorderClass(app, name, by)}
  >
    <Icon name={by < 0 ? 'up' : 'down'} />
  </button>
);

function NewClass({ app }: { readonly app: App }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <form
      class="new-class"
      onSubmit={(event) => {
        event.preventDefault();
        if (field.current === null) return;
        createClasses(app, field.current.value);
        field.current.value = '';
      }}
    >
      <input
        ref={field}
        type="text"
        aria-label={say.newClass}
        placeholder={say.newClass}
        autocomplete="off"
      />
      <button type="submit" class="action" aria-label={say.addClass}>
        {say.add}
      </button>
    </form>
  );
}
