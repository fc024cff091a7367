package notify

import "hefen/internal/message"

// Filled is a template with a keyword of each type, filled.
func Filled(kind message.Kind, village string, at int64) map[string]string {
	t := Template{Fields: map[string]string{"thing1": "what", "thing2": "village", "phrase3": "kind", "time4": "time", "date5": "date"}}
	return t.fill(kind, village, at)
}
