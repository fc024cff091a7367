package httpapi

// What operations take that act at one place: the place, and a body of the feature's own type or a page of a list. An input with
// something more is written out where it is used.
type (
	atVillage[B any] struct {
		InVillage
		Body B
	}
	atShop[B any] struct {
		InShop
		Body B
	}
	atGoods[B any] struct {
		InGoods
		Body B
	}
	atHousehold[B any] struct {
		InHousehold
		Body B
	}

	pageOfVillage struct {
		InVillage
		InPage
	}
	pageOfShop struct {
		InShop
		InPage
	}
	pageOfGoods struct {
		InGoods
		InPage
	}
	pageOfHousehold struct {
		InHousehold
		InPage
	}
)
