package paper

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
)

//go:embed sheet.html
var sheetText string

var sheets = template.Must(template.New("sheets").Parse(sheetText))

// Card is one household card: its QR code, whose it is, and nothing more.
type Card struct {
	Village, Number, Name string
	QR                    template.URL
}

// Tag is the price tag of one goods.
type Tag struct {
	Name, Unit, Price, Limit, Note string
	QR                             template.URL
}

// SlipLine is one goods, or one wallet, of a slip.
type SlipLine struct {
	Name, Unit, Amount string
	Qty                int64
}

// Slip is the paper of one redemption, with room for signatures.
type Slip struct {
	Title, Shop, Number, Household, HouseholdNumber, At, Keeper, Total, Left string
	Lines, Paid                                                              []SlipLine
	Notes                                                                    []string
}

// BookEntry is one line of a passbook page.
type BookEntry struct{ On, Title, Amount, Left string }

// Book is a page of a passbook; Seal is the code under which the entries until SealedOn are sealed, where there is one.
type Book struct {
	Title, Village, Number, Name, Spendable, Printed, Seal, SealedOn string
	Entries                                                          []BookEntry
}

// Telling is the slip by which a household is told of deductions, with room for signatures.
type Telling struct {
	Title, Household, Number, Group, HowTo string
	Lines                                  []TellingLine
}

// TellingLine is one deduction or warning.
type TellingLine struct{ What, Worth, On, Member, Why, Counts, Until string }

// Tellings are A4 pages of slips to cut out.
func Tellings(title string, slips []Telling) ([]byte, error) {
	return sheet("tellings", struct {
		Title string
		Slips []Telling
	}{title, slips})
}

// Cards is an A4 page of cards to cut out.
func Cards(title string, cards []Card) ([]byte, error) {
	return sheet("cards", struct {
		Title string
		Cards []Card
	}{title, cards})
}

// Tags is an A4 page of price tags to cut out.
func Tags(title string, tags []Tag) ([]byte, error) {
	return sheet("tags", struct {
		Title string
		Tags  []Tag
	}{title, tags})
}

// Print is the page of one slip.
func (s Slip) Print() ([]byte, error) { return sheet("slip", s) }

// Print is the page of a passbook.
func (b Book) Print() ([]byte, error) { return sheet("book", b) }

func sheet(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := sheets.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("print %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// QRData is a QR code as an address that stands in the page itself.
func QRData(content string) (template.URL, error) {
	png, err := QR(content, 300)
	if err != nil {
		return "", err
	}
	return dataURL(png), nil
}

func dataURL(png []byte) template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png)) //nolint:gosec // made here, of base64
}
