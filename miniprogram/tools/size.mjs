/**
 * The gate on size: the main package and every subpackage of the compiled mini-program below 1 MB, all below 20 MB.
 * WeChat refuses more than 2 MB a package; half of that keeps the first start short on a cheap phone.
 */
import fs from 'node:fs'
import path from 'node:path'

const root = process.argv[2] ?? 'dist/build/mp-weixin'
const PACKAGE_LIMIT = 1024 * 1024
const TOTAL_LIMIT = 20 * 1024 * 1024

const app = JSON.parse(fs.readFileSync(path.join(root, 'app.json'), 'utf8'))
const subpackages = (app.subPackages ?? app.subpackages ?? []).map((pack) => pack.root)
const sizes = new Map([['main', 0], ...subpackages.map((name) => [name, 0])])

for (const file of fs.readdirSync(root, { recursive: true })) {
  const stat = fs.statSync(path.join(root, file))
  if (!stat.isFile()) continue
  const owner = subpackages.find((name) => file.startsWith(`${name}${path.sep}`)) ?? 'main'
  sizes.set(owner, sizes.get(owner) + stat.size)
}

let total = 0
let failed = false
for (const [name, size] of sizes) {
  total += size
  const over = size > PACKAGE_LIMIT
  failed ||= over
  console.log(`${name}: ${(size / 1024).toFixed(0)} KB${over ? ' (over 1024 KB)' : ''}`)
}
console.log(`all: ${(total / 1024).toFixed(0)} KB`)
process.exit(failed || total > TOTAL_LIMIT ? 1 : 0)
