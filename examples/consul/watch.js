// Registers a service with Motet by a client of Consul, says that it is well, and watches who comes and goes.
//
//     npm install consul
//     node watch.js HOST PORT

const assert = require("node:assert/strict");
const { once } = require("node:events");
const Consul = require("consul");

const SERVICE = "js-payments";

async function main(host, port) {
  const consul = new Consul({ host, port });
  assert.equal((await consul.agent.self()).Config.NodeName, "motet");
  await register(consul, "js:1", 8081);
  await consul.agent.check.pass("service:js:1");
  const found = await consul.health.service({ service: SERVICE, passing: true });
  assert.deepEqual(found.map(({ Service }) => Service.ID), ["js:1"]);
  assert.deepEqual(Object.keys(await consul.agent.services()).filter((id) => id.startsWith("js")), ["js:1"]);

  // The watch asks with index 0 first, and then waits for what comes after each answer.
  const method = consul.health.service;
  const watch = consul.watch({ method, options: { service: SERVICE, passing: true, wait: "20s" } });
  watch.on("error", (error) => { throw error; });
  const seen = async (expected) => {
    const [nodes] = await once(watch, "change", { signal: AbortSignal.timeout(15_000) });
    assert.deepEqual(nodes.map(({ Service }) => Service.ID), expected);
  };
  await seen(["js:1"]);
  let next = seen(["js:1", "js:2"]);
  await register(consul, "js:2", 8082, "passing");
  await next;
  next = seen(["js:1"]);
  await consul.agent.service.deregister("js:2");
  await next;
  watch.end();
  await consul.agent.service.deregister({ id: "js:1" });
  assert.deepEqual(await consul.catalog.service.nodes(SERVICE), []);
  console.log("consul for Node.js: registered, watched and left");
}

function register(consul, id, port, status) {
  const check = { ttl: "30s", status };
  return consul.agent.service.register({ name: SERVICE, id, address: "127.0.0.1", port, check });
}

main(process.argv[2], Number(process.argv[3])).catch((error) => {
  console.error(error);
  process.exit(1);
});
