/**
 * Makes the recordings with which the pages read aloud where a device has no voice of its own: src/static/voice/NAME.mp3, which
 * is not committed. Each is a village's own from voice/NAME.mp3, else it is spoken by espeak-ng from the pinyin in words.tsv
 * and encoded by lame. Every recording is decoded again and measured: not silent, 0.2 to 2 s long, trimmed.
 * Nothing is done when nothing has changed. Without espeak-ng and lame the village's own ones are taken alone.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath, URL } from 'node:url'
import { fault, readWave, tidy, writeWave } from './wave.mjs'

const at = (relative) => fileURLToPath(new URL(relative, import.meta.url))
const own = at('../../voice/')
const out = at('../../src/static/voice/')
const stamp = path.join(own, '.made')
const LARGEST = 24 * 1024
const VOICE = ['-v', 'cmn-latn-pinyin', '-s', '150', '-p', '45', '-g', '0']

const words = fs
  .readFileSync(at('./words.tsv'), 'utf8')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'))
  .map((line) => line.split('\t'))

const run = (command, args, input) => execFileSync(command, args, { input, maxBuffer: 1 << 26, stdio: ['pipe', 'pipe', 'ignore'] })

/** The first line that a program says of itself; undefined where it is not there. */
function version(command) {
  try {
    return run(command, ['--version']).toString().split('\n')[0]
  } catch {
    return undefined
  }
}

const speaker = version('espeak-ng')
const encoder = version('lame')
const ownOf = (name) => path.join(own, `${name}.mp3`)
const has = (name) => fs.existsSync(ownOf(name))

/** Changes when anything does from which the recordings are made. */
function recipe() {
  const hash = createHash('sha256').update(`${speaker} ${encoder} ${VOICE}`)
  for (const file of ['./words.tsv', './wave.mjs', './speak.mjs']) hash.update(fs.readFileSync(at(file)))
  for (const [name] of words.filter(([name]) => has(name))) hash.update(name).update(fs.readFileSync(ownOf(name)))
  return hash.digest('hex')
}

function spoken(pinyin) {
  const wave = tidy(readWave(run('espeak-ng', [...VOICE, '--stdout', pinyin])))
  return run('lame', ['--quiet', '-m', 'm', '--cbr', '-b', '32', '-t', '-', '-'], writeWave(wave))
}

/** Throws with the recording's name and what is wrong with it. */
function check(name, mp3) {
  if (mp3.length > LARGEST) throw new Error(`${name}.mp3 has ${mp3.length} bytes, more than ${LARGEST}`)
  if (!encoder) return
  const wrong = fault(readWave(run('lame', ['--quiet', '--decode', '--mp3input', '-', '-'], mp3)))
  if (wrong) throw new Error(`${name}.mp3 ${wrong}`)
}

const wanted = recipe()
if (fs.existsSync(out) && fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) process.exit(0)
const able = speaker && encoder
const made = words.filter(([name]) => able || has(name)).map(([name, , pinyin]) => [name, has(name) ? fs.readFileSync(ownOf(name)) : spoken(pinyin)])
for (const [name, mp3] of made) check(name, mp3)

fs.rmSync(out, { recursive: true, force: true })
fs.mkdirSync(out, { recursive: true })
for (const [name, mp3] of made) fs.writeFileSync(path.join(out, `${name}.mp3`), mp3)
fs.writeFileSync(stamp, wanted)
const bytes = made.reduce((sum, [, mp3]) => sum + mp3.length, 0)
console.log(`recordings for reading aloud: ${made.length} of ${words.length}, ${Math.round(bytes / 1024)} KB, ${words.filter(([name]) => has(name)).length} of them the village's own`)
if (made.length < words.length) {
  console.log('espeak-ng and lame are not both installed (apt-get install espeak-ng lame): the pages are built without reading aloud where a device has no voice')
}
