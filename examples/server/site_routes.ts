import type { Handler, Reply } from "./routes.ts";

/**
 * Three web sites, asked for through a proxy: pages, moved ones, one that is gone, and one that answers no HEAD. How many
 * requests a site serves at a time is counted, since that is what a link checker promises.
 */
export function siteRoutes(): Handler[] {
  const sites = new Map<string, { running: number; peak: number; starts: number[] }>();
  return [
    ({ url }) => {
      if (url.pathname !== "/sites") return undefined;
      return {
        json: Object.fromEntries([...sites].map(([name, { peak, starts }]) => [name, { peak, starts }])),
      };
    },
    async ({ method, url }) => {
      const reply = pages[url.host]?.(url.pathname, method);
      if (reply === undefined) return undefined;
      const site = sites.get(url.host) ?? { running: 0, peak: 0, starts: [] };
      sites.set(url.host, site);
      site.peak = Math.max(site.peak, ++site.running);
      site.starts.push(Date.now());
      await new Promise((resolve) => setTimeout(resolve, 50));
      site.running--;
      return reply;
    },
  ];
}

const page: Reply = { text: "<h1>a page</h1>", headers: { "content-type": "text/html" } };
const moved = (location: string, status = 301): Reply => ({ status, headers: { location } });

const pages: { readonly [host: string]: (path: string, method: string) => Reply } = {
  "docs.example.com": (path) => path === "/guide/old-name" ? moved("/guide/new-name") : page,
  "shop.example.com": (path) =>
    path === "/gone"
      ? { status: 404 }
      : path === "/basket"
      ? moved("http://shop.example.com/cart", 302)
      : page,
  "blog.example.com": (path, method) => path === "/feed.xml" && method === "HEAD" ? { status: 405 } : page,
};
