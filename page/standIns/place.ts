import type * as whole from "../../src/formats/place.ts";

/** A page writes to no place. */
const refuse = (): never => {
  throw new Error("the options: a page does not write to a disk");
};

export const placeOf: typeof whole.placeOf = refuse;
export const isReplaced: typeof whole.isReplaced = refuse;
export const temporaryOf: typeof whole.temporaryOf = refuse;
export const writtenTo: typeof whole.writtenTo = refuse;
export const identityOf: typeof whole.identityOf = refuse;
