/**
 * The gate on the compiled mini-program: the main package and every subpackage below 1 MB, all below 20 MB (WeChat refuses more than
 * 2 MB a package; half of that keeps the first start short on a cheap phone), and what WeChat's conventions ask of every build.
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

/** Where the compiled scripts and templates hold a word. */
const holding = (word) => fs.readdirSync(root, { recursive: true }).filter((f) => /\.(js|wxml)$/.test(f) && fs.readFileSync(path.join(root, f), 'utf8').includes(word)).map((f) => f.split(path.sep).join('/'))
const conventions = {
  'pages load what they need only': app.lazyCodeLoading === 'requiredComponents',
  'WeChat asks before anything private is used': app.__usePrivacyCheck__ === true && holding('onNeedPrivacyAuthorization').length > 0 && holding('agreePrivacyAuthorization').length > 0,
  'a new version is told of': holding('onUpdateReady').length > 0,
  'the phone number is asked for on one page': holding('getPhoneNumber').filter((f) => f.endsWith('.wxml')).join() === 'pages/bind/index.wxml',
  'no place, no profile, no address book': ['getLocation', 'getUserProfile', 'getUserInfo', 'chooseContact', 'chooseAddress', 'startRecord'].every((w) => holding(`wx.${w}`).length + holding(`index.${w}(`).length === 0),
}
for (const [what, good] of Object.entries(conventions)) {
  failed ||= !good
  console.log(`${good ? 'ok' : 'FAIL'}: ${what}`)
}
for (const [name, size] of sizes) {
  total += size
  const over = size > PACKAGE_LIMIT
  failed ||= over
  console.log(`${name}: ${(size / 1024).toFixed(0)} KB${over ? ' (over 1024 KB)' : ''}`)
}
console.log(`all: ${(total / 1024).toFixed(0)} KB`)
process.exit(failed || total > TOTAL_LIMIT ? 1 : 0)
