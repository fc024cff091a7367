package config

// SMS is the account at Tencent Cloud's SMS service through which login codes go to phones. Without it nobody can log in
// with a phone number, except in the demo, where the log shows the codes.
type SMS struct {
	SecretID  string `koanf:"secret_id"`
	SecretKey string `koanf:"secret_key"`
	AppID     string `koanf:"app_id"`      // SmsSdkAppId of the application
	Sign      string `koanf:"sign"`        // approved signature, without brackets
	Template  string `koanf:"template"`    // id of an approved template: {1} is the code, {2} the minutes
	Region    string `koanf:"region"`      // empty is ap-guangzhou
	PerPhone  int    `koanf:"per_phone"`   // codes to one number in 24 hours
	PerSource int    `koanf:"per_address"` // codes asked for from one address in an hour (a village may sit behind one)
	PerDay    int    `koanf:"per_day"`     // codes in all in 24 hours: what is spent at most
}

// On reports whether an account is configured.
func (s SMS) On() bool { return s.SecretID != "" }

func (c *Config) validateSMS(no complain) {
	m := c.SMS
	if m.On() || m.SecretKey != "" || m.AppID != "" || m.Sign != "" || m.Template != "" {
		for key, value := range map[string]string{"secret_id": m.SecretID, "secret_key": m.SecretKey, "app_id": m.AppID, "sign": m.Sign, "template": m.Template} {
			if value == "" {
				no("sms."+key, "is missing; secret_id, secret_key, app_id, sign and template all come from the SMS console")
			}
		}
	}
	for key, n := range map[string]int{"per_phone": m.PerPhone, "per_address": m.PerSource, "per_day": m.PerDay} {
		if n < 1 || n > 1_000_000 {
			no("sms."+key, "%d; want 1 to 1000000", n)
		}
	}
}
