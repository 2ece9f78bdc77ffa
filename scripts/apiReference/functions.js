import { Converter, ReflectionKind } from "typedoc";

/** Warns of public functions without a comment: of overloads one has it, and the functions of Losses are properties. */
export function load({ converter, logger }) {
  converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const losses = project.getReflectionsByKind(ReflectionKind.Interface).find(({ name }) => name === "Losses");
    const functions = project.getReflectionsByKind(ReflectionKind.FunctionOrMethod);
    for (const reflection of [...functions, ...losses.children]) {
      const commented = [reflection, ...(reflection.signatures ?? [])].some((it) => it.hasComment());
      if (!commented) logger.warn(`${reflection.getFullName()} has no comment`);
    }
  });
}
