// Makes npm's CycloneDX list of what is in the image (stdin) true and repeatable (stdout): `npm sbom` reads the lockfile, which
// has the packages of all platforms, and adds a random number and the time of day. Run where node_modules is.
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";

type Component = { "bom-ref": string; name: string };
type Bom = {
  serialNumber?: string;
  metadata: { timestamp?: string; component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
};

const bom = JSON.parse(await text(process.stdin)) as Bom;
delete bom.serialNumber;
delete bom.metadata.timestamp;
// npm calls it by the folder it is in.
bom.metadata.component.name = "onpoint";
bom.components = bom.components.filter(({ name }) => existsSync(`node_modules/${name}`));
const kept = new Set([bom.metadata.component, ...bom.components].map((each) => each["bom-ref"]));
bom.dependencies = bom.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) }));
process.stdout.write(`${JSON.stringify(bom, null, 2)}\n`);
