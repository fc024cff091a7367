/** The QR decoder as a piece of its own, fetched when somebody scans. */
export { default } from 'qr/decode.js'
