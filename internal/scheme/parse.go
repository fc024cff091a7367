package scheme

// Levels of a problem.
const (
	LevelError   = "error"   // the file cannot be used
	LevelWarning = "warning" // the file can be used; somebody should look
)

// Problem is something wrong in a scheme file: where, what, and what to write instead. Line and Col count from 1.
type Problem struct {
	Line   int    `json:"line"`
	Col    int    `json:"col"`
	Level  string `json:"level" enum:"error,warning"`
	Code   string `json:"code"`
	Msg    string `json:"msg" doc:"what is wrong, in Chinese"`
	Advice string `json:"advice" doc:"what to write, in Chinese"`
}
