package errs

import "regexp"

var (
	duplicate = regexp.MustCompile(`(?s)Duplicate entry '.*' for key`) // MySQL escapes no quote within the value
	inQuotes  = regexp.MustCompile(`(?s)'[^']*'|"(?:[^"\\]|\\.)*"|` + "`[^`]*`")
	forKey    = regexp.MustCompile(`for key '([A-Za-z0-9_.]+)'`)
)

// Unquoted is the text of an error for a log: what databases and parsers put in quotes is cut out, because it may be a
// name, a phone number or a token that somebody sent. The name of a unique key stays.
func Unquoted(text string) string {
	text = duplicate.ReplaceAllString(text, "Duplicate entry for key")
	text = forKey.ReplaceAllString(text, "for key $1")
	return inQuotes.ReplaceAllString(text, "…")
}
