package clock

import (
	"bytes"
	"fmt"
	"io/fs"
	"time"

	"gopkg.in/yaml.v3"
)

// Calendar knows which days are working days (节假日和调休): Monday to Friday, but for the holidays and with the make-up days
// of the years that it has a table of. Nil knows no year.
type Calendar struct {
	years   map[int]bool
	off, on map[Day]bool
}

type holidayFile struct {
	Year int `yaml:"year"`
	Off  []struct {
		Name string `yaml:"name"`
		From string `yaml:"from"`
		To   string `yaml:"to"`
	} `yaml:"off"`
	Work []string `yaml:"work"`
}

// ReadCalendar reads the yearly tables that match a pattern, such as holidays/*.yaml.
func ReadCalendar(files fs.FS, pattern string) (*Calendar, error) {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		return nil, err
	}
	c := &Calendar{years: map[int]bool{}, off: map[Day]bool{}, on: map[Day]bool{}}
	for _, name := range names {
		if err := c.read(files, name); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return c, nil
}

func (c *Calendar) read(files fs.FS, name string) error {
	source, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	var f holidayFile
	d := yaml.NewDecoder(bytes.NewReader(source))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		return err
	}
	if f.Year < 2000 || c.years[f.Year] {
		return fmt.Errorf("year %d is missing or given twice", f.Year)
	}
	c.years[f.Year] = true
	for _, o := range f.Off {
		from, err := f.day(o.From)
		if err != nil {
			return err
		}
		to, err := f.day(o.To)
		if err != nil {
			return err
		}
		if to < from || to.Sub(from) > 31 {
			return fmt.Errorf("%s lasts from %s to %s", o.Name, o.From, o.To)
		}
		for day := from; day <= to; day = day.Add(1) {
			c.off[day] = true
		}
	}
	for _, w := range f.Work {
		day, err := f.day(w)
		if err != nil {
			return err
		}
		if !weekend(day) || c.off[day] {
			return fmt.Errorf("%s is no weekend day on which people work", w)
		}
		c.on[day] = true
	}
	return nil
}

func (f *holidayFile) day(text string) (Day, error) {
	d, err := ParseDay(text)
	if err == nil && d.Year() != f.Year {
		err = fmt.Errorf("%s is not of %d", text, f.Year)
	}
	return d, err
}

func weekend(d Day) bool {
	w := d.Time().Weekday()
	return w == time.Saturday || w == time.Sunday
}

// Knows reports whether there is a table of the year. Where there is none, holidays count as working days.
func (c *Calendar) Knows(year int) bool { return c != nil && c.years[year] }

// Works reports whether people work on a day.
func (c *Calendar) Works(d Day) bool {
	switch {
	case c != nil && c.on[d]:
		return true
	case c != nil && c.off[d]:
		return false
	}
	return !weekend(d)
}

// AddWorkDays is the day n working days after a day, which itself does not count.
func (c *Calendar) AddWorkDays(d Day, n int) Day {
	for n > 0 {
		if d = d.Add(1); c.Works(d) {
			n--
		}
	}
	return d
}
