package errs

import "testing"

func TestUnquoted(t *testing.T) {
	for text, want := range map[string]string{
		"insert: Error 1062 (23000): Duplicate entry '张三-it's-138' for key 'members.phone_idx'":                      "insert: Error 1062 (23000): Duplicate entry for key members.phone_idx",
		`strconv.ParseInt: parsing "13800138000": invalid syntax`:                                                    "strconv.ParseInt: parsing …: invalid syntax",
		`parsing "a\"13800138000": x`:                                                                                "parsing …: x",
		"Error 1366 (22007): Incorrect string value: '\\xE5\\xBC\\xA0' for column `hefen`.`members`.`name` at row 1": "Error 1366 (22007): Incorrect string value: … for column ….….… at row 1",
		"constraint failed: UNIQUE constraint failed: users.phone_idx (2067)":                                        "constraint failed: UNIQUE constraint failed: users.phone_idx (2067)",
	} {
		if got := Unquoted(text); got != want {
			t.Errorf("%s:\n%s, want\n%s", text, got, want)
		}
	}
}
