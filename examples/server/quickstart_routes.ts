import { counter, type Handler, route, steady } from "./routes.ts";

const names = [
  "Ada Lovelace",
  "Grace Hopper",
  "Barbara Liskov",
  "Edsger Dijkstra",
  "Katherine Johnson",
  "Donald Knuth",
  "Radia Perlman",
  "Tony Hoare",
  "Hedy Lamarr",
  "Alan Turing",
  "Margaret Hamilton",
  "Niklaus Wirth",
  "Frances Allen",
  "John McCarthy",
  "Shafi Goldwasser",
  "Dennis Ritchie",
  "Lynn Conway",
  "Ken Thompson",
  "Adele Goldberg",
  "Leslie Lamport",
  "Sophie Wilson",
  "Butler Lampson",
  "Karen Sparck Jones",
  "Robin Milner",
];

const cities = ["berlin", "lima", "nairobi", "osaka", "quito", "turin"];

/** Users with their details, and the weather: slow, and now and then out of order. */
export function quickstartRoutes(): Handler[] {
  const calls = counter();
  return [
    route("GET", "/users", () => ({
      json: { users: names.map((name, at) => ({ id: at + 1, name })) },
      delayMs: 60,
    })),
    route("GET", "/users/:id", ({ id }) => {
      const name = names[Number(id) - 1];
      const delayMs = 80 + Math.round(300 * steady(`user ${id}`));
      if (name === undefined) return { status: 404, json: { error: "no such user" }, delayMs };
      // Every fourth is out of order the first time it is asked for.
      if (Number(id) % 4 === 0 && calls(`user ${id}`) === 1) {
        return { status: 502, text: "come again", delayMs };
      }
      const commits = Math.floor(5_000 * steady(name));
      return { json: { id: Number(id), name, commits, active: true }, delayMs };
    }),
    route("GET", "/weather/:city", ({ city }, { url }) => {
      const delayMs = 40 + Math.round(200 * steady(`weather ${city}`));
      if (!cities.includes(city!)) return { status: 404, json: { error: `no weather in ${city}` }, delayMs };
      const celsius = Math.round(35 * steady(city!));
      const isMetric = url.searchParams.get("units") !== "imperial";
      return {
        json: { city, degrees: isMetric ? celsius : Math.round(celsius * 1.8 + 32) },
        delayMs,
      };
    }),
  ];
}
