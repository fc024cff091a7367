package scheme

// Remaining says what is left of each limit that one more record of an award would meet, in words: 本月这件事上限10分，还剩6分. Nothing for
// deductions and for what has no limit. Errors are those of Decide.
func Remaining(s *Scheme, c Case, f *Facts) ([]string, error) {
	if f == nil {
		f = &Facts{}
	}
	r := run{scheme: s, c: &c, facts: f}
	for _, step := range uncapped {
		if err := step(&r); err != nil {
			return nil, err
		}
	}
	left := []string{}
	if r.own.to <= 0 {
		return left, nil
	}
	r.eachCaps(func(caps []Cap, what string, within func(*Decided) bool) {
		for i := range caps {
			cp := &caps[i]
			if !cp.limits(r.own.to) {
				continue
			}
			used, times := r.used(&r.own, cp, within)
			if cp.Times > 0 {
				left = append(left, sayTimesLeft(cp, what, times))
			} else {
				left = append(left, sayPointsLeft(cp, what, used))
			}
		}
	})
	return left, nil
}
