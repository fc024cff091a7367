package market

// PhoneCodeAt is what the phone computes.
var PhoneCodeAt = phoneCodeAt
