/**
 * Compiles the mini-program output with WeChat's own compiler, without network: node check.cjs <compiled directory>.
 * It fails on what WeChat would refuse: missing pages, broken templates, styles, configuration or code.
 *
 * The compiler first asks WeChat's servers for a list of file types and for the app's attributes. Both are answered
 * here; they are internals of the one version that package.json pins. The key only has to be a key.
 */
const crypto = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const fileTypes = require('miniprogram-ci/dist/utils/white_ext_list')
fileTypes.getWhiteExtList = async () => ({
  GameWhiteList: new Set(fileTypes.GameWhiteList),
  MiniProgramWhiteList: new Set(fileTypes.MiniProgramWhiteList),
})
const ci = require('miniprogram-ci')

const attributes = {
  platform: false,
  appType: 0,
  isSandbox: false,
  released: false,
  gameApp: false,
  setting: {
    MaxCodeSize: 2,
    MaxSubpackageSubCodeSize: 2,
    MaxSubpackageFullCodeSize: 20,
    NavigateMiniprogramLimit: 10,
    MaxSubPackageLimit: 100,
    MinTabbarCount: 2,
    MaxTabbarCount: 5,
    MaxTabbarIconSize: 40,
  },
}

async function compile(projectPath) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'weapp-compile-'))
  try {
    const privateKeyPath = path.join(scratch, 'key.pem')
    const { privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 })
    fs.writeFileSync(privateKeyPath, privateKey.export({ type: 'pkcs1', format: 'pem' }))
    const project = new ci.Project({
      appid: 'wx1234567890abcdef',
      type: 'miniProgram',
      projectPath,
      privateKeyPath,
      ignores: ['node_modules/**/*'],
    })
    project.attr = async () => attributes
    if (project._project) project._project.attr = async () => attributes
    const setting = { es6: true, minify: true, minifyWXML: true, minifyWXSS: true }
    const output = path.join(scratch, 'out.zip')
    const result = await ci.getCompiledResult({ project, version: '1.0.0', desc: '', setting, onProgressUpdate() {} }, output)
    const bytes = Object.values(result).reduce((sum, content) => sum + Buffer.byteLength(content), 0)
    console.log(`compiled ${Object.keys(result).length} files, ${bytes} bytes`)
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true })
  }
}

compile(path.resolve(process.argv[2] ?? '../../dist/build/mp-weixin')).then(
  () => process.exit(0),
  (error) => {
    console.error(String(error.message ?? error).slice(0, 4000))
    process.exit(1)
  },
)
