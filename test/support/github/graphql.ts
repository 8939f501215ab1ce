// The few GraphQL questions a deploy bot asks, told apart by their shape; anything else is an error, never an empty answer.
import { type Actor, type Reply, ok } from "./http.ts";
import type { Json } from "./json.ts";
import type { World } from "./state.ts";

export async function graphql(_world: World, _actor: Actor, _body: Json): Promise<Reply> {
  return ok({ errors: [{ type: "UNKNOWN", message: "the double does not know this query" }] });
}
