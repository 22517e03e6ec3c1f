// Makes an element, with properties and what is in it.
export const make = (tag, properties = {}, ...inside) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
};

// A name that breaks behind `_`, `=`, `,` or `/` where it has to, as names in tables do.
export const breakable = (text) => text.split(/(?<=[_=,/])/).flatMap((part, place) => (place ? [make("wbr"), part] : [part]));
