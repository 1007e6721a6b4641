// The plain pages, for a build without the user interface: what goes on, and Scan now.
const host = window.__TAURI_INTERNALS__;
const byId = (id) => document.getElementById(id);

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function row(subnet) {
  const made = document.createElement("tr");
  const counts = subnet.last_scan?.counts;
  const cells = [subnet.cidr, subnet.description, counts?.known, counts?.unknown, counts?.missing, counts?.mismatch];
  made.replaceChildren(...cells.map((cell) => element("td", cell ?? "")));
  return made;
}

let shown = -1;

function show(snapshot) {
  if (snapshot.revision < shown) return;
  shown = snapshot.revision;
  document.body.dataset.activity = snapshot.activity;
  byId("headline").textContent = snapshot.headline;
  const run = snapshot.run;
  const waiting = snapshot.delivery.waiting;
  byId("facts").textContent = [
    run ? `${run.done} of ${run.total} addresses, ${run.up} up` : "",
    waiting ? `${waiting} reports wait` : "",
    snapshot.next_run ? `Next scan: ${new Date(snapshot.next_run).toLocaleString()}` : "",
  ].filter(Boolean).join(" · ");
  byId("problems").replaceChildren(
    ...snapshot.problems.map((problem) => element("li", `${problem.area}: ${problem.what} ${problem.remedy}`)),
  );
  byId("subnets").replaceChildren(...snapshot.subnets.map(row));
  byId("scan").disabled = run !== null;
  byId("stop").disabled = run === null;
}

byId("scan").addEventListener("click", () => host.invoke("scan", { scope: { all: true }, refresh: false }));
byId("stop").addEventListener("click", () => host.invoke("stop"));
await host.invoke("plugin:event|listen", {
  event: "snapshot",
  target: { kind: "Any" },
  handler: host.transformCallback((event) => show(event.payload)),
});
show(await host.invoke("snapshot"));
