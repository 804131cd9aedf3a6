import { createPrivateKey, generateKeyPairSync } from 'node:crypto'

/*
 * A self-signed certificate and its key, made for these tests with
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 \
 *       -subj '/CN=sluice test' -keyout key.pem -out certificate.pem
 */

export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBhDCCASmgAwIBAgIUW792wtMWrg0u1mCwKCz1mXOsPoswCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLc2x1aWNlIHRlc3QwIBcNMjYxMTI0MDQ0NzE1WhgPMjEyNjEw
MzEwNDQ3MTVaMBYxFDASBgNVBAMMC3NsdWljZSB0ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAE03fwhHZygNshyxHDs625qScd6LwkpAKLaPWc9wU7AdIcp/24
P3rSLH+zMt0PF0shMuWzj/RjxH1IGP99zVkuBaNTMFEwHQYDVR0OBBYEFGNa90TN
J/FuPlUjrS+G+zqVLIeVMB8GA1UdIwQYMBaAFGNa90TNJ/FuPlUjrS+G+zqVLIeV
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAMx9qhu11oGBqNDT
ZeKzUiJecfvGcWmGmqqaN7mzVsTkAiEAhOu30IYT3LNLG3gAcwJ/wdKecYRzOHsQ
qRZKsXt8luY=
-----END CERTIFICATE-----
`

export const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgtUoruLn/RN2yuY0p
iJJCSpEZdqAAAYcBYxl0pLbz3tuhRANCAATTd/CEdnKA2yHLEcOzrbmpJx3ovCSk
Aoto9Zz3BTsB0hyn/bg/etIsf7My3Q8XSyEy5bOP9GPEfUgY/33NWS4F
-----END PRIVATE KEY-----
`

export const PASSPHRASE = 'open sesame'

/** {@link KEY}, encrypted with {@link PASSPHRASE}. */
export const ENCRYPTED_KEY: string = createPrivateKey(KEY)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
  .toString()

/** A key that is not the certificate's. */
export const OTHER_KEY: string = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()
