package season

// SetChunk makes chunks smaller, so that a small village takes several.
func SetChunk(n int) (undo func()) {
	was := chunkAccounts
	chunkAccounts = n
	return func() { chunkAccounts = was }
}
